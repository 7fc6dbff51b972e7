//! The store: the contract of its port on every engine, and what is the SQL store's own (sealing, group commit, schema).

#![cfg(test)]

mod clinics;
mod commit;
mod contract;
mod engines;
mod fixture;
mod frozen;
mod migrations;
mod moving;
mod notices;
mod oauth;
mod outages;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
mod postgres;
mod releases;
mod samples;
mod schema;
mod sealed;
mod sessions;
mod tampering;
mod tls;
mod walls;
