//! What both sides of a handoff do alike.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::Request;
use vitarad_actors::ports::store::HandoffStore;

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

/// The rows are the truth: nothing goes on before they have answered.
pub async fn ask(store: &SqlStore, node: &str, request: Request) -> bool {
    loop {
        match timeout(ANSWER, store.ask(node, request)).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(failure)) => tracing::warn!(%failure, "the handoff waits for the store"),
            Err(_) => tracing::warn!("the handoff waits for the store, which takes too long"),
        }
        sleep(BETWEEN).await;
    }
}

/// What a process left in the journal is for others once it is called dead.
pub async fn bury(store: &SqlStore, node: &str, gone: Generation) {
    while let Err(failure) = store.bury(node, gone).await {
        tracing::warn!(%failure, "the handoff waits for the store");
        sleep(BETWEEN).await;
    }
}
