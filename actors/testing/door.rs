//! A door that counts how often it was opened and drained.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::ports::door::{Door, OpenDoor};

#[derive(Default)]
pub struct PretendDoor {
    pub opened: AtomicUsize,
    pub drained: AtomicUsize,
    /// Notified, the door that is open fails.
    pub fail: Notify,
}

impl PretendDoor {
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub fn drained(&self) -> usize {
        self.drained.load(Ordering::SeqCst)
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

    async fn drain(self: Box<Self>, _: Duration) {
        self.0.drained.fetch_add(1, Ordering::SeqCst);
    }
}
