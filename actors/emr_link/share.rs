//! This process's part of what its clinic's EMR may be asked to bear: rate, burst and places, divided by the number of
//! processes that share them. Nobody hands out tokens, so no request waits for another process, and the store may be away.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::bulkhead::{Bulkhead, Underway};
use crate::domain::bucket::{Bucket, Rate};
use crate::domain::clinic::EmrLimits;
use crate::domain::membership::Membership;

/// How soon who is not counted yet, or finds no place, looks again: whose time has run out meanwhile, and what an earlier
/// life holds and tells nobody of when it ends.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub struct Share {
    rate: Rate,
    places: usize,
    bucket: Bucket,
    bulkhead: Arc<Bulkhead>,
    membership: Membership,
}

impl Share {
    /// What others, or an earlier life, spent a moment ago is not known: it begins with nothing.
    pub fn begin(limits: &EmrLimits, bulkhead: Arc<Bulkhead>, now: Instant) -> Self {
        let rate = Rate::per_second(limits.requests_per_second, limits.burst);
        Self {
            rate,
            places: usize::try_from(limits.max_in_flight).unwrap_or(usize::MAX),
            bucket: Bucket::empty(rate, now),
            bulkhead,
            membership: Membership { is_counted: false, ..Membership::ALONE },
        }
    }

    /// Who the others do not count spends nothing, and earns nothing: they may have divided the whole among themselves.
    pub fn follow(&mut self, membership: Membership, now: Instant) {
        if !self.membership.is_counted {
            self.bucket = Bucket::empty(self.rate, now);
        }
        if self.membership != membership {
            self.bucket.share(membership.processes, now);
            self.membership = membership;
        }
    }

    /// A place and a token, or neither, and how long to wait for them.
    pub fn enter(&mut self, now: Instant) -> Result<Underway, Duration> {
        if !self.membership.is_counted {
            return Err(LOOK_AGAIN);
        }
        let place = self.bulkhead.enter(self.part_of_places()).ok_or(LOOK_AGAIN)?;
        self.bucket.take(now)?;
        Ok(place)
    }

    pub fn in_flight(&self) -> usize {
        self.bulkhead.in_flight()
    }

    /// With more processes than places each has one.
    fn part_of_places(&self) -> usize {
        let parts = usize::try_from(self.membership.processes).unwrap_or(usize::MAX);
        (self.places / parts.max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: EmrLimits = EmrLimits {
        requests_per_second: 10,
        burst: 6,
        max_in_flight: 4,
        queue: 64,
        slow_ms: 4_000,
        write_timeout_ms: 15_000,
        breaker_error_percent: 50,
        breaker_consecutive: 3,
        breaker_open_ms: 30_000,
    };

    const fn among(processes: u32) -> Membership {
        Membership { processes, is_counted: true }
    }

    fn begun(membership: Membership, now: Instant) -> Share {
        let mut share = Share::begin(&LIMITS, Arc::default(), now);
        share.follow(membership, now);
        share
    }

    /// How many can be sent at once, each over before the next.
    fn sent(share: &mut Share, now: Instant) -> usize {
        std::iter::from_fn(|| share.enter(now).ok()).map(drop).count()
    }

    fn seconds(start: Instant, n: u64) -> Instant {
        start + Duration::from_secs(n)
    }

    #[test]
    fn it_begins_with_nothing_and_saves_up_its_part() {
        let start = Instant::now();
        let (mut alone, mut third) = (begun(Membership::ALONE, start), begun(among(3), start));
        assert_eq!((sent(&mut alone, start), sent(&mut third, start)), (0, 0));
        assert_eq!(third.enter(start).err(), Some(Duration::from_millis(300)));
        let later = seconds(start, 9);
        assert_eq!((sent(&mut alone, later), sent(&mut third, later)), (6, 2));
    }

    #[test]
    fn who_is_not_counted_earns_nothing_until_it_is() {
        let start = Instant::now();
        let mut share = begun(Membership { is_counted: false, ..among(2) }, start);
        assert_eq!(share.enter(seconds(start, 9)).err(), Some(LOOK_AGAIN));
        share.follow(among(2), seconds(start, 9));
        assert_eq!(sent(&mut share, seconds(start, 9)), 0);
        assert_eq!(sent(&mut share, seconds(start, 10)), 3);
        share.follow(Membership { is_counted: false, ..among(2) }, seconds(start, 11));
        share.follow(among(2), seconds(start, 12));
        assert_eq!(sent(&mut share, seconds(start, 12)), 0, "what it had saved up may be another's by now");
    }

    #[test]
    fn places_are_divided_those_under_way_stay_and_everybody_has_one() {
        let start = Instant::now();
        let mut share = begun(Membership::ALONE, start);
        let later = seconds(start, 9);
        let mut inside: Vec<_> = std::iter::from_fn(|| share.enter(later).ok()).collect();
        assert_eq!((inside.len(), share.in_flight()), (4, 4));
        share.follow(among(2), later);
        inside.truncate(2);
        let later = seconds(later, 9);
        assert_eq!(share.enter(later).err(), Some(LOOK_AGAIN));
        inside.truncate(1);
        assert!(share.enter(later).is_ok());
        share.follow(among(9), later);
        inside.clear();
        assert_eq!(sent(&mut share, seconds(later, 9)), 1);
    }
}
