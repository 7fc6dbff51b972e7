//! The program itself: killed and started again, told to stop, told to read its settings anew, misused.

#![cfg(test)]

mod commands;
mod crashes;
#[path = "../support/daemon.rs"]
mod daemon;
mod drains;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's own tests look past row-level security, these do not")]
mod postgres;
#[path = "../support/premises.rs"]
mod premises;
mod refusals;
mod reloads;
#[path = "../support/town.rs"]
mod town;
#[path = "../support/voice.rs"]
mod voice;
