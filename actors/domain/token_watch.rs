//! When the clinics' EMR tokens are looked at, and what is said of them: no server tells that one is about to end, and only
//! a person can renew it.

use std::time::Duration;

use jiff::civil::{Time, time};

use super::time::{Ts, Zone};

/// Twice a day, while somebody at the clinic can still do something about it that day.
const ROUNDS: [Time; 2] = [time(6, 0, 0, 0), time(18, 0, 0, 0)];

/// Time enough for a weekend to pass.
const SOON: Duration = Duration::from_hours(72);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    Standing,
    EndsSoon,
    Ended,
}

pub fn outlook(expires_at: Option<Ts>, now: Ts) -> Outlook {
    match expires_at {
        Some(end) if end <= now => Outlook::Ended,
        Some(end) if end.since(now) <= SOON => Outlook::EndsSoon,
        _ => Outlook::Standing,
    }
}

/// Whether a round has begun at the clinic since the token was last looked at, or was granted.
pub fn is_due(zone: &Zone, looked_at: Ts, now: Ts) -> bool {
    let today = zone.wall(now).date();
    let days = [today.yesterday().ok(), Some(today)];
    let rounds = days.into_iter().flatten().flat_map(|day| ROUNDS.map(|round| day.to_datetime(round)));
    rounds.filter_map(|round| zone.instant(round)).any(|round| looked_at < round && round <= now)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn zone() -> Zone {
        Zone::named("America/Vancouver").unwrap()
    }

    fn at(day: i8, hour: i8, minute: i8) -> Ts {
        zone().instant(date(2026, 6, day).at(hour, minute, 0, 0)).unwrap()
    }

    #[test]
    fn a_token_is_looked_at_once_in_the_morning_and_once_in_the_evening() {
        for (looked_at, now, due) in [
            (at(3, 5, 0), at(3, 5, 59), false),
            (at(3, 5, 0), at(3, 6, 0), true),
            (at(3, 6, 0), at(3, 17, 59), false),
            (at(3, 6, 0), at(3, 18, 0), true),
            (at(3, 18, 0), at(4, 5, 59), false),
            (at(2, 18, 0), at(4, 5, 0), true),
            (at(3, 23, 0), at(3, 22, 0), false),
        ] {
            assert_eq!(is_due(&zone(), looked_at, now), due, "{looked_at:?} {now:?}");
        }
    }

    #[test]
    fn rounds_go_by_the_clinics_own_clocks() {
        let toronto = Zone::named("America/Toronto").unwrap();
        let (before, after) = (at(3, 2, 59), at(3, 3, 0));
        assert!(is_due(&toronto, before, after) && !is_due(&zone(), before, after));
    }

    #[test]
    fn an_end_is_told_of_three_days_before_it_comes() {
        let now = at(3, 6, 0);
        let minute = Duration::from_mins(1);
        for (end, said) in [
            (None, Outlook::Standing),
            (Some(now.plus(SOON).plus(minute)), Outlook::Standing),
            (Some(now.plus(SOON)), Outlook::EndsSoon),
            (Some(now.plus(minute)), Outlook::EndsSoon),
            (Some(now), Outlook::Ended),
        ] {
            assert_eq!(outlook(end, now), said);
        }
    }
}
