//! Clinics with several ways into their EMR, or with one that cannot do everything: whole calls, what each way is found to
//! be able to do, and a way that opens while the house stands.

#![cfg(test)]

mod clinic;
#[path = "../support/daemon.rs"]
#[expect(dead_code, reason = "only a command is run; the daemon itself runs inside the test")]
mod daemon;
mod discovery;
#[path = "../support/engine.rs"]
mod engine;
#[path = "../support/house.rs"]
#[expect(dead_code, reason = "these houses end with their test; others are closed in order")]
mod house;
mod newcomers;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(
    dead_code,
    reason = "the store's own tests look past row-level security and begin with nothing, these do not"
)]
mod postgres;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "these houses share the usual settings and have one directory")]
mod premises;
mod rest_only;
#[path = "../journeys/stage.rs"]
#[expect(dead_code, reason = "only one of the two clinics has its ways changed")]
mod stage;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "nobody here waits for a request that hangs")]
mod town;
mod two_ways;
#[path = "../support/voice.rs"]
#[expect(dead_code, reason = "calls are not ended here")]
mod voice;
