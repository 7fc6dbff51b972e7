//! When the platform may be asked again: evenly, and less and less while it does not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use vitarad_actors::domain::bucket::{Bucket, Rate};
use vitarad_actors::retry::RetryPolicy;

/// Its own tools ask somewhat more often than once a second.
const RATE: Rate = Rate { per_minute: 60, burst: 2 };
const PAUSES: RetryPolicy = RetryPolicy { base: Duration::from_secs(4), cap: Duration::from_mins(10) };
/// Whatever it asks for; a clock that runs wrong must not silence us for ever.
const LONGEST_REST: Duration = Duration::from_hours(1);

pub(super) struct Pace(Mutex<State>);

struct State {
    bucket: Bucket,
    failures: u32,
    rests_until: Option<Instant>,
}

impl Pace {
    pub(super) const fn new(now: Instant) -> Self {
        Self(Mutex::new(State { bucket: Bucket::full(RATE, now), failures: 0, rests_until: None }))
    }

    pub(super) fn is_ready(&self, now: Instant) -> bool {
        let state = self.state();
        state.is_awake(now) && state.bucket.clone().take(now).is_ok()
    }

    /// Whether a request may leave.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.is_awake(now) && state.bucket.take(now).is_ok()
    }

    pub(super) fn went_well(&self) {
        let mut state = self.state();
        (state.failures, state.rests_until) = (0, None);
    }

    /// Half of the pause is certain, the rest is luck; never less than was asked for. Whether it is the first failure.
    pub(super) fn went_wrong(&self, asked_for: Option<Duration>, fraction: f64, now: Instant) -> bool {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let pause = PAUSES.pause(state.failures, 0.5 + fraction / 2.0);
        let rest = pause.max(asked_for.unwrap_or_default()).min(LONGEST_REST);
        state.rests_until = Some(now + rest);
        state.failures == 1
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_awake(&self, now: Instant) -> bool {
        self.rests_until.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn requests_are_spaced_evenly_after_a_small_burst() {
        let now = Instant::now();
        let pace = Pace::new(now);
        assert_eq!((0..5).filter(|_| pace.take(now)).count(), 2);
        assert!(!pace.is_ready(now + SECOND / 2));
        assert!(pace.is_ready(now + SECOND) && pace.take(now + SECOND) && !pace.take(now + SECOND));
    }

    #[test]
    fn failures_are_rested_after_for_longer_each_time_and_at_least_as_long_as_asked() {
        let now = Instant::now();
        let pace = Pace::new(now);
        assert!(pace.went_wrong(None, 1.0, now));
        assert!(!pace.is_ready(now + SECOND * 3) && pace.is_ready(now + SECOND * 4));
        assert!(!pace.went_wrong(None, 1.0, now));
        assert!(!pace.is_ready(now + SECOND * 7) && pace.is_ready(now + SECOND * 8));
        pace.went_wrong(Some(SECOND * 90), 0.0, now);
        assert!(!pace.is_ready(now + SECOND * 89) && pace.is_ready(now + SECOND * 90));
        pace.went_wrong(Some(SECOND * 1_000_000), 0.0, now);
        assert!(pace.is_ready(now + LONGEST_REST));
        pace.went_well();
        assert!(pace.is_ready(now) && pace.went_wrong(None, 1.0, now));
    }
}
