//! Wall clocks that go as tokio's paused clock goes; that of a process may be set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::Instant;

use crate::domain::time::Ts;
use crate::ports::Clock;

pub struct PausedClock {
    base: Ts,
    since: Instant,
}

impl PausedClock {
    pub fn at(base: Ts) -> Self {
        Self { base, since: Instant::now() }
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Ts {
        self.base.plus(self.since.elapsed())
    }
}

/// One machine's idea of the time: right until somebody sets it. What is measured goes on as before.
pub struct OwnClock {
    right: Arc<dyn Clock>,
    ahead: AtomicI64,
}

impl OwnClock {
    pub fn beside(right: Arc<dyn Clock>) -> Self {
        Self { right, ahead: AtomicI64::new(0) }
    }

    /// From now on it is so many seconds ahead of the right time, or behind.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for OwnClock {
    fn now(&self) -> Ts {
        Ts(self.right.now().0 + self.ahead.load(Ordering::SeqCst))
    }
}
