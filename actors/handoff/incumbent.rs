//! The one who has the node. It gives nothing away that it could not take back, until the successor has settled.

use std::time::Duration;

use super::message::{Hello, Refusal, ToIncumbent, ToSuccessor};
use crate::domain::ids::Generation;
use crate::domain::node::{OfferNo, Passage, Request};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncumbentEvent {
    Heard(ToIncumbent),
    /// The connection has ended, or what came by it was no message.
    Lost,
    /// The time of this step is over.
    Late,
    /// The door is shut and the singletons rest.
    Froze,
    /// The number of the offer. `None`: the node is not ours to offer, or the store did not say.
    Offered(Option<OfferNo>),
    /// What the rows say to what they were asked last.
    Answered(bool),
    /// This process was told to stop. A handoff that has come as far as the freeze is its best end.
    Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncumbentCommand {
    Say(ToSuccessor),
    /// Say the offer, and send the sockets with it.
    HandOver,
    Freeze,
    Thaw,
    /// Get a number for the offer from the rows.
    Number,
    /// Ask the rows until they answer.
    Ask(Request),
    HangUp,
    /// The node is the successor's: drain, and end.
    Leave,
}

/// How a handoff ended for the incumbent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// It serves on; nothing had passed.
    Kept,
    /// It serves on; it took everything back.
    TakenBack,
    /// The node is the successor's.
    Given,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Greeting,
    Warming,
    Parking {
        successor: Generation,
    },
    Freezing {
        successor: Generation,
    },
    Numbering {
        successor: Generation,
    },
    Frozen(Passage),
    /// Whether the successor may still be listening decides what follows if it has claimed.
    Withdrawing {
        passage: Passage,
        lost: bool,
    },
    /// It has claimed, and its door is still shut.
    Opening(Passage),
    Probation(Passage),
    TakingBack(Passage),
    Over(Kept),
}

/// One conversation with one successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incumbent {
    generation: Generation,
    ours: Hello,
    step: Step,
}

use IncumbentCommand as Do;

impl Incumbent {
    pub const fn new(generation: Generation, ours: Hello) -> Self {
        Self { generation, ours, step: Step::Greeting }
    }

    pub const fn ended(&self) -> Option<Kept> {
        match self.step {
            Step::Over(how) => Some(how),
            _ => None,
        }
    }

    /// For logs.
    pub const fn step(&self) -> &'static str {
        match self.step {
            Step::Greeting => "hello",
            Step::Warming => "warm",
            Step::Parking { .. } => "offer",
            Step::Freezing { .. } | Step::Numbering { .. } => "freeze",
            Step::Frozen(_) => "claim",
            Step::Withdrawing { .. } => "withdraw",
            Step::Opening(_) => "open",
            Step::Probation(_) => "settle",
            Step::TakingBack(_) => "take_back",
            Step::Over(_) => "over",
        }
    }

    /// How long the present step may take; the rows are waited for as long as they take.
    pub const fn allowed(&self) -> Option<Duration> {
        match self.step {
            Step::Greeting | Step::Parking { .. } | Step::Frozen(_) => Some(Duration::from_secs(2)),
            Step::Freezing { .. } | Step::Numbering { .. } => Some(Duration::from_secs(3)),
            Step::Warming => Some(Duration::from_secs(30)),
            Step::Opening(_) => Some(Duration::from_secs(6)),
            // From one word of it to the next.
            Step::Probation(_) => Some(Duration::from_secs(5)),
            Step::Withdrawing { .. } | Step::TakingBack(_) | Step::Over(_) => None,
        }
    }

    pub fn on(&mut self, event: IncumbentEvent) -> Vec<IncumbentCommand> {
        use IncumbentEvent as On;
        match (self.step, event) {
            (Step::Greeting, On::Heard(ToIncumbent::Hello(hello))) => self.greet(hello.refusal(self.ours)),
            (Step::Warming, On::Heard(ToIncumbent::Warm { generation })) => {
                self.go(Step::Parking { successor: generation }, [Do::HandOver])
            }
            (Step::Parking { successor }, On::Heard(ToIncumbent::Parked {})) => {
                self.go(Step::Freezing { successor }, [Do::Freeze])
            }
            (Step::Freezing { successor }, On::Froze) => self.go(Step::Numbering { successor }, [Do::Number]),
            (Step::Numbering { successor }, On::Offered(Some(offer))) => {
                let passage = Passage { incumbent: self.generation, successor, offer };
                self.go(Step::Frozen(passage), [Do::Say(ToSuccessor::Frozen { offer })])
            }
            (
                Step::Greeting | Step::Warming | Step::Parking { .. },
                On::Heard(_) | On::Lost | On::Late | On::Told,
            ) => self.go(Step::Over(Kept::Kept), [Do::HangUp]),
            // Its number was not said to anybody, so nobody can claim it.
            (
                Step::Freezing { .. } | Step::Numbering { .. },
                On::Heard(_) | On::Lost | On::Late | On::Offered(None),
            ) => self.go(Step::Over(Kept::Kept), [Do::HangUp, Do::Thaw]),
            _ => self.on_frozen(event),
        }
    }

    /// From here on the successor can have claimed, whatever we have heard.
    fn on_frozen(&mut self, event: IncumbentEvent) -> Vec<IncumbentCommand> {
        use IncumbentEvent as On;
        match (self.step, event) {
            (
                Step::Frozen(_) | Step::Withdrawing { .. } | Step::Opening(_) | Step::Probation(_),
                On::Heard(ToIncumbent::Settled {}),
            )
            | (Step::TakingBack(_), On::Answered(false)) => self.go(Step::Over(Kept::Given), [Do::Leave]),
            // The rows may have heard of it before we did.
            (Step::Frozen(passage), On::Heard(ToIncumbent::Claimed {}))
            | (Step::Withdrawing { passage, lost: false }, On::Answered(false)) => {
                self.go(Step::Opening(passage), [])
            }
            (Step::Opening(passage) | Step::Probation(passage), On::Heard(ToIncumbent::Opened {})) => {
                self.go(Step::Probation(passage), [])
            }
            (Step::Frozen(passage), On::Late) => {
                self.go(Step::Withdrawing { passage, lost: false }, [Do::Ask(Request::Withdraw(passage))])
            }
            (Step::Frozen(passage), On::Heard(_) | On::Lost) => self.go(
                Step::Withdrawing { passage, lost: true },
                [Do::HangUp, Do::Ask(Request::Withdraw(passage))],
            ),
            (Step::Withdrawing { passage, lost: false }, On::Lost) => {
                self.go(Step::Withdrawing { passage, lost: true }, [Do::HangUp])
            }
            (Step::Withdrawing { .. }, On::Answered(true)) => {
                self.go(Step::Over(Kept::Kept), [Do::HangUp, Do::Thaw])
            }
            (Step::Withdrawing { passage, lost: true }, On::Answered(false)) => {
                self.go(Step::TakingBack(passage), [Do::Ask(Request::TakeBack(passage))])
            }
            (
                Step::Opening(passage) | Step::Probation(passage),
                On::Heard(ToIncumbent::Hello(_)) | On::Lost | On::Late,
            ) => self.go(Step::TakingBack(passage), [Do::HangUp, Do::Ask(Request::TakeBack(passage))]),
            (Step::TakingBack(_), On::Answered(true)) => self.go(Step::Over(Kept::TakenBack), [Do::Thaw]),
            // What was said before the line was cut, or answered to a question that no longer matters.
            _ => Vec::new(),
        }
    }

    fn greet(&mut self, refusal: Option<Refusal>) -> Vec<IncumbentCommand> {
        match refusal {
            Some(reason) => {
                self.go(Step::Over(Kept::Kept), [Do::Say(ToSuccessor::Refused { reason }), Do::HangUp])
            }
            None => self.go(Step::Warming, [Do::Say(ToSuccessor::Welcome { generation: self.generation })]),
        }
    }

    fn go<const N: usize>(&mut self, step: Step, commands: [IncumbentCommand; N]) -> Vec<IncumbentCommand> {
        self.step = step;
        commands.into()
    }
}
