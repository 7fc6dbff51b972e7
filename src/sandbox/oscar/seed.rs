//! Fills a world with a small clinic: staff, hours, patients and a day sheet, the same ones for the same seed.

mod day_sheet;
mod hours;
mod people;
mod staff;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::profile::Profile;
use super::world::{Program, World};

/// How many patients a seeded clinic has before it is given more.
const PATIENTS: usize = 60;

/// Which clinic it is. They share the numbers of their staff, the demo people and one chart number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// A family practice in Vancouver.
    Maple,
    /// A family practice in Toronto.
    Cedar,
}

impl World {
    pub fn clinic(profile: Profile, zone: TimeZone, today: Date, seed: u64, flavour: Flavour) -> Self {
        let mut world = Self::empty(profile, zone);
        world.seed = seed;
        let mut luck = StdRng::seed_from_u64(seed);
        staff::hire(&mut world, flavour);
        hours::schedule(&mut world, today);
        people::register_demo(&mut world, flavour, today);
        people::register_crowd(&mut world, PATIENTS, &mut luck);
        day_sheet::fill(&mut world, today, &mut luck);
        world.programs.push(Program {
            id: 10_034,
            name: "OSCAR".to_owned(),
            kind: "Bed".to_owned(),
            active: true,
        });
        world
    }

    /// Gives the integration account another password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        for user in &mut self.logins.users {
            password.clone_into(&mut user.password);
        }
        self
    }

    /// Registers more patients, until there are this many.
    #[must_use]
    pub fn with_patients(mut self, count: usize) -> Self {
        let mut luck = StdRng::seed_from_u64(self.seed.wrapping_add(1));
        people::register_crowd(&mut self, count, &mut luck);
        self
    }
}

/// Mondays to Fridays, holidays included, so many days before and after a day.
fn weekdays(around: Date, before: i32, after: i32) -> impl Iterator<Item = Date> {
    let days = (-before..=after).map(move |days| around.saturating_add(Span::new().days(days)));
    days.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
}

/// The first weekday so many days after a day, or later.
fn weekday_after(today: Date, days: i32) -> Date {
    weekdays(today.saturating_add(days.days()), 0, 2).next().unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::{date, time};

    use super::*;
    use crate::sandbox::oscar::demo;
    use crate::sandbox::oscar::world::Appointment;

    fn clinic(seed: u64) -> World {
        World::clinic(Profile::Oscar19, TimeZone::UTC, date(2026, 6, 3), seed, Flavour::Maple)
    }

    #[test]
    fn a_seed_makes_the_same_clinic_twice() {
        let shown = |seed| {
            let world = clinic(seed);
            let rows: Vec<_> = world.book.iter().map(|row| format!("{row:?}")).collect();
            (rows, world.patients.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>())
        };
        assert_eq!(shown(3), shown(3));
        assert_ne!(shown(3).0, shown(4).0);
        assert_ne!(shown(3).1, shown(4).1);
    }

    #[test]
    fn the_day_sheet_has_every_shape_that_staff_leave_behind() {
        let world = clinic(3);
        let has = |shape: fn(&Appointment) -> bool| world.book.iter().any(shape);
        assert!(has(|row| row.end.second() == 59));
        assert!(has(|row| row.end.second() == 0 && row.end.minute() % 5 == 4));
        assert!(has(|row| row.end.second() == 0 && row.end.minute() % 5 == 0));
        assert!(has(|row| row.details.demographic_no == 0));
        let statuses: BTreeSet<_> =
            world.book.iter().filter_map(|row| row.details.status.as_deref()).collect();
        assert!(["B", "C", "CS", "N", "T", "TV", "t"].iter().all(|status| statuses.contains(status)));
    }

    #[test]
    fn marie_has_just_one_appointment_on_the_third_working_day() {
        let world = clinic(3);
        let hers = world.book.of_patient(demo::MARIE.demographic_no);
        let starts: Vec<_> =
            hers.map(|row| (row.details.provider_no.as_str(), row.date, row.start)).collect();
        assert_eq!(starts, [("101", date(2026, 6, 8), time(10, 0, 0, 0))]);
    }

    #[test]
    fn staff_have_not_double_booked_anybody() {
        for seed in 0..8 {
            assert_eq!(clinic(seed).overlaps().len(), 0);
        }
    }

    #[test]
    fn the_clinic_grows_to_the_wanted_size() {
        assert_eq!(clinic(3).patients.iter().count(), PATIENTS);
        assert_eq!(clinic(3).with_patients(500).patients.iter().count(), 500);
    }
}
