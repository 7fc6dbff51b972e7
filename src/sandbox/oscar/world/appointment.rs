//! One appointment row, and what OSCAR does to a row that comes in over the web service.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde::Serialize;

/// One row of table `appointment`. Date, start and end are wall clocks without a zone, so an
/// appointment cannot cross midnight.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Appointment {
    pub id: i32,
    pub date: Date,
    pub start: Time,
    /// As stored, in whichever of the three forms its author uses (see `ends`).
    pub end: Time,
    #[serde(flatten)]
    pub details: Details,
    pub creator: Option<String>,
    pub creator_security_id: Option<i32>,
    pub last_update_user: Option<String>,
    pub created: DateTime,
    pub updated: DateTime,
}

/// The columns that every update overwrites, given or not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Details {
    pub provider_no: String,
    pub demographic_no: i32,
    pub program_id: i32,
    pub name: Option<String>,
    pub notes: Option<String>,
    pub reason: Option<String>,
    pub location: Option<String>,
    pub resources: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub style: Option<String>,
    pub billing: Option<String>,
    pub status: Option<String>,
    pub remarks: Option<String>,
    pub urgency: Option<String>,
    pub booking_source: Option<BookingSource>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookingSource {
    Oscar,
    MyoscarSelfBooking,
}

impl BookingSource {
    pub(crate) const ALL: [Self; 2] = [Self::Oscar, Self::MyoscarSelfBooking];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Oscar => "OSCAR",
            Self::MyoscarSelfBooking => "MYOSCAR_SELF_BOOKING",
        }
    }
}

/// An appointment as a web service client sends it, the end exclusive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) id: Option<i32>,
    pub(crate) start: Option<DateTime>,
    pub(crate) end: Option<DateTime>,
    /// The provider comes apart from the rest because its column takes no NULL.
    pub(crate) provider_no: Option<String>,
    pub(crate) details: Details,
}

/// Why the database would not take a row.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotStored {
    #[error("Column '{0}' cannot be null")]
    Null(&'static str),
    #[error("Target must not be null")]
    NoSuchRow,
}

impl Draft {
    /// The new row, still without its author and number.
    pub(crate) fn into_row(mut self) -> Result<Appointment, NotStored> {
        let start = self.start.ok_or(NotStored::Null("appointment_date"))?;
        let end = self.end.ok_or(NotStored::Null("end_time"))?;
        let details = self.take_details()?;
        let end = stored_end(end);
        Ok(Appointment {
            date: start.date(),
            start: whole_seconds(start),
            end,
            details,
            ..Appointment::default()
        })
    }

    /// Overwrites a row: absent text becomes NULL and absent numbers 0; only the times keep what they
    /// were when left out.
    pub(crate) fn overwrite(mut self, row: &mut Appointment) -> Result<(), NotStored> {
        row.details = self.take_details()?;
        if let Some(start) = self.start {
            (row.date, row.start) = (start.date(), whole_seconds(start));
        }
        if let Some(end) = self.end {
            row.end = stored_end(end);
        }
        Ok(())
    }

    fn take_details(&mut self) -> Result<Details, NotStored> {
        let provider_no = self.provider_no.take().ok_or(NotStored::Null("provider_no"))?;
        let mut details = std::mem::take(&mut self.details);
        details.provider_no = provider_no;
        details.cut_to_columns();
        Ok(details)
    }
}

impl Details {
    /// The database connection is told to truncate silently.
    pub(crate) fn cut_to_columns(&mut self) {
        cut(&mut self.provider_no, 6);
        let columns = [
            (&mut self.name, 50),
            (&mut self.notes, 255),
            (&mut self.reason, 80),
            (&mut self.location, 30),
            (&mut self.resources, 255),
            (&mut self.kind, 50),
            (&mut self.style, 10),
            (&mut self.billing, 10),
            (&mut self.status, 2),
            (&mut self.remarks, 50),
            (&mut self.urgency, 30),
        ];
        for (text, width) in columns {
            if let Some(text) = text {
                cut(text, width);
            }
        }
    }
}

impl Appointment {
    /// Whether the row takes up its provider's time: not cancelled, deleted or a no-show, signed or not.
    pub fn occupies(&self) -> bool {
        !self.details.status.as_deref().unwrap_or_default().starts_with(['C', 'D', 'N'])
    }

    /// The exclusive end in minutes after midnight that the stored end means. Three stored forms mean
    /// half past nine: `09:29:59` (web service), `09:29:00` (staff's screens) and `09:30:00`.
    pub fn ends(&self, slot_minutes: Option<i32>) -> i32 {
        let minutes = minutes(self.end);
        let next_on_grid = |grid: i32| (minutes + 1) % grid == 0;
        let inclusive = self.end.second() == 0 && (next_on_grid(5) || slot_minutes.is_some_and(next_on_grid));
        if self.end.second() >= 30 || inclusive { minutes + 1 } else { minutes }
    }

    pub fn starts(&self) -> i32 {
        minutes(self.start)
    }
}

fn minutes(time: Time) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

fn whole_seconds(at: DateTime) -> Time {
    Time::new(at.hour(), at.minute(), at.second(), 0).unwrap_or_default()
}

/// One millisecond is subtracted, and the driver then cuts the fraction: half past nine is stored as
/// 09:29:59, and what was read as 09:29:59 is stored as 09:29:58 when it is sent back.
fn stored_end(exclusive: DateTime) -> Time {
    whole_seconds(exclusive.saturating_sub(1.millisecond()))
}

fn cut(text: &mut String, width: usize) {
    if let Some((at, _)) = text.char_indices().nth(width) {
        text.truncate(at);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn ending(end: Time) -> Appointment {
        Appointment { end, ..Appointment::default() }
    }

    #[test]
    fn an_exclusive_end_is_stored_one_second_early_and_drifts_when_it_is_sent_back() {
        let half_past = date(2026, 6, 2).at(9, 30, 0, 0);
        assert_eq!(stored_end(half_past), time(9, 29, 59, 0));
        assert_eq!(stored_end(date(2026, 6, 2).to_datetime(time(9, 29, 59, 0))), time(9, 29, 58, 0));
        assert_eq!(stored_end(date(2026, 6, 3).at(0, 0, 0, 0)), time(23, 59, 59, 0));
    }

    #[test]
    fn three_stored_forms_mean_the_same_end() {
        for end in [time(9, 29, 59, 0), time(9, 29, 0, 0), time(9, 30, 0, 0)] {
            assert_eq!(ending(end).ends(Some(15)), 9 * 60 + 30, "{end}");
        }
        assert_eq!(ending(time(9, 11, 0, 0)).ends(Some(12)), 9 * 60 + 12);
        assert_eq!(ending(time(9, 11, 0, 0)).ends(None), 9 * 60 + 11);
    }

    #[test]
    fn columns_cut_characters_not_bytes() {
        let mut details = Details { name: Some("陈".repeat(60)), ..Details::default() };
        details.cut_to_columns();
        assert_eq!(details.name, Some("陈".repeat(50)));
    }

    #[test]
    fn a_signed_cancellation_is_free_and_a_null_status_is_not() {
        let with = |status: Option<&str>| Appointment {
            details: Details { status: status.map(str::to_owned), ..Details::default() },
            ..Appointment::default()
        };
        for free in ["C", "CS", "N", "D"] {
            assert!(!with(Some(free)).occupies(), "{free}");
        }
        for taken in [Some("t"), Some("c"), Some("TV"), Some(""), None] {
            assert!(with(taken).occupies(), "{taken:?}");
        }
    }
}
