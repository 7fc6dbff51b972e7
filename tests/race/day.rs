//! The day they all want, and staff at their own screens on that day.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, time};
use vitarad::sandbox::oscar::{Appointment, Details};

use crate::patience::until;
use crate::town::{Emr, today};

pub(crate) const PROVIDER: &str = "101";
pub(crate) const SLOTS: usize = 10;
const MINUTES: i64 = 15;
const FIRST: Time = time(9, 0, 0, 0);

pub(crate) struct Day {
    pub(crate) date: Date,
}

impl Day {
    /// Beyond the seeded day sheets, within the booking window, an ordinary working day.
    pub(crate) fn ahead() -> Self {
        let free = (31..=37).map(|days| today().saturating_add(days.days()));
        let working = free.into_iter().find(|date| date.weekday() == Weekday::Tuesday);
        Self { date: working.expect("a week has a Tuesday") }
    }

    pub(crate) fn rows(&self, emr: &Emr) -> Vec<Appointment> {
        let mut rows = emr.0.state().appointments;
        rows.retain(|row| row.date == self.date && row.details.provider_no == PROVIDER);
        rows
    }

    /// A member of staff looks at the screen and books what is free there, as one act: nobody books knowingly over another.
    pub(crate) fn staff_take(&self, emr: &Emr, slot: usize) -> bool {
        let (start, date) = (start_of(slot), self.date);
        emr.0.with_world(|world| {
            let taken = |row: &Appointment| {
                row.date == date
                    && row.details.provider_no == PROVIDER
                    && row.occupies()
                    && row.start == start
            };
            if world.book.iter().any(taken) {
                return false;
            }
            let details = Details {
                provider_no: PROVIDER.to_owned(),
                name: Some("WALK-IN".to_owned()),
                status: Some("t".to_owned()),
                ..Details::default()
            };
            let end = start.saturating_add((MINUTES - 1).minutes());
            world.book.insert(Appointment { date, start, end, details, ..Appointment::default() });
            true
        })
    }

    /// Books the last slot that is free, each time the EMR has been asked for so many more of an operation.
    pub(crate) async fn staff_keep_pace(&self, emr: &Emr, operation: &str, every: u64, times: u64) {
        for turn in 1..=times {
            until("the callers' requests", async || {
                let asked = emr.requests().get(operation).copied().unwrap_or_default();
                (asked >= turn * every).then_some(())
            })
            .await;
            let _ = (0..SLOTS).rev().any(|slot| self.staff_take(emr, slot));
        }
    }
}

/// One of the ten; those beyond the last begin again with the first.
pub(crate) fn start_of(slot: usize) -> Time {
    let minutes = MINUTES * i64::try_from(slot % SLOTS).expect("a small number");
    FIRST.saturating_add(minutes.minutes())
}
