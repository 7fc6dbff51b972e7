//! A singleton of the house: it works at intervals, and only while it holds its role's lease (law O-1).
//!
//! The work is a task that reports back, so a slow store never blocks the actor; one piece of work at a time.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::time::{Instant, timeout};

use crate::house::House;
use crate::ports::store::{RoleLease, StoreError, StoreResult};
use crate::tree::{Role, policy};

/// What a singleton does with its role.
#[async_trait]
pub trait Duty: Send + Sync + 'static {
    const ROLE: Role;

    /// One batch. `true`: there is more, come back at once.
    async fn work(house: &House, lease: &RoleLease) -> StoreResult<bool>;

    /// Whether what is left over should be done before stopping.
    const FLUSHES: bool;
}

pub struct Singleton<D>(std::marker::PhantomData<D>);

impl<D> Default for Singleton<D> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

pub enum DutyMsg {
    Work,
    /// Whether there is more.
    Worked(StoreResult<bool>),
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

pub struct State {
    house: Arc<House>,
    working: Option<tokio::task::JoinHandle<()>>,
    /// Why it waits for the store, as far as that has been said.
    waits: Option<StoreError>,
}

impl<D: Duty> Actor for Singleton<D> {
    type Msg = DutyMsg;
    type State = State;
    type Arguments = Arc<House>;

    async fn pre_start(&self, _: ActorRef<DutyMsg>, house: Arc<House>) -> Result<State, ActorProcessingErr> {
        Ok(State { house, working: None, waits: None })
    }

    async fn post_start(
        &self,
        myself: ActorRef<DutyMsg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.work::<D>(&myself);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<DutyMsg>,
        message: DutyMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            DutyMsg::Work => state.work::<D>(&myself),
            DutyMsg::Worked(worked) => {
                state.tell::<D>(worked.as_ref().err());
                if worked.unwrap_or(false) {
                    state.work::<D>(&myself);
                } else {
                    myself.send_after(state.house.settings.duty_every, || DutyMsg::Work);
                }
            }
            #[cfg(any(test, feature = "testing"))]
            DutyMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<DutyMsg>, state: &mut State) -> Result<(), ActorProcessingErr> {
        let within = policy(D::ROLE).stop_within.mul_f32(0.9);
        let house = Arc::clone(&state.house);
        let working = state.working.take();
        let finish = async move {
            if let Some(working) = working {
                let _ = working.await;
            }
            while D::FLUSHES && on_duty::<D>(&house).await? {}
            Ok::<(), StoreError>(())
        };
        if !matches!(timeout(within, finish).await, Ok(Ok(()))) {
            tracing::warn!(role = D::ROLE.name(), "stopped with work left over; it waits in the store");
        }
        Ok(())
    }
}

impl State {
    fn work<D: Duty>(&mut self, myself: &ActorRef<DutyMsg>) {
        let (house, myself) = (Arc::clone(&self.house), myself.clone());
        self.working = Some(tokio::spawn(async move {
            let worked = AssertUnwindSafe(on_duty::<D>(&house)).catch_unwind().await.unwrap_or(Ok(false));
            let _ = myself.send_message(DutyMsg::Worked(worked));
        }));
    }

    /// Once for each reason, and once when that is over: it tries every second.
    fn tell<D: Duty>(&mut self, failure: Option<&StoreError>) {
        let role = D::ROLE.name();
        match failure {
            Some(failure) => {
                self.house.meters.singleton_kept_waiting(D::ROLE);
                if self.waits.as_ref() != Some(failure) {
                    tracing::warn!(role, %failure, "a singleton's work waits for the store");
                }
            }
            None if self.waits.is_some() => tracing::info!(role, "a singleton's work goes on"),
            None => {}
        }
        self.waits = failure.cloned();
    }
}

/// Takes or renews the role, then works once. A holder stops by its own clock before its lease ends for others, and takes
/// nothing up while the node is passed on.
async fn on_duty<D: Duty>(house: &House) -> StoreResult<bool> {
    let Some(_at_work) = house.rest.begin() else { return Ok(false) };
    let role = D::ROLE.name();
    match house.store.hold_role(role, house.generation, house.settings.role_lasts).await? {
        Some(lease) if Instant::now() < lease.until => D::work(house, &lease).await,
        _ => Ok(false),
    }
}
