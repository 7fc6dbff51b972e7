//! The gate before the door: shut, nobody is let in, and whoever comes waits in the kernel's queue, which another process
//! may serve. Who is inside is served on, and told to come anew.

use std::sync::Arc;

use tokio::sync::{RwLock, watch};

/// One for all openings of a socket: a front that starts again finds it as it was.
#[derive(Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_shut: watch::Sender<bool>,
    /// Held by whoever accepts.
    passing: RwLock<()>,
}

impl Gate {
    pub fn shut_from_the_start() -> Self {
        let gate = Self::default();
        gate.0.is_shut.send_replace(true);
        gate
    }

    /// Returns when nothing more will be accepted.
    pub async fn shut(&self) {
        self.0.is_shut.send_replace(true);
        drop(self.0.passing.write().await);
    }

    pub fn open(&self) {
        self.0.is_shut.send_replace(false);
    }

    pub fn is_shut(&self) -> bool {
        *self.0.is_shut.borrow()
    }

    /// Resolves when it is shut.
    pub(super) async fn shutting(&self) {
        // The sender lives as long as we do.
        let _ = self.0.is_shut.subscribe().wait_for(|is_shut| *is_shut).await;
    }

    /// Waits for `guest` while the gate is open. `None`: it was shut meanwhile.
    pub(super) async fn admit<T>(&self, guest: impl Future<Output = T>) -> Option<T> {
        let mut is_shut = self.0.is_shut.subscribe();
        let _ = is_shut.wait_for(|is_shut| !is_shut).await;
        let _passing = self.0.passing.read().await;
        tokio::select! {
            // First: who has shut the gate and waited for us relies on it.
            biased;
            _ = is_shut.wait_for(|is_shut| *is_shut) => None,
            guest = guest => Some(guest),
        }
    }
}
