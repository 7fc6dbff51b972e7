//! `node`: this process among those that share its store. It says that it lives, learns who else does and what they have
//! changed, and ends the process that was called dead.
//!
//! First up and last down: whoever starts after it may ask with whom the EMRs are shared, and a process that drains is
//! not taken for dead before it has finished.

mod haste;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clinics::adopt_now_and_later;
use crate::domain::census::{Census, Counted, Said};
use crate::domain::membership::Membership;
use crate::house::House;
use crate::ports::store::{Beat, StoreError, StoreResult};

pub struct NodeActor;

pub enum NodeMsg {
    /// Time to say that we live.
    Beat,
    /// When it began; `None`: it panicked.
    Beaten(Instant, Option<StoreResult<Census>>),
    /// A beat that was heard is so old by now that there is a gap, unless a later one was heard.
    Faded,
    /// Another process says that something has changed.
    Noticed,
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

pub struct State {
    house: Arc<House>,
    /// Whom we reckon with.
    counts: Counted,
    told: Said,
    beating: bool,
    /// Something has changed since the present beat began.
    hurried: bool,
    /// When the last beat that the store heard was begun: our row is no older.
    heard_at: Instant,
    is_away: bool,
    listening: Option<JoinHandle<()>>,
}

impl Actor for NodeActor {
    type Msg = NodeMsg;
    type State = State;
    type Arguments = Arc<House>;

    async fn pre_start(&self, _: ActorRef<NodeMsg>, house: Arc<House>) -> Result<State, ActorProcessingErr> {
        Ok(State {
            house,
            counts: Counted::default(),
            told: Said::default(),
            beating: false,
            hurried: false,
            heard_at: Instant::now(),
            is_away: false,
            listening: None,
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<NodeMsg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let listening = listen(Arc::clone(&state.house), myself.clone());
        let hurrying = haste::hurry(Arc::clone(&state.house), myself.clone());
        state.listening = Some(tokio::spawn(async { _ = tokio::join!(listening, hurrying) }));
        // When the store heard of an earlier life of this actor is not known.
        state.share_nothing();
        myself.send_interval(state.house.settings.pace.beat_every(), || NodeMsg::Beat);
        state.beat(&myself);
        // Who went while nobody looked is not known.
        adopt_now_and_later(&state.house);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<NodeMsg>,
        message: NodeMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeMsg::Beat => state.beat(&myself),
            NodeMsg::Beaten(begun, outcome) => {
                state.beating = false;
                match outcome {
                    Some(Ok(census)) => state.learn(&myself, begun, &census),
                    Some(Err(StoreError::Usurped)) => state.end(),
                    Some(Err(failure)) => state.is_not_heard(&failure.to_string()),
                    None => state.is_not_heard("it panicked"),
                }
                if std::mem::take(&mut state.hurried) {
                    state.beat(&myself);
                }
            }
            NodeMsg::Faded if state.has_a_gap() => state.is_not_heard("it does not answer"),
            NodeMsg::Faded => {}
            NodeMsg::Noticed => {
                state.house.meters.noticed();
                state.hurried = state.beating;
                state.beat(&myself);
            }
            #[cfg(any(test, feature = "testing"))]
            NodeMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }
}

/// However the actor ends, nobody listens for it any more.
impl Drop for State {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

impl State {
    fn beat(&mut self, myself: &ActorRef<NodeMsg>) {
        if *self.house.usurped.borrow() || std::mem::replace(&mut self.beating, true) {
            return;
        }
        let says = Said { counts: self.counts.clone(), crowds: self.house.crowds() };
        let is_news = says != self.told;
        self.told = says.clone();
        let beat = Beat { generation: self.house.generation, says, is_news, pace: self.house.settings.pace };
        let (house, myself, begun) = (Arc::clone(&self.house), myself.clone(), Instant::now());
        tokio::spawn(async move {
            let beaten = AssertUnwindSafe(house.store.beat(beat)).catch_unwind().await.ok();
            let _ = myself.send_message(NodeMsg::Beaten(begun, beaten));
            // What cannot be read now is read with the next beat.
            let _ = house.hear().await;
        });
    }

    /// What the rows of the others tell; each kind of news is one step.
    fn learn(&mut self, myself: &ActorRef<NodeMsg>, begun: Instant, census: &Census) {
        if std::mem::take(&mut self.is_away) {
            tracing::info!("the store hears of this process again");
        }
        self.heard_at = begun;
        let (house, counts) = (&self.house, census.counted());
        let gone = self.counts.gone_from(&counts);
        if !gone.is_empty() {
            let generations = gone.to_string();
            tracing::info!(generations, "processes are gone, and what they left is adopted");
            adopt_now_and_later(house);
        }
        for dead in &census.buried {
            tracing::warn!(generation = dead.0, "a process was silent for too long and is called dead");
        }
        house.meters.members(census.lives.len(), census.buried.len());
        let shared = census.membership(house.generation, house.settings.pace);
        // What is answered too late may not be so any more.
        house.share(Membership { is_counted: shared.is_counted && !self.has_a_gap(), ..shared });
        myself.send_after(house.settings.pace.gap().saturating_sub(begun.elapsed()), || NodeMsg::Faded);
        house.declared.send_replace(census.revision);
        // Only now that our own part is the smaller one may others take theirs, and they need not wait for it.
        self.hurried |= counts != self.told.counts;
        self.counts = counts;
    }

    /// What others do meanwhile is not known: they may be about to take our part.
    fn is_not_heard(&mut self, failure: &str) {
        self.told = Said::default();
        if !std::mem::replace(&mut self.is_away, true) {
            tracing::warn!(failure, "the store does not hear that this process lives");
        }
        if self.has_a_gap() {
            self.share_nothing();
        }
    }

    /// The others may call this process silent from now on.
    fn has_a_gap(&self) -> bool {
        self.heard_at.elapsed() >= self.house.settings.pace.gap()
    }

    fn share_nothing(&self) {
        let shared = self.house.membership.borrow().clone();
        self.house.share(Membership { is_counted: false, ..shared });
    }

    /// Nothing is taken back or compensated: fences and the journal see to what is under way.
    fn end(&self) {
        let generation = self.house.generation.0;
        tracing::error!(generation, "this process was called dead by another and ends");
        self.house.usurped.send_replace(true);
    }
}

async fn listen(house: Arc<House>, myself: ActorRef<NodeMsg>) {
    loop {
        house.store.noticed().await;
        if myself.send_message(NodeMsg::Noticed).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
