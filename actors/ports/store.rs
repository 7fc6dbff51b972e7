//! The store: the truth of which actors are warm caches.
//!
//! Each method is one transaction, committed when it returns `Ok`; what it could not commit it did not do. Every write
//! by an owner names the fence it believes in, and is refused when that is no longer in force (law O-1).

mod audit;
mod bookings;
mod calls;
mod capabilities;
mod handoff;
mod held;
mod holds;
mod lives;
mod offers;
mod outbox;
mod registrations;
mod reports;
mod retention;
mod roles;
mod tokens;
mod tool_calls;
mod troubles;
mod waitlist;

pub use self::audit::{AuditAction, AuditEntry, AuditStore};
pub use self::bookings::{
    Announced, Announcement, BookingStore, JournalCounts, JournalRow, KnownIntent, Lease, LookAgain,
    OrderNote, Settlement,
};
pub use self::calls::{AdoptedCall, CallEvent, CallSave, CallStore};
pub use self::capabilities::CapabilityStore;
pub use self::handoff::HandoffStore;
pub use self::held::{Held, HeldDraft, HeldEnd, HeldRow, HeldStore, TakeHeld};
pub use self::holds::{HoldStore, Taken, TakenSlot};
pub use self::lives::{AT_WORK_FOR_THE_GONE, Beat, LATEST_COMMIT, LifeStore, Notice};
pub use self::offers::{FreedSlot, LastOffer, OfferDraft, OfferEnd, OfferMade, OfferRow, OfferStore};
pub use self::outbox::{OutboxStore, QueuedSms, SmsDraft, SmsState};
pub use self::registrations::{
    RegistrationAnnounced, RegistrationDraft, RegistrationEnd, RegistrationRow, RegistrationStore,
};
pub use self::reports::{NoReport, ReportStore, Unreported};
pub use self::retention::{Keep, RetentionStore};
pub use self::roles::{RoleLease, RoleStore};
pub use self::tokens::{EmrToken, TokenStore};
pub use self::tool_calls::{Claimant, Claimed, HandOver, Lacks, ToolCallStore};
pub use self::troubles::TroubleStore;
pub use self::waitlist::{WaitlistJoin, WaitlistRow, WaitlistStore};

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
