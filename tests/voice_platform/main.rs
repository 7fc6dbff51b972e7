//! The voice platform as somebody we ask: over real sockets, by a whole house, with everything that can come back.

#![cfg(test)]

mod control;
#[path = "../support/house.rs"]
#[expect(dead_code, reason = "nobody calls these houses, and they end with their test")]
mod house;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "these houses share the usual settings; others are given their own")]
mod premises;
mod reports;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "no EMR is asked anything here")]
mod town;
#[path = "../support/voice.rs"]
#[expect(dead_code, reason = "the platform does not speak here but is asked")]
mod voice;
