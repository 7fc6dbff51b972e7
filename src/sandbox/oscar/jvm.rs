//! The server's clock face: OSCAR stores wall clocks without a zone, and the zone of its Java process
//! decides how they go over the wire.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

#[derive(Clone, Debug)]
pub struct Jvm(TimeZone);

impl Jvm {
    pub fn new(zone: TimeZone) -> Self {
        Self(zone)
    }

    pub fn wall(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    pub(crate) fn offset_millis(&self, at: Timestamp) -> i32 {
        self.0.to_offset(at).seconds() * 1000
    }

    /// What `java.util.Calendar` makes of a wall clock: lenient in the spring gap, standard time in
    /// the autumn fold.
    pub(crate) fn instant(&self, wall: DateTime) -> Timestamp {
        self.0.to_ambiguous_timestamp(wall).later().unwrap_or_default()
    }

    /// Prints a stored wall clock as `xs:dateTime`, labelled with the server's offset, or moved to
    /// UTC when the caller asked for `useGMTTime`.
    pub(crate) fn print(&self, out: &mut String, wall: DateTime, in_gmt: bool) {
        match self.0.to_ambiguous_timestamp(wall).offset() {
            // Nearly every wall clock is itself what is shown.
            AmbiguousOffset::Unambiguous { offset } if !in_gmt => print_shown(out, wall, offset),
            _ if in_gmt => print_shown(out, Offset::UTC.to_datetime(self.instant(wall)), Offset::UTC),
            _ => self.print_instant(out, self.instant(wall)),
        }
    }

    pub(crate) fn print_instant(&self, out: &mut String, at: Timestamp) {
        let offset = self.0.to_offset(at);
        print_shown(out, offset.to_datetime(at), offset);
    }

    /// Reads `xs:dateTime` or a bare `xs:date`: without an offset it is the server's wall clock, with
    /// one it is an instant that the server turns into its own wall clock.
    pub(crate) fn read(&self, text: &str) -> Option<DateTime> {
        let (day, rest) = text.split_at_checked(10)?;
        let day = read_date(day)?;
        let (time, zone) = match rest.strip_prefix('T') {
            Some(rest) => read_time(rest)?,
            None => (Time::midnight(), rest),
        };
        let written = day.to_datetime(time);
        if zone.is_empty() {
            return Some(written);
        }
        let at = read_offset(zone)?.to_timestamp(written).ok()?;
        Some(self.wall(at))
    }
}

fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(number(year, 4)?, number(month, 2)?.try_into().ok()?, number(day, 2)?.try_into().ok()?).ok()
}

/// The time of day and what is left behind it: nothing, `Z` or an offset.
fn read_time(text: &str) -> Option<(Time, &str)> {
    let (clock, rest) = text.split_at_checked(8)?;
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let nanos = format!("{fraction:0<9.9}").parse().ok()?;
    let small = |text: &str| i8::try_from(number(text, 2)?).ok();
    Some((Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?, zone))
}

fn read_offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = text.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let minutes = i32::from(number(hours, 2)?) * 60 + i32::from(number(minutes, 2)?);
    let seconds = match sign {
        "+" => minutes * 60,
        "-" => -minutes * 60,
        _ => return None,
    };
    Offset::from_seconds(seconds).ok()
}

fn number(text: &str, width: usize) -> Option<i16> {
    let plain = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn print_shown(out: &mut String, shown: DateTime, offset: Offset) {
    digits(out, shown.year().into(), 4);
    for (mark, value) in [('-', shown.month()), ('-', shown.day()), ('T', shown.hour())] {
        out.push(mark);
        digits(out, value.into(), 2);
    }
    for value in [shown.minute(), shown.second()] {
        out.push(':');
        digits(out, value.into(), 2);
    }
    if shown.millisecond() != 0 {
        out.push('.');
        digits(out, shown.millisecond().into(), 3);
    }
    print_offset(out, offset);
}

fn print_offset(out: &mut String, offset: Offset) {
    if offset == Offset::UTC {
        return out.push('Z');
    }
    let minutes = offset.seconds().abs() / 60;
    out.push(if offset.seconds() < 0 { '-' } else { '+' });
    digits(out, minutes / 60, 2);
    out.push(':');
    digits(out, minutes % 60, 2);
}

/// Fixed-width decimal digits; `write!` costs several times as much and a day sheet prints hundreds.
fn digits(out: &mut String, value: i32, width: u32) {
    for place in (0..width).rev() {
        let digit = value.unsigned_abs() / 10_u32.pow(place) % 10;
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    fn toronto() -> Jvm {
        Jvm::new(TimeZoneDatabase::bundled().get("America/Toronto").unwrap())
    }

    fn printed(jvm: &Jvm, wall: DateTime, in_gmt: bool) -> String {
        let mut out = String::new();
        jvm.print(&mut out, wall, in_gmt);
        out
    }

    #[test]
    fn a_wall_clock_is_labelled_with_the_servers_offset_of_that_day() {
        let noon = |month| date(2026, month, 2).at(12, 0, 0, 0);
        assert_eq!(printed(&toronto(), noon(6), false), "2026-06-02T12:00:00-04:00");
        assert_eq!(printed(&toronto(), noon(1), false), "2026-01-02T12:00:00-05:00");
        assert_eq!(printed(&toronto(), noon(6), true), "2026-06-02T16:00:00Z");
        assert_eq!(printed(&Jvm::new(TimeZone::UTC), noon(6), false), "2026-06-02T12:00:00Z");
    }

    #[test]
    fn a_fraction_is_printed_only_when_it_is_not_zero() {
        let wall = date(2026, 6, 1).at(8, 30, 12, 417_000_000);
        assert_eq!(printed(&toronto(), wall, false), "2026-06-01T08:30:12.417-04:00");
    }

    #[test]
    fn the_fold_is_read_as_standard_time_and_the_gap_is_stepped_over() {
        assert_eq!(
            printed(&toronto(), date(2026, 11, 1).at(1, 30, 0, 0), false),
            "2026-11-01T01:30:00-05:00"
        );
        assert_eq!(printed(&toronto(), date(2026, 3, 8).at(2, 30, 0, 0), false), "2026-03-08T03:30:00-04:00");
    }

    #[test]
    fn a_date_time_without_an_offset_is_the_servers_wall_clock() {
        let read = |text| toronto().read(text);
        assert_eq!(read("2026-06-02T09:15:00"), Some(date(2026, 6, 2).at(9, 15, 0, 0)));
        assert_eq!(read("2026-06-02T09:15:00.5"), Some(date(2026, 6, 2).at(9, 15, 0, 500_000_000)));
        assert_eq!(read("2026-06-02"), Some(date(2026, 6, 2).at(0, 0, 0, 0)));
    }

    #[test]
    fn an_instant_at_midnight_utc_is_the_day_before_in_toronto() {
        let read = |text| toronto().read(text);
        assert_eq!(read("2026-06-02T00:00:00Z"), Some(date(2026, 6, 1).at(20, 0, 0, 0)));
        assert_eq!(read("2026-06-02T09:00:00-07:00"), Some(date(2026, 6, 2).at(12, 0, 0, 0)));
        assert_eq!(read("2026-06-02Z"), Some(date(2026, 6, 1).at(20, 0, 0, 0)));
    }

    #[test]
    fn anything_else_is_no_date_time() {
        for text in [
            "",
            "2026-6-2",
            "2026-06-02 09:00:00",
            "2026-06-02T09:00",
            "2026-02-30",
            "20260602T0",
            "é026-06-02",
        ] {
            assert_eq!(toronto().read(text), None, "{text}");
        }
    }
}
