//! Callers who are new to the clinic: few people who call often, so that one is registered by two calls at once.

use rand::RngExt;
use serde_json::{Value, json};
use vitarad_actors::domain::patient::Patient;
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::testing::{PretendEmr, Tables, patient};

use crate::callers::Caller;
use crate::plan::chance;
use crate::record::Record;

/// Their numbers lie behind those of all clinics' patients.
pub fn newcomers_of(clinic: usize) -> std::ops::RangeInclusive<i32> {
    let first = 51 + 10 * i32::try_from(clinic).unwrap();
    first..=first + 2
}

pub fn is_newcomer(n: i32) -> bool {
    n > 50
}

fn form(who: &Patient) -> Value {
    let born = who.birth_date.map(|born| born.reveal().to_string());
    json!({
        "firstName": who.first_name.reveal(), "lastName": who.last_name.reveal(), "dateOfBirth": born, "sex": "F", "phn": "none",
        "address": { "street": "12 Rue King", "city": "Vancouver", "postalCode": "V6B 1A1" },
    })
}

pub async fn register(caller: &mut Caller) {
    let form = form(&patient(caller.line.patient));
    caller.change(Tool::RegisterNewPatient, form.clone()).await;
    if chance(&mut caller.line.rng, 30) {
        let pause = std::time::Duration::from_millis(caller.line.rng.random_range(0..20_000));
        tokio::time::sleep(pause).await;
        caller.change(Tool::RegisterNewPatient, form).await;
    }
}

fn charts_of(emr: &PretendEmr, n: i32) -> usize {
    let who = patient(n);
    emr.charts().iter().filter(|chart| chart.patient.last_name == who.last_name).count()
}

/// Why a registration that was told of is none.
pub fn against_registered(emr: &PretendEmr, n: i32) -> Option<String> {
    (charts_of(emr, n) == 0).then(|| "B-3: there is no chart".to_owned())
}

/// Nobody has two charts by us, and no registration is open.
pub fn one_chart_each(tables: &Tables, emr: &PretendEmr, clinic: usize, record: &Record) {
    for n in newcomers_of(clinic).filter(|n| charts_of(emr, *n) > 1) {
        record.breach(format!("B-2: newcomer {n} has {} charts", charts_of(emr, n)));
    }
    let open = |state| matches!(state, RegistrationState::Announced | RegistrationState::Unknown);
    for row in tables.registrations.iter().map(|entry| &entry.row).filter(|row| open(row.state)) {
        record.breach(format!("B-5: the registration of {:?} never settled", row.note.tool_call));
    }
}
