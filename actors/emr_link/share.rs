//! This process's part of what its clinic's EMR may be asked to bear: rate, burst and places, divided by the number of
//! processes that share them. Nobody hands out tokens, so no request waits for another process, and the store may be away.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::bulkhead::{Bulkhead, Underway};
use crate::domain::bucket::{Bucket, Rate};
use crate::domain::clinic::Clinic;
use crate::domain::ids::ClinicId;
use crate::domain::membership::Membership;

/// How soon who is not counted yet, or finds no place, looks again: whose time has run out meanwhile, and what an earlier
/// life holds and tells nobody of when it ends.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub struct Share {
    clinic: ClinicId,
    rate: Rate,
    places: u32,
    bucket: Bucket,
    bulkhead: Arc<Bulkhead>,
    memberships: watch::Receiver<Membership>,
    /// The last that was followed.
    membership: Membership,
    /// How many of the places are ours.
    part: usize,
}

impl Share {
    /// What others, or an earlier life, spent a moment ago is not known: it begins with nothing.
    pub fn begin(
        clinic: &Clinic,
        bulkhead: Arc<Bulkhead>,
        memberships: watch::Receiver<Membership>,
        now: Instant,
    ) -> Self {
        let rate = Rate::per_second(clinic.limits.requests_per_second, clinic.limits.burst);
        Self {
            clinic: clinic.id.clone(),
            rate,
            places: clinic.limits.max_in_flight,
            bucket: Bucket::empty(rate, now),
            bulkhead,
            memberships,
            membership: Membership::UNCOUNTED,
            part: 0,
        }
    }

    /// Who the others do not count spends nothing, and earns nothing: they may have divided the whole among themselves. Our
    /// part of the places shrinks at once, and grows when nobody has more of them than theirs.
    pub fn follow(&mut self, now: Instant) {
        let membership = self.memberships.borrow_and_update().clone();
        if !self.membership.is_counted {
            self.bucket = Bucket::empty(self.rate, now);
        }
        if self.membership != membership {
            self.bucket.share(membership.processes, now);
            let part = membership.part_of(self.places);
            if part < self.part || !membership.crowded.contains(&self.clinic) {
                self.part = part;
            }
            self.membership = membership;
        }
    }

    /// A place and a token, or neither, and how long to wait for them.
    pub fn enter(&mut self, now: Instant) -> Result<Underway, Duration> {
        if !self.membership.is_counted {
            return Err(LOOK_AGAIN);
        }
        // By now there may be more who share, and to them this process has said that it makes do with less.
        let part = || self.part.min(self.memberships.borrow().part_of(self.places));
        let place = self.bulkhead.enter(part).ok_or(LOOK_AGAIN)?;
        self.bucket.take(now)?;
        Ok(place)
    }

    pub fn in_flight(&self) -> usize {
        self.bulkhead.in_flight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clinic::EmrLimits;
    use crate::testing::clinic;

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

    fn among(processes: u32) -> Membership {
        Membership { processes, sharers: processes, is_counted: true, ..Membership::UNCOUNTED }
    }

    fn uncounted(processes: u32) -> Membership {
        Membership { is_counted: false, ..among(processes) }
    }

    fn crowded(processes: u32) -> Membership {
        Membership { crowded: [clinic("maple", 1).id].into(), ..among(processes) }
    }

    struct Town {
        membership: watch::Sender<Membership>,
        share: Share,
    }

    impl Town {
        fn of(membership: Membership, now: Instant) -> Self {
            let mut maple = clinic("maple", 1);
            maple.limits = LIMITS;
            let membership = watch::Sender::new(membership);
            let mut share = Share::begin(&maple, Arc::default(), membership.subscribe(), now);
            share.follow(now);
            Self { membership, share }
        }

        fn becomes(&mut self, membership: Membership, now: Instant) {
            self.membership.send_replace(membership);
            self.share.follow(now);
        }

        /// How many can be sent at once, each over before the next.
        fn sent(&mut self, now: Instant) -> usize {
            std::iter::from_fn(|| self.share.enter(now).ok()).map(drop).count()
        }

        /// As many as find a place.
        fn inside(&mut self, now: Instant) -> Vec<Underway> {
            std::iter::from_fn(|| self.share.enter(now).ok()).collect()
        }
    }

    fn seconds(start: Instant, n: u64) -> Instant {
        start + Duration::from_secs(n)
    }

    #[test]
    fn it_begins_with_nothing_and_saves_up_its_part() {
        let start = Instant::now();
        let (mut alone, mut third) = (Town::of(among(1), start), Town::of(among(3), start));
        assert_eq!((alone.sent(start), third.sent(start)), (0, 0));
        assert_eq!(third.share.enter(start).err(), Some(Duration::from_millis(300)));
        let later = seconds(start, 9);
        assert_eq!((alone.sent(later), third.sent(later)), (6, 2));
    }

    #[test]
    fn who_is_not_counted_earns_nothing_until_it_is() {
        let start = Instant::now();
        let mut town = Town::of(uncounted(2), start);
        assert_eq!(town.share.enter(seconds(start, 9)).err(), Some(LOOK_AGAIN));
        town.becomes(among(2), seconds(start, 9));
        assert_eq!(town.sent(seconds(start, 9)), 0);
        assert_eq!(town.sent(seconds(start, 10)), 3);
        town.becomes(uncounted(2), seconds(start, 11));
        town.becomes(among(2), seconds(start, 12));
        assert_eq!(town.sent(seconds(start, 12)), 0, "what it had saved up may be another's by now");
    }

    #[test]
    fn places_are_divided_those_under_way_stay_and_everybody_has_one() {
        let start = Instant::now();
        let mut town = Town::of(among(1), start);
        let later = seconds(start, 9);
        let mut inside = town.inside(later);
        assert_eq!((inside.len(), town.share.in_flight()), (4, 4));
        town.becomes(among(2), later);
        inside.truncate(2);
        let later = seconds(later, 9);
        assert_eq!(town.share.enter(later).err(), Some(LOOK_AGAIN));
        inside.truncate(1);
        assert!(town.share.enter(later).is_ok());
        town.becomes(among(9), later);
        inside.clear();
        assert_eq!(town.inside(seconds(later, 9)).len(), 1);
    }

    #[test]
    fn a_part_of_the_places_grows_only_when_nobody_has_more_than_theirs_and_shrinks_at_once() {
        let (start, later) = (Instant::now(), seconds(Instant::now(), 9));
        let mut town = Town::of(crowded(2), start);
        assert_eq!(town.inside(later).len(), 0, "a newcomer has none");
        town.becomes(among(2), later);
        assert_eq!(town.inside(later).len(), 2);
        town.becomes(crowded(1), later);
        assert_eq!(town.inside(seconds(later, 9)).len(), 2, "it has what it had");
        town.becomes(crowded(4), later);
        assert_eq!(town.inside(seconds(later, 18)).len(), 1);
    }

    #[test]
    fn whoever_has_said_that_it_makes_do_with_less_does_so_before_it_has_looked() {
        let (start, later) = (Instant::now(), seconds(Instant::now(), 9));
        let mut town = Town::of(among(1), start);
        town.membership.send_replace(among(2));
        assert_eq!(town.inside(later).len(), 2);
        town.membership.send_replace(Membership { sharers: 4, ..among(2) });
        assert_eq!(town.inside(seconds(later, 9)).len(), 1, "one who has gone counts");
    }
}
