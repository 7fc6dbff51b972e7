//! Law I-1: while one clinic's EMR hangs and that clinic is flooded, the callers of another meet no error, no refusal and
//! no queue that they would share. What it costs them in time is for the benchmark to say.

#![cfg(test)]

mod cluster;
mod flood;
#[path = "../support/house.rs"]
mod house;
mod neighbours;
mod pages;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's own tests look past row-level security, these do not")]
mod postgres;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "nobody here looks for files")]
mod premises;
mod quiet_day;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "staff do not get in the way here")]
mod town;
#[path = "../support/voice.rs"]
#[expect(dead_code, reason = "everybody here shows the usual credential and hears an answer")]
mod voice;
