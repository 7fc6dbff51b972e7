//! `emr_link`: one clinic's EMR connection. Child of the clinic's cell, permanent, 5 failures in 60 s, then quarantine.
//!
//! It chooses the path of each request, admits or refuses it by breaker, budget and bulkhead, runs it in a task of its own
//! and learns from how it ended. A read that failed may be asked again by another path, under the same deadline; a write
//! goes by the one path its booking has chosen. If the actor dies, what waited is refused, a write that had left runs on
//! and tells its asker itself. Each life begins with an empty budget, so that a restart is no way around it.

pub mod breaker;
pub mod bulkhead;
pub mod cache;
mod errand;
pub mod facts;
pub mod handle;
pub mod paths;
pub mod queue;
pub mod request;
mod share;
mod survey;
mod word;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::breaker::{BreakerSettings, Pass};
use self::bulkhead::{Bulkhead, Underway};
use self::cache::{Cache, Dated};
pub use self::errand::Ended;
use self::errand::Errand;
pub use self::facts::{Fact, FactKey};
pub use self::handle::{EmrLink, OneWay};
use self::paths::{Admitted, Paths};
use self::queue::Queue;
use self::request::{Kind, Request};
use self::share::Share;
use self::survey::Survey;
use self::word::Words;
use crate::domain::capabilities::{Capabilities, Capability};
use crate::domain::clinic::Clinic;
use crate::domain::trouble::Trouble;
use crate::house::House;
use crate::mailbox::{Post, Reply};
use crate::ports::emr::{EmrFailure, EmrResult, Operation, Path, Service};

/// Day schedules of five providers for four months, and the two lists.
const FACTS: usize = 640;

pub struct EmrLinkArgs {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
    /// Outlives the actor: a write of an earlier life still holds its place.
    pub bulkhead: Arc<Bulkhead>,
}

pub enum EmrLinkMsg {
    Submit(Request),
    Recall(FactKey, Reply<EmrResult<Dated<Fact>>>),
    /// Which path a booking shall go by that needs all these: the one named, if it stands open.
    ChoosePath(&'static [Operation], Option<Path>, Reply<EmrResult<Path>>),
    GetHealth(Reply<LinkHealth>),
    /// A request has taken longer than the slow mark; it counts as a failure now, not when it ends.
    FoundSlow {
        at: (Path, Service),
        pass: Pass,
    },
    Ended(Box<Ended>),
    Fetched(FactKey, EmrResult<Fact>),
    BudgetRefilled,
    /// Processes that share the EMR have come or gone.
    MembershipChanged,
    /// What processes have told lately of the breakers of this EMR.
    Heard(Vec<Trouble>),
    /// Word that other paths stand open now, or that more is known of them.
    Survey,
    /// Time to look at that unasked.
    SurveyDue,
    Surveyed(Survey),
    Discovered(Path, EmrResult<Vec<Capability>>),
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

/// For `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkHealth {
    pub open: Vec<Path>,
    pub shut: Vec<(Path, Service)>,
    pub waiting: usize,
    pub in_flight: usize,
    pub table: Capabilities,
}

pub struct EmrLinkActor;

pub struct State {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    paths: Paths,
    words: Words,
    /// Nothing is sent before it is known which paths stand open.
    surveyed: bool,
    survey_armed: bool,
    /// From when on it is found out unasked what the server can do.
    calm_from: Instant,
    discovery_tried: BTreeMap<Path, Instant>,
    share: Share,
    queue: Queue<Request>,
    refill_armed: bool,
    facts: Cache<FactKey, Fact>,
    fetching: BTreeMap<FactKey, Vec<Reply<EmrResult<Dated<Fact>>>>>,
    /// Tells of those who share the EMR.
    watcher: Option<AbortHandle>,
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
    }
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
        let now = Instant::now();
        let adapters = args.house.emr.connect(&args.clinic);
        Ok(State {
            paths: Paths::new(adapters, settings, args.clinic.prefer_rest),
            words: Words::default(),
            surveyed: false,
            survey_armed: false,
            calm_from: now + survey::CALM_AFTER,
            discovery_tried: BTreeMap::new(),
            share: Share::begin(&args.clinic, args.bulkhead, args.house.membership.subscribe(), now),
            queue: Queue::bounded(usize::try_from(limits.queue).unwrap_or(usize::MAX)),
            refill_armed: false,
            facts: Cache::bounded(FACTS),
            fetching: BTreeMap::new(),
            watcher: None,
            clinic: args.clinic,
            house: args.house,
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.survey(&myself);
        state.watch_membership(&myself);
        Ok(())
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
            EmrLinkMsg::ChoosePath(needs, like, reply) => {
                let _ = reply.send(state.paths.for_all_of(needs, like, Instant::now()));
            }
            EmrLinkMsg::GetHealth(reply) => {
                let _ = reply.send(state.health());
            }
            EmrLinkMsg::FoundSlow { at, pass } => state.record(at, pass, Some(false)),
            EmrLinkMsg::Ended(ended) => {
                state.ended(*ended);
                state.pump(&myself);
            }
            EmrLinkMsg::Fetched(key, result) => state.fetched(&key, result),
            EmrLinkMsg::Survey => {
                state.calm_from = Instant::now();
                state.survey(&myself);
            }
            EmrLinkMsg::SurveyDue => {
                state.survey_armed = false;
                state.survey(&myself);
            }
            EmrLinkMsg::Surveyed(survey) => state.surveyed(&myself, survey),
            EmrLinkMsg::Discovered(path, result) => state.discovered(path, result),
            EmrLinkMsg::BudgetRefilled => {
                state.refill_armed = false;
                state.pump(&myself);
            }
            EmrLinkMsg::MembershipChanged => state.pump(&myself),
            EmrLinkMsg::Heard(troubles) => state.hear(troubles),
            #[cfg(any(test, feature = "testing"))]
            EmrLinkMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }
}

impl State {
    fn submit(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, request: Request) {
        if let Some(failure) = self.paths.refusal(request.operation, request.via, Instant::now()) {
            return self.refuse(request, failure);
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
        self.share.follow(now);
        for late in self.queue.shed(now) {
            self.refuse(late, EmrFailure::TooLate);
        }
        if !self.surveyed {
            return;
        }
        while let Some(request) = self.queue.pop() {
            match self.share.enter(now) {
                Ok(place) => self.start(myself, request, place, now),
                Err(wait) => {
                    self.arm_refill(myself, wait);
                    return self.queue.put_back(request.kind.class(), request.deadline, request);
                }
            }
        }
    }

    fn watch_membership(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>) {
        let (mut membership, myself) = (self.house.membership.subscribe(), myself.clone());
        let watcher = tokio::spawn(async move {
            while membership.changed().await.is_ok() {
                let _ = myself.send_message(Post::own(EmrLinkMsg::MembershipChanged));
            }
        });
        self.watcher = Some(watcher.abort_handle());
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
        mut request: Request,
        place: Underway,
        now: Instant,
    ) {
        let write_timeout = self.clinic.limits.write_timeout();
        if let Kind::Write(lease) = request.kind
            // Whatever the adapter does first, the write reaches the socket while the lease is in force.
            && !lease.is_in_force(now + write_timeout)
        {
            return self.refuse(request, EmrFailure::LeaseOver);
        }
        let admitted = self.paths.admit(request.operation, request.via, &request.tried, now);
        let Admitted { emr, pass, has_another } = match admitted {
            Ok(admitted) => admitted,
            Err(failure) => return self.refuse(request, failure),
        };
        let cut_short = pass == Pass::Probe && has_another;
        let until = match request.kind {
            // A caller is not made to wait for a path that was ill a moment ago while another could answer.
            Kind::Read if cut_short => now + request.deadline.duration_since(now) / 2,
            Kind::Read => request.deadline,
            Kind::Write(_) => now + write_timeout,
        };
        // It waits no longer, so another may have its place in the mailbox.
        request.place = None;
        let errand =
            Errand { request, emr, pass, cut_short, until, slow_at: now + self.clinic.limits.slow() };
        tokio::spawn(errand.run(myself.clone(), place));
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { at: (path, service), pass, result, took, counted, untold, cut_short } = ended;
        let outcome = result.err().map_or("ok", EmrFailure::name);
        self.house.meters.emr_request(&self.clinic.id, (path, service), outcome, took);
        if !counted {
            self.record((path, service), pass, self.says_of_health(result, took));
        }
        self.paths.heard(path, result, Instant::now());
        if let (Some(mut request), Err(failure)) = (untold, result) {
            request.failed(path, failure);
            let may_differ = failure.may_differ_elsewhere() || cut_short;
            self.ask_elsewhere(request, may_differ, failure);
        }
    }

    /// A read is asked once more by another path, if there is one that may answer it and time is left.
    fn ask_elsewhere(&mut self, request: Request, may_differ: bool, failure: EmrFailure) {
        let failure = request.failure.unwrap_or(failure);
        let now = Instant::now();
        let have_another = || self.paths.have_another(request.operation, request.via, &request.tried, now);
        if may_differ && now < request.deadline && have_another() {
            self.queue.put_back(request.kind.class(), request.deadline, request);
        } else {
            request.work.refuse(failure);
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

    fn record(&mut self, at: (Path, Service), pass: Pass, healthy: Option<bool>) {
        let Some(shut) = self.paths.record(at, pass, healthy, Instant::now()) else { return };
        self.house.meters.breaker(&self.clinic.id, at, shut);
        self.tell(at, pass, shut);
        let (path, service) = (at.0.name(), at.1.name());
        tracing::warn!(
            clinic.id = %self.clinic.id, emr.path = path, emr.service = service, shut, "an EMR breaker moved"
        );
    }

    fn refuse(&self, request: Request, why: EmrFailure) {
        let why = request.failure.unwrap_or(why);
        self.house.meters.emr_refusal(&self.clinic.id, request.operation.service(), why.name());
        request.work.refuse(why);
    }

    fn health(&self) -> LinkHealth {
        LinkHealth {
            open: self.paths.open().collect(),
            shut: self.paths.shut().collect(),
            waiting: self.queue.len(),
            in_flight: self.share.in_flight(),
            table: self.paths.table.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
