//! Registrations in the store: announced before they are sent, one at a time for one person, settled once.

use std::time::Duration;

use async_trait::async_trait;

use super::{AuditEntry, Lease, LookAgain, OrderNote, SmsDraft, StoreResult};
use crate::domain::answer::AnswerLine;
use crate::domain::ids::{ClinicId, DemographicNo, Generation, IntentId, ToolCallKey};
use crate::domain::new_patient::NewPatient;
use crate::domain::registration::RegistrationState;
use crate::domain::time::Ts;

/// What is written down before a chart is sent (law B-1).
#[derive(Clone)]
pub struct RegistrationDraft {
    pub id: IntentId,
    pub who: NewPatient,
    pub note: OrderNote,
    pub sender: Generation,
    pub lease_for: Duration,
    /// The last moment at which the write, if it was sent, could still arrive.
    pub last_arrival: Ts,
    pub audit: Vec<AuditEntry>,
}

pub enum RegistrationAnnounced {
    /// `earlier`: what this call has registered the same person as already.
    Granted { lease: Lease, earlier: Option<(IntentId, DemographicNo)> },
    /// One of the same name and birth date, or the same health number, is not settled yet.
    Underway { id: IntentId, same_call: bool },
}

/// How one registration ended, or that it still has not, and everything that is true because of it: one commit.
pub struct RegistrationEnd {
    pub clinic: ClinicId,
    pub id: IntentId,
    /// The generation that sent it, or its owner by now.
    pub settler: Generation,
    pub state: RegistrationState,
    pub answer: Option<(ToolCallKey, AnswerLine)>,
    pub text: Option<SmsDraft>,
    pub audit: Vec<AuditEntry>,
    /// For one that stays unknown.
    pub look_again: Option<LookAgain>,
}

#[derive(Clone)]
pub struct RegistrationRow {
    pub id: IntentId,
    pub who: NewPatient,
    pub note: OrderNote,
    pub state: RegistrationState,
    pub announced_at: Ts,
    pub last_arrival: Ts,
}

#[async_trait]
pub trait RegistrationStore: Send + Sync + 'static {
    async fn announce_registration(
        &self,
        draft: RegistrationDraft,
        now: Ts,
    ) -> StoreResult<RegistrationAnnounced>;

    /// Fails with [`super::StoreError::Usurped`] when it may not become that, or when the settler neither sent it nor owns
    /// it.
    async fn settle_registration(&self, end: RegistrationEnd, now: Ts) -> StoreResult<()>;

    /// This generation's that are not settled and due for a look, oldest first.
    async fn due_registrations(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<RegistrationRow>>;

    async fn registration(&self, clinic: &ClinicId, id: IntentId) -> StoreResult<Option<RegistrationState>>;

    /// What staff have to look at, or may have to, oldest first. That it was read is entered into the audit log with it
    /// (law P-2).
    async fn registrations_for_staff(
        &self,
        clinic: &ClinicId,
        audit: AuditEntry,
    ) -> StoreResult<Vec<RegistrationRow>>;
}
