//! Bookings: intents, the journal of EMR writes (law B-1), and the right to write to a day.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{AuditEntry, SmsDraft, StoreResult};
use crate::domain::answer::AnswerLine;
use crate::domain::appointment::Seen;
use crate::domain::booking::{Effect, EffectState, Intent, IntentState, Slot};
use crate::domain::ids::{ClinicId, EffectId, Fence, Generation, IntentId, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::Language;
use crate::domain::time::Ts;

/// The right to write to one provider's day, for a while. The clock that ends it is monotonic and started before the row
/// was written, whose end goes by the store's clock: the holder always stops first, whatever any machine's clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub fence: Fence,
    pub until: Instant,
}

impl Lease {
    pub fn is_in_force(&self, now: Instant) -> bool {
        now < self.until
    }
}

/// What is written down before an EMR write is sent (law B-1).
#[derive(Clone)]
pub struct Announcement {
    pub intent: Intent,
    pub effect: Effect,
    pub order: OrderNote,
    pub sender: Generation,
    /// How long the (provider, day) lease lasts.
    pub lease_for: Duration,
    /// The last moment at which the write, if it was sent, could still arrive; the journal is looked at after it when
    /// nobody has settled it by then.
    pub last_arrival: Ts,
    /// The effect is a later step of an intent that is already open.
    pub continues: bool,
    /// A caller waits for it: nothing is begun for a tool call that has been answered (law B-6).
    pub awaited: bool,
    /// A live intent of the same wish that the EMR no longer bears out; it is closed first.
    pub replaces: Option<IntentId>,
    pub audit: Vec<AuditEntry>,
}

/// What a settlement needs to know about who asked; kept with the intent, sealed.
#[derive(Clone)]
pub struct OrderNote {
    pub tool_call: ToolCallKey,
    pub language: Language,
    /// The appointment to be moved or cancelled, as the caller heard of it (law B-7).
    pub seen: Option<Seen>,
    /// Where a text goes, if the patient wants one.
    pub text_to: Option<Phi<PhoneNumber>>,
}

pub enum Announced {
    Granted(Lease),
    /// The same wish is live already.
    Known(KnownIntent),
    /// The tool call has been answered meanwhile, by whom it was taken over from.
    Answered,
    /// An unsettled write, another caller's hold or another patient's offer is in the way.
    Occupied,
    /// Another intent of this patient is open.
    PatientBusy,
    /// Another process is writing to this provider's day.
    LeaseHeld,
}

#[derive(Clone)]
pub struct KnownIntent {
    pub id: IntentId,
    pub state: IntentState,
    /// Its newest addition, by which the EMR can be asked whether it still stands.
    pub added: Option<(EffectId, Slot)>,
}

/// How one write ended, and everything that is true only because it did: one commit.
pub struct Settlement {
    /// Whose lane this goes by, and whose rows alone it may touch (law I-2).
    pub clinic: ClinicId,
    pub effect: EffectId,
    /// The generation that sent it records its result whoever owns the intent by now; an owner may settle what another
    /// sent.
    pub settler: Generation,
    pub state: EffectState,
    pub intent: Option<(IntentId, IntentState)>,
    pub answer: Option<(ToolCallKey, AnswerLine)>,
    pub text: Option<SmsDraft>,
    /// The time of a cancelled appointment is free for who waits for it.
    pub frees: bool,
    pub audit: Vec<AuditEntry>,
    /// Give the provider's day back.
    pub release: Option<Lease>,
    /// For a write that stays unknown: the last moment it could arrive, and when to look again.
    pub look_again: Option<LookAgain>,
}

#[derive(Debug, Clone, Copy)]
pub struct LookAgain {
    pub last_arrival: Ts,
    pub due: Ts,
}

/// A line of the journal that is not settled, or is still watched.
#[derive(Clone)]
pub struct JournalRow {
    pub effect: Effect,
    /// The intent's newest addition, if this is not it.
    pub added: Option<Effect>,
    pub intent: Intent,
    pub intent_state: IntentState,
    pub state: EffectState,
    pub order: OrderNote,
    pub announced_at: Ts,
    pub last_arrival: Ts,
    pub due: Ts,
}

#[async_trait]
pub trait BookingStore: Send + Sync + 'static {
    async fn announce(&self, announcement: Announcement, now: Ts) -> StoreResult<Announced>;

    /// Fails with [`Usurped`](super::StoreError::Usurped) when the effect may not become that (it is settled already), or
    /// when the settler neither sent it nor owns its intent. When the intent is closed with an addition at a time that was offered
    /// to its patient, that offer is accepted and they wait no longer.
    async fn settle(&self, settlement: Settlement, now: Ts) -> StoreResult<()>;

    /// Makes the open intents, unsettled registrations and watched writes of generations that are no longer at work ours,
    /// due at once (law O-2); returns how many.
    async fn adopt_journal(&self, clinic: &ClinicId, owner: Generation, now: Ts) -> StoreResult<u64>;

    /// What is due for a look among this generation's: the newest write of each open intent, settled or not (a move may
    /// have died between its halves), and of closed ones the additions that were read as absent and may yet turn up.
    /// Oldest first.
    async fn due_effects(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<JournalRow>>;

    async fn intent(&self, clinic: &ClinicId, id: IntentId) -> StoreResult<Option<IntentState>>;

    /// How many are unsettled and how many were handed to staff, registrations included, for health and metrics.
    async fn journal_counts(&self, clinic: &ClinicId) -> StoreResult<JournalCounts>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JournalCounts {
    pub unsettled: u64,
    pub handed_to_staff: u64,
}
