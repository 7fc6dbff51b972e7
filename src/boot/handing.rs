//! What both sides of a handoff do alike.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::Request;
use vitarad_actors::ports::store::{HandoffStore, StoreError, StoreResult};

use crate::store::SqlStore;

const ANSWER: Duration = Duration::from_secs(2);
const BETWEEN: Duration = Duration::from_millis(250);

pub fn deadline(allowed: Option<Duration>) -> Option<Instant> {
    allowed.map(|allowed| Instant::now() + allowed)
}

pub async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The rows are the truth: asked until they answer. A failure is one that no time mends.
pub async fn ask(store: &SqlStore, node: &str, request: Request) -> StoreResult<bool> {
    insist(|| store.ask(node, request)).await
}

/// What a process left in the journal is for others once it is called dead.
pub async fn bury(store: &SqlStore, node: &str, gone: Generation) -> StoreResult<()> {
    insist(|| store.bury(node, gone)).await
}

async fn insist<T, F: Future<Output = StoreResult<T>>>(what: impl Fn() -> F) -> StoreResult<T> {
    loop {
        match timeout(ANSWER, what()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure @ (StoreError::Unreadable(_) | StoreError::Usurped))) => {
                tracing::error!(%failure, "a handoff cannot read whose the node is");
                return Err(failure);
            }
            Ok(Err(failure @ (StoreError::Unavailable(_) | StoreError::Busy))) => {
                tracing::warn!(%failure, "the handoff waits for the store");
            }
            Err(_) => tracing::warn!("the handoff waits for the store, which takes too long"),
        }
        sleep(BETWEEN).await;
    }
}
