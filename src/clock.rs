//! The one place that asks the machine what time it is.

use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::Clock;

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Ts {
        now().into()
    }
}

/// For those who speak jiff, not [`Ts`].
#[expect(clippy::disallowed_methods, reason = "the clock that everybody else is given")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
