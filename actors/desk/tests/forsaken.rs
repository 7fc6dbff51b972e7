//! Tool calls that went under before anything was written for them, or with whoever was to tell how they ended.

use std::time::Duration;

use serde_json::json;

use super::{at, book, counts, house, once};
use crate::desk::DeskMsg;
use crate::domain::ids::{CallId, CallKey, ClinicId, ToolCallId, ToolCallKey};
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::ports::store::{CallStore, Claimant, ToolCallStore};
use crate::testing::{Death, Fate, Op};

/// Nothing was written, but the caller has gone with "the clinic will make sure".
#[tokio::test(start_paused = true)]
async fn what_cannot_even_be_begun_in_time_is_handed_to_staff() {
    let (world, house) = house().await;
    world.emr("maple").script(|op| match op {
        Op::Appointment => Fate::Answered { after: Duration::from_secs(5) },
        _ => Fate::PROMPT,
    });
    let unknown = json!({ "appointmentId": 77 });
    let told = house.ask("c1", "t1", Tool::CancelAppointment, unknown.clone()).await;
    assert_eq!(told["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(house.ask("c1", "t1", Tool::CancelAppointment, unknown).await["code"], "HANDED_TO_STAFF");
}

/// Law B-6: staff need not look after what only another tool call of the same wish was pending for.
#[tokio::test(start_paused = true)]
async fn a_repetition_that_was_told_pending_gets_the_outcome_of_what_it_repeats() {
    let (world, house) = house().await;
    world.emr("maple").script(|op| match op {
        Op::Add => Fate::Answered { after: Duration::from_secs(12) },
        _ => Fate::PROMPT,
    });
    for id in ["t1", "t2"] {
        let told = house.ask("c1", id, Tool::CreateAppointment, at("10:00")).await;
        assert_eq!(told["code"], "PENDING");
    }
    house.wait(Duration::from_mins(3)).await;
    for id in ["t1", "t2"] {
        let told = house.ask("c1", id, Tool::CreateAppointment, at("10:00")).await;
        assert_eq!(told["code"], "BOOKED", "{id}");
    }
    assert!(world.store.peek().dead_letters.is_empty());
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tool_call_that_went_under_with_its_process_is_handed_to_staff_once() {
    let (world, house) = house().await;
    let call = CallKey { clinic: ClinicId::parse("maple").unwrap(), call: CallId::parse("c9").unwrap() };
    let key = ToolCallKey { call, tool_call: ToolCallId::parse("t1").unwrap() };
    let (generation, now) = (world.store.begin_generation("elsewhere"), world.clock.now());
    let fence = world.store.adopt_call(&key.call, generation, now).await.unwrap().fence;
    let claimant = Claimant { generation, fence };
    world.store.claim(&key, Tool::CreateAppointment, claimant, now).await.unwrap();

    house.wait(Duration::from_secs(50)).await;
    assert!(world.store.answer_of(&key).await.unwrap().is_none(), "somebody may be at it");
    house.wait(Duration::from_mins(2)).await;
    assert!(world.store.peek().dead_letters.contains_key(&key));
    let told = house.ask("c9", "t1", Tool::CreateAppointment, at("10:00")).await;
    assert_eq!(told["code"], "NOT_VERIFIED", "this life of the call has no patient");
    let stored = world.store.answer_of(&key).await.unwrap().unwrap();
    assert!(stored.reveal().contains("HANDED_TO_STAFF"));
    let entries = || {
        let tables = world.store.peek();
        tables.audit.iter().filter(|entry| entry.action.name() == "handed_to_staff").count()
    };
    assert_eq!(entries(), 1);
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(entries(), 1, "once");
}

/// "Not confirmed yet" would be followed by nothing: the refusal is the answer, and nobody else is at it.
#[tokio::test(start_paused = true)]
async fn who_has_asked_a_desk_that_died_hears_the_refusal_that_its_booking_still_comes_to() {
    let (world, house) = house().await;
    let refused = Fate::Fails { after: Duration::from_secs(2), with: EmrFailure::ClientFault };
    once(world.emr("maple"), Op::Add, refused);
    let dies = async {
        house.wait(Duration::from_secs(1)).await;
        let maple = house.house.roster.load().clinics().next().unwrap().id.clone();
        assert!(house.house.directory.desk(&maple).unwrap().post(DeskMsg::Die(Death::Error)).is_ok());
    };
    let (answer, ()) = tokio::join!(book(&house, "t1", "10:00"), dies);
    assert_eq!(answer["code"], "EMR_UNAVAILABLE", "{answer}");
    assert_eq!(counts(&world, &house).await, (0, 0));
}
