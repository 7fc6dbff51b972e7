//! An appointment as OSCAR keeps it, reduced to what a booking needs.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::emr_path::Path;
use super::ids::{AppointmentNo, DemographicNo, ProviderNo};
use super::mark::Mark;
use super::phi::Phi;
use super::time::{Interval, Minute};

/// OSCAR's `status`: one or two case-sensitive characters, or nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status(pub Option<String>);

impl Status {
    /// What a new booking carries: "To Do".
    pub const BOOKED: &'static str = "t";
    /// Upper case; lower-case `c` is a custom state of a clinic.
    pub const CANCELLED: &'static str = "C";

    pub fn of(code: &str) -> Self {
        Self(Some(code.to_owned()))
    }

    /// Whether the row takes time on the day sheet. The second character is a signature, not a state; a row without
    /// status is hidden by OSCAR's own screens, yet it is somebody's row.
    pub fn occupies(&self) -> bool {
        !matches!(self.first(), Some('C' | 'D' | 'N'))
    }

    pub fn is_cancelled(&self) -> bool {
        self.first() == Some('C')
    }

    fn first(&self) -> Option<char> {
        self.0.as_deref().and_then(|code| code.chars().next())
    }
}

/// One row of a provider's day, without anything that says who it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    pub no: AppointmentNo,
    pub provider: ProviderNo,
    pub date: Date,
    pub interval: Interval,
    pub status: Status,
    /// Ours, if the notes begin with one.
    pub mark: Option<Mark>,
    /// Whether it is for the one patient the reader was verified for.
    pub for_patient: bool,
}

/// A whole row, for a patient whom the call has verified. OSCAR's update overwrites every field, so
/// every field is kept, absent and empty apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Appointment {
    pub no: AppointmentNo,
    pub provider: ProviderNo,
    pub date: Date,
    pub interval: Interval,
    pub status: Status,
    pub patient: DemographicNo,
    pub program: i32,
    pub texts: AppointmentTexts,
    /// The EMR's own change stamp, compared as text and never interpreted.
    pub changed_at: Option<String>,
}

/// The text columns of a row: `None` is NULL, `Some("")` is empty, and an update must send them back as they were.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AppointmentTexts {
    pub billing: Option<Phi<String>>,
    pub booking_source: Option<Phi<String>>,
    pub location: Option<Phi<String>>,
    pub name: Option<Phi<String>>,
    pub notes: Option<Phi<String>>,
    pub reason: Option<Phi<String>>,
    pub remarks: Option<Phi<String>>,
    pub resources: Option<Phi<String>>,
    pub style: Option<Phi<String>>,
    pub kind: Option<Phi<String>>,
    pub urgency: Option<Phi<String>>,
}

impl Appointment {
    pub fn mark(&self) -> Option<Mark> {
        self.texts.notes.as_ref().and_then(|notes| Mark::leading(notes.reveal()))
    }

    /// What the row said at one reading, for law B-7. The change stamp alone would do on a well-behaved server; the
    /// fields count too because one build forgets to move it.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        let mut feed = |field: Option<&[u8]>| {
            // Length and presence first, so that no two rows run together into the same bytes.
            hash.update(field.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
            hash.update(field.unwrap_or_default());
        };
        feed(Some(&self.no.0.to_le_bytes()));
        feed(Some(self.provider.as_str().as_bytes()));
        feed(Some(format!("{} {}", self.date, self.interval).as_bytes()));
        feed(self.status.0.as_deref().map(str::as_bytes));
        feed(Some(&self.patient.reveal().to_le_bytes()));
        feed(Some(&self.program.to_le_bytes()));
        self.texts.all().for_each(|text| feed(text.map(|text| text.reveal().as_bytes())));
        feed(self.changed_at.as_deref().map(str::as_bytes));
        let digest: [u8; 32] = hash.finalize().into();
        Fingerprint(u128::from_le_bytes(std::array::from_fn(|index| digest[index])))
    }

    /// What a cancellation of this row must look like when it is read back: the status, and nothing else, has changed.
    pub fn is_cancellation_of(&self, before: &Self) -> bool {
        self.status.is_cancelled()
            && self.no == before.no
            && self.provider == before.provider
            && self.date == before.date
            && self.interval == before.interval
            && self.patient == before.patient
            && self.program == before.program
            && self.texts == before.texts
    }
}

impl AppointmentTexts {
    fn all(&self) -> impl Iterator<Item = Option<&Phi<String>>> {
        let Self {
            billing,
            booking_source,
            location,
            name,
            notes,
            reason,
            remarks,
            resources,
            style,
            kind,
            urgency,
        } = self;
        [billing, booking_source, location, name, notes, reason, remarks, resources, style, kind, urgency]
            .into_iter()
            .map(Option::as_ref)
    }
}

/// What a row said when it was read, without saying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(u128);

/// What a row said when it was read, and by which path: the same row reads differently by another, so it can only be
/// compared by the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub row: Fingerprint,
    pub by: Path,
}

/// An appointment to be added.
#[derive(Clone)]
pub struct NewAppointment {
    pub provider: ProviderNo,
    pub date: Date,
    pub interval: Interval,
    pub patient: DemographicNo,
    /// `LAST,FIRST`: the day sheet prints it and OSCAR does not fill it in.
    pub name: Phi<String>,
    pub reason: Phi<String>,
    pub mark: Mark,
    /// Follows the mark in the notes.
    pub note: String,
}

/// The interval a stored row means. OSCAR writes one end in three forms: `09:29:59` (SOAP), `09:29:00` (its own screens
/// and REST) and `09:30:00` (some drivers round up). A row that ends before it starts is bad data and takes one slot.
pub fn stored_interval(start: Time, end: Time, slot_minutes: u16) -> Option<Interval> {
    let from = Minute::of(start);
    let until = normalised_end(from, end, slot_minutes);
    Interval::new(from, until)
        .or_else(|| Interval::starting(from, slot_minutes.max(1)))
        .or_else(|| Interval::new(from, Minute::END_OF_DAY))
}

fn normalised_end(start: Minute, end: Time, slot_minutes: u16) -> Minute {
    let minute = Minute::of(end);
    if end.second() > 0 {
        return minute.plus(1);
    }
    let after = minute.plus(1);
    let on_grid =
        after > start && slot_minutes > 0 && (after.get() - start.get()).is_multiple_of(slot_minutes);
    if on_grid || minute.get() % 5 == 4 { after } else { minute }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_stored_forms_of_one_end_mean_the_same() {
        for end in [time(9, 29, 59, 0), time(9, 29, 0, 0), time(9, 30, 0, 0)] {
            let interval = stored_interval(time(9, 15, 0, 0), end, 15).unwrap();
            assert_eq!(interval.to_string(), "09:15-09:30", "{end}");
        }
    }

    #[test]
    fn an_end_off_the_grid_is_left_where_it_is() {
        assert_eq!(
            stored_interval(time(9, 0, 0, 0), time(9, 20, 0, 0), 15).unwrap().to_string(),
            "09:00-09:20"
        );
        assert_eq!(
            stored_interval(time(9, 0, 0, 0), time(9, 11, 0, 0), 12).unwrap().to_string(),
            "09:00-09:12"
        );
    }

    #[test]
    fn a_row_that_ends_before_it_starts_takes_one_slot() {
        assert_eq!(
            stored_interval(time(9, 0, 0, 0), time(8, 59, 0, 0), 15).unwrap().to_string(),
            "09:00-09:15"
        );
        assert_eq!(
            stored_interval(time(23, 55, 0, 0), time(0, 0, 0, 0), 15).unwrap().to_string(),
            "23:55-24:00"
        );
    }

    #[test]
    fn only_cancelled_deleted_and_no_show_rows_free_their_time() {
        for (code, occupies) in [
            ("t", true),
            ("T", true),
            ("c", true),
            ("C", false),
            ("CS", false),
            ("N", false),
            ("D", false),
            ("BV", true),
        ] {
            assert_eq!(Status::of(code).occupies(), occupies, "{code}");
        }
        assert!(Status(None).occupies());
    }

    proptest! {
        #[test]
        fn an_end_written_by_soap_or_screen_comes_back_as_it_was(start in 0u16..1400, slots in 1u16..8, slot in prop::sample::select(vec![5u16, 10, 15, 20, 30])) {
            let length = slot * slots;
            prop_assume!(start + length < 1440);
            let from = Minute::new(start).unwrap();
            let until = from.plus(length);
            let last = until.minus(1);
            let clock = |minute: Minute, second: i8| time(i8::try_from(minute.get() / 60).unwrap(), i8::try_from(minute.get() % 60).unwrap(), second, 0);
            for end in [clock(last, 59), clock(last, 0)] {
                prop_assert_eq!(stored_interval(clock(from, 0), end, slot), Interval::new(from, until));
            }
        }
    }
}
