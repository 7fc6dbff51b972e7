//! A token bucket in integer arithmetic, with the time passed in: the rate budget of an EMR and of a webhook source. An
//! EMR's may be shared: every process that asks it has a bucket of its own, which is so many parts of the whole.

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
    /// Into how many parts rate and burst are divided, of which this bucket is one.
    parts: u32,
    level: u64,
    filled_at: Instant,
}

impl Bucket {
    pub const fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, parts: 1, level: rate.burst as u64 * WHOLE, filled_at: now }
    }

    /// For an owner that does not know what others spent a moment ago.
    pub const fn empty(rate: Rate, now: Instant) -> Self {
        Self { rate, parts: 1, level: 0, filled_at: now }
    }

    /// Takes one token, or says how long until there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.level >= WHOLE {
            self.level -= WHOLE;
            return Ok(());
        }
        let per_minute = u64::from(self.rate.per_minute).max(1);
        let missing = (WHOLE - self.level).saturating_mul(self.minute());
        Err(Duration::from_micros(missing.div_ceil(per_minute)))
    }

    /// From now on it is one of so many. What has run up unseen counts by the smaller part: that of the others may have
    /// grown meanwhile.
    pub fn share(&mut self, parts: u32, now: Instant) {
        let parts = parts.max(1);
        self.parts = self.parts.max(parts);
        self.fill(now);
        (self.parts, self.filled_at) = (parts, now);
        self.level = self.level.min(self.most());
    }

    /// Whether it has been left alone long enough to be as good as new.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= self.most()
    }

    fn fill(&mut self, now: Instant) {
        let elapsed =
            u64::try_from(now.saturating_duration_since(self.filled_at).as_micros()).unwrap_or(u64::MAX);
        let gained = elapsed.saturating_mul(u64::from(self.rate.per_minute)) / self.minute();
        if gained > 0 {
            self.level = self.level.saturating_add(gained).min(self.most());
            self.filled_at = now;
        }
    }

    /// A bucket that could not hold one token would never give one, so with more parts than burst each holds one.
    fn most(&self) -> u64 {
        (u64::from(self.rate.burst) * WHOLE / u64::from(self.parts)).max(WHOLE)
    }

    /// In how many seconds this part of the whole gets what comes in a minute.
    fn minute(&self) -> u64 {
        60 * u64::from(self.parts)
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

    #[test]
    fn a_part_is_a_part_of_what_was_saved_up_too() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Rate { per_minute: 300, burst: 6 }, start);
        bucket.share(3, start);
        assert_eq!((0..9).filter(|_| bucket.take(start).is_ok()).count(), 2);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(600)));
        bucket.share(1, start + Duration::from_millis(600));
        assert!(bucket.take(start + Duration::from_millis(600)).is_ok());
        assert_eq!(bucket.take(start + Duration::from_millis(600)), Err(Duration::from_millis(200)));
    }

    /// So many processes at most, in the property below.
    const MOST: u32 = 5;

    #[derive(Debug, Clone, Copy)]
    enum Event {
        /// One takes all it can.
        Floods,
        /// One comes, is counted by all and begins with nothing.
        Comes,
        Leaves,
        /// One looks again who is there, and counts some too many.
        Looks(u32),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            6 => Just(Event::Floods),
            1 => Just(Event::Comes),
            1 => Just(Event::Leaves),
            2 => (0u32..3).prop_map(Event::Looks),
        ]
    }

    /// The processes that are counted; each divides by at least as many as there are.
    #[derive(Debug)]
    struct Town {
        rate: Rate,
        buckets: Vec<Bucket>,
    }

    impl Town {
        /// How many requests are sent.
        fn happens(&mut self, event: Event, who: usize, now: Instant) -> usize {
            let who = who % self.buckets.len().max(1);
            let there = u32::try_from(self.buckets.len()).unwrap();
            match event {
                Event::Comes if there < MOST => {
                    self.buckets.push(Bucket::empty(self.rate, now));
                    for bucket in &mut self.buckets {
                        bucket.share(bucket.parts.max(there + 1), now);
                    }
                }
                Event::Leaves if there > 0 => drop(self.buckets.remove(who)),
                Event::Looks(too_many) if there > 0 => self.buckets[who].share(there + too_many, now),
                Event::Floods if there > 0 => {
                    return std::iter::from_fn(|| self.buckets[who].take(now).ok()).count();
                }
                _ => {}
            }
            0
        }
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
        fn buckets_that_share_give_together_what_one_would(
            per_minute in 1u32..6000,
            burst in 1u32..50,
            steps in prop::collection::vec((0u64..400_000, 0usize..8, event()), 1..300)
        ) {
            let (rate, start) = (Rate { per_minute, burst }, Instant::now());
            let mut town = Town { rate, buckets: Vec::new() };
            // What the EMR has agreed to: nobody may take what this one would not give.
            let agreed = Rate { per_minute, burst: burst.max(MOST) };
            let mut agreed = Bucket::full(agreed, start);
            let mut now = start;
            for (step, who, event) in steps {
                now += Duration::from_micros(step);
                for _ in 0..town.happens(event, who, now) {
                    prop_assert!(agreed.take(now).is_ok(), "{town:?}");
                }
            }
        }

        #[test]
        fn the_promised_wait_is_long_enough(per_minute in 1u32..6000, parts in 1u32..9, pause in 0u64..1_000_000) {
            let start = Instant::now();
            let mut bucket = Bucket::empty(Rate { per_minute, burst: 1 }, start);
            bucket.share(parts, start);
            let now = start + Duration::from_micros(pause);
            if let Err(wait) = bucket.take(now) {
                prop_assert!(bucket.take(now + wait).is_ok());
            }
        }
    }
}
