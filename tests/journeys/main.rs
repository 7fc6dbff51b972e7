//! Whole phone calls through the real door of a whole house, to the EMRs of two clinics and back.

#![cfg(test)]

mod captured;
mod clinics;
#[path = "../support/engine.rs"]
mod engine;
#[path = "../support/house.rs"]
#[expect(dead_code, reason = "these houses end with their test; others are closed in order")]
mod house;
mod identity;
mod lost_answers;
mod outages;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(
    dead_code,
    reason = "the store's own tests look past row-level security and begin with nothing, these do not"
)]
mod postgres;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "these houses share the usual settings; others are given their own")]
mod premises;
mod reads;
mod repeated;
mod resting;
mod rules;
mod shapes;
mod spoken;
mod staff;
mod stage;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "nobody here waits for a request that hangs")]
mod town;
#[path = "../support/voice.rs"]
mod voice;
mod waiting;
