//! The voice platform, asked by us: `control` speaks into a live call, `calls` reads what became of one.

mod calls;
mod control;

pub use calls::{Answer, Calls};
pub use control::LiveControl;
