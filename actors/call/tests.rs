//! Whole calls on the whole tree, with an EMR that behaves.

use serde_json::{Value, json};

use crate::crashpoint::Crashpoints;
use crate::domain::tool::Tool;
use crate::ports::store::CallStore;
use crate::testing::{Op, TestHouse, World, clinic, marie, patient, visit_day};

async fn house() -> (World, TestHouse) {
    let world = World::of(vec![clinic("maple", 2)], &[marie(), patient(7), patient(8)]);
    let house = world.begin(1, Crashpoints::default()).await;
    (world, house)
}

fn born(n: i32) -> String {
    patient(n).birth_date.unwrap().reveal().to_string()
}

async fn verify(house: &TestHouse, call: &str) -> Value {
    house.ask(call, "verify", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await
}

fn at_ten() -> Value {
    json!({ "date": visit_day().to_string(), "startTime": "10:00", "providerId": "021" })
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_found_by_number_confirmed_by_birth_date_and_books_the_earliest_slot() {
    let (world, house) = house().await;
    let info = house.ask("c1", "t0", Tool::GetClinicInfo, json!({})).await;
    assert_eq!(info["clinic"]["isOpen"], false, "{info}");

    let found = house.ask("c1", "t1", Tool::SearchPatientByPhone, json!({})).await;
    assert_eq!(found["code"], "VERIFICATION_NEEDED");
    assert_eq!(found["patient"], Value::Null, "a number alone says nothing");

    let verified =
        house.ask("c1", "t2", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    assert_eq!(verified["code"], "VERIFIED", "{verified}");

    let slot = house.ask("c1", "t3", Tool::FindEarliestAppointment, json!({})).await;
    assert_eq!(slot["code"], "SLOT_FOUND", "{slot}");
    assert_eq!(slot["alternatives"].as_array().unwrap().len(), 2);

    let booked = house
        .ask(
            "c1",
            "t4",
            Tool::CreateAppointment,
            json!({ "slotId": slot["slot"]["slotId"], "reason": "cough" }),
        )
        .await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    assert_eq!(booked["smsQueued"], true);
    assert!(booked["say"].as_str().unwrap().contains("We'll text you"));

    let listed = house.ask("c1", "t5", Tool::CheckAppointments, json!({})).await;
    assert_eq!(listed["appointments"][0]["appointmentId"], booked["appointment"]["appointmentId"]);
    assert_eq!(listed["appointments"][0]["date"], slot["slot"]["date"]);

    let rows = world.emr("maple").rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].appointment.texts.name.as_ref().unwrap().reveal(), "LASTEC,FIRSTEC");
    assert_eq!(house.stop().await, crate::root::Ended::InOrder);
}

#[tokio::test(start_paused = true)]
async fn a_whole_booking_asks_the_emr_no_more_than_it_must() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let slot = house.ask("c1", "t3", Tool::FindEarliestAppointment, json!({})).await;
    house.ask("c1", "t4", Tool::CreateAppointment, json!({ "slotId": slot["slot"]["slotId"] })).await;
    let emr = world.emr("maple");
    assert_eq!(emr.requests(Op::Charts), 1, "verified by one search");
    assert_eq!(emr.requests(Op::TemplateCodes), 1);
    assert_eq!(emr.requests(Op::DaySchedule), 4, "two providers on the two nearest days");
    assert_eq!(emr.requests(Op::DayRows), 2 + 2, "a look per provider, one before the write and one after");
    assert_eq!(emr.requests(Op::Add), 1);
}

#[tokio::test(start_paused = true)]
async fn a_named_time_is_judged_as_an_offered_one_is() {
    let (_, house) = house().await;
    verify(&house, "c1").await;
    let booked = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    for (id, change, code) in [
        ("t2", json!({ "startTime": "10:07" }), "SLOT_TAKEN"),
        ("t3", json!({ "startTime": "18:00" }), "SLOT_TAKEN"),
        ("t4", json!({ "date": "2026-11-28" }), "CLINIC_CLOSED"),
        ("t5", json!({ "date": "2028-01-04" }), "OUTSIDE_BOOKING_WINDOW"),
        ("t6", json!({ "providerId": "999" }), "PROVIDER_UNKNOWN"),
        ("t7", json!({ "appointmentType": "Z" }), "VALIDATION_ERROR"),
    ] {
        let mut arguments = at_ten();
        for (key, value) in change.as_object().unwrap() {
            arguments[key] = value.clone();
        }
        let refused = house.ask("c1", id, Tool::CreateAppointment, arguments).await;
        assert_eq!(refused["code"], code, "{refused}");
        assert_eq!(refused["success"], false);
    }
}

/// Law B-6.
#[tokio::test(start_paused = true)]
async fn a_reading_that_is_delivered_again_is_answered_as_before_and_not_read_again() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let first = house.ask("c1", "t1", Tool::CheckAppointments, json!({})).await;
    assert_eq!(first["code"], "OK", "{first}");
    let booked = house.ask("c1", "t2", Tool::CreateAppointment, at_ten()).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    let asked = world.emr("maple").requests(Op::AppointmentsOf);
    assert_eq!(house.ask("c1", "t1", Tool::CheckAppointments, json!({})).await, first);
    assert_eq!(world.emr("maple").requests(Op::AppointmentsOf), asked);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_booked_for_who_is_not_verified() {
    let (world, house) = house().await;
    for (id, tool) in
        [("t1", Tool::CreateAppointment), ("t2", Tool::CheckAppointments), ("t3", Tool::GetPatient)]
    {
        let mut arguments = at_ten();
        arguments["patientId"] = json!("4042");
        let refused = house.ask("c1", id, tool, arguments).await;
        assert_eq!(refused["code"], "NOT_VERIFIED", "{tool:?}");
    }
    assert!(world.emr("maple").rows().is_empty());
}

#[tokio::test(start_paused = true)]
async fn three_wrong_birth_dates_lock_the_call_and_only_the_call() {
    let (_, house) = house().await;
    for id in ["t1", "t2", "t3"] {
        let wrong =
            house.ask("c1", id, Tool::SearchPatientByPhone, json!({ "dateOfBirth": "1901-01-01" })).await;
        assert_eq!(wrong["code"], "PATIENT_NOT_FOUND");
    }
    assert_eq!(verify(&house, "c1").await["code"], "VERIFICATION_LOCKED");
    assert_eq!(verify(&house, "c2").await["code"], "VERIFIED");
}

#[tokio::test(start_paused = true)]
async fn a_withheld_number_asks_for_name_and_birth_date() {
    let (_, house) = house().await;
    let ask = |id: &'static str, tool, arguments| house.ask_of("maple", "c1", id, tool, arguments, None);
    assert_eq!(
        ask("t1", Tool::SearchPatientByPhone, json!({ "phone": "6045550142" })).await["code"],
        "NO_CALLER_NUMBER"
    );
    let found = ask(
        "t2",
        Tool::SearchPatient,
        json!({
            "firstName": "Firstec", "lastName": "Lastec", "dateOfBirth": born(42)
        }),
    )
    .await;
    assert_eq!(found["code"], "VERIFIED", "{found}");
}

#[tokio::test(start_paused = true)]
async fn an_appointment_is_moved_and_then_cancelled() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let booked = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
    let old = booked["appointment"]["appointmentId"].clone();
    let moved = house
        .ask("c1", "t2", Tool::UpdateAppointment, json!({
            "appointmentId": old, "newDate": visit_day().to_string(), "newStartTime": "14:00", "newProviderId": "022"
        }))
        .await;
    assert_eq!(moved["code"], "MOVED", "{moved}");
    let live = world.emr("maple").live();
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].slot.interval.start.to_string(), "14:00");
    let cancelled = house
        .ask(
            "c1",
            "t3",
            Tool::CancelAppointment,
            json!({ "appointmentId": moved["appointment"]["appointmentId"] }),
        )
        .await;
    assert_eq!(cancelled["code"], "CANCELLED", "{cancelled}");
    assert!(world.emr("maple").live().is_empty());
    let again = house.ask("c1", "t4", Tool::CreateAppointment, at_ten()).await;
    assert_eq!(again["code"], "BOOKED", "a wish fulfilled and cancelled since may be wished again: {again}");
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_appointment_is_not_found() {
    let (world, house) = house().await;
    let theirs = {
        let slot = crate::testing::quarter(crate::testing::provider_no(1), visit_day(), 3, 1).unwrap();
        world.emr("maple").staff_adds(&slot, patient(7).no)
    };
    verify(&house, "c1").await;
    let refused = house.ask("c1", "t1", Tool::CancelAppointment, json!({ "appointmentId": theirs.0 })).await;
    assert_eq!(refused["code"], "APPOINTMENT_NOT_FOUND");
    assert_eq!(world.emr("maple").live().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_tool_call_gets_the_same_answer_and_the_same_wish_no_second_booking() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let first = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
    let (same, other) = tokio::join!(
        house.ask("c1", "t1", Tool::CreateAppointment, at_ten()),
        house.ask("c1", "t2", Tool::CreateAppointment, at_ten()),
    );
    assert_eq!(first, same);
    assert_eq!(other["appointment"]["appointmentId"], first["appointment"]["appointmentId"], "{other}");
    let (left, right) = tokio::join!(
        house.ask(
            "c1",
            "t3",
            Tool::CancelAppointment,
            json!({ "appointmentId": first["appointment"]["appointmentId"] })
        ),
        house.ask(
            "c1",
            "t4",
            Tool::CancelAppointment,
            json!({ "appointmentId": first["appointment"]["appointmentId"] })
        ),
    );
    assert_eq!((&left["code"], &right["code"]), (&json!("CANCELLED"), &json!("CANCELLED")));
    assert_eq!((world.emr("maple").requests(Op::Add), world.emr("maple").requests(Op::Cancel)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_slot_offered_to_one_caller_is_not_offered_to_another_until_the_call_ends() {
    let (_, house) = house().await;
    let offer =
        |call: &'static str, id: &'static str| house.ask(call, id, Tool::FindEarliestAppointment, json!({}));
    let slots = |answer: &Value| -> Vec<String> {
        let slot = |slot: &Value| format!("{} {} {}", slot["providerId"], slot["date"], slot["startTime"]);
        let others = answer["alternatives"].as_array().unwrap().iter().map(slot);
        std::iter::once(slot(&answer["slot"])).chain(others).collect()
    };
    let (first, second) = (slots(&offer("c1", "t1").await), slots(&offer("c2", "t2").await));
    assert_eq!((first.len(), second.len()), (3, 3));
    assert!(first.iter().all(|slot| !second.contains(slot)), "{first:?} {second:?}");
    let mailbox = house.house.directory.call(&key("c1")).unwrap();
    assert!(mailbox.post(super::CallMsg::End).is_ok());
    house.wait(std::time::Duration::from_secs(1)).await;
    assert_eq!(slots(&offer("c3", "t3").await), first);
}

fn key(call: &str) -> crate::domain::ids::CallKey {
    crate::testing::tool_call("maple", call, "x", Tool::GetClinicInfo, json!({}), None).call
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fell_asleep_wakes_with_what_it_knew() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    house.wait(house.house.settings.call_idle * 2).await;
    assert!(house.house.directory.call(&key("c1")).is_none(), "it left memory");
    let known = house.ask("c1", "t2", Tool::GetPatient, json!({})).await;
    assert_eq!(known["code"], "VERIFIED", "{known}");
    assert_eq!(world.emr("maple").requests(Op::Charts), 1);
}

#[tokio::test(start_paused = true)]
async fn every_reading_of_a_patient_is_in_the_audit_log_before_the_answer() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let entries = |world: &World| {
        let tables = world.store.peek();
        tables
            .audit
            .iter()
            .map(|entry| (entry.action.name(), entry.outcome, entry.patients.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(entries(&world), [("search_patient", "VERIFIED", 1)]);
    house.ask("c1", "t2", Tool::GetPatient, json!({})).await;
    assert_eq!(entries(&world)[1..], [("get_patient", "VERIFIED", 1)]);
    world.store.set_away(true);
    let refused = house.ask("c1", "t3", Tool::GetPatient, json!({})).await;
    assert_eq!(refused["code"], "INTERNAL_ERROR", "what could not be audited is not told");
    assert_eq!(house.ask("c1", "t4", Tool::GetClinicInfo, json!({})).await["code"], "OK");
}

/// Law O-1: what has lost the call's row adopts it again and goes on, once after a save and once after a claim. Nothing
/// died of it, and nothing is read again.
#[tokio::test(start_paused = true)]
async fn a_call_that_somebody_else_has_adopted_is_adopted_again_and_goes_on() {
    let (world, house) = house().await;
    let (directory, key) = (&house.house.directory, key("c1"));
    verify(&house, "c1").await;
    let alive = directory.call(&key).unwrap().actor().get_id();
    let elsewhere = world.store.begin_generation("elsewhere");
    for (usurped, tool, arguments, code) in
        [(1, Tool::CheckAppointments, json!({}), "OK"), (2, Tool::CreateAppointment, at_ten(), "BOOKED")]
    {
        world.store.adopt_call(&key, elsewhere, world.clock.now()).await.unwrap();
        let answer = house.ask("c1", tool.name(), tool, arguments).await;
        assert_eq!(answer["code"], code, "{answer}");
        assert_eq!(house.meters().usurpations(&key.clinic), usurped);
    }
    assert_eq!(directory.call(&key).unwrap().actor().get_id(), alive);
    let emr = world.emr("maple");
    assert_eq!((emr.requests(Op::AppointmentsOf), emr.requests(Op::Add)), (1, 1));
}

mod afterwards;
mod alarms;
mod elsewhere;
mod notes;
mod urgent;
