//! What must be true after every round, whatever staff did in it.

use std::collections::BTreeSet;

use jiff::civil::Time;
use vitarad::sandbox::oscar::Appointment;

use crate::callers::{CALLERS, Heard};
use crate::day::{Day, SLOTS};
use crate::town::Emr;

/// How many of the ten went to whom, and how often ours had to yield.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) callers: usize,
    pub(crate) staff: usize,
    pub(crate) yielded: usize,
}

pub(crate) fn judge(emr: &Emr, day: &Day, heard: &[Vec<Heard>]) -> Tally {
    assert_eq!(heard.len(), CALLERS);
    assert_eq!(emr.our_overlaps().len(), 0, "we booked twice: {:?}", emr.our_overlaps());
    let rows = day.rows(emr);
    let (live, gone): (Vec<Appointment>, Vec<Appointment>) =
        emr.marked().into_iter().partition(Appointment::occupies);
    let every: Vec<&Heard> = heard.iter().flatten().collect();
    for one in &every {
        assert!(["BOOKED", "SLOT_TAKEN"].contains(&one.code.as_str()), "not an honest answer: {one:?}");
    }
    let booked: Vec<&&Heard> = every.iter().filter(|one| one.code == "BOOKED").collect();
    for one in &booked {
        let held = live.iter().any(|row| {
            Some(i64::from(row.id)) == one.appointment
                && row.details.demographic_no == one.chart
                && row.start == one.start
        });
        assert!(held, "told and not true: {one:?}");
    }
    assert_eq!(booked.len(), live.len(), "as many were told as there are rows");
    for row in &gone {
        let refused = |one: &&Heard| one.chart == row.details.demographic_no && one.start == row.start;
        let told = every.iter().copied().find(refused).map(|one| one.code.as_str());
        assert_eq!(told, Some("SLOT_TAKEN"), "who had to yield heard it: {row:?}");
    }
    // Two of staff may book over each other; that is theirs to do.
    let taken: BTreeSet<Time> = rows.iter().filter(|row| row.occupies()).map(|row| row.start).collect();
    assert_eq!(taken.len(), SLOTS, "each slot somebody wanted is somebody's");
    Tally { callers: live.len(), staff: taken.len() - live.len(), yielded: gone.len() }
}
