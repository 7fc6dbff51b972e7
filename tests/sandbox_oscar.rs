//! The pretend OSCAR over real sockets: what it accepts and answers, each of its bad habits, each fault on
//! demand, and the port that gives orders.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "sandbox_oscar/appointments.rs"]
mod appointments;
#[path = "sandbox_oscar/builds.rs"]
mod builds;
#[path = "sandbox_oscar/control.rs"]
mod control;
#[path = "sandbox_oscar/envelopes.rs"]
mod envelopes;
#[path = "sandbox_oscar/faults.rs"]
mod faults;
#[path = "sandbox_oscar/house.rs"]
mod house;
#[path = "sandbox_oscar/patients.rs"]
mod patients;
#[path = "sandbox_oscar/samples.rs"]
mod samples;
#[path = "sandbox_oscar/schedules.rs"]
mod schedules;
#[path = "sandbox_oscar/security.rs"]
mod security;
