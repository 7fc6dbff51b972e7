//! The door, as the `front` actor knows it.

use std::time::Duration;

use async_trait::async_trait;

/// Listens on a socket it does not own: closing the door never closes the port.
pub trait Door: Send + Sync + 'static {
    /// Starts accepting.
    fn open(&self) -> std::io::Result<Box<dyn OpenDoor>>;
}

#[async_trait]
pub trait OpenDoor: Send + 'static {
    /// Resolves when it has stopped accepting by itself, which it should not.
    async fn failed(&mut self);

    /// Stops accepting and answers what was accepted; returns at the end of `within` at the latest.
    async fn drain(self: Box<Self>, within: Duration);
}
