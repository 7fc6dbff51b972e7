//! Held requests in the store: taken in while the EMR is away, carried out once by whoever holds the fence.

use async_trait::async_trait;

use super::{AuditEntry, OrderNote, SmsDraft, StoreResult};
use crate::domain::answer::AnswerLine;
use crate::domain::booking::Slot;
use crate::domain::held::{HeldState, HeldWish, Reference};
use crate::domain::ids::{ClinicId, DemographicNo, Fence, Generation, IntentId};
use crate::domain::time::Ts;

/// A request to be held, with the answer that says so: one commit.
#[derive(Clone)]
pub struct HeldDraft {
    pub reference: Reference,
    pub wish: HeldWish,
    pub note: OrderNote,
    pub expires_at: Ts,
    /// For the tool call that asked; it names the reference.
    pub answer: AnswerLine,
    pub audit: Vec<AuditEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    Kept,
    /// The same wish waits already, under this reference (law B-6).
    Already(Reference),
    /// Another request that waits is named so; draw again.
    ReferenceTaken,
    /// The call or the clinic has as many as it may.
    Full,
}

#[derive(Clone)]
pub struct HeldRow {
    pub id: i64,
    pub reference: Reference,
    pub wish: HeldWish,
    pub note: OrderNote,
    pub state: HeldState,
    /// A situation's code, once it was tried.
    pub outcome: Option<String>,
    /// Free times near the one that was gone.
    pub alternatives: Vec<Slot>,
    /// How often it was taken up, and by which right.
    pub fence: Fence,
    /// Under which intent it was taken up last; what became of that is looked up before it is tried again.
    pub intent: Option<IntentId>,
    pub created_at: Ts,
    pub expires_at: Ts,
}

/// Taking one up. Refused when somebody else has, or when it is over.
#[derive(Debug, Clone)]
pub struct TakeHeld {
    pub clinic: ClinicId,
    pub id: i64,
    pub seen: Fence,
    pub owner: Generation,
    pub intent: IntentId,
    /// When it may be taken up by another life of this process, if this one says nothing.
    pub until: Ts,
}

/// What taking one up came to.
pub struct HeldEnd {
    pub clinic: ClinicId,
    pub id: i64,
    pub fence: Fence,
    pub state: HeldState,
    pub outcome: &'static str,
    pub alternatives: Vec<Slot>,
    /// When to try again, if it goes on waiting.
    pub due: Ts,
    pub text: Option<SmsDraft>,
    pub audit: Vec<AuditEntry>,
}

#[async_trait]
pub trait HeldStore: Send + Sync + 'static {
    async fn hold_request(&self, draft: HeldDraft, now: Ts) -> StoreResult<Held>;

    /// All of a clinic, oldest first, for its staff. That it was read is entered into the audit log with it (law P-2).
    async fn held_requests(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<HeldRow>>;

    /// What still waits for one patient, oldest first.
    async fn held_for(&self, clinic: &ClinicId, patient: DemographicNo) -> StoreResult<Vec<HeldRow>>;

    /// What is to be taken up, oldest first: open and due, or left behind by a life that is over.
    async fn due_held(&self, clinic: &ClinicId, now: Ts, limit: u32) -> StoreResult<Vec<HeldRow>>;

    /// The new fence; `None` when somebody else was faster.
    async fn take_held(&self, take: TakeHeld, now: Ts) -> StoreResult<Option<Fence>>;

    /// Fails with [`super::StoreError::Usurped`] when the fence is no longer in force.
    async fn end_held(&self, end: HeldEnd, now: Ts) -> StoreResult<()>;

    /// `false` when nothing waits under that reference, or it is being carried out this moment.
    async fn cancel_held(
        &self,
        clinic: &ClinicId,
        reference: &Reference,
        audit: AuditEntry,
        now: Ts,
    ) -> StoreResult<bool>;
}
