//! Instants, clinic-local dates and the zone between them.
//!
//! OSCAR keeps wall-clock columns without a zone, so the schedule is arithmetic on civil dates and
//! minutes of a day. Instants appear only where "now" matters: notice, expiry, the past.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Microseconds since 1970 UTC: what the store keeps, because both engines order it alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Ts(pub i64);

impl Ts {
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// Zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl From<jiff::Timestamp> for Ts {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }
}

/// One moment by both clocks: the wall's, which all processes share and anybody may set, and this process's own, which only
/// goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub wall: Ts,
    pub own: Instant,
}

impl Moment {
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self { wall: self.wall.plus(span), own: self.own + span }
    }

    /// By both clocks.
    pub fn is_after(self, other: Self) -> bool {
        self.wall > other.wall && self.own > other.own
    }

    /// Until both clocks show it.
    pub fn until(self, later: Self) -> Duration {
        later.wall.since(self.wall).max(later.own.saturating_duration_since(self.own))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// A minute of a civil day, 0 to 1440 (the end of the day).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(u16);

impl Minute {
    pub const MIDNIGHT: Self = Self(0);
    pub const END_OF_DAY: Self = Self(1440);

    pub fn new(minute: u16) -> Option<Self> {
        (minute <= 1440).then_some(Self(minute))
    }

    pub fn at(hour: u16, minute: u16) -> Option<Self> {
        (hour < 24 && minute < 60 || hour == 24 && minute == 0).then_some(Self(hour * 60 + minute))
    }

    /// The minute a clock time falls in.
    pub fn of(time: Time) -> Self {
        Self(u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).unwrap_or(0))
    }

    pub const fn get(self) -> u16 {
        self.0
    }

    #[must_use]
    pub fn plus(self, minutes: u16) -> Self {
        Self(self.0.saturating_add(minutes).min(1440))
    }

    #[must_use]
    pub fn minus(self, minutes: u16) -> Self {
        Self(self.0.saturating_sub(minutes))
    }

    /// The clock time on `date`; the end of the day is the next midnight.
    pub fn on(self, date: Date) -> DateTime {
        let midnight = date.to_datetime(Time::midnight());
        midnight.checked_add(jiff::Span::new().minutes(i64::from(self.0))).unwrap_or(midnight)
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A half-open stretch of one civil day, `start < end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    pub start: Minute,
    pub end: Minute,
}

impl Interval {
    pub fn new(start: Minute, end: Minute) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// `length` minutes from `start`, unless that would cross midnight (an appointment of OSCAR's cannot).
    pub fn starting(start: Minute, length: u16) -> Option<Self> {
        let end = Minute::new(start.0.checked_add(length)?)?;
        Self::new(start, end)
    }

    pub const fn minutes(self) -> u16 {
        self.end.0 - self.start.0
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The same stretch with `minutes` more on both sides, clipped to the day.
    #[must_use]
    pub fn widened(self, minutes: u16) -> Self {
        Self { start: self.start.minus(minutes), end: self.end.plus(minutes) }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

/// Why a zone name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' is not an IANA time zone; examples: America/Vancouver, America/Toronto, America/St_Johns")]
pub struct UnknownZone {
    name: String,
}

/// A clinic's IANA zone, from the rules compiled into this program and no others: British Columbia stopped changing
/// its clocks in 2026 and many machines still carry older rules.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        static RULES: OnceLock<TimeZoneDatabase> = OnceLock::new();
        RULES
            .get_or_init(TimeZoneDatabase::bundled)
            .get(name)
            .map(|rules| Self { name: name.to_owned(), rules })
            .map_err(|_| UnknownZone { name: name.to_owned() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The wall clock at an instant.
    pub fn wall(&self, at: Ts) -> DateTime {
        self.rules.to_datetime(at.instant())
    }

    /// The instant of a wall-clock time, if the clocks show it exactly once that day.
    pub fn instant(&self, wall: DateTime) -> Option<Ts> {
        self.rules.to_ambiguous_timestamp(wall).unambiguous().ok().map(Ts::from)
    }

    /// Whether an interval lies clear of any clock change: both ends exist once and are as far apart in time as on the
    /// wall. What does not is never offered, because patient, staff and EMR would each understand it differently.
    pub fn is_plain(&self, date: Date, interval: Interval) -> bool {
        match (self.instant(interval.start.on(date)), self.instant(interval.end.on(date))) {
            (Some(start), Some(end)) => {
                end.since(start) == Duration::from_secs(60 * u64::from(interval.minutes()))
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;
    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::named(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.name
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn interval(start: (u16, u16), end: (u16, u16)) -> Interval {
        Interval::new(Minute::at(start.0, start.1).unwrap(), Minute::at(end.0, end.1).unwrap()).unwrap()
    }

    #[test]
    fn british_columbia_keeps_minus_seven_all_year_from_2026() {
        let zone = Zone::named("America/Vancouver").unwrap();
        let noon = |year| zone.instant(date(year, 12, 1).at(12, 0, 0, 0)).unwrap();
        assert_eq!(noon(2025), "2025-12-01T20:00:00Z".parse::<jiff::Timestamp>().unwrap().into());
        assert_eq!(noon(2026), "2026-12-01T19:00:00Z".parse::<jiff::Timestamp>().unwrap().into());
    }

    #[test]
    fn an_interval_that_touches_a_clock_change_is_not_plain() {
        let zone = Zone::named("America/Toronto").unwrap();
        let spring = date(2027, 3, 14);
        assert!(!zone.is_plain(spring, interval((1, 30), (2, 30))), "ends in the gap");
        assert!(!zone.is_plain(spring, interval((1, 30), (3, 30))), "spans the gap");
        assert!(zone.is_plain(spring, interval((3, 0), (3, 30))));
        let autumn = date(2027, 11, 7);
        assert!(!zone.is_plain(autumn, interval((1, 0), (1, 15))), "happens twice");
        assert!(zone.is_plain(autumn, interval((9, 0), (9, 15))));
    }

    #[test]
    fn the_end_of_the_day_is_the_next_midnight() {
        assert_eq!(Minute::END_OF_DAY.on(date(2026, 12, 31)), date(2027, 1, 1).at(0, 0, 0, 0));
        assert_eq!(Interval::starting(Minute::at(23, 50).unwrap(), 15), None);
    }

    #[test]
    fn an_unknown_zone_says_what_a_zone_looks_like() {
        assert!(Zone::named("Vancouver").unwrap_err().to_string().contains("America/Vancouver"));
    }
}
