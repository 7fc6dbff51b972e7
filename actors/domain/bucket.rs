//! A token bucket in integer arithmetic, with the time passed in: the rate budget of an EMR and of a webhook source.

use std::time::Duration;

use tokio::time::Instant;

/// Millionths of a token, so that slow rates fill evenly and nothing is rounded away.
const WHOLE: u64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

impl Rate {
    pub const fn per_second(rate: u32, burst: u32) -> Self {
        Self { per_minute: rate.saturating_mul(60), burst }
    }
}

#[derive(Debug, Clone)]
pub struct Bucket {
    rate: Rate,
    level: u64,
    filled_at: Instant,
}

impl Bucket {
    pub const fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, level: rate.burst as u64 * WHOLE, filled_at: now }
    }

    /// For an owner that does not know what its predecessor spent.
    pub const fn empty(rate: Rate, now: Instant) -> Self {
        Self { rate, level: 0, filled_at: now }
    }

    /// Takes one token, or says how long until there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.level >= WHOLE {
            self.level -= WHOLE;
            return Ok(());
        }
        let per_minute = u64::from(self.rate.per_minute).max(1);
        Err(Duration::from_micros((WHOLE - self.level).saturating_mul(60).div_ceil(per_minute)))
    }

    /// Whether it has been left alone long enough to be as good as new.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= u64::from(self.rate.burst) * WHOLE
    }

    fn fill(&mut self, now: Instant) {
        let elapsed =
            u64::try_from(now.saturating_duration_since(self.filled_at).as_micros()).unwrap_or(u64::MAX);
        let gained = elapsed.saturating_mul(u64::from(self.rate.per_minute)) / 60;
        if gained > 0 {
            self.level = self.level.saturating_add(gained).min(u64::from(self.rate.burst) * WHOLE);
            self.filled_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Rate { per_minute: 300, burst: 3 }, start);
        assert_eq!((0..5).filter(|_| bucket.take(start).is_ok()).count(), 3);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(200)));
        assert!(bucket.take(start + Duration::from_millis(199)).is_err());
        assert!(bucket.take(start + Duration::from_millis(200)).is_ok());
        assert!(!bucket.is_full(start + Duration::from_millis(200)));
        assert!(bucket.is_full(start + Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn no_window_ever_gives_more_than_burst_plus_rate(
            per_minute in 1u32..6000, burst in 1u32..50, steps in prop::collection::vec(0u64..400_000, 1..300)
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::full(Rate { per_minute, burst }, start);
            let (mut now, mut taken) = (start, 0u64);
            for step in steps {
                now += Duration::from_micros(step);
                taken += u64::from(bucket.take(now).is_ok());
                let elapsed = u64::try_from((now - start).as_micros()).unwrap();
                prop_assert!(taken <= u64::from(burst) + elapsed * u64::from(per_minute) / 60_000_000 + 1);
            }
        }

        #[test]
        fn the_promised_wait_is_long_enough(per_minute in 1u32..6000, pause in 0u64..1_000_000) {
            let start = Instant::now();
            let mut bucket = Bucket::empty(Rate { per_minute, burst: 1 }, start);
            let now = start + Duration::from_micros(pause);
            if let Err(wait) = bucket.take(now) {
                prop_assert!(bucket.take(now + wait).is_ok());
            }
        }
    }
}
