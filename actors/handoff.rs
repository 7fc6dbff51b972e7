//! The handoff: how a running process, the *incumbent*, gives its node to another one, the *successor*.
//!
//! Two machines without a socket or a clock: an event goes in, commands come out. Every step has its time
//! ([`Incumbent::allowed`], [`Successor::allowed`]); a time that is over is an event like any other.
//!
//! ```text
//! successor                                   incumbent
//!   hello  ───────────────────────────────────▶  is it one we can give to?
//!   (opens the store, stands by)  ◀── welcome
//!   warm   ───────────────────────────────────▶
//!   (looks at what it was given)  ◀── offer, with the sockets and the node's lock
//!   parked ───────────────────────────────────▶  freeze: the door is shut, the kernel queues
//!   claim: one transaction        ◀── frozen, with the number that may be claimed
//!   claimed ──────────────────────────────────▶  what is under way goes on; the door stays shut
//!   opened ───────────────────────────────────▶  and again every second: is it still there?
//!   (proves itself)
//!   settle: one transaction
//!   settled ──────────────────────────────────▶  drain, and end
//! ```
//!
//! Until it is settled the incumbent can take everything back; told to stop, it settles in the other one's place. Whoever is
//! unsure asks the rows ([`crate::domain::node`]): *they* are the truth, the messages only save time. All the incumbent knows
//! of a handoff hangs on its connection, so one that is lost leaves nothing behind.

mod incumbent;
mod message;
mod successor;

pub use self::incumbent::{Incumbent, IncumbentCommand, IncumbentEvent, Kept};
pub use self::message::{Hello, PROTO, Refusal, Schema, ToIncumbent, ToSuccessor};
pub use self::successor::{Outcome, Successor, SuccessorCommand, SuccessorEvent};

#[cfg(test)]
mod tests;
