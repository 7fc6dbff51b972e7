//! Writes whose answer is lost: settled by reading, never by sending again (laws B-3, B-5).

use futures::future::join_all;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::patience::until;
use crate::stage::{Stage, code};
use crate::voice::PhoneCall;

/// A write that cannot arrive any more counts as absent after this and some seconds.
const SHORT: [(&str, &str); 1] = [("VITARAD_LIMITS__WRITE_TIMEOUT_MS", "1000")];

async fn a_booking_that_meets(stage: &Stage, fault: Fault) -> (PhoneCall, Value, Value) {
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let slot = json!({ "slotId": call.earliest().await });
    stage.maple().fail("addAppointment", fault, Some(1));
    let answer = call.ask("book", "create_appointment", slot.clone()).await;
    (call, slot, answer)
}

#[tokio::test]
async fn a_booking_whose_answer_is_lost_is_read_back_while_the_caller_waits() {
    for fault in [Fault::CommitThenDrop, Fault::Truncate, Fault::GarbageXml] {
        let stage = Stage::open().await;
        let (_, _, answer) = a_booking_that_meets(&stage, fault.clone()).await;
        assert_eq!(code(&answer), "BOOKED", "{fault:?}: {answer}");
        assert_eq!(stage.maple().marked().len(), 1, "{fault:?}");
        assert_eq!(stage.maple().requests()["addAppointment"], 1, "{fault:?}: sent once");
    }
}

#[tokio::test]
async fn a_booking_that_never_arrived_is_pending_until_absence_counts_and_then_staffs() {
    join_all([Fault::DropBeforeCommit, Fault::WafPage].map(async |fault| {
        let stage = Stage::with(&SHORT).await;
        let (call, slot, answer) = a_booking_that_meets(&stage, fault.clone()).await;
        assert_eq!(code(&answer), "PENDING", "{fault:?}: {answer}");
        assert!(answer["say"].as_str().is_some_and(|say| say.contains("Please don't book again")));
        let later = until("an answer that stays", async || {
            Some(call.ask("book", "create_appointment", slot.clone()).await)
                .filter(|answer| code(answer) != "PENDING")
        })
        .await;
        assert_eq!(code(&later), "HANDED_TO_STAFF", "{fault:?}: {later}");
        assert_eq!(stage.maple().requests()["addAppointment"], 1, "{fault:?}: never sent again");
        assert_eq!(stage.maple().marked().len(), 0, "{fault:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_read_back() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let listed = call.ask("list", "check_appointments", json!({})).await;
    stage.maple().fail("updateAppointment", Fault::CommitThenDrop, Some(1));
    let mine = json!({ "appointmentId": listed["appointments"][0]["appointmentId"] });
    assert_eq!(code(&call.ask("cancel", "cancel_appointment", mine).await), "CANCELLED");
    assert_eq!(stage.maple().requests()["updateAppointment"], 1);
}
