//! What the voice platform can be asked about calls whose messages did not reach us.

use async_trait::async_trait;

use crate::domain::ids::CallKey;
use crate::ports::store::CallEvent;

/// What the platform says of one call.
pub enum Asked {
    /// It is over: the same as its report would have told.
    Report(Box<CallEvent>),
    /// It goes on.
    Unfinished,
    /// The platform knows no such call.
    Unknown,
    /// It was made to another clinic's line (law I-2): nothing of it is looked at.
    Elsewhere,
    /// An answer, but none about this call.
    Unreadable,
    /// Nobody was asked, or nobody answered: says nothing about the call.
    Away,
}

#[async_trait]
pub trait CallReports: Send + Sync + 'static {
    /// Whether the platform may be asked something just now.
    fn is_ready(&self) -> bool;

    async fn report(&self, call: &CallKey) -> Asked;
}

/// For a house that was given no key to the platform.
pub struct NobodyToAsk;

#[async_trait]
impl CallReports for NobodyToAsk {
    fn is_ready(&self) -> bool {
        false
    }

    async fn report(&self, _: &CallKey) -> Asked {
        Asked::Away
    }
}
