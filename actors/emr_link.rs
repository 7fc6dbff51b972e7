//! `emr_link`: one clinic's EMR connection. Child of the clinic's cell, permanent, 5 failures in 60 s, then quarantine.
//!
//! It admits or refuses by breaker, budget and bulkhead, runs each request in a task of its own and learns from how it
//! ended. If it dies, what waited is refused, what had left runs on and tells its asker itself, and the next life begins
//! with an empty budget, so that a crash is no way around it.

pub mod breaker;
pub mod cache;
pub mod handle;
pub mod queue;
pub mod request;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use self::breaker::{Breaker, BreakerSettings, Gate, Pass};
use self::cache::{Cache, Dated};
pub use self::handle::EmrLink;
use self::queue::Queue;
use self::request::{Asked, Kind, Request};
use crate::domain::availability::{DaySchedule, TemplateCodes};
use crate::domain::bucket::{Bucket, Rate};
use crate::domain::clinic::Clinic;
use crate::domain::ids::ProviderNo;
use crate::house::House;
use crate::mailbox::{Post, Reply};
use crate::ports::emr::{Emr, EmrFailure, EmrProvider, EmrResult, Service};

/// Day schedules of five providers for four months, and the two lists.
const FACTS: usize = 640;

pub struct EmrLinkArgs {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
    /// Outlives the actor: a write of an earlier life still holds its place.
    pub bulkhead: Arc<Semaphore>,
    pub starts_with_budget: bool,
}

/// What rarely changes, and is asked for by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKey {
    Providers,
    TemplateCodes,
    DaySchedule(ProviderNo, Date),
}

#[derive(Debug, Clone)]
pub enum Fact {
    Providers(Arc<Vec<EmrProvider>>),
    TemplateCodes(Arc<TemplateCodes>),
    DaySchedule(Arc<Option<DaySchedule>>),
}

pub enum EmrLinkMsg {
    Submit(Request),
    Recall(FactKey, Reply<EmrResult<Dated<Fact>>>),
    GetHealth(Reply<LinkHealth>),
    /// A request has taken longer than the slow mark; it counts as a failure now, not when it ends.
    FoundSlow {
        service: Service,
        pass: Pass,
    },
    Ended {
        service: Service,
        pass: Pass,
        result: Result<(), EmrFailure>,
        took: Duration,
        counted: bool,
    },
    Fetched(FactKey, EmrResult<Fact>),
    BudgetRefilled,
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

/// For `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHealth {
    pub shut: Vec<Service>,
    pub waiting: usize,
    pub in_flight: usize,
}

pub struct EmrLinkActor;

pub struct State {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    emr: Arc<dyn Emr>,
    breakers: [Breaker; Service::ALL.len()],
    budget: Bucket,
    bulkhead: Arc<Semaphore>,
    queue: Queue<Request>,
    refill_armed: bool,
    facts: Cache<FactKey, Fact>,
    fetching: BTreeMap<FactKey, Vec<Reply<EmrResult<Dated<Fact>>>>>,
}

impl Actor for EmrLinkActor {
    type Msg = Post<EmrLinkMsg>;
    type State = State;
    type Arguments = EmrLinkArgs;

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        args: EmrLinkArgs,
    ) -> Result<State, ActorProcessingErr> {
        let limits = &args.clinic.limits;
        let settings = BreakerSettings::from(limits);
        let rate = Rate::per_second(limits.requests_per_second, limits.burst);
        let now = Instant::now();
        Ok(State {
            emr: args.house.emr.connect(&args.clinic),
            breakers: std::array::from_fn(|_| Breaker::new(settings)),
            budget: if args.starts_with_budget { Bucket::full(rate, now) } else { Bucket::empty(rate, now) },
            bulkhead: args.bulkhead,
            queue: Queue::bounded(usize::try_from(limits.queue).unwrap_or(usize::MAX)),
            refill_armed: false,
            facts: Cache::bounded(FACTS),
            fetching: BTreeMap::new(),
            clinic: args.clinic,
            house: args.house,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        post: Self::Msg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let Post { message, place } = post;
        match message {
            EmrLinkMsg::Submit(mut request) => {
                request.place = place;
                state.submit(&myself, request);
            }
            EmrLinkMsg::Recall(key, reply) => state.recall(&myself, key, reply),
            EmrLinkMsg::GetHealth(reply) => {
                let _ = reply.send(state.health());
            }
            EmrLinkMsg::FoundSlow { service, pass } => state.record(service, pass, Some(false)),
            EmrLinkMsg::Ended { service, pass, result, took, counted } => {
                state.ended(service, pass, result, took, counted);
                state.pump(&myself);
            }
            EmrLinkMsg::Fetched(key, result) => state.fetched(&key, result),
            EmrLinkMsg::BudgetRefilled => {
                state.refill_armed = false;
                state.pump(&myself);
            }
            #[cfg(any(test, feature = "testing"))]
            EmrLinkMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }
}

impl State {
    fn submit(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, request: Request) {
        if self.breakers[request.service as usize].refuses(Instant::now()) {
            return self.refuse(request, EmrFailure::BreakerOpen);
        }
        let (class, deadline) = (request.kind.class(), request.deadline);
        match self.queue.push(class, deadline, request) {
            Ok(()) => self.pump(myself),
            Err(request) => self.refuse(request, EmrFailure::QueueFull),
        }
    }

    /// Starts what can start. Called whenever something has changed: a newcomer, an end, new budget.
    fn pump(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>) {
        let now = Instant::now();
        for late in self.queue.shed(now) {
            self.refuse(late, EmrFailure::TooLate);
        }
        while let Some(request) = self.queue.pop() {
            let Ok(place) = Arc::clone(&self.bulkhead).try_acquire_owned() else {
                return self.queue.put_back(request.kind.class(), request.deadline, request);
            };
            if let Err(wait) = self.budget.take(now) {
                self.arm_refill(myself, wait);
                return self.queue.put_back(request.kind.class(), request.deadline, request);
            }
            self.start(myself, request, place, now);
        }
    }

    fn arm_refill(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, wait: Duration) {
        if !self.refill_armed {
            self.refill_armed = true;
            myself.send_after(wait, || Post::own(EmrLinkMsg::BudgetRefilled));
        }
    }

    fn start(
        &mut self,
        myself: &ActorRef<Post<EmrLinkMsg>>,
        request: Request,
        place: tokio::sync::OwnedSemaphorePermit,
        now: Instant,
    ) {
        let write_timeout = self.clinic.limits.write_timeout();
        let until = match request.kind {
            Kind::Read => request.deadline,
            // Whatever the adapter does first, the write reaches the socket while the lease is in force.
            Kind::Write(lease) if !lease.is_in_force(now + write_timeout) => {
                return self.refuse(request, EmrFailure::LeaseOver);
            }
            Kind::Write(_) => now + write_timeout,
        };
        let service = request.service;
        let Some(pass) = self.breakers[service as usize].admit(now) else {
            return self.refuse(request, EmrFailure::BreakerOpen);
        };
        let (myself, slow_at) = (myself.clone(), now + self.clinic.limits.slow());
        let work = request.work.run(Arc::clone(&self.emr), until);
        tokio::spawn(async move {
            let mut work = work;
            let (result, counted) = tokio::select! {
                biased;
                result = &mut work => (result, false),
                () = sleep_until(slow_at) => {
                    let _ = myself.send_message(Post::own(EmrLinkMsg::FoundSlow { service, pass }));
                    (work.await, true)
                }
            };
            drop(place);
            let took = now.elapsed();
            let _ =
                myself.send_message(Post::own(EmrLinkMsg::Ended { service, pass, result, took, counted }));
        });
    }

    fn ended(
        &mut self,
        service: Service,
        pass: Pass,
        result: Result<(), EmrFailure>,
        took: Duration,
        counted: bool,
    ) {
        let outcome = result.err().map_or("ok", EmrFailure::name);
        self.house.meters.emr_request(&self.clinic.id, service, outcome, took);
        if !counted {
            self.record(service, pass, self.says_of_health(result, took));
        }
    }

    /// A read cut short by an asker in a hurry proves nothing; one that had half the slow mark does.
    fn says_of_health(&self, result: Result<(), EmrFailure>, took: Duration) -> Option<bool> {
        match result {
            Ok(()) => Some(true),
            Err(EmrFailure::TimedOut) if took < self.clinic.limits.slow() / 2 => None,
            Err(failure) => Some(!failure.is_illness()),
        }
    }

    fn record(&mut self, service: Service, pass: Pass, healthy: Option<bool>) {
        let breaker = &mut self.breakers[service as usize];
        let before = breaker.gate();
        breaker.record(pass, healthy, Instant::now());
        let after = breaker.gate();
        if before != after {
            let shut = after != Gate::Flowing;
            self.house.meters.breaker(&self.clinic.id, service, shut);
            tracing::warn!(clinic.id = %self.clinic.id, emr.service = service.name(), shut, "an EMR breaker moved");
        }
    }

    fn refuse(&self, request: Request, why: EmrFailure) {
        self.house.meters.emr_refusal(&self.clinic.id, request.service, why.name());
        request.work.refuse(why);
    }

    fn recall(
        &mut self,
        myself: &ActorRef<Post<EmrLinkMsg>>,
        key: FactKey,
        reply: Reply<EmrResult<Dated<Fact>>>,
    ) {
        if let Some(fact) = self.facts.fresh(&key, Instant::now()) {
            let _ = reply.send(Ok(fact));
            return;
        }
        let waiting = self.fetching.entry(key.clone()).or_default();
        waiting.push(reply);
        if waiting.len() == 1 {
            self.fetch(myself, key);
        }
    }

    /// One request serves all who wait for the same fact, and the next five minutes.
    fn fetch(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, key: FactKey) {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let service = match key {
            FactKey::Providers => Service::Provider,
            FactKey::TemplateCodes | FactKey::DaySchedule(..) => Service::Schedule,
        };
        let wanted = key.clone();
        let run = move |emr: Arc<dyn Emr>| async move { fetch_fact(emr.as_ref(), &wanted).await };
        let deadline = Instant::now() + self.clinic.limits.slow();
        let told = myself.clone();
        tokio::spawn(async move {
            let result = answer.await.unwrap_or(Err(EmrFailure::Stopped));
            let _ = told.send_message(Post::own(EmrLinkMsg::Fetched(key, result)));
        });
        let work = Box::new(Asked { run, reply });
        self.submit(myself, Request { service, kind: Kind::Read, deadline, work, place: None });
    }

    fn fetched(&mut self, key: &FactKey, result: EmrResult<Fact>) {
        let now = Instant::now();
        let result = match result {
            Ok(fact) => Ok(self.facts.put(key.clone(), fact, self.house.now(), now)),
            Err(failure) => self.facts.stale(key, now).ok_or(failure),
        };
        for reply in self.fetching.remove(key).unwrap_or_default() {
            let _ = reply.send(result.clone());
        }
    }

    fn health(&self) -> LinkHealth {
        let shut = |service: &Service| self.breakers[*service as usize].gate() != Gate::Flowing;
        let most = usize::try_from(self.clinic.limits.max_in_flight).unwrap_or(usize::MAX);
        LinkHealth {
            shut: Service::ALL.into_iter().filter(shut).collect(),
            waiting: self.queue.len(),
            in_flight: most.saturating_sub(self.bulkhead.available_permits()),
        }
    }
}

async fn fetch_fact(emr: &dyn Emr, key: &FactKey) -> EmrResult<Fact> {
    match key {
        FactKey::Providers => emr.providers().await.map(|all| Fact::Providers(Arc::new(all))),
        FactKey::TemplateCodes => emr.template_codes().await.map(|all| Fact::TemplateCodes(Arc::new(all))),
        FactKey::DaySchedule(provider, date) => {
            emr.day_schedule(provider, *date).await.map(|day| Fact::DaySchedule(Arc::new(day)))
        }
    }
}

#[cfg(test)]
mod tests;
