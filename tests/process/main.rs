//! The program itself: killed and started again, told to stop, told to read its settings anew, misused.

#![cfg(test)]

mod commands;
mod crashes;
#[path = "../support/daemon.rs"]
mod daemon;
mod double_faults;
mod drains;
#[path = "../support/engine.rs"]
mod engine;
mod handoffs;
mod misfortunes;
mod nodes;
mod owners;
mod partings;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's own tests look past row-level security, these do not")]
mod postgres;
#[path = "../support/premises.rs"]
mod premises;
mod refusals;
mod reloads;
mod settlements;
mod shelter;
mod stores;
mod strangers;
mod systemd;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "staff do not get in the way here, and the other clinic is not called")]
mod town;
mod upgrades;
#[path = "../support/voice.rs"]
mod voice;
