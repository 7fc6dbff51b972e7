//! The SOAP adapter against the pretend OSCAR over real sockets: what it reads and writes, what each failure means, how
//! it logs in, whom it trusts, and what it keeps to itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "emr_soap/certificates.rs"]
mod certificates;
#[path = "emr_soap/connections.rs"]
mod connections;
#[path = "emr_soap/desk.rs"]
mod desk;
#[path = "emr_soap/faults.rs"]
mod faults;
#[path = "support/log.rs"]
mod log;
#[path = "emr_soap/logins.rs"]
mod logins;
#[path = "emr_soap/reads.rs"]
mod reads;
#[path = "support/server.rs"]
mod server;
#[path = "emr_soap/silence.rs"]
mod silence;
#[path = "emr_soap/writes.rs"]
mod writes;
