//! How much each of the scripted calls asks of the EMR, and why: what is needed twice and cannot have changed is fetched
//! once. Appointments are never remembered from one question to the next.

use std::collections::BTreeMap;

use jiff::ToSpan;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::MARIE;

use crate::stage::{Stage, code, monday};
use crate::voice::PhoneCall;

type Requests = BTreeMap<&'static str, u64>;

/// The number that calls is known, a birth date confirms it: two questions, two answers that share nothing.
async fn known(stage: &Stage) -> PhoneCall {
    let call = stage.rings("call-1", MARIE);
    assert_eq!(code(&call.ask("known", "search_patient_by_phone", json!({})).await), "VERIFICATION_NEEDED");
    call.verify(MARIE).await;
    call
}

async fn listed(call: &PhoneCall, id: &str) -> Value {
    let answer = call.ask(id, "check_appointments", json!({})).await;
    answer["appointments"][0]["appointmentId"].clone()
}

/// On a Monday whose next day is a working day, too.
async fn earliest(call: &PhoneCall, id: &str) -> Value {
    let wish = json!({ "startDate": monday().to_string() });
    let answer = call.ask(id, "find_earliest_appointment", wish).await;
    assert_eq!(answer["slot"]["date"], json!(monday().to_string()), "{answer}");
    answer["slot"]["slotId"].clone()
}

#[tokio::test]
async fn a_cancellation_reads_the_row_before_and_after_and_no_more() {
    let stage = Stage::open().await;
    let call = known(&stage).await;
    let mine = json!({ "appointmentId": listed(&call, "list").await });
    assert_eq!(code(&call.ask("cancel", "cancel_appointment", mine).await), "CANCELLED");
    let expected = Requests::from([
        ("login2", 1),
        ("searchDemographicsByAttributes", 2),
        ("getAppointmentsForPatient2", 1),
        // Just before the write, because it overwrites the row; just after it, because it is believed only then.
        ("getAppointment2", 2),
        ("updateAppointment", 1),
    ]);
    assert_eq!(stage.maple().requests(), expected);
}

#[tokio::test]
async fn a_cancellation_of_what_the_call_has_not_listed_reads_it_once_more() {
    let stage = Stage::open().await;
    let call = known(&stage).await;
    let mine = json!({ "appointmentId": stage.maple().rows_of(MARIE)[0].id });
    assert_eq!(code(&call.ask("cancel", "cancel_appointment", mine).await), "CANCELLED");
    // Where it lies has to be known before the write is announced.
    assert_eq!(stage.maple().requests()["getAppointment2"], 3);
}

#[tokio::test]
async fn a_move_reads_the_days_of_a_booking_and_the_old_row_three_times() {
    let stage = Stage::open().await;
    let call = known(&stage).await;
    let old = listed(&call, "list").await;
    let to = json!({ "appointmentId": old, "slotId": earliest(&call, "find").await });
    assert_eq!(code(&call.ask("move", "update_appointment", to).await), "MOVED");
    listed(&call, "list again").await;
    let expected = Requests::from([
        ("login2", 1),
        ("searchDemographicsByAttributes", 2),
        // Asked twice by the caller, and changed in between.
        ("getAppointmentsForPatient2", 2),
        // Read for the search, remembered for the move.
        ("getScheduleTemplateCodes", 1),
        // Two providers, two days; remembered for the move.
        ("getDayWorkSchedule", 4),
        // Each provider's two days at once for the search; the new day before the write and after it.
        ("getAppointmentsForDateRangeAndProvider2", 2 + 2),
        ("addAppointment", 1),
        // The old row: before anything is written, just before it is cancelled, and after.
        ("getAppointment2", 3),
        ("updateAppointment", 1),
    ]);
    assert_eq!(stage.maple().requests(), expected);
}

#[tokio::test]
async fn looking_again_and_elsewhere_reads_no_schedule_and_no_code_twice() {
    let stage = Stage::open().await;
    let call = known(&stage).await;
    earliest(&call, "find").await;
    let before = stage.maple().requests();
    earliest(&call, "find again").await;
    let after = stage.maple().requests();
    let more = |operation: &str| after[operation] - before[operation];
    assert_eq!((more("getDayWorkSchedule"), more("getScheduleTemplateCodes")), (0, 0));
    assert_eq!(more("getAppointmentsForDateRangeAndProvider2"), 2, "what is booked is read anew");
}

#[tokio::test]
async fn questions_that_come_at_once_and_need_the_same_fetch_it_once() {
    let stage = Stage::open().await;
    let wish = |days: i64| json!({ "startDate": monday().saturating_add(days.days()).to_string() });
    let call = stage.platform().call("call-1", crate::town::MAPLE_LINE, None);
    let both = call.tool_calls(&[
        ("one", "find_earliest_appointment", wish(0)),
        ("two", "find_earliest_appointment", wish(0)),
        ("three", "get_providers", json!({})),
        ("four", "get_providers", json!({})),
    ]);
    let reply = stage.platform().post("/api/vapi", both.to_string()).await.expect("an answer");
    assert_eq!(reply.answers().len(), 4);
    let requests = stage.maple().requests();
    assert_eq!(requests["getDayWorkSchedule"], 4, "two providers, two days, whoever asked first");
    assert_eq!((requests["getScheduleTemplateCodes"], requests["getProviders2"]), (1, 1));
}

#[tokio::test]
async fn whoever_is_not_found_costs_the_emr_one_question() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.ask("info", "get_clinic_info", json!({})).await;
    let nobody = json!({ "firstName": "Robin", "lastName": "Nobody", "dateOfBirth": "1950-01-01" });
    assert_eq!(code(&call.ask("who", "search_patient", nobody).await), "PATIENT_NOT_FOUND");
    let anyhow =
        json!({ "patientId": "4711", "providerId": "101", "date": "2030-01-07", "startTime": "10:00" });
    assert_eq!(code(&call.ask("book", "create_appointment", anyhow).await), "NOT_VERIFIED");
    assert_eq!(
        stage.maple().requests(),
        Requests::from([("login2", 1), ("searchDemographicsByAttributes", 1)])
    );
}
