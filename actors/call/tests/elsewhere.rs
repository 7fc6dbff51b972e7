//! One call whose webhooks arrive at two living processes in turn.

use serde_json::{Value, json};

use super::born;
use crate::crashpoint::Crashpoints;
use crate::domain::tool::Tool;
use crate::testing::{Op, TestHouse, World, clinic, marie};

async fn two_houses() -> (World, TestHouse, TestHouse) {
    let world = World::of(vec![clinic("maple", 2)], &[marie()]);
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
