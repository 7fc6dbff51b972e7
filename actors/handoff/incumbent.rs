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
    /// The rows will not say it, however often they are asked.
    Unreadable,
    /// The successor's process is dead, which its line alone does not prove.
    Gone,
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
    /// See to it that the successor's process is dead.
    Kill,
    HangUp,
    /// The node is no longer ours: drain, and end.
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
    /// The rows have not said whose it is, and this process ends: they will tell the next who asks.
    Left,
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
    /// Whether the successor may still be listening decides what follows if it has claimed. The door is open once the
    /// successor is known to be dead: nobody else can have one.
    Withdrawing {
        passage: Passage,
        lost: bool,
        is_open: bool,
    },
    /// It has claimed, and its door is still shut.
    Opening(Passage),
    Probation(Passage),
    /// Told to stop: the successor need not prove itself to who ends anyway.
    Yielding,
    TakingBack {
        passage: Passage,
        is_open: bool,
    },
    Over(Kept),
}

/// One conversation with one successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incumbent {
    generation: Generation,
    ours: Hello,
    step: Step,
    is_told: bool,
}

use IncumbentCommand as Do;

impl Incumbent {
    pub const fn new(generation: Generation, ours: Hello) -> Self {
        Self { generation, ours, step: Step::Greeting, is_told: false }
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
            Step::Yielding => "yield",
            Step::TakingBack { .. } => "take_back",
            Step::Over(_) => "over",
        }
    }

    /// How long the present step may take. With the door open the rows are waited for as long as they take.
    pub const fn allowed(&self) -> Option<Duration> {
        match self.step {
            Step::Greeting | Step::Parking { .. } | Step::Frozen(_) => Some(Duration::from_secs(2)),
            Step::Freezing { .. }
            | Step::Numbering { .. }
            | Step::Withdrawing { is_open: false, .. }
            | Step::TakingBack { is_open: false, .. } => Some(Duration::from_secs(3)),
            Step::Warming => Some(Duration::from_secs(30)),
            Step::Opening(_) => Some(Duration::from_secs(6)),
            // From one word of it to the next.
            Step::Probation(_) => Some(Duration::from_secs(5)),
            // With the time of the drain it stays within what a process may take that was told to stop.
            Step::Yielding => Some(Duration::from_millis(500)),
            Step::Withdrawing { .. } | Step::TakingBack { .. } | Step::Over(_) => None,
        }
    }

    pub fn on(&mut self, event: IncumbentEvent) -> Vec<IncumbentCommand> {
        use IncumbentEvent as On;
        self.is_told |= event == On::Told;
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
                Step::Frozen(_)
                | Step::Withdrawing { .. }
                | Step::Opening(_)
                | Step::Probation(_)
                | Step::Yielding,
                On::Heard(ToIncumbent::Settled {}),
            )
            | (Step::Yielding, On::Answered(true)) => self.go(Step::Over(Kept::Given), [Do::Leave]),
            (Step::Frozen(passage), On::Heard(ToIncumbent::Claimed {}))
            | (Step::Opening(passage) | Step::Probation(passage), On::Told) => self.claimed(passage),
            (Step::Opening(passage) | Step::Probation(passage), On::Heard(ToIncumbent::Opened {})) => {
                self.go(Step::Probation(passage), [])
            }
            (Step::Yielding, On::Answered(false) | On::Late | On::Unreadable) => self.leave(),
            // Without us the rows decide between the successor and nobody.
            (Step::Frozen(_), On::Late | On::Heard(_) | On::Lost) if self.is_told => self.leave(),
            (Step::Frozen(passage), On::Late) => self.go(
                Step::Withdrawing { passage, lost: false, is_open: false },
                [Do::Ask(Request::Withdraw(passage))],
            ),
            (Step::Frozen(passage), On::Heard(_) | On::Lost) => self.go(
                Step::Withdrawing { passage, lost: true, is_open: false },
                [Do::HangUp, Do::Ask(Request::Withdraw(passage))],
            ),
            (
                Step::Opening(passage) | Step::Probation(passage),
                On::Heard(ToIncumbent::Hello(_)) | On::Lost | On::Late,
            ) => self.go(
                Step::TakingBack { passage, is_open: false },
                [Do::HangUp, Do::Ask(Request::TakeBack(passage))],
            ),
            _ => self.on_withdrawn(event),
        }
    }

    /// From here on the rows are asked for what was given. Told to stop, we need not know what they say.
    fn on_withdrawn(&mut self, event: IncumbentEvent) -> Vec<IncumbentCommand> {
        use IncumbentEvent as On;
        match (self.step, event) {
            (Step::Withdrawing { .. } | Step::TakingBack { .. }, On::Told | On::Unreadable) => self.leave(),
            // Its process may hold what the rows need. Dead, it lets go of that, and of the door.
            (Step::Withdrawing { .. } | Step::TakingBack { .. }, On::Late) => vec![Do::Kill],
            (Step::Withdrawing { passage, is_open: false, .. }, On::Gone) => {
                self.go(Step::Withdrawing { passage, lost: true, is_open: true }, [Do::HangUp, Do::Thaw])
            }
            (Step::TakingBack { passage, is_open: false }, On::Gone) => {
                self.go(Step::TakingBack { passage, is_open: true }, [Do::Thaw])
            }
            (Step::Withdrawing { passage, lost: false, is_open }, On::Lost) => {
                self.go(Step::Withdrawing { passage, lost: true, is_open }, [Do::HangUp])
            }
            (Step::Withdrawing { .. }, On::Answered(true)) => {
                self.go(Step::Over(Kept::Kept), [Do::HangUp, Do::Thaw])
            }
            // The rows may have heard of it before we did.
            (Step::Withdrawing { passage, lost: false, .. }, On::Answered(false)) => self.claimed(passage),
            (Step::Withdrawing { passage, lost: true, is_open }, On::Answered(false)) => {
                self.go(Step::TakingBack { passage, is_open }, [Do::Ask(Request::TakeBack(passage))])
            }
            (Step::TakingBack { .. }, On::Answered(true)) => self.go(Step::Over(Kept::TakenBack), [Do::Thaw]),
            (Step::TakingBack { .. }, On::Answered(false)) => self.go(Step::Over(Kept::Given), [Do::Leave]),
            // What was said before the line was cut, or answered to a question that no longer matters.
            _ => Vec::new(),
        }
    }

    /// Told to stop, we settle in the successor's place: it has the node for good, and hears of it when it asks.
    fn claimed(&mut self, passage: Passage) -> Vec<IncumbentCommand> {
        if self.is_told {
            self.go(Step::Yielding, [Do::Ask(Request::Settle(passage))])
        } else {
            self.go(Step::Opening(passage), [])
        }
    }

    fn leave(&mut self) -> Vec<IncumbentCommand> {
        self.go(Step::Over(Kept::Left), [Do::HangUp, Do::Leave])
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
