//! When a clinic's leave to use its EMR by REST ends. No server tells of that, and only a person can renew it.

use async_trait::async_trait;

use super::{RoleLease, StoreResult};
use crate::domain::ids::ClinicId;
use crate::domain::time::Ts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmrToken {
    pub clinic: ClinicId,
    pub granted_at: Ts,
    /// `None` is never.
    pub expires_at: Option<Ts>,
    pub watched_at: Option<Ts>,
}

#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    async fn emr_tokens(&self) -> StoreResult<Vec<EmrToken>>;

    /// Remembers that the clinic's token was looked at, so that it is not looked at again before its next round.
    async fn note_token_watch(&self, role: &RoleLease, clinic: &ClinicId, now: Ts) -> StoreResult<()>;
}
