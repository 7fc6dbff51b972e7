//! Passing a node from process to process.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::ids::Generation;
use crate::domain::node::{OfferNo, Request};
use crate::domain::time::Ts;

/// The rows of [`crate::domain::node`], changed by its functions, a transaction each. The roles of a process go with its
/// node; its calls go to whoever is asked about them next, and its journal stays its own until it is gone.
#[async_trait]
pub trait HandoffStore: Send + Sync + 'static {
    /// A life begins beside the one that has the node. It owns nothing yet.
    async fn stand_by(&self, node: &str, now: Ts) -> StoreResult<Generation>;

    /// A new number for an offer; all former ones are void. `None`: the node is not this process's to offer.
    async fn offer(&self, node: &str, incumbent: Generation) -> StoreResult<Option<OfferNo>>;

    /// Whether what was asked for is so afterwards. Who did not hear the answer may ask again.
    async fn ask(&self, node: &str, request: Request) -> StoreResult<bool>;

    /// A process that was draining is gone: what it left in the journal is for others to adopt.
    async fn bury(&self, node: &str, gone: Generation) -> StoreResult<()>;
}
