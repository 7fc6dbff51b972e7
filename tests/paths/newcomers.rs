//! Somebody new, from the telephone to a chart and an appointment in it.

use serde_json::{Value, json};
use vitarad::sandbox::oscar::{Fault, Patient};

use crate::clinic::{BOTH, REST_ONLY, Ways, approve};
use crate::stage::{Stage, code, monday};
use crate::voice::PhoneCall;

const PHONE: &str = "604-555-0177";

/// The Maple clinic, which has said into which programme new patients come.
async fn stage(ways: &Ways, approved: bool) -> Stage {
    let premises = ways.premises().await;
    let config = std::fs::read_to_string(premises.config_file()).expect("a file");
    let programme = "id = \"maple\"\nregistration = { program_id = 10034, roster_status = \"NR\" }";
    premises.write_config(&config.replacen("id = \"maple\"", programme, 1));
    if approved {
        approve(&premises).await;
    }
    Stage::on(premises).await
}

fn rings(stage: &Stage, id: &str) -> PhoneCall {
    stage.platform().call(id, crate::town::MAPLE_LINE, Some(PHONE))
}

fn form() -> Value {
    json!({
        "firstName": "Noor", "lastName": "van der Berg", "dateOfBirth": "1991-02-03", "sex": "female", "phone": "0000000000",
        "address": "12 River Road, Vancouver BC V6B 1A1", "phn": "9999 004 755", "preferredProviderId": "101",
    })
}

fn charts(stage: &Stage) -> Vec<Patient> {
    let theirs = |patient: &&Patient| patient.last_name.eq_ignore_ascii_case("van der berg");
    stage.maple().0.with_world(|world| world.patients.iter().filter(theirs).cloned().collect())
}

#[tokio::test]
async fn a_caller_is_registered_and_books_in_the_same_call() {
    for ways in [REST_ONLY, BOTH] {
        let stage = stage(&ways, true).await;
        let call = rings(&stage, "call-1");
        let registered = call.ask("r1", "register_new_patient", form()).await;
        assert_eq!(code(&registered), "REGISTERED", "{registered}");
        let [chart] = &charts(&stage)[..] else { panic!("one chart") };
        assert_eq!((chart.phone.as_deref(), chart.hin.as_deref()), (Some(PHONE), Some("9999004755")));
        assert_eq!((chart.provider_no.as_deref(), chart.city.as_deref()), (Some("101"), Some("Vancouver")));
        let wanted = json!({ "startDate": monday().to_string(), "providerId": "101" });
        let found = call.ask("f1", "find_earliest_appointment", wanted).await;
        let slot = found["slot"]["slotId"].clone();
        let booked = call.ask("b1", "create_appointment", json!({ "slotId": slot })).await;
        assert_eq!(code(&booked), "BOOKED", "{booked}");
        let again = rings(&stage, "call-2").ask("r1", "register_new_patient", form()).await;
        assert_eq!(code(&again), "DUPLICATE_PATIENT", "{again}");
        assert!(!again.to_string().to_lowercase().contains("berg"), "{again}");
        assert_eq!((charts(&stage).len(), stage.maple().requests()["demographics"]), (1, 1));
    }
}

/// Laws B-5 and B-6.
#[tokio::test]
async fn a_chart_that_oscar_stores_while_it_fails_is_found_and_made_once() {
    let stage = stage(&BOTH, true).await;
    stage.maple().fail("demographics", Fault::CommitThenFail, Some(1));
    let call = rings(&stage, "call-1");
    let registered = call.ask("r1", "register_new_patient", form()).await;
    assert_eq!(code(&registered), "REGISTERED", "{registered}");
    for id in ["r1", "r2"] {
        assert_eq!(call.ask(id, "register-new-patient", form()).await, registered);
    }
    assert_eq!((charts(&stage).len(), stage.maple().requests()["demographics"]), (1, 1));
}

#[tokio::test]
async fn without_a_way_that_makes_charts_the_caller_is_offered_the_waiting_list() {
    let stage = stage(&BOTH, false).await;
    let call = rings(&stage, "call-1");
    let refused = call.ask("r1", "register_new_patient", form()).await;
    assert_eq!(
        (code(&refused), &refused["waitlistAvailable"]),
        ("REGISTRATION_UNAVAILABLE", &json!(true)),
        "{refused}"
    );
    let waits = call.ask("w1", "add_to_waitlist", form()).await;
    assert_eq!(code(&waits), "WAITLISTED", "{waits}");
}
