//! Our real adapters against every build of OSCAR that the sandbox can be, over real sockets: the same work done the same
//! way wherever it can be done, and exactly one thing said where it cannot. And the legacy bridge's adapter, which fits
//! beside any of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "profiles/bookings.rs"]
mod bookings;
#[path = "profiles/bridge.rs"]
mod bridge;
#[path = "profiles/builds.rs"]
mod builds;
#[path = "profiles/charts.rs"]
mod charts;
#[path = "profiles/discovery.rs"]
mod discovery;
#[path = "profiles/gates.rs"]
mod gates;
#[path = "support/log.rs"]
mod log;
#[path = "profiles/schedules.rs"]
mod schedules;
#[path = "support/server.rs"]
mod server;
#[path = "profiles/shapes.rs"]
mod shapes;
#[path = "profiles/tokens.rs"]
mod tokens;
