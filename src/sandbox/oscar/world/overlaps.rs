//! Finds double bookings: OSCAR never does, so whoever tests against it must be able to.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::Serialize;

use super::World;
use super::appointment::Appointment;

/// Two rows of one provider that take up the same minutes.
#[derive(Clone, Debug, Serialize)]
pub struct Overlap {
    pub provider_no: String,
    pub date: Date,
    /// The row with the lower number.
    pub first: Party,
    pub second: Party,
}

#[derive(Clone, Debug, Serialize)]
pub struct Party {
    pub id: i32,
    pub creator: Option<String>,
    pub demographic_no: i32,
    pub start: Time,
    pub end: Time,
    pub status: Option<String>,
}

impl World {
    pub fn overlaps(&self) -> Vec<Overlap> {
        let mut days: BTreeMap<(&str, Date), Vec<&Appointment>> = BTreeMap::new();
        for row in self.book.iter().filter(|row| row.occupies()) {
            days.entry((&row.details.provider_no, row.date)).or_default().push(row);
        }
        days.into_iter()
            .flat_map(|((provider_no, date), rows)| self.overlaps_of(provider_no, date, rows))
            .collect()
    }

    fn overlaps_of(&self, provider_no: &str, date: Date, mut rows: Vec<&Appointment>) -> Vec<Overlap> {
        let grid = self.schedule.slot_minutes(provider_no, date);
        rows.sort_by_key(|row| (row.start, row.id));
        let mut found = Vec::new();
        for (position, earlier) in rows.iter().enumerate() {
            let behind = rows.iter().skip(position + 1);
            for later in behind.take_while(|later| later.starts() < earlier.ends(grid)) {
                let (first, second) = if earlier.id < later.id { (earlier, later) } else { (later, earlier) };
                let (first, second) = (party(first), party(second));
                found.push(Overlap { provider_no: provider_no.to_owned(), date, first, second });
            }
        }
        found
    }
}

fn party(row: &Appointment) -> Party {
    Party {
        id: row.id,
        creator: row.creator.clone(),
        demographic_no: row.details.demographic_no,
        start: row.start,
        end: row.end,
        status: row.details.status.clone(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::super::appointment::Details;
    use super::*;

    fn row(start: Time, end: Time, status: &str) -> Appointment {
        let details =
            Details { provider_no: "101".to_owned(), status: Some(status.to_owned()), ..Details::default() };
        Appointment { date: date(2026, 6, 2), start, end, details, ..Appointment::default() }
    }

    fn pairs(rows: Vec<Appointment>) -> Vec<(i32, i32)> {
        let mut world = World::default();
        for row in rows {
            world.book.insert(row);
        }
        world.overlaps().iter().map(|pair| (pair.first.id - 90_000, pair.second.id - 90_000)).collect()
    }

    #[test]
    fn neighbours_do_not_overlap_in_any_stored_form() {
        let rows = vec![
            row(time(9, 0, 0, 0), time(9, 14, 59, 0), "t"),
            row(time(9, 15, 0, 0), time(9, 29, 0, 0), "t"),
            row(time(9, 30, 0, 0), time(9, 45, 0, 0), "t"),
            row(time(9, 45, 0, 0), time(9, 59, 59, 0), "t"),
        ];
        assert_eq!(pairs(rows), []);
    }

    #[test]
    fn every_pair_under_a_long_appointment_is_found_and_cancelled_rows_are_not() {
        let rows = vec![
            row(time(9, 15, 0, 0), time(9, 29, 0, 0), "t"),
            row(time(9, 0, 0, 0), time(9, 59, 0, 0), "t"),
            row(time(9, 30, 0, 0), time(9, 44, 59, 0), "T"),
            row(time(9, 45, 0, 0), time(9, 59, 0, 0), "CS"),
        ];
        assert_eq!(pairs(rows), [(1, 2), (2, 3)]);
    }
}
