//! The successor's side of a handoff: does what the machine says until the node is ours, or is not.

mod proof;
mod work;

use std::future::pending;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::Request;
use vitarad_actors::handoff::{
    Hello, Outcome, Successor, SuccessorCommand, SuccessorEvent, ToIncumbent, ToSuccessor,
};
use vitarad_actors::ports::store::StoreResult;

use super::furnished::{Furnished, Own};
use super::handing::{ask, deadline, reached};
use super::life::{self, Lifetime};
use super::shelter::waiting;
use super::{App, NotBegun, Predecessor, begin_in_spite, close};
use crate::config::Settings;
use crate::handoff::{Line, OtherProcess};
use crate::signals::SignalStream;
use crate::store::schema_range;

type Work<'a> = Pin<Box<dyn Future<Output = Done> + 'a>>;

/// What takes its time is done while the line, the clock and the signals are heard.
enum Done {
    Warmed(Result<(Arc<Furnished>, Generation), NotBegun>),
    Answered(StoreResult<bool>),
    Started(Box<Result<App, NotBegun>>),
    Alone(Result<(Arc<Furnished>, Own), NotBegun>),
}

struct Taker<'a> {
    settings: &'a Arc<Settings>,
    /// What this process was started with: only used if the node has to be begun anew.
    passed: Option<TcpListener>,
    crashpoints: Crashpoints,
    signals: &'a mut SignalStream,
    line: Line,
    other: OtherProcess,
    is_cut: bool,
    is_proven: bool,
    /// Comes after what was found out later and counts first.
    held: Option<SuccessorEvent>,
    /// When the other one was told to shut its door.
    parked: Option<Instant>,
    /// Each takes the place of the one before.
    doing: Option<Work<'a>>,
    incumbent: Option<Generation>,
    furnished: Option<Arc<Furnished>>,
    generation: Option<Generation>,
    inherited: Option<(TcpListener, Lifetime)>,
    app: Option<App>,
    /// What the process could not begin for, if that is more than the machine knows.
    failure: Option<NotBegun>,
}

/// Takes the node over from the process that has it, or begins as usual where nobody has it. Told to stop meanwhile, this
/// process gives up what it can, and leaves the node to the other one.
pub async fn take_over(
    settings: &Arc<Settings>,
    passed: Option<TcpListener>,
    crashpoints: Crashpoints,
    signals: &mut SignalStream,
) -> Result<App, NotBegun> {
    let Some(line) = life::place(settings).connect().await? else {
        return begin_in_spite(settings, passed, crashpoints, signals).await;
    };
    let taker = Taker {
        settings,
        passed,
        crashpoints,
        signals,
        other: line.other_process(),
        line,
        is_cut: false,
        is_proven: false,
        held: None,
        parked: None,
        doing: None,
        incumbent: None,
        furnished: None,
        generation: None,
        inherited: None,
        app: None,
        failure: None,
    };
    taker.run().await
}

impl Taker<'_> {
    async fn run(mut self) -> Result<App, NotBegun> {
        let mut machine = Successor::new(Hello::of(schema_range()));
        let began = Instant::now();
        let mut until = None;
        let mut event = SuccessorEvent::Connected;
        loop {
            if let SuccessorEvent::Heard(ToSuccessor::Welcome { generation }) = event {
                self.incumbent = Some(generation);
            }
            let before = machine;
            let commands = machine.on(event);
            if machine != before {
                until = deadline(machine.allowed());
            }
            if machine.step() != before.step() {
                let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(handoff.step = machine.step(), elapsed_ms = elapsed, "taking the node");
                self.crashpoints.begin_step(machine.step());
            }
            let mut known = None;
            for command in commands {
                known = self.carry_out(command).await.or(known);
            }
            if let Some(outcome) = machine.ended() {
                return self.end(outcome).await;
            }
            event = match known.or_else(|| self.held.take()) {
                Some(event) => event,
                None => self.next(until, deadline(machine.says_again_after())).await,
            };
        }
    }

    async fn next(&mut self, until: Option<Instant>, beat: Option<Instant>) -> SuccessorEvent {
        let proving = proof::proving(&mut self.app, self.is_proven);
        let event = tokio::select! {
            // First what is done, then whoever was told gives up, if it still can.
            biased;
            done = outcome(&mut self.doing) => {
                self.doing = None;
                return self.received(done);
            }
            () = self.signals.told_to_stop() => SuccessorEvent::Told,
            heard = self.line.hear(), if !self.is_cut => heard.map_or(SuccessorEvent::Lost, SuccessorEvent::Heard),
            event = proving => event,
            () = reached(until) => match &self.app {
                Some(app) => proof::judged(app).await,
                None => SuccessorEvent::Late,
            },
            () = reached(beat) => SuccessorEvent::Beat,
        };
        self.is_cut |= event == SuccessorEvent::Lost;
        self.is_proven |= event == SuccessorEvent::Proven;
        event
    }

    /// What it brings to light at once.
    async fn carry_out(&mut self, command: SuccessorCommand) -> Option<SuccessorEvent> {
        match command {
            SuccessorCommand::Say(word) => {
                if word == (ToIncumbent::Parked {}) {
                    self.parked = Some(Instant::now());
                }
                let _ = self.line.say(&word).await;
            }
            SuccessorCommand::Look => {
                let received = self.line.take_descriptors();
                self.inherited = work::looked_at(received, self.settings);
                return Some(SuccessorEvent::Looked(self.inherited.is_some()));
            }
            SuccessorCommand::Warm => {
                let settings = self.settings;
                self.doing = Some(Box::pin(async move { Done::Warmed(work::warm(settings).await) }));
            }
            SuccessorCommand::Ask(request) => {
                self.ask(Arc::clone(self.furnished.as_ref()?), request);
            }
            SuccessorCommand::Start => self.start(),
            SuccessorCommand::Open => self.open(),
            SuccessorCommand::TryAlone => self.try_alone(),
            SuccessorCommand::End => {
                self.doing = None;
                self.line.hang_up();
            }
        }
        None
    }

    fn received(&mut self, done: Done) -> SuccessorEvent {
        match done {
            Done::Warmed(warmed) => {
                SuccessorEvent::Warmed(self.kept(warmed).map(|(furnished, generation)| {
                    (self.furnished, self.generation) = (Some(furnished), Some(generation));
                    generation
                }))
            }
            Done::Answered(answered) => {
                let answer = self.kept(answered.map_err(NotBegun::Store));
                answer.map_or(SuccessorEvent::Unreadable, SuccessorEvent::Answered)
            }
            Done::Started(started) => {
                self.app = self.kept(*started);
                let started = SuccessorEvent::Started(self.app.is_some());
                // The runtime may learn of it after the house stands, and its door would be opened.
                if !self.is_cut && self.line.is_cut() {
                    self.is_cut = true;
                    self.held = Some(started);
                    return SuccessorEvent::Lost;
                }
                started
            }
            Done::Alone(alone) => SuccessorEvent::Alone(self.kept(alone).is_some_and(|(furnished, own)| {
                (self.furnished, self.generation) = (Some(furnished), Some(own.generation));
                self.inherited = Some((own.socket, own.life));
                self.incumbent = None;
                true
            })),
        }
    }

    fn kept<T>(&mut self, outcome: Result<T, NotBegun>) -> Option<T> {
        outcome.map_err(|failure| self.failure = Some(failure)).ok()
    }

    fn start(&mut self) {
        let (generation, inherited) = (self.generation, self.inherited.take());
        let (furnished, settings, crashpoints) =
            (self.furnished.clone(), self.settings, self.crashpoints.clone());
        self.doing = Some(Box::pin(async move {
            let (Some(generation), Some((socket, life)), Some(furnished)) =
                (generation, inherited, furnished)
            else {
                return Done::Started(Box::new(Err(NotBegun::Tree)));
            };
            let own = Own { generation, socket, life };
            Done::Started(Box::new(furnished.start(settings, own, crashpoints).await))
        }));
    }

    fn open(&self) {
        let Some(app) = &self.app else { return };
        app.gate.open();
        if let Some(parked) = self.parked {
            app.handoffs.opened_after(parked.elapsed());
        }
    }

    /// With the other process dead and the store away, nobody else can open a door: who calls is put through by ours.
    fn ask(&mut self, furnished: Arc<Furnished>, request: Request) {
        let (settings, other) = (self.settings, self.other.clone());
        let socket = self.socket_before_a_shut_door().and_then(|socket| socket.try_clone().ok());
        self.doing = Some(Box::pin(async move {
            let answer = ask(&furnished.store, &settings.node.name, request);
            Done::Answered(match socket {
                Some(socket) => waiting(settings, &socket, other.gone(), answer).await,
                None => answer.await,
            })
        }));
    }

    fn socket_before_a_shut_door(&self) -> Option<&TcpListener> {
        match &self.app {
            Some(app) => app.gate.is_shut().then_some(&app.socket),
            None => self.inherited.as_ref().map(|(socket, _)| socket),
        }
    }

    /// The lock we were given would be ours however the other process fares; only a fresh one proves anything.
    fn try_alone(&mut self) {
        let socket = self.inherited.take().map(|(socket, _)| socket);
        drop(self.line.take_descriptors());
        let (settings, passed, furnished) = (self.settings, self.passed.take(), self.furnished.clone());
        self.doing =
            Some(Box::pin(
                async move { Done::Alone(work::alone(settings, socket, passed, furnished).await) },
            ));
    }

    async fn end(self, outcome: Outcome) -> Result<App, NotBegun> {
        match (outcome, self.app) {
            (Outcome::Serving, Some(mut app)) => {
                let (line, process) = (self.line, self.other);
                app.predecessor = self.incumbent.map(|generation| Predecessor { generation, line, process });
                app.undeclared = Some(Arc::clone(self.settings));
                app.handoffs.took();
                Ok(app)
            }
            (outcome, app) => {
                if let Some(app) = app {
                    // The place where successors ask, and who waits before the door, are the other process's again.
                    app.gate.shut().await;
                    app.drain().await;
                } else if let Some(furnished) = self.furnished {
                    close(&furnished.store, self.generation.map(|generation| (generation, false))).await;
                }
                let otherwise = match outcome {
                    Outcome::ToldToStop => NotBegun::Told,
                    outcome => NotBegun::Handoff(outcome),
                };
                Err(self.failure.unwrap_or(otherwise))
            }
        }
    }
}

async fn outcome(work: &mut Option<Work<'_>>) -> Done {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}
