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
pub mod switchboard;
