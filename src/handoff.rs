//! The line between two processes that pass a node on: a UNIX socket in a directory that is ours alone.
//!
//! A message is a line of JSON, sockets and the node's lock travel beside it. Who speaks, in what order and for how long is
//! decided by the machines of `vitarad_actors::handoff`; here it is only carried.

mod line;
mod meters;
mod other;
mod place;
mod report;

pub use line::{Cut, Line};
pub use meters::HandoffMeters;
pub use other::OtherProcess;
pub use place::{NoPlace, Place};
pub use report::{Asker, Report, awaited};
