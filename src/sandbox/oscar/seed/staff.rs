//! Doctors, the front desk, and the account the voice agent logs in with.

use super::Flavour;
use crate::sandbox::oscar::demo;
use crate::sandbox::oscar::rest::RestClient;
use crate::sandbox::oscar::world::{Provider, User, World};

/// Sees patients every quarter of an hour.
pub(super) const QUARTER_HOURS: &str = "101";
/// The same, but with a template that everybody shares.
pub(super) const SHARED_HOURS: &str = "102";
/// Every ten minutes.
pub(super) const TEN_MINUTES: &str = "021";
/// Every half hour.
pub(super) const HALF_HOURS: &str = "007";
pub(super) const DOCTORS: [&str; 4] = [QUARTER_HOURS, SHARED_HOURS, TEN_MINUTES, HALF_HOURS];

const RECEPTIONIST: &str = "188";
const VOICE_DESK: &str = demo::PROVIDER_NO;
const RETIRED: &str = "150";

/// Last name, first name and sex of the doctors, in the order of `DOCTORS`.
const MAPLE: [(&str, &str, &str); 4] =
    [("Chow", "Anita", "F"), ("Lévesque", "David", "M"), ("Raman", "Priya", "F"), ("Nowak", "Tomasz", "M")];
const CEDAR: [(&str, &str, &str); 4] = [
    ("Okafor", "Robert", "M"),
    ("Xu", "Mei-Ling", "F"),
    ("Whitfield", "Sarah", "F"),
    ("Castillo", "Juan", "M"),
];

pub(super) fn hire(world: &mut World, flavour: Flavour) {
    let doctors = match flavour {
        Flavour::Maple => MAPLE,
        Flavour::Cedar => CEDAR,
    };
    world.providers.push(system());
    for (provider_no, (last, first, sex)) in DOCTORS.into_iter().zip(doctors) {
        world.providers.push(doctor(provider_no, last, first, sex, true));
    }
    world.providers.push(doctor(RETIRED, "Ashworth", "Edgar", "M", false));
    world.providers.push(receptionist(RECEPTIONIST, "desk", "front"));
    world.providers.push(receptionist(VOICE_DESK, "Desk", "Voice"));
    world.logins.users.push(User {
        security_id: demo::SECURITY_ID,
        login: demo::LOGIN.to_owned(),
        password: demo::PASSWORD.to_owned(),
        provider_no: VOICE_DESK.to_owned(),
        expires: None,
    });
    world.bridge_key = Some(demo::BRIDGE_KEY.to_owned());
    world.rest.clients.push(RestClient {
        key: demo::CONSUMER_KEY.to_owned(),
        secret: demo::CONSUMER_SECRET.to_owned(),
        uri: demo::CALLBACK.to_owned(),
        lifetime: -1,
    });
}

fn system() -> Provider {
    Provider {
        provider_no: "-1".to_owned(),
        last_name: "system".to_owned(),
        first_name: "system".to_owned(),
        provider_type: "system".to_owned(),
        specialty: "system".to_owned(),
        active: true,
        installed: true,
        ..Provider::default()
    }
}

fn doctor(provider_no: &str, last: &str, first: &str, sex: &str, active: bool) -> Provider {
    Provider {
        provider_no: provider_no.to_owned(),
        last_name: last.to_owned(),
        first_name: first.to_owned(),
        provider_type: "doctor".to_owned(),
        specialty: "Family Medicine".to_owned(),
        sex: sex.to_owned(),
        title: "Dr.".to_owned(),
        active,
        installed: false,
    }
}

fn receptionist(provider_no: &str, last: &str, first: &str) -> Provider {
    Provider {
        provider_no: provider_no.to_owned(),
        last_name: last.to_owned(),
        first_name: first.to_owned(),
        provider_type: "receptionist".to_owned(),
        active: true,
        ..Provider::default()
    }
}
