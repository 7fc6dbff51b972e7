//! Three nodes on one PostgreSQL behind the real nginx and the real HAProxy, with the configurations that ship: whichever
//! node a webhook reaches, whichever node dies, each call goes on and each booking has one outcome.
//!
//! `SEED=n` chooses who is killed when, `KILLS=n` and `EVERY=seconds` how often; `.ci/kills` is the long form.

#![cfg(test)]

mod adoptions;
#[path = "../support/balancer.rs"]
mod balancer;
mod callers;
#[path = "../support/daemon.rs"]
#[expect(dead_code, reason = "where these listen is known beforehand")]
mod daemon;
mod database;
mod kills;
mod nodes;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "no database here begins with nothing, and no standby takes over")]
mod postgres;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "these nodes share the usual files; others write their own")]
mod premises;
mod routes;
mod tls;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "staff do not get in the way here")]
mod town;
mod turns;
mod verdict;
#[path = "../support/voice.rs"]
mod voice;
mod wire;
