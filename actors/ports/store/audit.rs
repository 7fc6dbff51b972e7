//! What the audit log is told (law P-2).

use async_trait::async_trait;

use super::{RoleLease, StoreResult};
use crate::domain::ids::{CallId, CallKey, ClinicId, DemographicNo};
use crate::domain::time::Ts;
use crate::domain::tool::Tool;

/// One line of the audit log (law P-2): who did what to whose record, and how it ended.
#[derive(Clone)]
pub struct AuditEntry {
    pub at: Ts,
    pub clinic: ClinicId,
    pub call: Option<CallId>,
    pub action: AuditAction,
    /// Sealed and blind-indexed by the store.
    pub patients: Vec<DemographicNo>,
    /// A situation's or state's code.
    pub outcome: &'static str,
}

impl AuditEntry {
    /// One that is about a call and no chart.
    pub fn about_call(call: &CallKey, action: AuditAction, outcome: &'static str, at: Ts) -> Self {
        let CallKey { clinic, call } = call.clone();
        Self { at, clinic, call: Some(call), action, patients: Vec::new(), outcome }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    Tool(Tool),
    Announced,
    Settled,
    HandedToStaff,
    WaitlistRead,
    WaitlistMarked,
    HeldKept,
    HeldExecuted,
    HeldRead,
    HeldCancelled,
    OfferMade,
    OfferEnded,
    OffersRead,
    ReportKept,
    ReportFetched,
    RegistrationsRead,
}

impl AuditAction {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tool(tool) => tool.name(),
            Self::Announced => "emr_write_announced",
            Self::Settled => "emr_write_settled",
            Self::HandedToStaff => "handed_to_staff",
            Self::WaitlistRead => "waitlist_read",
            Self::WaitlistMarked => "waitlist_marked",
            Self::HeldKept => "held_kept",
            Self::HeldExecuted => "held_executed",
            Self::HeldRead => "held_read",
            Self::HeldCancelled => "held_cancelled",
            Self::OfferMade => "slot_offer_made",
            Self::OfferEnded => "slot_offer_ended",
            Self::OffersRead => "slot_offers_read",
            Self::ReportKept => "report_kept",
            Self::ReportFetched => "report_fetched",
            Self::RegistrationsRead => "registrations_read",
        }
    }
}

#[async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// Enters what changed nothing else in the store.
    async fn append_audit(&self, entry: AuditEntry) -> StoreResult<()>;

    /// Chains up to `limit` unsealed entries onto the log; returns how many.
    async fn seal_audit(&self, role: &RoleLease, limit: u32, now: Ts) -> StoreResult<u64>;
}
