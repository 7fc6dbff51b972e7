//! A door that counts how often it was opened and drained.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::ports::door::{Door, OpenDoor};

#[derive(Default)]
pub struct PretendDoor {
    pub opened: AtomicUsize,
    pub drained: AtomicUsize,
    /// Notified, the door that is open fails.
    pub fail: Notify,
    takes: Mutex<Duration>,
}

impl PretendDoor {
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub fn drained(&self) -> usize {
        self.drained.load(Ordering::SeqCst)
    }

    /// From now on a drain takes so long.
    pub fn drains_for(&self, takes: Duration) {
        *self.takes.lock().unwrap_or_else(PoisonError::into_inner) = takes;
    }
}

struct Open(Arc<PretendDoor>);

impl Door for Arc<PretendDoor> {
    fn open(&self) -> std::io::Result<Box<dyn OpenDoor>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Open(Arc::clone(self))))
    }
}

#[async_trait]
impl OpenDoor for Open {
    async fn failed(&mut self) {
        self.0.fail.notified().await;
    }

    async fn drain(self: Box<Self>, within: Duration) {
        let takes = *self.0.takes.lock().unwrap_or_else(PoisonError::into_inner);
        sleep(takes.min(within)).await;
        self.0.drained.fetch_add(1, Ordering::SeqCst);
    }
}
