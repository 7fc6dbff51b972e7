//! The shell around `vitarad-actors`: the HTTP door, the store, the EMR adapters, configuration and the command line.
//!
//! Adapters do not know each other; they meet in `boot`.

pub mod access;
pub mod boot;
pub mod cli;
pub mod clock;
pub mod config;
pub mod emr;
pub mod front;
pub mod handoff;
pub mod health;
pub mod sandbox;
pub mod seal;
pub mod signals;
pub mod sms;
pub mod store;
pub mod systemd;
pub mod telemetry;
pub mod voice;
