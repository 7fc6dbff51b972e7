//! Freed time in the store: written with the cancellation that freed it, offered to one of those who wait after the other.

use async_trait::async_trait;

use super::{AuditEntry, SmsDraft, StoreResult, WaitlistRow};
use crate::domain::booking::Slot;
use crate::domain::ids::{ClinicId, DemographicNo};
use crate::domain::slot_offer::{OfferState, OpenOffer};
use crate::domain::time::Ts;

/// Time that came free and is not given away yet.
pub struct FreedSlot {
    pub id: i64,
    pub slot: Slot,
    /// The newest offer made of it.
    pub last: Option<LastOffer>,
}

pub struct LastOffer {
    pub id: i64,
    pub state: OfferState,
    pub until: Ts,
    /// `None` when the entry of who waited is gone or cannot be read.
    pub patient: Option<DemographicNo>,
    /// The text that told of it will never be sent.
    pub text_refused: bool,
}

/// An offer to be made, with all that follows from it: one commit.
#[derive(Clone)]
pub struct OfferDraft {
    pub clinic: ClinicId,
    pub freed: i64,
    /// The waiting list's number of who is next.
    pub entry: i64,
    /// As much of the freed time as their visit takes.
    pub slot: Slot,
    pub until: Ts,
    /// What they are texted; the time is kept for them. Without it the clinic's staff are to call, nothing is kept, and
    /// nobody else is offered it.
    pub text: Option<SmsDraft>,
    pub audit: Vec<AuditEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferMade {
    Made,
    /// A caller's hold or an unsettled write is in the way.
    Occupied,
    /// The time is offered already or no longer, or this person waits no longer or has another offer.
    OutOfTurn,
}

/// How an offer that nobody took up ends. The time goes to the next in line at once.
#[derive(Clone)]
pub struct OfferEnd {
    pub clinic: ClinicId,
    pub id: i64,
    pub state: OfferState,
    pub audit: Vec<AuditEntry>,
}

/// An offer as staff see it.
#[derive(Clone)]
pub struct OfferRow {
    pub id: i64,
    pub entry: i64,
    pub slot: Slot,
    pub state: OfferState,
    pub made_at: Ts,
    pub until: Ts,
}

#[async_trait]
pub trait OfferStore: Send + Sync + 'static {
    /// What waits to be offered to the next in line, longest due first.
    async fn due_freed(&self, clinic: &ClinicId, now: Ts, limit: u32) -> StoreResult<Vec<FreedSlot>>;

    /// Patients who wait and have no offer that stands, longest waiting first; but for those who were offered this time
    /// before, and whoever gave it up.
    async fn waiting_for(&self, clinic: &ClinicId, freed: i64) -> StoreResult<Vec<WaitlistRow>>;

    async fn make_offer(&self, draft: OfferDraft, now: Ts) -> StoreResult<OfferMade>;

    /// `false` when it has ended already. A text that was not sent by then is not sent any more.
    async fn end_offer(&self, end: OfferEnd, now: Ts) -> StoreResult<bool>;

    /// Looks at it again at `due`, or never; `false` when it was given up already, or was to be while an offer of it stands.
    async fn put_off_freed(
        &self,
        clinic: &ClinicId,
        freed: i64,
        due: Option<Ts>,
        now: Ts,
    ) -> StoreResult<bool>;

    /// What these patients were offered and may still take up.
    async fn open_offers(
        &self,
        clinic: &ClinicId,
        patients: &[DemographicNo],
        now: Ts,
    ) -> StoreResult<Vec<OpenOffer>>;

    /// All of a clinic, newest first, for its staff. That it was read is entered into the audit log with it (law P-2).
    async fn offers(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<OfferRow>>;
}
