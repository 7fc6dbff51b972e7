//! A pretend voice platform: it dials a clinic, signs its requests as Vapi does, plays a script and shows the conversation;
//! and it can be asked about its calls.

mod api;
mod caller;
mod play;
mod script;

pub use self::api::{Api, Trouble};
pub use self::caller::{Caller, NoAnswer, Platform, Signing};
pub use self::play::{Played, play};
pub use self::script::{Cast, SCRIPTS, Script};
