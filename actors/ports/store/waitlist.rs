//! The waiting list: who joins, and what becomes of them.

use async_trait::async_trait;

use super::{AuditEntry, StoreResult};
use crate::domain::ids::{ClinicId, ToolCallId};
use crate::domain::time::Ts;
use crate::domain::waitlist::{Waiting, WaitlistStatus};

/// Somebody joins the waiting list, asked for by a tool call. A person who waits already keeps their place in it, and what
/// they say now counts.
#[derive(Clone)]
pub struct WaitlistJoin {
    pub tool_call: ToolCallId,
    pub waiting: Waiting,
}

pub struct WaitlistRow {
    pub id: i64,
    pub status: WaitlistStatus,
    pub added_at: Ts,
    pub waiting: Waiting,
}

#[async_trait]
pub trait WaitlistStore: Send + Sync + 'static {
    /// Who has joined, longest waiting first. That it was read is entered into the audit log with it (law P-2).
    async fn waitlist(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<WaitlistRow>>;

    /// `false` when there is no such entry, or it is over: registered or cancelled.
    async fn mark_waiting(
        &self,
        clinic: &ClinicId,
        id: i64,
        status: WaitlistStatus,
        audit: AuditEntry,
        now: Ts,
    ) -> StoreResult<bool>;
}
