//! The successor's side of a handoff: does what the machine says until the node is ours, or is not.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::handoff::{Hello, Outcome, Successor, SuccessorCommand, SuccessorEvent, ToSuccessor};
use vitarad_actors::ports::store::HandoffStore;

use super::furnished::{Furnished, Own};
use super::handing::{ask, deadline, reached};
use super::life::{self, Lifetime, Taken};
use super::{App, NotBegun, Predecessor, begin_in_spite, socket};
use crate::config::Settings;
use crate::handoff::Line;
use crate::signals::SignalStream;
use crate::store::schema_range;

/// How long a process may take to be gone once it has hung up: it may have been told to stop, and drain.
const DYING: Duration = Duration::from_secs(12);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

struct Taker<'a> {
    settings: &'a Settings,
    /// What this process was started with: only used if the node has to be begun anew.
    passed: Option<TcpListener>,
    crashpoints: Crashpoints,
    signals: &'a mut SignalStream,
    line: Line,
    incumbent: Option<Generation>,
    furnished: Option<Furnished>,
    generation: Option<Generation>,
    inherited: Option<(TcpListener, Lifetime)>,
    app: Option<App>,
    /// What the process could not begin for, if that is more than the machine knows.
    failure: Option<NotBegun>,
}

/// Takes the node over from the process that has it, or begins as usual where nobody has it. Told to stop meanwhile, this
/// process gives up what it can, and leaves the node to the other one.
pub async fn take_over(
    settings: &Settings,
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
        line,
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
            let before = machine.step();
            let commands = machine.on(event);
            if machine.step() != before {
                let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(handoff.step = machine.step(), elapsed_ms = elapsed, "taking the node");
                until = deadline(machine.allowed());
                self.crashpoints.begin_step(machine.step());
            }
            let mut known = None;
            for command in commands {
                known = self.carry_out(command).await.or(known);
            }
            if let Some(outcome) = machine.ended() {
                return self.end(outcome).await;
            }
            event = match known {
                Some(event) => event,
                None => self.next(until, deadline(machine.says_again_after())).await,
            };
        }
    }

    async fn next(&mut self, until: Option<Instant>, beat: Option<Instant>) -> SuccessorEvent {
        let (app, line) = (&mut self.app, &mut self.line);
        let proving = async {
            match app {
                Some(app) => app.proven().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // First: whoever was told gives up, if it still can.
            biased;
            () = self.signals.told_to_stop() => SuccessorEvent::Told,
            heard = line.hear() => heard.map_or(SuccessorEvent::Lost, SuccessorEvent::Heard),
            is_proven = proving => if is_proven { SuccessorEvent::Proven } else { SuccessorEvent::Fell },
            () = reached(until) => SuccessorEvent::Late,
            () = reached(beat) => SuccessorEvent::Beat,
        }
    }

    async fn carry_out(&mut self, command: SuccessorCommand) -> Option<SuccessorEvent> {
        match command {
            SuccessorCommand::Say(word) => {
                let _ = self.line.say(&word).await;
                None
            }
            SuccessorCommand::Warm => {
                let warmed = self.warm().await;
                Some(SuccessorEvent::Warmed(self.kept(warmed)))
            }
            SuccessorCommand::Look => {
                let received = self.line.take_descriptors();
                self.inherited = looked_at(received, self.settings);
                Some(SuccessorEvent::Looked(self.inherited.is_some()))
            }
            SuccessorCommand::Ask(request) => {
                let store = self.furnished.as_ref().map(|furnished| &furnished.store)?;
                Some(SuccessorEvent::Answered(ask(store, &self.settings.node.name, request).await))
            }
            SuccessorCommand::Open => {
                let opened = self.open().await;
                Some(SuccessorEvent::Opened(self.kept(opened).is_some()))
            }
            SuccessorCommand::TryAlone => {
                let alone = self.try_alone().await;
                Some(SuccessorEvent::Alone(self.kept(alone).is_some()))
            }
            SuccessorCommand::End => {
                self.line.hang_up();
                None
            }
        }
    }

    fn kept<T>(&mut self, outcome: Result<T, NotBegun>) -> Option<T> {
        outcome.map_err(|failure| self.failure = Some(failure)).ok()
    }

    async fn furnished(&mut self) -> Result<&Furnished, NotBegun> {
        if self.furnished.is_none() {
            self.furnished = Some(Furnished::bring(self.settings).await?);
        }
        self.furnished.as_ref().ok_or(NotBegun::Tree)
    }

    /// Everything that can go wrong goes wrong here, while the other process serves.
    async fn warm(&mut self) -> Result<Generation, NotBegun> {
        let node = &self.settings.node.name;
        let furnished = self.furnished().await?;
        let generation = furnished.store.stand_by(node, furnished.clock.now()).await?;
        self.generation = Some(generation);
        Ok(generation)
    }

    async fn open(&mut self) -> Result<(), NotBegun> {
        let (Some(generation), Some((socket, life)), Some(furnished)) =
            (self.generation, self.inherited.take(), self.furnished.as_ref())
        else {
            return Err(NotBegun::Tree);
        };
        let own = Own { generation, socket, life };
        self.app = Some(furnished.open(self.settings, own, self.crashpoints.clone()).await?);
        Ok(())
    }

    /// The lock we were given would be ours however the other process fares; only a fresh one proves anything.
    async fn try_alone(&mut self) -> Result<(), NotBegun> {
        let socket = self.inherited.take().map(|(socket, _)| socket);
        drop(self.line.take_descriptors());
        let life = lock_of_the_dead(self.settings).await?;
        let passed = self.passed.take();
        let socket = socket.map_or_else(|| socket::own(self.settings, passed), Ok)?;
        let node = &self.settings.node.name;
        let furnished = self.furnished().await?;
        self.generation = Some(furnished.store.begin_generation(node, furnished.clock.now()).await?);
        self.inherited = Some((socket, life));
        self.incumbent = None;
        Ok(())
    }

    async fn end(self, outcome: Outcome) -> Result<App, NotBegun> {
        match (outcome, self.app) {
            (Outcome::Serving, Some(mut app)) => {
                app.predecessor =
                    self.incumbent.map(|generation| Predecessor { generation, line: self.line });
                Ok(app)
            }
            (outcome, app) => {
                if let Some(app) = app {
                    // The place where successors ask, and who waits before the door, are the other process's again.
                    app.gate.shut().await;
                    app.drain().await;
                } else if let Some(furnished) = self.furnished {
                    furnished.store.close().await;
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

/// A process that dies closes its end of the line and lets go of its lock, but not at one moment.
async fn lock_of_the_dead(settings: &Settings) -> Result<Lifetime, Taken> {
    let give_up = Instant::now() + DYING;
    loop {
        match Lifetime::begin(settings) {
            Err(Taken::Alive { .. }) if Instant::now() < give_up => sleep(LOOK_AGAIN).await,
            outcome => return outcome,
        }
    }
}

/// The socket that the settings ask for, and the node's lock; nothing else.
fn looked_at(received: Vec<OwnedFd>, settings: &Settings) -> Option<(TcpListener, Lifetime)> {
    let [socket, lock] = <[OwnedFd; 2]>::try_from(received).ok()?;
    let listens = rustix::net::sockopt::socket_acceptconn(&socket).ok()?;
    let socket = TcpListener::from(socket);
    let is_wanted = socket::is_at(socket.local_addr().ok()?, settings.http.listen);
    let lock = Lifetime::inherited(lock, settings)?;
    (listens && is_wanted).then_some((socket, lock))
}
