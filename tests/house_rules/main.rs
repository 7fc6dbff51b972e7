//! What the compiler and the lints cannot see: that the rooms are where the map says, that the documents are true, and that
//! nobody real is in here. Each rule is a function over text, and has a test that sees it fail.

#![cfg(test)]

mod attributes;
mod functions;
mod hosts;
mod laws;
mod links;
mod metrics;
mod migrations;
mod parents;
mod phones;
mod repository;
mod rooms;
mod runbook;
mod sizes;
mod supervision;
mod waits;

#[track_caller]
fn kept(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}
