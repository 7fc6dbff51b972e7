//! The watchdog of who started this process: fed twice in the time it allows, as long as the root of the tree answers.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::{MissedTickBehavior, interval};
use vitarad_actors::supervisor::{SupervisorMsg, children_of};

use crate::systemd;

/// A supervisor waits for nothing in its handler; one that takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(1);

pub async fn feed(root: ActorRef<SupervisorMsg>) -> Infallible {
    let Some(allowed) = systemd::watchdog() else { return pending().await };
    let mut meals = interval(allowed / 2);
    meals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        meals.tick().await;
        if children_of(&root, PATIENCE).await.is_some() {
            systemd::alive();
        } else {
            tracing::warn!("the root of the tree does not answer; the watchdog is not fed");
        }
    }
}
