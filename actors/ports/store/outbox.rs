//! Texts to be sent, each once.

use async_trait::async_trait;

use super::{RoleLease, StoreResult};
use crate::domain::ids::ClinicId;
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Ts;

/// A text to be sent once; `dedupe` names the thing it tells about.
#[derive(Clone)]
pub struct SmsDraft {
    pub clinic: ClinicId,
    pub dedupe: String,
    pub to: Phi<PhoneNumber>,
    pub body: Phi<String>,
}

pub struct QueuedSms {
    pub id: i64,
    pub clinic: ClinicId,
    pub attempt: u32,
    pub to: Phi<PhoneNumber>,
    pub body: Phi<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsState {
    Sent,
    Refused,
    Unknown,
    RetryAt(Ts),
}

#[async_trait]
pub trait OutboxStore: Send + Sync + 'static {
    /// Marks the oldest due message of a clinic as being sent, and returns it. One left in that mark by a death becomes
    /// unknown.
    async fn take_due_sms(&self, role: &RoleLease, now: Ts) -> StoreResult<Option<QueuedSms>>;

    async fn record_sms(
        &self,
        role: &RoleLease,
        clinic: &ClinicId,
        id: i64,
        state: SmsState,
        now: Ts,
    ) -> StoreResult<()>;
}
