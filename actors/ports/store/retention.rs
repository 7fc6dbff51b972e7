//! Letting go of what is past its time.

use std::time::Duration;

use async_trait::async_trait;

use super::{RoleLease, StoreResult};
use crate::domain::time::Ts;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub ended_calls: Duration,
    pub tool_calls: Duration,
    pub events: Duration,
    pub settled_effects: Duration,
    pub sent_sms: Duration,
}

#[async_trait]
pub trait RetentionStore: Send + Sync + 'static {
    /// Deletes up to `limit` rows of each kind that are past their time; returns how many went.
    async fn purge(&self, role: &RoleLease, keep: Keep, limit: u32, now: Ts) -> StoreResult<u64>;
}
