//! Waiting for what will come about: asked again and again until a deadline, never slept for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    until_by(|| give_up, what, look).await
}

/// The same with a deadline that may move.
pub(crate) async fn until_by<T>(
    give_up: impl Fn() -> Instant,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < give_up(), "{what} did not come about");
        sleep(Duration::from_millis(20)).await;
    }
}
