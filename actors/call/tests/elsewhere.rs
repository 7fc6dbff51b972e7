//! One call whose webhooks arrive at two living processes in turn.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{born, key};
use crate::call::CallMsg;
use crate::call::adopt::ADOPT_WITHIN;
use crate::call::finding::Finding;
use crate::crashpoint::Crashpoints;
use crate::domain::ids::ToolCallId;
use crate::domain::tool::Tool;
use crate::ports::emr::Path;
use crate::supervisor::Exit;
use crate::testing::{Death, Fate, Op, TestHouse, World, clinic, marie, patient, visit_day};
use crate::tree::Role;

async fn two_houses() -> (World, TestHouse, TestHouse) {
    let world = World::of(vec![clinic("maple", 2)], &[marie(), patient(7)]);
    let here = world.begin_on("node-1", 1, Crashpoints::default()).await;
    let there = world.begin_on("node-2", 2, Crashpoints::default()).await;
    (world, here, there)
}

async fn ask(house: &TestHouse, id: &str, tool: Tool, arguments: Value) -> Value {
    house.ask("c1", id, tool, arguments).await
}

/// Law O-1: the process that had the call last does not answer from what it remembers of it.
#[tokio::test(start_paused = true)]
async fn what_a_call_has_learnt_at_one_process_it_knows_at_the_other() {
    let (world, here, there) = two_houses().await;
    let unknown = ask(&here, "t1", Tool::CheckAppointments, json!({})).await;
    assert_eq!(unknown["code"], "NOT_VERIFIED");
    let verified = json!({ "dateOfBirth": born(42) });
    assert_eq!(ask(&there, "t2", Tool::SearchPatientByPhone, verified).await["code"], "VERIFIED");
    let known = ask(&here, "t3", Tool::CheckAppointments, json!({})).await;
    assert_eq!(known["code"], "OK", "{known}");

    let offer = ask(&there, "t4", Tool::FindEarliestAppointment, json!({})).await;
    let slot = json!({ "slotId": offer["slot"]["slotId"] });
    let booked = ask(&here, "t5", Tool::CreateAppointment, slot.clone()).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    assert_eq!(ask(&there, "t5", Tool::CreateAppointment, slot).await, booked);
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}

/// Law P-2: what is still being saved is not told to the second delivery of the same tool call either.
#[tokio::test(start_paused = true)]
async fn a_second_delivery_hears_nothing_of_an_answer_that_cannot_be_saved() {
    let (_, here, there) = two_houses().await;
    let verified = json!({ "dateOfBirth": born(42) });
    ask(&here, "t1", Tool::SearchPatientByPhone, verified).await;
    let offer = ask(&there, "t2", Tool::FindEarliestAppointment, json!({})).await;
    let slot = json!({ "slotId": offer["slot"]["slotId"] });
    let (one, other) = tokio::join!(
        ask(&here, "t3", Tool::CreateAppointment, slot.clone()),
        ask(&here, "t3", Tool::CreateAppointment, slot),
    );
    assert_eq!(one["code"], "BOOKED", "{one}");
    assert_eq!(one, other);
}

/// Law B-6.
#[tokio::test(start_paused = true)]
async fn a_tool_call_that_arrives_at_two_processes_at_once_is_done_once_and_answered_alike() {
    let (world, here, there) = two_houses().await;
    let verified = json!({ "dateOfBirth": born(42) });
    ask(&here, "t1", Tool::SearchPatientByPhone, verified).await;
    let offer = ask(&there, "t2", Tool::FindEarliestAppointment, json!({})).await;
    let slot = json!({ "slotId": offer["slot"]["slotId"] });
    let (one, other) = tokio::join!(
        ask(&here, "t3", Tool::CreateAppointment, slot.clone()),
        ask(&there, "t3", Tool::CreateAppointment, slot),
    );
    assert_eq!(one["code"], "BOOKED", "{one}");
    assert_eq!(one, other);
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}

const READING_TAKES: Duration = Duration::from_millis(400);

async fn later(house: &TestHouse, after: u64, id: &str, tool: Tool, arguments: Value) -> Value {
    house.wait(Duration::from_millis(after)).await;
    ask(house, id, tool, arguments).await
}

fn slow(world: &World) {
    world.emr("maple").script(|_| Fate::Answered { after: READING_TAKES });
}

/// How many lives of calls have ended by a failure, and how often a call was adopted under one that was at work.
fn toll(houses: [&TestHouse; 2]) -> (u64, u64) {
    let maple = key("c1").clinic;
    let deaths = |house: &TestHouse| {
        house.meters().exits(Role::Call, Exit::Failed) + house.meters().exits(Role::Call, Exit::Killed)
    };
    (houses.map(deaths).iter().sum(), houses.map(|house| house.meters().usurpations(&maple)).iter().sum())
}

/// Law O-1: each adoption takes the call from the other, which is nobody's death and no caller's loss.
#[tokio::test(start_paused = true)]
async fn two_processes_that_read_for_one_call_at_once_both_answer() {
    let (world, here, there) = two_houses().await;
    let verified = json!({ "dateOfBirth": born(42) });
    ask(&here, "t", Tool::SearchPatientByPhone, verified.clone()).await;
    slow(&world);
    let tools = [
        (Tool::CheckAppointments, json!({}), "OK"),
        (Tool::SearchPatientByPhone, verified, "VERIFIED"),
        (Tool::FindEarliestAppointment, json!({}), "SLOT_FOUND"),
        (Tool::GetPatient, json!({}), "VERIFIED"),
    ];
    for round in 0..24_usize {
        let ((a, a_asks, a_hears), (b, b_asks, b_hears)) =
            (tools[round % 4].clone(), tools[(round / 4) % 4].clone());
        let (id, other_id, after) = (format!("a{round}"), format!("b{round}"), 50 * (round as u64 % 3));
        let (one, other) =
            tokio::join!(ask(&here, &id, a, a_asks), later(&there, after, &other_id, b, b_asks),);
        assert_eq!((&one["code"], &other["code"]), (&json!(a_hears), &json!(b_hears)), "round {round}");
    }
    let (deaths, usurpations) = toll([&here, &there]);
    assert!(deaths == 0 && usurpations > 24, "{deaths} {usurpations}");
    assert!(world.store.peek().dead_letters.is_empty());
    let audited = world.store.peek().audit.len();
    assert_eq!(audited, 1 + 2 * 24, "law P-2: each answer once");
}

/// What two lose by each other is some commits: nobody waits for a second reading.
#[tokio::test(start_paused = true)]
async fn what_was_read_for_a_call_that_another_process_adopted_is_not_read_again() {
    let (world, here, there) = two_houses().await;
    ask(&here, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    slow(&world);
    let began = Instant::now();
    let (one, other) = tokio::join!(
        ask(&here, "t2", Tool::CheckAppointments, json!({})),
        later(&there, 50, "t3", Tool::CheckAppointments, json!({})),
    );
    assert_eq!((&one["code"], &other["code"]), (&json!("OK"), &json!("OK")));
    assert!(toll([&here, &there]).1 > 0);
    assert_eq!(world.emr("maple").requests(Op::AppointmentsOf), 2);
    assert!(began.elapsed() < 2 * READING_TAKES, "{:?}", began.elapsed());
}

/// Laws B-2 and B-6: a booking under way goes on, whoever has the call, and is told by who was asked for it.
#[tokio::test(start_paused = true)]
async fn a_booking_under_way_ends_in_its_own_answer_while_processes_take_the_call_from_each_other() {
    let (world, here, there) = two_houses().await;
    ask(&here, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    let offer = ask(&there, "t2", Tool::FindEarliestAppointment, json!({})).await;
    let slot = json!({ "slotId": offer["slot"]["slotId"] });
    slow(&world);
    let readings = async {
        for n in 0..4 {
            let (id, other_id) = (format!("a{n}"), format!("b{n}"));
            let (one, other) = tokio::join!(
                later(&there, 60, &id, Tool::CheckAppointments, json!({})),
                later(&here, 90, &other_id, Tool::CheckAppointments, json!({})),
            );
            assert_eq!((&one["code"], &other["code"]), (&json!("OK"), &json!("OK")));
        }
    };
    let (booked, again, ()) = tokio::join!(
        ask(&here, "t3", Tool::CreateAppointment, slot.clone()),
        later(&there, 500, "t3", Tool::CreateAppointment, slot.clone()),
        readings,
    );
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    assert_eq!(again, booked);
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
    assert!(world.store.peek().dead_letters.is_empty());
    assert_eq!(toll([&here, &there]).0, 0);
}

/// Law I-3: what was found is told only after the call has been asked again whether it may be.
#[tokio::test(start_paused = true)]
async fn a_proof_proves_nothing_once_the_call_is_locked_elsewhere() {
    let (_, here, there) = two_houses().await;
    ask(&here, "t1", Tool::CheckAppointments, json!({})).await;
    for id in ["w1", "w2", "w3"] {
        ask(&there, id, Tool::SearchPatientByPhone, json!({ "dateOfBirth": "1901-01-01" })).await;
    }
    let right = ask(&here, "t2", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    assert_eq!(right["code"], "VERIFICATION_LOCKED", "{right}");
}

/// Law I-3: it was read on the strength of a proof that has not been kept.
#[tokio::test(start_paused = true)]
async fn what_was_read_of_somebody_whom_the_call_does_not_know_any_more_is_not_told() {
    let (world, here, there) = two_houses().await;
    ask(&here, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    slow(&world);
    ask(&there, "t2", Tool::GetPatient, json!({})).await;
    let (id, stranger) = (ToolCallId::parse("t3").unwrap(), patient(7).no);
    let found = async {
        here.wait(Duration::from_millis(100)).await;
        let read =
            Finding::Appointments { patient: stranger, by: Path::Soap, upcoming: vec![], held: vec![] };
        let call = here.house.directory.call(&key("c1")).unwrap();
        assert!(call.post(CallMsg::Found(id, Box::new(read))).is_ok());
    };
    let (told, ()) = tokio::join!(ask(&here, "t3", Tool::CheckAppointments, json!({})), found);
    assert_eq!(told["code"], "OK", "{told}");
    let tables = world.store.peek();
    assert!(tables.audit.iter().all(|entry| !entry.patients.contains(&stranger)), "nobody heard of them");
}

/// Law P-2: what was answered at once is entered, though another process had the call by then.
#[tokio::test(start_paused = true)]
async fn what_is_urgent_is_entered_under_the_next_ownership() {
    let (world, here, there) = two_houses().await;
    ask(&here, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    ask(&there, "t2", Tool::GetPatient, json!({})).await;
    let alarm = ask(&here, "t3", Tool::CheckAppointments, json!({ "reason": "chest pain" })).await;
    assert_eq!(alarm["code"], "EMERGENCY", "{alarm}");
    here.wait(Duration::from_secs(1)).await;
    let entered = world.store.peek().audit.iter().filter(|entry| entry.outcome == "EMERGENCY").count();
    assert_eq!(entered, 1);
}

/// Nobody is left to the end of their time without a word by a store that takes an adoption and says no more.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_adopted_in_time_says_so_still_puts_through_and_is_adopted_when_it_can_be() {
    let (_, here, there) = two_houses().await;
    ask(&here, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    there.store.hold_answers(true);
    let asked = Instant::now();
    let (refused, put_through) = tokio::join!(
        ask(&there, "t2", Tool::CheckAppointments, json!({})),
        ask(&there, "t3", Tool::TransferCall, json!({})),
    );
    assert_eq!(refused["code"], "INTERNAL_ERROR", "{refused}");
    assert!(put_through["code"].as_str().unwrap().starts_with("TRANSFER"), "{put_through}");
    assert!(asked.elapsed() < ADOPT_WITHIN + Duration::from_millis(100), "{:?}", asked.elapsed());
    there.store.hold_answers(false);
    there.wait(Duration::from_secs(2)).await;
    let listed = ask(&there, "t4", Tool::CheckAppointments, json!({})).await;
    assert_eq!(listed["code"], "OK", "it knows who calls: {listed}");
}

/// Its provider's day is another caller's for longer than this one can wait, again and again: nobody dies of that.
#[tokio::test(start_paused = true)]
async fn a_change_that_is_told_pending_time_and_again_is_no_poison_though_the_call_changes_hands() {
    let (world, here, there) = two_houses().await;
    let at = |time: &str| json!({ "date": visit_day().to_string(), "startTime": time, "providerId": "021" });
    let other = async |id: &str, tool: Tool, arguments: Value| {
        here.ask_of("maple", "c2", id, tool, arguments, Some("604-555-0107")).await
    };
    ask(&here, "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    other("v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(7) })).await;
    let emr = world.emr("maple");
    for time in ["10:00", "11:00", "13:00"] {
        let slow = Fate::Answered { after: Duration::from_secs(6) };
        emr.script(move |op| if op == Op::Add { slow } else { Fate::PROMPT });
        let wanted = async {
            later(&here, 400, "wish", Tool::CreateAppointment, at("09:00")).await;
            ask(&there, "wish", Tool::CreateAppointment, at("09:00")).await
        };
        let (_, told) = tokio::join!(other(time, Tool::CreateAppointment, at(time)), wanted);
        assert_eq!(told["code"], "PENDING", "before {time}: {told}");
        here.wait(Duration::from_secs(5)).await;
    }
    emr.script(|_| Fate::PROMPT);
    let told = ask(&here, "wish", Tool::CreateAppointment, at("09:00")).await;
    assert_eq!(told["code"], "BOOKED", "{told}");
    assert!(world.store.peek().dead_letters.is_empty());
}

/// Death is another matter.
#[tokio::test(start_paused = true)]
async fn a_question_that_kills_its_call_twice_is_put_aside_though_others_take_the_call_meanwhile() {
    let (world, here, there) = two_houses().await;
    ask(&here, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born(42) })).await;
    let house = Arc::clone(&here.house);
    world.emr("maple").script(move |op| {
        if op == Op::DayRows
            && let Some(call) = house.directory.call(&key("c1"))
        {
            let _ = call.post(CallMsg::Die(Death::Panic));
        }
        Fate::Answered { after: READING_TAKES }
    });
    let (deadly, other) = tokio::join!(
        ask(&here, "t2", Tool::FindEarliestAppointment, json!({})),
        later(&there, 50, "t3", Tool::CheckAppointments, json!({})),
    );
    assert_eq!((&deadly["code"], &other["code"]), (&json!("INTERNAL_ERROR"), &json!("OK")));
    let set_aside: Vec<_> =
        world.store.peek().dead_letters.keys().map(|key| key.tool_call.as_str().to_owned()).collect();
    assert_eq!(set_aside, ["t2"]);
    assert_eq!(toll([&here, &there]).0, 2);
}
