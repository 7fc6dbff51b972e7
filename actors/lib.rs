//! The living rooms of vitarad: the domain, the ports it needs from the world, and the actors that do the work.
//!
//! ```text
//! domain <- ports <- actors
//! (pure)   (traits) (ractor)
//! ```
//!
//! Nothing here opens a socket, a file or a database, so all of it runs under tokio's paused clock. The shell around
//! it (crate `vitarad`) gives the ports their pipes. The compiler keeps the direction; a test keeps the manifest.

pub mod domain;
pub mod ports;

pub mod house;
pub mod node;
pub mod root;
pub mod supervisor;
pub mod tree;

pub mod audit;
pub mod front;
pub mod rest;
pub mod retention;
pub mod singleton;
pub mod sms;

pub mod call;
pub mod calls;
pub mod clinic;
pub mod clinics;
pub mod desk;
pub mod emr_link;

pub mod handoff;

pub mod crashpoint;
pub mod directory;
pub mod exchange;
pub mod hearsay;
pub mod mailbox;
pub mod meters;
pub mod retry;
pub mod shelter;
pub mod switchboard;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
