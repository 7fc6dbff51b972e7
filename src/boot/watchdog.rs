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
    match systemd::watchdog() {
        Some(allowed) => feed_within(allowed, root, systemd::alive).await,
        None => pending().await,
    }
}

async fn feed_within(allowed: Duration, root: ActorRef<SupervisorMsg>, alive: impl Fn()) -> Infallible {
    let mut meals = interval(allowed / 2);
    meals.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        meals.tick().await;
        if children_of(&root, PATIENCE).await.is_some() {
            alive();
        } else {
            tracing::warn!("the root of the tree does not answer; the watchdog is not fed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use ractor::{Actor, ActorProcessingErr};
    use tokio::sync::watch;
    use tokio::time::timeout;

    use super::*;

    /// Answers as a supervisor does, but while it is stuck.
    struct Root(watch::Receiver<bool>);

    impl Actor for Root {
        type Msg = SupervisorMsg;
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<SupervisorMsg>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }

        async fn handle(
            &self,
            _: ActorRef<SupervisorMsg>,
            message: SupervisorMsg,
            (): &mut (),
        ) -> Result<(), ActorProcessingErr> {
            self.0.clone().wait_for(|is_stuck| !is_stuck).await?;
            if let SupervisorMsg::GetChildren(reply) = message {
                let _ = reply.send(Vec::new());
            }
            Ok(())
        }
    }

    async fn meals_in_a_minute(root: &ActorRef<SupervisorMsg>) -> usize {
        let meals = Cell::new(0);
        let fed = feed_within(Duration::from_secs(20), root.clone(), || meals.set(meals.get() + 1));
        assert!(timeout(Duration::from_secs(59), fed).await.is_err());
        meals.get()
    }

    #[tokio::test(start_paused = true)]
    async fn the_watchdog_is_fed_twice_in_its_time_unless_the_root_is_stuck_or_gone() {
        let stuck = watch::Sender::new(false);
        let (root, ended) = Actor::spawn(None, Root(stuck.subscribe()), ()).await.unwrap();
        assert_eq!(meals_in_a_minute(&root).await, 6);
        stuck.send_replace(true);
        assert_eq!(meals_in_a_minute(&root).await, 0);
        stuck.send_replace(false);
        assert_eq!(meals_in_a_minute(&root).await, 6, "it is back");
        root.kill();
        ended.await.unwrap();
        assert_eq!(meals_in_a_minute(&root).await, 0);
    }
}
