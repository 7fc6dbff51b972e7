//! Three clinics and their patients, no two of whom share anything: whoever turns up at another clinic is a stranger.

use std::sync::Arc;

use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::clinic_hours::{Stretch, Week};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::patient::Patient;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::time::Zone;
use vitarad_actors::testing::{PretendEmr, World, clinic, patient};

use crate::plan::Plan;

pub const CLINICS: [&str; 3] = ["maple", "cedar", "birch"];
const PATIENTS: i32 = 6;

/// The numbers of a clinic's patients. Two digits each, so that no name begins another.
pub fn patients_of(clinic: usize) -> std::ops::RangeInclusive<i32> {
    let first = 11 + 10 * i32::try_from(clinic).unwrap();
    first..=first + PATIENTS - 1
}

pub fn charts_of(clinic: usize) -> Vec<Patient> {
    patients_of(clinic).map(patient).collect()
}

pub fn built(plan: &Plan) -> World {
    let clinics = (0..CLINICS.len()).map(declared).collect();
    let mut world = World::before(plan.visits, clinics, &[]);
    for (n, id) in CLINICS.iter().enumerate() {
        let emr = PretendEmr::new(Arc::clone(&world.clock), charts_of(n));
        if n == NIGHT {
            emr.paint(0..48);
        }
        world.emrs.insert(ClinicId::parse(id).unwrap(), emr);
    }
    world.settings.look_every = plan.tick;
    world.settings.duty_every = plan.tick;
    world.settings.pace.dead_after = 8 * plan.tick;
    world.settings.role_lasts = world.settings.role_lasts.max(10 * plan.tick);
    world
}

/// The clinic whose day begins at midnight, where clocks change.
pub const NIGHT: usize = 1;

fn declared(n: usize) -> Clinic {
    let mut clinic = clinic(CLINICS[n], 2);
    clinic.waitlist_enabled = n != 2;
    clinic.phone.0 = PhoneNumber::parse(&format!("604-555-010{n}")).unwrap();
    if n == NIGHT {
        clinic.timezone = Zone::named("America/Toronto").unwrap();
    }
    let day: Vec<Stretch> = vec![if n == NIGHT { "00:00-12:00" } else { "09:00-17:00" }.parse().unwrap()];
    clinic.hours = Week {
        monday: day.clone(),
        tuesday: day.clone(),
        wednesday: day.clone(),
        thursday: day.clone(),
        friday: day.clone(),
        saturday: day.clone(),
        sunday: day,
    };
    clinic
}

/// Quarter hours since midnight from which a named slot is drawn.
pub const fn quarters(clinic: usize) -> std::ops::Range<u16> {
    if clinic == NIGHT { 2..14 } else { 36..46 }
}
