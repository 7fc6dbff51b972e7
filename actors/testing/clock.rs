//! A wall clock that goes as tokio's paused clock goes.

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
