//! Which calls ended without a report, so that the voice platform can be asked.

use async_trait::async_trait;

use super::{RoleLease, StoreResult};
use crate::domain::ids::CallKey;
use crate::domain::time::Ts;

/// A call whose report should have come by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreported {
    pub call: CallKey,
    /// How often it was asked for in vain.
    pub asked: u32,
}

/// What asking in vain comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReport {
    AskAgain(Ts),
    /// The platform does not know the call.
    Unknown,
    GivenUp,
}

#[async_trait]
pub trait ReportStore: Send + Sync + 'static {
    /// The call that has waited longest for its report to be asked for. A report that is kept ends that, whoever sent it.
    async fn next_unreported(&self, now: Ts) -> StoreResult<Option<Unreported>>;

    async fn note_no_report(&self, role: &RoleLease, call: &CallKey, came: NoReport) -> StoreResult<()>;
}
