//! The one who is to have the node. It owns nothing before its claim is committed, and opens its door only then.

use std::time::Duration;

use super::message::{Hello, Refusal, ToIncumbent, ToSuccessor};
use crate::domain::ids::Generation;
use crate::domain::node::{Passage, Request};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessorEvent {
    Connected,
    Heard(ToSuccessor),
    /// The connection has ended, or what came by it was no message.
    Lost,
    /// The time of this step is over.
    Late,
    /// The store is open and we stand by under this number, or that did not work.
    Warmed(Option<Generation>),
    /// Whether what came with the offer is what we need.
    Looked(bool),
    /// What the rows say to what they were asked last.
    Answered(bool),
    /// The rows will not say it, however often they are asked.
    Unreadable,
    /// Whether the house stands, behind a shut door.
    Started(bool),
    /// It is time to say again that we stand ([`Successor::says_again_after`]).
    Beat,
    /// A request was answered.
    Proven,
    /// The house fell.
    Fell,
    /// Whether the lock could be had anew, which proves that the incumbent is dead; the rows are ours then.
    Alone(bool),
    /// This process was told to stop.
    Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuccessorCommand {
    Say(ToIncumbent),
    /// Open the store, look at ourselves, stand by.
    Warm,
    /// Look at the sockets that came.
    Look,
    /// Ask the rows until they answer.
    Ask(Request),
    /// Start the house; its door stays shut.
    Start,
    /// Open the door of the house that stands.
    Open,
    /// Let go of the lock we were given and try to have it anew.
    TryAlone,
    /// Hang up, shut the door if it is open, and end.
    End,
}

/// How a handoff ended for the successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Outcome {
    #[error("the node is ours")]
    Serving,
    #[error("the running process refused: {0}")]
    Refused(Refusal),
    #[error("the running process did not answer in time")]
    Silent,
    #[error("the running process went away or said what was not its turn, and still lives")]
    Lost,
    #[error("this process is not fit to serve")]
    Unfit,
    #[error("the sockets that came are not those of the configuration")]
    WrongSockets,
    #[error("the running process took its offer back")]
    Withdrawn,
    #[error("the running process took the node back")]
    TakenBack,
    #[error("this process was told to stop before the node was its own")]
    ToldToStop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Connecting,
    Greeting,
    Warming {
        incumbent: Generation,
    },
    Waiting {
        incumbent: Generation,
        ours: Generation,
    },
    Looking {
        incumbent: Generation,
        ours: Generation,
    },
    Parked {
        incumbent: Generation,
        ours: Generation,
    },
    Claiming {
        passage: Passage,
        lost: bool,
    },
    Opening {
        passage: Passage,
        lost: bool,
    },
    Proving(Passage),
    Settling {
        passage: Passage,
        lost: bool,
        has: Has,
    },
    /// Lost before the claim: is the other one dead?
    Alone,
    /// The node is ours for good.
    OpeningOurs,
    Over(Outcome),
}

/// What it has set up so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Has {
    Nothing,
    AShutDoor,
    AnOpenDoor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Successor {
    ours: Hello,
    step: Step,
}

use SuccessorCommand as Do;

impl Successor {
    pub const fn new(ours: Hello) -> Self {
        Self { ours, step: Step::Connecting }
    }

    pub const fn ended(&self) -> Option<Outcome> {
        match self.step {
            Step::Over(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// For logs.
    pub const fn step(&self) -> &'static str {
        match self.step {
            Step::Connecting => "connect",
            Step::Greeting => "hello",
            Step::Warming { .. } => "warm",
            Step::Waiting { .. } | Step::Looking { .. } => "offer",
            Step::Parked { .. } => "freeze",
            Step::Claiming { .. } => "claim",
            Step::Opening { .. } | Step::OpeningOurs => "open",
            Step::Proving(_) | Step::Settling { .. } => "settle",
            Step::Alone => "alone",
            Step::Over(_) => "over",
        }
    }

    /// How long the present step may take; the rows are waited for as long as they take, and who looks whether the other one
    /// is dead sees to its own time. A step that is over before what it does is done has it dropped.
    pub const fn allowed(&self) -> Option<Duration> {
        match self.step {
            Step::Greeting | Step::Waiting { .. } => Some(Duration::from_secs(2)),
            Step::Parked { .. } | Step::Opening { .. } => Some(Duration::from_secs(5)),
            // Then it has proved itself by standing.
            Step::Proving(_) | Step::Warming { .. } | Step::OpeningOurs => Some(Duration::from_secs(30)),
            _ => None,
        }
    }

    /// Who waits for us to settle takes silence for the end.
    pub const fn says_again_after(&self) -> Option<Duration> {
        match self.step {
            Step::Proving(_) | Step::Settling { lost: false, has: Has::AnOpenDoor, .. } => {
                Some(Duration::from_secs(1))
            }
            _ => None,
        }
    }

    pub fn on(&mut self, event: SuccessorEvent) -> Vec<SuccessorCommand> {
        use SuccessorEvent as On;
        match (self.step, event) {
            (Step::Connecting, On::Connected) => {
                self.go(Step::Greeting, [Do::Say(ToIncumbent::Hello(self.ours))])
            }
            (Step::Greeting, On::Heard(ToSuccessor::Welcome { generation })) => {
                self.go(Step::Warming { incumbent: generation }, [Do::Warm])
            }
            (Step::Greeting, On::Heard(ToSuccessor::Refused { reason })) => {
                self.end(Outcome::Refused(reason))
            }
            (Step::Warming { incumbent }, On::Warmed(Some(ours))) => {
                let warm = Do::Say(ToIncumbent::Warm { generation: ours });
                self.go(Step::Waiting { incumbent, ours }, [warm])
            }
            (Step::Warming { .. }, On::Warmed(None) | On::Late) => self.end(Outcome::Unfit),
            (Step::Waiting { incumbent, ours }, On::Heard(ToSuccessor::Offer { .. })) => {
                self.go(Step::Looking { incumbent, ours }, [Do::Look])
            }
            (Step::Looking { incumbent, ours }, On::Looked(true)) => {
                self.go(Step::Parked { incumbent, ours }, [Do::Say(ToIncumbent::Parked {})])
            }
            (Step::Looking { .. }, On::Looked(false)) => self.end(Outcome::WrongSockets),
            (Step::Parked { incumbent, ours }, On::Heard(ToSuccessor::Frozen { offer })) => {
                let passage = Passage { incumbent, successor: ours, offer };
                self.go(Step::Claiming { passage, lost: false }, [Do::Ask(Request::Claim(passage))])
            }
            _ => self.on_claimed(event),
        }
    }

    /// From here on only the rows say whose the node is.
    fn on_claimed(&mut self, event: SuccessorEvent) -> Vec<SuccessorCommand> {
        use SuccessorEvent as On;
        match (self.step, event) {
            (Step::Claiming { passage, .. }, On::Lost) => self.go(Step::Claiming { passage, lost: true }, []),
            (Step::Claiming { passage, lost: false }, On::Answered(true)) => {
                let opening = Step::Opening { passage, lost: false };
                self.go(opening, [Do::Say(ToIncumbent::Claimed {}), Do::Start])
            }
            // The other one may be taking it back this moment: no door is opened before the rows have decided.
            (Step::Claiming { passage, lost: true }, On::Answered(true)) => {
                self.settle(passage, true, Has::Nothing)
            }
            (Step::Claiming { lost: false, .. }, On::Answered(false)) => self.end(Outcome::Withdrawn),
            (Step::Claiming { lost: true, .. }, On::Answered(false)) => self.go(Step::Alone, [Do::TryAlone]),
            (Step::Opening { passage, .. }, On::Lost) => self.go(Step::Opening { passage, lost: true }, []),
            (Step::Opening { passage, lost: false }, On::Started(true)) => {
                self.go(Step::Proving(passage), [Do::Open, Do::Say(ToIncumbent::Opened {})])
            }
            (Step::Opening { .. } | Step::OpeningOurs, On::Started(false) | On::Late | On::Fell) => {
                self.end(Outcome::Unfit)
            }
            (Step::Proving(passage), On::Proven | On::Late) => self.settle(passage, false, Has::AnOpenDoor),
            // Nobody can tell us any more; the rows decide between us.
            (Step::Opening { passage, lost: true }, On::Started(true)) => {
                self.settle(passage, true, Has::AShutDoor)
            }
            (Step::Proving(passage), On::Lost) => self.settle(passage, true, Has::AnOpenDoor),
            // The rows may be slow to answer; we are not.
            (Step::Proving(_) | Step::Settling { lost: false, has: Has::AnOpenDoor, .. }, On::Beat) => {
                vec![Do::Say(ToIncumbent::Opened {})]
            }
            (Step::Settling { passage, has, .. }, On::Lost) => {
                self.go(Step::Settling { passage, lost: true, has }, [])
            }
            (Step::Settling { lost, has, .. }, On::Answered(true)) => self.settled(lost, has),
            (Step::Settling { .. }, On::Answered(false)) => self.end(Outcome::TakenBack),
            (Step::Claiming { .. } | Step::Settling { .. }, On::Unreadable)
            | (Step::Proving(_) | Step::Settling { .. }, On::Fell) => self.end(Outcome::Unfit),
            (Step::Alone, On::Alone(true)) => self.go(Step::OpeningOurs, [Do::Start]),
            (Step::Alone, On::Alone(false)) => self.end(Outcome::Lost),
            (Step::OpeningOurs, On::Started(true)) => self.go(Step::Over(Outcome::Serving), [Do::Open]),
            _ => self.on_parting(event),
        }
    }

    /// This process is told to stop; or, before the claim, the incumbent is lost, late, or says what is not its turn.
    fn on_parting(&mut self, event: SuccessorEvent) -> Vec<SuccessorCommand> {
        use SuccessorEvent as On;
        let is_before_the_claim = matches!(
            self.step,
            Step::Greeting
                | Step::Warming { .. }
                | Step::Waiting { .. }
                | Step::Looking { .. }
                | Step::Parked { .. }
        );
        match event {
            On::Lost if is_before_the_claim => self.go(Step::Alone, [Do::TryAlone]),
            On::Late if is_before_the_claim => self.end(Outcome::Silent),
            On::Heard(_) if is_before_the_claim => self.end(Outcome::Lost),
            // Whatever it has: the other one, or the next, learns of it from the rows.
            On::Told if self.ended().is_none() => self.end(Outcome::ToldToStop),
            _ => Vec::new(),
        }
    }

    fn settle(&mut self, passage: Passage, lost: bool, has: Has) -> Vec<SuccessorCommand> {
        self.go(Step::Settling { passage, lost, has }, [Do::Ask(Request::Settle(passage))])
    }

    fn settled(&mut self, lost: bool, has: Has) -> Vec<SuccessorCommand> {
        let serving = Step::Over(Outcome::Serving);
        match has {
            Has::Nothing => self.go(Step::OpeningOurs, [Do::Start]),
            Has::AShutDoor => self.go(serving, [Do::Open]),
            Has::AnOpenDoor if lost => self.go(serving, []),
            Has::AnOpenDoor => self.go(serving, [Do::Say(ToIncumbent::Settled {})]),
        }
    }

    fn end(&mut self, outcome: Outcome) -> Vec<SuccessorCommand> {
        self.go(Step::Over(outcome), [Do::End])
    }

    fn go<const N: usize>(&mut self, step: Step, commands: [SuccessorCommand; N]) -> Vec<SuccessorCommand> {
        self.step = step;
        commands.into()
    }
}
