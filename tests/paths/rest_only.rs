//! A clinic whose web firewall takes SOAP for an attack: REST is all there is.

use serde_json::json;
use vitarad::sandbox::oscar::demo::{MARIE, OMAR};

use crate::clinic::{REST_ONLY, Ways};
use crate::stage::{Stage, code, monday};
use crate::voice::PhoneCall;

/// The earliest on a quiet Monday by the usual hours.
async fn offered(call: &PhoneCall, id: &str) -> serde_json::Value {
    let wanted = json!({ "startDate": monday().to_string(), "providerId": "101" });
    let found = call.ask(id, "find_earliest_appointment", wanted).await;
    assert_eq!((code(&found), &found["certainty"]), ("SLOT_FOUND", &json!("assumed")), "{found}");
    found["slot"]["slotId"].clone()
}

fn soap_is_silent(stage: &Stage) {
    for asked in stage.maple().requests().keys() {
        assert!(asked.contains('/'), "{asked} went by SOAP");
    }
}

#[tokio::test]
async fn a_caller_books_moves_and_cancels() {
    let stage = REST_ONLY.opened().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let slot = offered(&call, "f1").await;
    let booked = call.ask("t1", "create_appointment", json!({ "slotId": slot })).await;
    assert_eq!(code(&booked), "BOOKED", "{booked}");
    let listed = call.ask("l1", "check_appointments", json!({})).await;
    let made = &booked["appointment"]["appointmentId"];
    let all = listed["appointments"].as_array().expect("a list");
    assert!(all.iter().any(|row| row["appointmentId"] == *made), "{listed}");
    let slot = offered(&call, "f2").await;
    let wanted = json!({ "appointmentId": made, "slotId": slot });
    let moved = call.ask("t2", "update_appointment", wanted).await;
    assert_eq!(code(&moved), "MOVED", "{moved}");
    call.ask("l2", "check_appointments", json!({})).await;
    let wanted = json!({ "appointmentId": moved["appointment"]["appointmentId"] });
    let cancelled = call.ask("t3", "cancel_appointment", wanted).await;
    assert_eq!(code(&cancelled), "CANCELLED", "{cancelled}");
    let marked = stage.maple().marked();
    let states: Vec<_> = marked.iter().map(|row| row.details.status.as_deref()).collect();
    assert_eq!(states, [Some("C"), Some("C")]);
    assert_eq!(stage.maple().requests()["schedule/add"], 2);
    soap_is_silent(&stage);
}

#[tokio::test]
async fn where_nobody_says_when_providers_work_the_caller_is_told_and_offered_something_else() {
    let stage = Ways { usual_hours: false, ..REST_ONLY }.opened().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let hidden = call.ask("f", "find_earliest_appointment", json!({})).await;
    assert_eq!(code(&hidden), "SCHEDULE_HIDDEN", "{hidden}");
    assert_eq!(hidden["canOffer"], json!(["transfer", "waitlist"]));
    assert!(hidden["say"].as_str().is_some_and(|say| say.contains("604-555-0100")), "{hidden}");
}

#[tokio::test]
async fn a_number_that_only_work_would_know_is_not_said_to_be_unknown_everywhere() {
    let stage = REST_ONLY.opened().await;
    let call = stage.rings("call-1", OMAR);
    let found = call.ask("s", "search_patient_by_phone", json!({})).await;
    assert_eq!(code(&found), "PATIENT_NOT_FOUND", "{found}");
    assert_eq!(found["searched"], "home numbers only");
}
