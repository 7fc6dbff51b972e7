//! One conversation with one successor: what the machine says is done while the line, the clock and the signals are heard.

use std::future::{pending, ready};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use vitarad_actors::clinics::adopt_now_and_later;
use vitarad_actors::domain::node::Request;
use vitarad_actors::handoff::{
    Hello, Incumbent, IncumbentCommand, IncumbentEvent, Kept, ToIncumbent, ToSuccessor,
};
use vitarad_actors::ports::store::HandoffStore;

use super::{Giver, Parted};
use crate::boot::handing::{ask, deadline, reached};
use crate::handoff::{Line, OtherProcess};
use crate::store::schema_range;

/// Longer than a gateway that is well takes. With the numbering it stays within what the successor waits.
const RESTING: Duration = Duration::from_secs(2);
/// The rows are asked for a number once; a store that is slower than this is no store to hand over on.
const NUMBERING: Duration = Duration::from_secs(2);
/// A process that dies closes its line first.
const DYING: Duration = Duration::from_secs(1);

type Work<'a> = Pin<Box<dyn Future<Output = IncumbentEvent> + Send + 'a>>;

pub struct Talk<'a> {
    giver: &'a Giver,
    line: Line,
    other: OtherProcess,
    is_cut: bool,
    is_told: bool,
    /// Since when nobody is let in.
    shut: Option<Instant>,
    /// Each takes the place of the one before.
    doing: Option<Work<'a>>,
    asking: Option<Work<'a>>,
}

impl<'a> Talk<'a> {
    pub fn on(giver: &'a Giver, line: Line) -> Self {
        let other = line.other_process();
        Self { giver, line, other, is_cut: false, is_told: false, shut: None, doing: None, asking: None }
    }

    /// `None`: the node is still ours.
    pub async fn run(mut self) -> Option<Parted> {
        let house = &self.giver.house;
        let mut machine = Incumbent::new(house.generation, Hello::of(schema_range()));
        let began = Instant::now();
        let mut until = deadline(machine.allowed());
        let mut event = self.next(until).await;
        if event == IncumbentEvent::Heard(ToIncumbent::Upgrade {}) {
            self.giver.upgrade(self.line);
            return None;
        }
        self.giver.succession.greeted(self.line.peer());
        loop {
            let before = machine.step();
            let commands = machine.on(event);
            let has_begun = machine.step() != before;
            // Who is told to stop wins no time by it.
            if has_begun || event != IncumbentEvent::Told {
                until = deadline(machine.allowed());
            }
            if has_begun {
                let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(handoff.step = machine.step(), elapsed_ms = elapsed, "giving the node");
                house.crashpoints.begin_step(machine.step());
            }
            for command in commands {
                self.carry_out(command).await;
            }
            if let Some(kept) = machine.ended() {
                tracing::info!(handoff.kept = ?kept, "the handoff is over");
                self.giver.meters.gave(kept);
                return self.parted(kept).await;
            }
            event = self.next(until).await;
        }
    }

    async fn next(&mut self, until: Option<Instant>) -> IncumbentEvent {
        let event = tokio::select! {
            heard = self.line.hear(), if !self.is_cut => heard.map_or(IncumbentEvent::Lost, IncumbentEvent::Heard),
            event = outcome(&mut self.doing) => event,
            event = outcome(&mut self.asking) => event,
            () = reached(until) => IncumbentEvent::Late,
            () = self.giver.stopping.cancelled(), if !self.is_told => IncumbentEvent::Told,
        };
        match event {
            IncumbentEvent::Lost => self.is_cut = true,
            IncumbentEvent::Told => self.is_told = true,
            IncumbentEvent::Froze => (self.doing, self.shut) = (None, Some(Instant::now())),
            IncumbentEvent::Offered(_) | IncumbentEvent::Gone => self.doing = None,
            IncumbentEvent::Answered(_) | IncumbentEvent::Unreadable => self.asking = None,
            IncumbentEvent::Heard(_) | IncumbentEvent::Late => {}
        }
        event
    }

    async fn carry_out(&mut self, command: IncumbentCommand) {
        let giver = self.giver;
        match command {
            IncumbentCommand::Say(word) => drop(self.line.say(&word).await),
            IncumbentCommand::HandOver => self.hand_over().await,
            IncumbentCommand::Freeze => self.doing = Some(Box::pin(freeze(giver))),
            IncumbentCommand::Number => self.doing = Some(Box::pin(number(giver))),
            IncumbentCommand::Kill => self.doing = Some(Box::pin(kill(self.other.clone()))),
            IncumbentCommand::Thaw => {
                self.doing = None;
                giver.gate.open();
                if let Some(shut) = self.shut.take() {
                    giver.meters.opened_after(shut.elapsed());
                }
                giver.house.rest.end();
                // A successor that had the node for a while may have begun something.
                adopt_now_and_later(&giver.house);
            }
            IncumbentCommand::Ask(request) => self.asking = Some(Box::pin(answer(giver, request))),
            IncumbentCommand::HangUp => {
                self.line.hang_up();
                self.is_cut = true;
            }
            IncumbentCommand::Leave => {}
        }
    }

    /// A line that is cut shows when it is listened to.
    async fn hand_over(&mut self) {
        match &self.giver.socket {
            Ok(socket) => {
                let beside = [socket.as_fd(), self.giver.life.descriptor()];
                let _ = self.line.say_with(&ToSuccessor::Offer { sockets: 1 }, &beside).await;
            }
            Err(_) => self.doing = Some(Box::pin(ready(IncumbentEvent::Lost))),
        }
    }

    async fn parted(self, kept: Kept) -> Option<Parted> {
        match kept {
            Kept::Kept | Kept::TakenBack => {
                // Of a process that is told to stop it is the heir.
                if !self.is_told {
                    self.giver.succession.dismissed(self.line.peer());
                }
                None
            }
            // It was told to stop, or nobody can say who is to go on.
            Kept::Left => Some(Parted::Left),
            Kept::Given if self.is_cut && timeout(DYING, self.other.gone()).await.is_ok() => {
                tracing::error!("the node is left to a successor that is dead");
                // Nobody else answers who waits before the door.
                self.giver.gate.open();
                Some(Parted::Left)
            }
            Kept::Given => Some(Parted::Given(self.line)),
        }
    }
}

async fn outcome(work: &mut Option<Work<'_>>) -> IncumbentEvent {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}

async fn freeze(giver: &Giver) -> IncumbentEvent {
    // While the door is still open: their work does not concern who comes.
    if !giver.house.rest.call(RESTING).await {
        tracing::warn!("a singleton is at work while the node is passed on");
    }
    giver.gate.shut().await;
    IncumbentEvent::Froze
}

async fn number(giver: &Giver) -> IncumbentEvent {
    let offered = timeout(NUMBERING, giver.store.offer(&giver.node, giver.house.generation)).await;
    IncumbentEvent::Offered(offered.ok().and_then(Result::ok).flatten())
}

async fn answer(giver: &Giver, request: Request) -> IncumbentEvent {
    let answered = ask(&giver.store, &giver.node, request).await;
    answered.map_or(IncumbentEvent::Unreadable, IncumbentEvent::Answered)
}

async fn kill(other: OtherProcess) -> IncumbentEvent {
    tracing::warn!("a successor says no more, and the rows do not answer: it is killed");
    other.kill();
    other.gone().await;
    IncumbentEvent::Gone
}
