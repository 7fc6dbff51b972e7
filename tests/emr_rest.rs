//! The REST adapter and the handshake before it against the pretend OSCAR over real sockets: what it reads and writes,
//! how it signs, and what each refusal and silence proves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "emr_rest/desk.rs"]
mod desk;
#[path = "emr_rest/handshake.rs"]
mod handshake;
#[path = "support/log.rs"]
mod log;
#[path = "support/patience.rs"]
mod patience;
#[path = "emr_rest/reads.rs"]
mod reads;
#[path = "emr_rest/registration.rs"]
mod registration;
#[path = "support/server.rs"]
mod server;
#[path = "emr_rest/signing.rs"]
mod signing;
#[path = "emr_rest/silence.rs"]
mod silence;
#[path = "emr_rest/writes.rs"]
mod writes;
