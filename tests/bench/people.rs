//! Who calls whom. The pretend EMR seeds its clinics from a number, so this process knows their patients by making the
//! same worlds; and when they may come: days that nobody else has booked on.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use vitarad::clock::now;
use vitarad::sandbox::oscar::{Flavour, Profile, World};

use crate::config::{ZONE, line};

/// The first of the made-up patients; those before them are the demonstration's, with all their peculiarities.
const FIRST_OF_CROWD: i32 = 5001;
/// What `vitarad sandbox` seeds its first clinic with.
const SEED: u64 = 7;

/// One phone call of one patient.
#[derive(Clone)]
pub struct Caller {
    pub clinic: usize,
    pub line: String,
    pub call: String,
    pub number: String,
    pub birth_date: String,
}

/// A quarter of an hour with a provider.
pub struct Slot {
    pub clinic: usize,
    pub provider: &'static str,
    pub date: Date,
    pub hour: i8,
    pub minute: i8,
}

/// How many patients a clinic must have so that so many of them can call.
pub const fn patients_for(calls: usize) -> usize {
    calls + 80
}

/// One call of each of so many patients, the clinics in turn.
pub fn callers(clinics: usize, calls_per_clinic: usize) -> Vec<Caller> {
    let zone = zone();
    let today = now().to_zoned(zone.clone()).date();
    let of_clinic = |n: usize| {
        let flavour = if n.is_multiple_of(2) { Flavour::Maple } else { Flavour::Cedar };
        let world = World::clinic(Profile::Oscar19, zone.clone(), today, SEED + n as u64, flavour);
        of_world(n, &world.with_patients(patients_for(calls_per_clinic)), calls_per_clinic)
    };
    let by_clinic: Vec<Vec<Caller>> = (0..clinics).map(of_clinic).collect();
    (0..calls_per_clinic).flat_map(|k| by_clinic.iter().map(move |callers| callers[k].clone())).collect()
}

/// Patients whom their number and birth date tell from all others.
fn of_world(clinic: usize, world: &World, wanted: usize) -> Vec<Caller> {
    let mut born: HashMap<Date, usize> = HashMap::new();
    world.patients.iter().for_each(|patient| *born.entry(patient.birth).or_default() += 1);
    let crowd = world.patients.iter().filter(|patient| patient.number >= FIRST_OF_CROWD);
    let callers: Vec<Caller> = crowd
        .filter(|patient| born[&patient.birth] == 1)
        .filter_map(|patient| {
            let digits: String = patient.phone.as_ref()?.chars().filter(char::is_ascii_digit).collect();
            Some(Caller {
                clinic,
                line: line(clinic),
                call: format!("bench-{clinic:03}-{}", patient.number),
                number: format!("+1{digits}"),
                birth_date: patient.birth.to_string(),
            })
        })
        .take(wanted)
        .collect();
    assert_eq!(callers.len(), wanted, "too few patients are told apart by their birth date");
    callers
}

/// Free quarters of an hour on five working days, clinic by clinic, day by day and provider by provider in turn. Two
/// weeks share no day.
pub fn slots(clinics: usize, week: usize) -> Vec<Slot> {
    const PROVIDERS: [&str; 2] = ["101", "102"];
    let days = free_days();
    let days = &days[5 * week..5 * week + 5];
    // Within what both providers' day templates call appointments.
    let starts = (9..16).flat_map(|hour| [0, 15, 30, 45].map(|minute| (hour, minute)));
    let starts: Vec<(i8, i8)> =
        starts.filter(|at| (9, 0) <= *at && *at < (11, 30) || (14, 0) <= *at).collect();
    let mut slots = Vec::new();
    for (hour, minute) in starts {
        for &date in days {
            for provider in PROVIDERS {
                slots.extend((0..clinics).map(|clinic| Slot { clinic, provider, date, hour, minute }));
            }
        }
    }
    slots
}

/// Beyond the EMR's seeded day sheets, within its schedule, and without the days it makes difficult.
fn free_days() -> Vec<Date> {
    let today = now().to_zoned(zone()).date();
    let days = (31..=58).filter(|days| !(38..=47).contains(days));
    days.map(|days| today.saturating_add(days.days()))
        .filter(|date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday))
        .collect()
}

fn zone() -> TimeZone {
    TimeZoneDatabase::bundled().get(ZONE).expect("the bundled zones hold it")
}
