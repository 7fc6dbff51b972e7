//! A house to test in: the real tree on a store, an EMR and a clock that live in memory and do as they are told.
//!
//! Everything runs under tokio's paused clock, from one seed. What survives a crash is in [`MemoryStore`] and
//! [`PretendEmr`]; a house is started on them, ended in any way, and started again.

mod clinic;
mod clock;
mod death;
mod door;
mod house;
mod memory_store;
mod newcomers;
mod pretend_emr;

pub use clinic::{clinic, marie, patient, provider_no, visit_day};
pub use clock::{OwnClock, PausedClock};
pub use death::Death;
pub use door::PretendDoor;
pub use house::{PretendVoice, TestHouse, World, tool_call};
pub use memory_store::{EffectRow, IntentRow, MemoryStore, OfferEntry, Tables, TextRow, TextState};
pub use newcomers::{chart_of, newcomer};
pub use pretend_emr::{EmrWrite, Fate, Op, PretendEmr, Row, quarter};
