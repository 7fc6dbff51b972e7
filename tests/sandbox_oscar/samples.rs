//! The ten sample exchanges, each against a world that holds the rows it names.

use std::fs;
use std::path::Path;

use jiff::civil::{DateTime, Time, date, time};
use vitarad::sandbox::oscar::{
    Appointment, Details, PUBLIC, Patient, Profile, Provider, Sex, Template, TemplateCode, User, WorkDay,
    World,
};

use crate::house::{House, Xml, zone};

const PASSWORD: &str = "correct horse";
/// Where the samples have a secret.
const PLACEHOLDER: &str = "securityTokenKey-or-password";

#[expect(clippy::unnecessary_wraps, reason = "says that a column which could be NULL is not")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn provider(provider_no: &str, last: &str, first: &str, provider_type: &str) -> Provider {
    let doctor = provider_type == "doctor";
    Provider {
        provider_no: provider_no.to_owned(),
        last_name: last.to_owned(),
        first_name: first.to_owned(),
        provider_type: provider_type.to_owned(),
        specialty: if doctor { "Family Medicine" } else { "" }.to_owned(),
        sex: if doctor { "F" } else { "" }.to_owned(),
        title: if doctor { "Dr." } else { "" }.to_owned(),
        active: true,
        installed: false,
    }
}

fn patient() -> Patient {
    Patient {
        number: 4006,
        last_name: "CHÉN-TEST".to_owned(),
        first_name: "HOTEL".to_owned(),
        birth: date(1996, 9, 23),
        sex: Sex::O,
        phone: text("604.555.0105"),
        phone2: text("2505550135"),
        email: text(""),
        hin: text("9999006852"),
        ver: text(""),
        hc_type: text("BC"),
        address: text("15 Nowhere St"),
        city: text("VANCOUVER"),
        province: text("BC"),
        postal: text("V0X 0X0"),
        alias: text(""),
        spoken_language: text("English"),
        patient_status: text("AC"),
        provider_no: text("102"),
        joined: Some(date(2026, 1, 20)),
        updated: Some(date(2026, 11, 15).at(14, 5, 11, 0)),
        updated_by: text("188"),
        ..Patient::default()
    }
}

struct Made {
    id: i32,
    start: Time,
    end: Time,
    created: DateTime,
    updated: DateTime,
    patient: (i32, &'static str),
    notes: &'static str,
    reason: &'static str,
    status: &'static str,
}

fn appointment(made: &Made) -> Appointment {
    Appointment {
        id: made.id,
        date: date(2026, 11, 24),
        start: made.start,
        end: made.end,
        details: Details {
            provider_no: "101".to_owned(),
            demographic_no: made.patient.0,
            name: text(made.patient.1),
            notes: text(made.notes),
            reason: text(made.reason),
            location: text(""),
            resources: text(""),
            kind: text("Follow-up"),
            status: text(made.status),
            remarks: text(""),
            urgency: text(""),
            ..Details::default()
        },
        creator: text("desk, front"),
        last_update_user: text("188"),
        created: made.created,
        updated: made.updated,
        ..Appointment::default()
    }
}

fn day_sheet() -> [Made; 3] {
    let on_the_fourth = |hour, minute, second| date(2026, 11, 4).at(hour, minute, second, 0);
    [
        Made {
            id: 90_430,
            start: time(14, 30, 0, 0),
            end: time(14, 44, 0, 0),
            created: on_the_fourth(10, 16, 11),
            updated: on_the_fourth(12, 51, 11),
            patient: (4102, "Müstermann,Quebec"),
            notes: "sample note",
            reason: "forms",
            status: "t",
        },
        Made {
            id: 90_608,
            start: time(14, 0, 0, 0),
            end: time(14, 14, 0, 0),
            created: on_the_fourth(10, 32, 10),
            updated: on_the_fourth(12, 31, 10),
            patient: (4313, "FAKENHAM-TEST,VICTOR"),
            notes: "",
            reason: "",
            status: "c",
        },
        Made {
            id: 90_700,
            start: time(11, 15, 0, 0),
            end: time(11, 29, 0, 0),
            created: on_the_fourth(10, 26, 47),
            updated: on_the_fourth(12, 52, 47),
            patient: (4323, "PRETENDSKY,ZULU"),
            notes: "",
            reason: "",
            status: "t",
        },
    ]
}

fn world() -> World {
    let mut world = World::empty(Profile::Oscar19, zone("America/Los_Angeles"));
    let system = Provider {
        specialty: "system".to_owned(),
        installed: true,
        ..provider("-1", "system", "system", "system")
    };
    world.providers.push(system);
    world.providers.push(provider("999998", "Shipped", "Demo", "doctor"));
    world.providers.push(provider("101", "Chow", "Anita", "doctor"));
    world.providers.push(provider("210", "Desk", "Voice", "receptionist"));
    world.logins.users.push(User {
        security_id: 131,
        login: "voicedesk".to_owned(),
        password: PASSWORD.to_owned(),
        provider_no: "210".to_owned(),
        expires: None,
    });
    for (id, code, minutes) in [(41, '1', "15"), (42, '2', "30"), (43, '3', "45")] {
        world.schedule.codes.push(TemplateCode {
            id,
            code,
            description: format!("{minutes} Minute Appointment"),
            duration: minutes.to_owned(),
            color: "#BFEFFF".to_owned(),
            confirm: "N".to_owned(),
            booking_limit: 1,
        });
    }
    let timecode = format!("{}1111{}", "_".repeat(36), "_".repeat(56));
    let name = "P:Day".to_owned();
    world.schedule.templates.push(Template { provider_no: PUBLIC.to_owned(), name: name.clone(), timecode });
    world.schedule.set_day("101", date(2026, 11, 24), WorkDay { template: name, available: true });
    world.patients.insert(patient());
    for made in day_sheet() {
        world.book.insert(appointment(&made));
    }
    world
}

/// Names and texts of a document, without what differs from server to server.
fn comparable(document: &str) -> Vec<(String, String)> {
    let mut elements = Xml::read(document).0;
    for (name, text) in &mut elements {
        match name.as_str() {
            "faultcode" => *text = text.rsplit(':').next().unwrap_or_default().to_owned(),
            "securityTokenKey" => text.clear(),
            _ => {}
        }
    }
    elements
}

async fn exchange(world: World, service: &str, name: &str, status: u16, secret: &str) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/oscar");
    let read = |kind: &str| fs::read_to_string(fixtures.join(format!("{name}.{kind}.xml"))).unwrap();
    let house = House::of(world).await;
    let reply = house.send(service, &read("request").replace(PLACEHOLDER, secret)).await;
    assert_eq!(reply.status, status, "{}", reply.text);
    let (expected, mut actual) = (comparable(&read("response")), comparable(&reply.text));
    // The samples are cut to their first entries.
    actual.truncate(expected.len());
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn login_answers_the_account_its_number_token_and_provider() {
    exchange(world(), "LoginService", "01-login2", 200, PASSWORD).await;
}

#[tokio::test]
async fn a_refused_login_is_a_fault_with_a_detail() {
    exchange(world(), "LoginService", "02-login2-refused-fault", 500, PASSWORD).await;
}

#[tokio::test]
async fn active_providers_are_listed_in_the_order_they_were_made() {
    exchange(world(), "ProviderService", "03-getProviders2", 200, PASSWORD).await;
}

#[tokio::test]
async fn template_codes_are_numbers() {
    exchange(world(), "ScheduleService", "04-getScheduleTemplateCodes", 200, PASSWORD).await;
}

#[tokio::test]
async fn a_working_day_lists_its_slots() {
    exchange(world(), "ScheduleService", "05-getDayWorkSchedule", 200, PASSWORD).await;
}

#[tokio::test]
async fn adding_an_appointment_answers_its_number() {
    let mut world = world();
    world.book.insert(Appointment { id: 90_885, ..appointment(&day_sheet()[0]) });
    exchange(world, "ScheduleService", "06-addAppointment", 200, PASSWORD).await;
}

#[tokio::test]
async fn cancelling_by_update_answers_nothing() {
    let mut world = world();
    world.book.insert(Appointment { id: 90_887, ..appointment(&day_sheet()[0]) });
    exchange(world, "ScheduleService", "07-updateAppointment-cancel", 200, PASSWORD).await;
}

#[tokio::test]
async fn a_days_appointments_come_with_every_stored_field() {
    exchange(world(), "ScheduleService", "08-getAppointmentsForDateRangeAndProvider2", 200, PASSWORD).await;
}

#[tokio::test]
async fn a_patient_is_found_by_telephone_with_wildcards() {
    exchange(world(), "DemographicService", "09-searchDemographicsByAttributes-phone", 200, PASSWORD).await;
}

#[tokio::test]
async fn a_wrong_secret_fails_authentication() {
    exchange(world(), "ScheduleService", "10-failed-authentication-fault", 500, "wrong").await;
}
