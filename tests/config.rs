//! The configuration as an operator meets it: a file, an environment, and what comes of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "config/clinics.rs"]
mod clinics;
#[path = "config/environment.rs"]
mod environment;
#[path = "config/example.rs"]
mod example;
#[path = "config/fixture.rs"]
mod fixture;
#[path = "config/mistakes.rs"]
mod mistakes;
#[path = "config/precedence.rs"]
mod precedence;
#[path = "config/production.rs"]
mod production;
#[path = "config/secrecy.rs"]
mod secrecy;
#[path = "config/whatever_comes.rs"]
mod whatever_comes;
