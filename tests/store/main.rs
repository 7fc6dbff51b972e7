//! The store on both engines: the contract of its port, and what is its own (sealing, group commit, schema).

#![cfg(test)]

mod both;
mod clinics;
mod commit;
mod contract;
mod fixture;
#[path = "../support/postgres.rs"]
mod postgres;
mod samples;
mod schema;
mod sealed;
mod tampering;
