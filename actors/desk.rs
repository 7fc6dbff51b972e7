//! `desk`: drives one clinic's bookings. Child of the clinic's cell, permanent, 5 failures in 60 s, then quarantine.
//!
//! It starts a saga per order, one at a time per provider and day, joins orders for the same wish, and looks at the
//! journal. If it dies, its sagas run on and settle what they can; the next life adopts the rest from the journal.

mod addition;
mod adoption;
mod alternatives;
mod arrivals;
mod backlog;
mod cancellation;
mod day;
mod forsaken;
mod journal;
mod keeping;
mod look;
mod offers;
pub mod order;
mod recheck;
mod registration;
mod saga;
mod wording;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use jiff::civil::Date;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use self::adoption::Adoption;
use self::arrivals::Arrivals;
use self::backlog::Backlog;
pub use self::day::DayNow;
pub use self::forsaken::hand_over;
use self::forsaken::hand_over_forsaken;
use self::offers::Offers;
pub use self::offers::end_offer;
use self::order::{Concluded, Enrolled, NewcomerOrder, Order};
pub use self::recheck::{no_opening, no_schedule};
use self::registration::Registration;
pub use self::registration::open_to_newcomers;
use self::saga::Saga;
pub use self::saga::situation_of;
pub use self::wording::{moment, of_newcomer, when_and_who};
use crate::domain::booking::{Slot, Want};
use crate::domain::clinic::Clinic;
use crate::domain::ids::{DemographicNo, IntentId, ProviderNo, ToolCallKey};
use crate::domain::say::Situation;
use crate::house::House;
use crate::mailbox::{Post, Reply};
use crate::tree::{Role, policy};

/// What no caller waits for is looked at less often than the journal; while there are held requests, one for each look.
const BETWEEN_PATIENT_LOOKS: u32 = 5;
/// Lines of the journal taken up in one look.
const LOOK_AT_ONCE: u32 = 16;

pub struct DeskArgs {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
    /// Outlives the actor: a saga of an earlier life still counts.
    pub sagas: Arc<Semaphore>,
}

pub enum DeskMsg {
    Carry(Box<Order>, Reply<Concluded>),
    Register(Box<NewcomerOrder>, Reply<Enrolled>),
    /// A saga has ended; `None` when it panicked, and its line is left in the journal.
    Ended(Wish, Option<Concluded>),
    Look,
    Looked {
        adoption: Adoption,
        arrivals: Arrivals,
    },
    /// A process that may have left lines in the journal is gone.
    AdoptAgain,
    /// Time to see whether held requests can be carried out.
    TakeUpHeld,
    /// Whether there may be more of them.
    TookUpHeld {
        more: bool,
    },
    /// Time to see whether freed time can be offered to who waits for it.
    PassOnFreed,
    PassedOnFreed,
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

/// Two orders with the same wish are one saga (law B-6).
pub type Wish = (DemographicNo, Want);
type DayOf = (ProviderNo, Date);

pub struct DeskActor;

pub struct State {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    sagas: Arc<Semaphore>,
    running: BTreeMap<Wish, Running>,
    /// A provider's day with a saga on it, and those that wait for it.
    days: BTreeMap<DayOf, VecDeque<Ready>>,
    adoption: Adoption,
    looking: bool,
    /// With the look, while one is on.
    arrivals: Arrivals,
    /// Since the present look began there is more to adopt.
    more_to_adopt: bool,
}

struct Running {
    intent: IntentId,
    tool_call: ToolCallKey,
    waiting: Vec<Reply<Concluded>>,
}

struct Ready {
    wish: Wish,
    saga: Saga,
    place: OwnedSemaphorePermit,
}

impl Actor for DeskActor {
    type Msg = Post<DeskMsg>;
    type State = State;
    type Arguments = DeskArgs;

    async fn pre_start(&self, _: ActorRef<Self::Msg>, args: DeskArgs) -> Result<State, ActorProcessingErr> {
        let DeskArgs { house, clinic, sagas } = args;
        Ok(State {
            house,
            clinic,
            sagas,
            running: BTreeMap::new(),
            days: BTreeMap::new(),
            adoption: Adoption::Due,
            looking: false,
            arrivals: Arrivals::default(),
            more_to_adopt: false,
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.look(&myself);
        state.take_up_held(&myself);
        state.pass_on_freed(&myself);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        post: Self::Msg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match post.message {
            DeskMsg::Carry(order, reply) => state.carry(&myself, *order, reply),
            DeskMsg::Register(order, reply) => state.register(*order, reply),
            DeskMsg::Ended(wish, concluded) => state.ended(&myself, &wish, concluded),
            DeskMsg::Look => state.look(&myself),
            DeskMsg::Looked { adoption, arrivals } => {
                state.arrivals = arrivals;
                let more = std::mem::take(&mut state.more_to_adopt);
                state.adoption = if more { adoption.again() } else { adoption };
                state.looking = false;
                myself.send_after(state.house.settings.look_every, || Post::own(DeskMsg::Look));
            }
            DeskMsg::AdoptAgain => {
                state.more_to_adopt = state.looking;
                state.adoption = state.adoption.again();
            }
            DeskMsg::TakeUpHeld => state.take_up_held(&myself),
            DeskMsg::TookUpHeld { more } => {
                let pause = state.house.settings.look_every * if more { 1 } else { BETWEEN_PATIENT_LOOKS };
                myself.send_after(pause, || Post::own(DeskMsg::TakeUpHeld));
            }
            DeskMsg::PassOnFreed => state.pass_on_freed(&myself),
            DeskMsg::PassedOnFreed => {
                let pause = state.house.settings.look_every * BETWEEN_PATIENT_LOOKS;
                myself.send_after(pause, || Post::own(DeskMsg::PassOnFreed));
            }
            #[cfg(any(test, feature = "testing"))]
            DeskMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }

    /// Lets running sagas settle; what does not in time is in the journal.
    async fn post_stop(&self, _: ActorRef<Self::Msg>, state: &mut State) -> Result<(), ActorProcessingErr> {
        let all = u32::try_from(state.house.settings.sagas_per_clinic).unwrap_or(u32::MAX);
        let within = policy(Role::Desk).stop_within.mul_f32(0.9);
        state.days.clear();
        if timeout(within, state.sagas.acquire_many(all)).await.is_err() {
            tracing::info!(clinic.id = %state.clinic.id, "bookings under way are parked in the journal");
        }
        Ok(())
    }
}

impl State {
    fn carry(&mut self, myself: &ActorRef<Post<DeskMsg>>, order: Order, reply: Reply<Concluded>) {
        let wish = (order.patient, order.want.clone());
        if let Some(running) = self.running.get_mut(&wish) {
            running.waiting.push(reply);
            if running.tool_call != order.note.tool_call {
                Saga::new(Arc::clone(&self.house), Arc::clone(&self.clinic), order).follow(running.intent);
            }
            return;
        }
        let Ok(place) = Arc::clone(&self.sagas).try_acquire_owned() else {
            let _ = reply.send(self.refusal(&order, Situation::Busy));
            return;
        };
        let day = day_of(&order);
        let tool_call = order.note.tool_call.clone();
        let saga = Saga::new(Arc::clone(&self.house), Arc::clone(&self.clinic), order);
        let running = Running { intent: saga.intent.id, tool_call, waiting: vec![reply] };
        self.running.insert(wish.clone(), running);
        let ready = Ready { wish, saga, place };
        let Some(day) = day else { return ready.start(myself) };
        if let Some(queue) = self.days.get_mut(&day) {
            return queue.push_back(ready);
        }
        self.days.insert(day, VecDeque::new());
        ready.start(myself);
    }

    /// Two orders for one person are told apart by the store: one of them is announced.
    fn register(&self, order: NewcomerOrder, reply: Reply<Enrolled>) {
        let Ok(place) = Arc::clone(&self.sagas).try_acquire_owned() else {
            let _ = reply.send(self.full(&order));
            return;
        };
        let registration = Registration::new(Arc::clone(&self.house), Arc::clone(&self.clinic), order);
        tokio::spawn(async move {
            let enrolled = AssertUnwindSafe(registration.run()).catch_unwind().await;
            drop(place);
            if let Ok(enrolled) = enrolled {
                let _ = reply.send(enrolled);
            }
        });
    }

    fn full(&self, order: &NewcomerOrder) -> Enrolled {
        let situation = Situation::Busy;
        self.house.meters.registration(&self.clinic.id, situation.code());
        let line = of_newcomer(&self.clinic, order.note.language, situation, "", None).line();
        let concluded = Concluded { line, situation: Some(situation), stored_for: None, provisional: false };
        Enrolled { concluded, registered: None }
    }

    fn ended(&mut self, myself: &ActorRef<Post<DeskMsg>>, wish: &Wish, concluded: Option<Concluded>) {
        let running = self.running.remove(wish);
        if let Some(concluded) = concluded {
            for reply in running.map(|running| running.waiting).unwrap_or_default() {
                let _ = reply.send(concluded.clone());
            }
        }
        if let Some(day) = day_of_want(&wish.1) {
            self.next_of(myself, &day);
        }
    }

    /// Those whose caller has given up meanwhile are told so and not begun: nothing of theirs has been written yet.
    fn next_of(&mut self, myself: &ActorRef<Post<DeskMsg>>, day: &DayOf) {
        while let Some(ready) = self.days.get_mut(day).and_then(VecDeque::pop_front) {
            if ready.saga.order.deadline > Instant::now() {
                return ready.start(myself);
            }
            let refusal = self.refusal(&ready.saga.order, Situation::Busy);
            for reply in self.running.remove(&ready.wish).map(|running| running.waiting).unwrap_or_default() {
                let _ = reply.send(refusal.clone());
            }
        }
        self.days.remove(day);
    }

    fn refusal(&self, order: &Order, situation: Situation) -> Concluded {
        self.house.meters.saga(&self.clinic.id, situation.code());
        let line = wording::answer(&self.clinic, order.note.language, situation, None, None, false).line();
        Concluded { line, situation: Some(situation), stored_for: None, provisional: false }
    }

    fn look(&mut self, myself: &ActorRef<Post<DeskMsg>>) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let under_way: HashSet<IntentId> = self.running.values().map(|running| running.intent).collect();
        let (house, clinic, myself) = (Arc::clone(&self.house), Arc::clone(&self.clinic), myself.clone());
        let (mut adoption, mut arrivals) = (self.adoption, std::mem::take(&mut self.arrivals));
        tokio::spawn(async move {
            let look = async {
                adoption = adoption.tried(&house, &clinic).await;
                look_at_journal(&house, &clinic, &under_way, &mut arrivals).await;
            };
            let _ = AssertUnwindSafe(look).catch_unwind().await;
            let _ = myself.send_message(Post::own(DeskMsg::Looked { adoption, arrivals }));
        });
    }

    /// What callers left behind: what was held, only while no order is under way, because callers come before the backlog;
    /// and what nobody is at.
    fn take_up_held(&self, myself: &ActorRef<Post<DeskMsg>>) {
        let (house, clinic) = (Arc::clone(&self.house), Arc::clone(&self.clinic));
        let backlog = Backlog { house, clinic, desk: myself.clone() };
        let (is_quiet, myself) = (self.running.is_empty(), myself.clone());
        tokio::spawn(async move {
            let forsaken = hand_over_forsaken(&backlog.house, &backlog.clinic);
            let _ = AssertUnwindSafe(forsaken).catch_unwind().await;
            let more = is_quiet && AssertUnwindSafe(backlog.next()).catch_unwind().await.unwrap_or(false);
            let _ = myself.send_message(Post::own(DeskMsg::TookUpHeld { more }));
        });
    }

    /// Only where the clinic wants it.
    fn pass_on_freed(&self, myself: &ActorRef<Post<DeskMsg>>) {
        if !self.clinic.slot_offers.enabled {
            return;
        }
        let offers = Offers { house: Arc::clone(&self.house), clinic: Arc::clone(&self.clinic) };
        let myself = myself.clone();
        tokio::spawn(async move {
            let _ = AssertUnwindSafe(offers.look()).catch_unwind().await;
            let _ = myself.send_message(Post::own(DeskMsg::PassedOnFreed));
        });
    }
}

impl Ready {
    fn start(self, myself: &ActorRef<Post<DeskMsg>>) {
        let (myself, Self { wish, saga, place }) = (myself.clone(), self);
        tokio::spawn(async move {
            let concluded = AssertUnwindSafe(saga.run()).catch_unwind().await.ok();
            drop(place);
            let _ = myself.send_message(Post::own(DeskMsg::Ended(wish, concluded)));
        });
    }
}

fn day_of(order: &Order) -> Option<DayOf> {
    day_of_want(&order.want)
}

/// A cancellation frees time and needs no turn.
fn day_of_want(want: &Want) -> Option<DayOf> {
    match want {
        Want::Book(Slot { provider, date, .. }) | Want::Move { to: Slot { provider, date, .. }, .. } => {
            Some((provider.clone(), *date))
        }
        Want::Cancel(_) => None,
    }
}

async fn look_at_journal(
    house: &Arc<House>,
    clinic: &Arc<Clinic>,
    under_way: &HashSet<IntentId>,
    arrivals: &mut Arrivals,
) {
    let due = house.store.due_effects(&clinic.id, house.generation, house.now(), LOOK_AT_ONCE).await;
    for row in due.unwrap_or_default() {
        if !under_way.contains(&row.intent.id) {
            let last_arrival = arrivals.last_of_effect(house, clinic, &row);
            Saga::resumed(Arc::clone(house), Arc::clone(clinic), &row).look(&row, last_arrival).await;
        }
    }
    let due = house.store.due_registrations(&clinic.id, house.generation, house.now(), LOOK_AT_ONCE).await;
    for row in due.unwrap_or_default() {
        let last_arrival = arrivals.last_of_registration(house, clinic, &row);
        Registration::resumed(Arc::clone(house), Arc::clone(clinic), &row).look(&row, last_arrival).await;
    }
    arrivals.forget_old(house.settings.watch_absent);
}

#[cfg(test)]
mod tests;
