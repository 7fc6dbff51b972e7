//! What staff do on their own screens while we are on the telephone.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde::Deserialize;

use super::World;
use super::appointment::{Appointment, Details, NotStored};

/// An appointment that staff type in. Their screens store the last minute as its end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffBooking {
    pub provider_no: String,
    pub date: Date,
    pub start: Time,
    pub minutes: u16,
    /// 0 is a note or a block, not a patient.
    #[serde(default)]
    pub demographic_no: i32,
    #[serde(default)]
    pub name: String,
    #[serde(default = "to_do")]
    pub status: String,
    #[serde(default)]
    pub notes: String,
    #[serde(default)]
    pub reason: String,
}

/// What staff change on a row; everything left out stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffChange {
    pub provider_no: Option<String>,
    pub date: Option<Date>,
    pub start: Option<Time>,
    pub minutes: Option<u16>,
    pub status: Option<String>,
    pub notes: Option<String>,
    pub reason: Option<String>,
}

/// There is no appointment of that number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such appointment")]
pub struct NoSuchAppointment;

fn to_do() -> String {
    "t".to_owned()
}

impl World {
    pub(crate) fn staff_book(&mut self, booking: StaffBooking, now: DateTime) -> i32 {
        let mut details = Details {
            provider_no: booking.provider_no,
            demographic_no: booking.demographic_no,
            name: Some(booking.name),
            notes: Some(booking.notes),
            reason: Some(booking.reason),
            status: Some(booking.status),
            // Their form posts every field, so what is blank is empty, not NULL.
            location: Some(String::new()),
            resources: Some(String::new()),
            kind: Some(String::new()),
            remarks: Some(String::new()),
            urgency: Some(String::new()),
            ..Details::default()
        };
        details.cut_to_columns();
        self.book.insert(Appointment {
            date: booking.date,
            start: booking.start,
            end: last_minute(booking.start, booking.minutes.into()),
            details,
            creator: Some(self.clerk_name.clone()),
            last_update_user: Some(self.clerk_no.clone()),
            created: now,
            updated: now,
            ..Appointment::default()
        })
    }

    pub(crate) fn staff_change(
        &mut self,
        id: i32,
        change: StaffChange,
        now: DateTime,
    ) -> Result<(), NoSuchAppointment> {
        let clerk_no = self.clerk_no.clone();
        let grid = |row: &Appointment| self.schedule.slot_minutes(&row.details.provider_no, row.date);
        let grid = self.book.get(id).and_then(grid);
        let changed = self.book.change(id, |row| {
            apply(change, row, grid);
            row.last_update_user = Some(clerk_no);
            row.updated = now;
            Ok(())
        });
        changed.map_err(|_: NotStored| NoSuchAppointment)
    }
}

fn apply(change: StaffChange, row: &mut Appointment, grid: Option<i32>) {
    if change.start.is_some() || change.minutes.is_some() {
        let minutes = change.minutes.map_or(row.ends(grid) - row.starts(), i32::from);
        row.start = change.start.unwrap_or(row.start);
        row.end = last_minute(row.start, minutes);
    }
    row.date = change.date.unwrap_or(row.date);
    let details = &mut row.details;
    if let Some(provider_no) = change.provider_no {
        details.provider_no = provider_no;
    }
    details.status = change.status.or(details.status.take());
    details.notes = change.notes.or(details.notes.take());
    details.reason = change.reason.or(details.reason.take());
    details.cut_to_columns();
}

fn last_minute(start: Time, minutes: i32) -> Time {
    start.saturating_add((minutes - 1).minutes())
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_row_that_staff_move_keeps_its_length() {
        let mut world = World::default();
        let now = date(2026, 6, 1).at(8, 0, 0, 0);
        let id = world.book.insert(Appointment {
            date: date(2026, 6, 2),
            start: time(9, 0, 0, 0),
            end: time(9, 19, 59, 0),
            ..Appointment::default()
        });
        let change = StaffChange { start: Some(time(14, 0, 0, 0)), ..StaffChange::default() };
        assert_eq!(world.staff_change(id, change, now), Ok(()));
        let row = world.book.get(id).unwrap();
        assert_eq!((row.start, row.end), (time(14, 0, 0, 0), time(14, 19, 0, 0)));
        assert_eq!(world.staff_change(id + 1, StaffChange::default(), now), Err(NoSuchAppointment));
    }
}
