//! The incumbent's side of a handoff: listens for a successor, and does what the machine says.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Signal, pidfd_send_signal};
use tokio::net::UnixListener;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use vitarad_actors::clinics;
use vitarad_actors::domain::node::Request;
use vitarad_actors::handoff::{
    Hello, Incumbent, IncumbentCommand, IncumbentEvent, Kept, Refusal, ToIncumbent, ToSuccessor,
};
use vitarad_actors::house::House;
use vitarad_actors::ports::store::HandoffStore;

use super::handing::{ask, deadline, reached};
use super::life::Lifetime;
use super::succession::Succession;
use crate::front::listener::Gate;
use crate::handoff::{Asker, Line, Place, Report};
use crate::store::{SqlStore, schema_range};

/// How long a successor that says nothing any more may hold up the rows.
const HELD_UP: Duration = Duration::from_secs(3);
/// Longer than a gateway that is well takes. With the numbering it stays within what the successor waits.
const RESTING: Duration = Duration::from_secs(2);
/// The rows are asked for a number once; a store that is slower than this is no store to hand over on.
const NUMBERING: Duration = Duration::from_secs(2);

pub struct Giver {
    pub node: String,
    pub house: Arc<House>,
    pub store: Arc<SqlStore>,
    pub gate: Gate,
    pub socket: io::Result<TcpListener>,
    pub life: Lifetime,
    pub place: Place,
    /// Cancelled when this process is told to stop.
    pub stopping: CancellationToken,
    pub succession: Succession,
}

/// `None`: the node was not asked for.
type Talked = Option<(Kept, Line)>;
type Talk<'a> = Pin<Box<dyn Future<Output = Talked> + Send + 'a>>;

impl Giver {
    /// Resolves when the node is a successor's: its line is kept until our end, which is how it learns of it. `None`: this
    /// process was told to stop, and nobody is about to have the node.
    pub async fn give(self) -> Option<Line> {
        let listener = match self.place.listen() {
            Ok(listener) => listener,
            Err(failure) => {
                tracing::warn!(%failure, "no successor can take over from this process");
                self.stopping.cancelled().await;
                return None;
            }
        };
        let mut talk: Option<Talk> = None;
        loop {
            let is_stopping = self.stopping.is_cancelled();
            if is_stopping && talk.is_none() {
                return None;
            }
            let refusal = match talk {
                _ if is_stopping => Some(Refusal::Draining),
                Some(_) => Some(Refusal::AnotherSuccessor),
                None => None,
            };
            let talking = async {
                match &mut talk {
                    Some(talk) => talk.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                talked = talking => {
                    talk = None;
                    if let Some((kept, line)) = talked {
                        tracing::info!(handoff.kept = ?kept, "the handoff is over");
                        if kept == Kept::Given {
                            return Some(line);
                        }
                    }
                }
                () = self.stopping.cancelled(), if !is_stopping => {}
                met = meet(&listener, refusal) => {
                    if let Some(line) = met {
                        talk = Some(Box::pin(self.talk(line)));
                    }
                }
            }
        }
    }

    async fn talk(&self, mut line: Line) -> Talked {
        let mut machine = Incumbent::new(self.house.generation, Hello::of(schema_range()));
        let began = Instant::now();
        let (mut until, mut is_told) = (deadline(machine.allowed()), false);
        let mut event = self.hear(&mut line, until, &mut is_told).await;
        if event == IncumbentEvent::Heard(ToIncumbent::Upgrade {}) {
            self.upgrade(line);
            return None;
        }
        loop {
            let before = machine.step();
            let silent = if event == IncumbentEvent::Late { line.other_process() } else { None };
            let commands = machine.on(event);
            if matches!(event, IncumbentEvent::Heard(_)) {
                until = deadline(machine.allowed());
            }
            if machine.step() != before {
                let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(handoff.step = machine.step(), elapsed_ms = elapsed, "giving the node");
                until = deadline(machine.allowed());
                self.house.crashpoints.begin_step(machine.step());
            }
            let mut known = None;
            for command in commands {
                known = self.carry_out(command, &line, silent.as_ref()).await.or(known);
            }
            if let Some(kept) = machine.ended() {
                return Some((kept, line));
            }
            event = match known {
                Some(event) => event,
                None => self.hear(&mut line, until, &mut is_told).await,
            };
        }
    }

    /// A process that hangs may hold a lock that the rows need. It lets go of everything when it is killed.
    async fn ask(&self, request: Request, silent: Option<&OwnedFd>) -> bool {
        let asked = ask(&self.store, &self.node, request);
        let Some(silent) = silent else { return asked.await };
        if let Ok(answer) = timeout(HELD_UP, asked).await {
            return answer;
        }
        tracing::warn!("a successor says no more, and the rows do not answer: it is killed");
        let _ = pidfd_send_signal(silent, Signal::KILL);
        ask(&self.store, &self.node, request).await
    }

    async fn hear(&self, line: &mut Line, until: Option<Instant>, is_told: &mut bool) -> IncumbentEvent {
        tokio::select! {
            heard = line.hear() => heard.map_or(IncumbentEvent::Lost, IncumbentEvent::Heard),
            () = reached(until) => IncumbentEvent::Late,
            () = self.stopping.cancelled(), if !*is_told => {
                *is_told = true;
                IncumbentEvent::Told
            }
        }
    }

    /// From then on it is the successor's to tell how it ends.
    fn upgrade(&self, line: Line) {
        let Ok(asker) = Asker::on(line) else { return };
        if let Err(failure) = self.succession.start(asker.passed_on()) {
            asker.tell(&Report::NotStarted { why: failure.to_string() });
        }
    }

    /// What it brings to light at once. A line that is cut shows when it is listened to.
    async fn carry_out(
        &self,
        command: IncumbentCommand,
        line: &Line,
        silent: Option<&OwnedFd>,
    ) -> Option<IncumbentEvent> {
        match command {
            IncumbentCommand::Say(word) => {
                let _ = line.say(&word).await;
                None
            }
            IncumbentCommand::HandOver => {
                let Ok(socket) = &self.socket else { return Some(IncumbentEvent::Lost) };
                let beside = [socket.as_fd(), self.life.descriptor()];
                let _ = line.say_with(&ToSuccessor::Offer { sockets: 1 }, &beside).await;
                None
            }
            IncumbentCommand::Freeze => {
                // While the door is still open: their work does not concern who comes.
                if !self.house.rest.call(RESTING).await {
                    tracing::warn!("a singleton is at work while the node is passed on");
                }
                self.gate.shut().await;
                Some(IncumbentEvent::Froze)
            }
            IncumbentCommand::Thaw => {
                self.gate.open();
                self.house.rest.end();
                // A successor that had the node for a while may have begun something.
                clinics::adopt_again(&self.house);
                None
            }
            IncumbentCommand::Number => {
                let offered = timeout(NUMBERING, self.store.offer(&self.node, self.house.generation)).await;
                Some(IncumbentEvent::Offered(offered.ok().and_then(Result::ok).flatten()))
            }
            IncumbentCommand::Ask(request) => Some(IncumbentEvent::Answered(self.ask(request, silent).await)),
            IncumbentCommand::HangUp => {
                line.hang_up();
                None
            }
            IncumbentCommand::Leave => None,
        }
    }
}

/// A successor to talk to. The others are told why not.
async fn meet(listener: &UnixListener, refusal: Option<Refusal>) -> Option<Line> {
    let (stream, _) = listener.accept().await.ok()?;
    let line = Line::new(stream);
    let refusal = if line.is_from_our_user() { refusal } else { Some(Refusal::OtherUser) };
    let Some(reason) = refusal else { return Some(line) };
    tracing::warn!(handoff.refusal = %reason, "a successor is refused");
    let _ = line.say(&ToSuccessor::Refused { reason }).await;
    None
}

/// While a process ends without a successor.
pub async fn turn_away(place: Place) {
    let Ok(listener) = place.listen() else { return };
    loop {
        meet(&listener, Some(Refusal::Draining)).await;
    }
}
