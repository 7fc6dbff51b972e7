//! The store: the truth of which actors are warm caches.
//!
//! Each method is one transaction, committed when it returns `Ok`; what it could not commit it did not do. Every write
//! by an owner names the fence it believes in, and is refused when that is no longer in force (law O-1).

mod audit;
mod capabilities;
mod handoff;
mod held;
mod lives;
mod offers;
mod registrations;
mod reports;
mod retention;
mod roles;
mod tokens;
mod troubles;

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

pub use self::audit::{AuditAction, AuditEntry, AuditStore};
pub use self::capabilities::CapabilityStore;
pub use self::handoff::HandoffStore;
pub use self::held::{Held, HeldDraft, HeldEnd, HeldRow, HeldStore, TakeHeld};
pub use self::lives::{Beat, LifeStore, Notice};
pub use self::offers::{FreedSlot, LastOffer, OfferDraft, OfferEnd, OfferMade, OfferRow, OfferStore};
pub use self::registrations::{
    RegistrationAnnounced, RegistrationDraft, RegistrationEnd, RegistrationRow, RegistrationStore,
};
pub use self::reports::{NoReport, ReportStore, Unreported};
pub use self::retention::{Keep, RetentionStore};
pub use self::roles::{RoleLease, RoleStore};
pub use self::tokens::{EmrToken, TokenStore};
pub use self::troubles::TroubleStore;
use crate::domain::answer::AnswerLine;
use crate::domain::appointment::Seen;
use crate::domain::booking::{Effect, EffectState, Intent, IntentState, Slot};
use crate::domain::call_record::CallFacts;
use crate::domain::ids::{
    CallId, CallKey, ClinicId, DemographicNo, EffectId, Fence, Generation, IntentId, ProviderNo, ToolCallId,
    ToolCallKey,
};
use crate::domain::mark::Mark;
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::Language;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::domain::waitlist::{Waiting, WaitlistStatus};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else owns it now. Step aside: no compensation, no retry.
    #[error("the ownership is no longer in force")]
    Usurped,
    /// The clinic's lane of the writer is full.
    #[error("the store's queue for this clinic is full")]
    Busy,
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A row that this release cannot read, or whose seal does not fit.
    #[error("a stored row cannot be read: {0}")]
    Unreadable(&'static str),
}

pub type StoreResult<T> = Result<T, StoreError>;

/// Everything the actors keep.
pub trait Store:
    CallStore
    + WaitlistStore
    + ToolCallStore
    + HoldStore
    + HeldStore
    + OfferStore
    + BookingStore
    + RegistrationStore
    + AuditStore
    + OutboxStore
    + RoleStore
    + LifeStore
    + RetentionStore
    + ReportStore
    + TokenStore
    + CapabilityStore
    + TroubleStore
{
}

impl<S> Store for S where
    S: CallStore
        + WaitlistStore
        + ToolCallStore
        + HoldStore
        + HeldStore
        + OfferStore
        + BookingStore
        + RegistrationStore
        + AuditStore
        + OutboxStore
        + RoleStore
        + LifeStore
        + RetentionStore
        + ReportStore
        + TokenStore
        + CapabilityStore
        + TroubleStore
{
}

// --- calls -----------------------------------------------------------------------------------------------------------

/// A call as its new owner finds it.
pub struct AdoptedCall {
    pub fence: Fence,
    /// What [`crate::domain::call::Call::encode`] gave; `None` for a call nobody has seen before.
    pub memory: Option<Phi<Vec<u8>>>,
    pub ended: bool,
}

/// A fenced save of a call's memory, with what follows from it: one commit.
pub struct CallSave {
    pub key: CallKey,
    pub fence: Fence,
    /// A save never replaces one with a higher version; that one already includes it.
    pub version: u64,
    pub memory: Phi<Vec<u8>>,
    pub audit: Vec<AuditEntry>,
    /// For the call's record.
    pub facts: CallFacts,
    pub joins: Option<WaitlistJoin>,
}

/// A message about a call that is kept for its record: status, report, hang, transfer.
pub struct CallEvent {
    pub key: CallKey,
    /// The message's `type`.
    pub kind: String,
    /// Two deliveries of one message have the same digest and are kept once.
    pub digest: String,
    /// Redacted of secrets; sealed by the store.
    pub body: Phi<Vec<u8>>,
    /// What it adds to the call's record.
    pub facts: CallFacts,
    /// As what it is entered into the audit log.
    pub audited: Option<AuditAction>,
}

impl CallEvent {
    /// The kind of message that tells all of a call.
    pub const REPORT: &str = "end-of-call-report";

    pub fn is_report(&self) -> bool {
        self.kind == Self::REPORT
    }
}

#[async_trait]
pub trait CallStore: Send + Sync + 'static {
    /// The only way a call comes to life (law O-2): the row is made or taken over, its fence grows by one.
    async fn adopt_call(&self, key: &CallKey, owner: Generation, now: Ts) -> StoreResult<AdoptedCall>;

    async fn save_call(&self, save: CallSave, now: Ts) -> StoreResult<()>;

    /// Ends the call and releases its holds. Late messages may still enrich its record.
    async fn end_call(&self, key: &CallKey, fence: Fence, now: Ts) -> StoreResult<()>;

    /// `false` when this very message was kept before.
    async fn keep_event(&self, event: CallEvent, now: Ts) -> StoreResult<bool>;

    /// What all messages and saves of the call have added up to.
    async fn call_record(&self, key: &CallKey) -> StoreResult<Option<CallFacts>>;
}

// --- the waiting list ------------------------------------------------------------------------------------------------

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

// --- tool calls that change something ----------------------------------------------------------------------------------

/// Who claims a tool call: one ownership of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    pub generation: Generation,
    pub fence: Fence,
}

/// What a claim of a tool call found (law B-6).
pub enum Claimed {
    /// It is ours to do. `attempt` counts from 1; it grows when a process died on it.
    Ours {
        attempt: u32,
    },
    /// Another delivery is at it.
    Underway,
    Answered(AnswerLine),
}

#[async_trait]
pub trait ToolCallStore: Send + Sync + 'static {
    /// Inserts the claim. An unanswered one that an earlier ownership of the call made is taken over and its attempt
    /// counted, unless an intent came of it, or another living process is at it: either will bring the answer.
    async fn claim(&self, key: &ToolCallKey, tool: Tool, claimant: Claimant, now: Ts)
    -> StoreResult<Claimed>;

    /// Stores the answer of a claim that needed no write, or whose intent another tool call carried. The first stored
    /// answer stays; it is returned.
    async fn answer(
        &self,
        key: &ToolCallKey,
        line: AnswerLine,
        audit: Vec<AuditEntry>,
        now: Ts,
    ) -> StoreResult<AnswerLine>;

    async fn answer_of(&self, key: &ToolCallKey) -> StoreResult<Option<AnswerLine>>;

    /// Claimed at that time or before, not answered, and without an intent that will bring the answer. Oldest first.
    async fn forsaken(
        &self,
        clinic: &ClinicId,
        claimed_by: Ts,
        limit: u32,
    ) -> StoreResult<Vec<(ToolCallKey, Tool)>>;

    /// Puts an input that killed its actor twice aside, sealed, for a person to look at.
    async fn dead_letter(
        &self,
        key: &ToolCallKey,
        tool: Tool,
        arguments: Phi<String>,
        now: Ts,
    ) -> StoreResult<()>;
}

// --- holds -----------------------------------------------------------------------------------------------------------

#[async_trait]
pub trait HoldStore: Send + Sync + 'static {
    /// Replaces the call's holds. Tries `slots` in order, skips what another call holds or an unsettled write occupies,
    /// stops at `limit`; returns what was granted.
    async fn hold(
        &self,
        call: &CallKey,
        slots: Vec<Slot>,
        limit: usize,
        until: Ts,
        now: Ts,
    ) -> StoreResult<Vec<Slot>>;

    /// What others' holds and unsettled additions take of a provider's days, `first` to `last` inclusive.
    async fn taken(&self, query: Taken, now: Ts) -> StoreResult<Vec<TakenSlot>>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSlot {
    pub slot: Slot,
    /// The addition's, by which the EMR may show it by now; a hold has none.
    pub mark: Option<Mark>,
}

pub struct Taken {
    pub clinic: ClinicId,
    pub provider: ProviderNo,
    pub first: jiff::civil::Date,
    pub last: jiff::civil::Date,
    /// Whose holds do not count.
    pub except_call: Option<CallId>,
    /// Whose own announcement does not count.
    pub except_effect: Option<EffectId>,
    /// Whom time may be kept for by an offer, without being in their own way.
    pub except_patient: Option<DemographicNo>,
}

// --- bookings --------------------------------------------------------------------------------------------------------

/// The right to write to one provider's day, for a while. The clock that ends it is monotonic and started before the row
/// was written, so the holder always stops first.
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

    /// Fails with [`StoreError::Usurped`] when the effect may not become that (it is settled already), or when the
    /// settler neither sent it nor owns its intent. When the intent is closed with an addition at a time that was offered
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

// --- SMS outbox ------------------------------------------------------------------------------------------------------

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
    /// Marks the oldest due messages as being sent, and returns them. One left in that mark by a death becomes unknown.
    async fn take_due_sms(&self, role: &RoleLease, limit: u32, now: Ts) -> StoreResult<Vec<QueuedSms>>;

    async fn record_sms(
        &self,
        role: &RoleLease,
        clinic: &ClinicId,
        id: i64,
        state: SmsState,
        now: Ts,
    ) -> StoreResult<()>;
}
