//! Staff who work at the same EMR at the same moment: what they did stands (laws B-2, B-7).

use serde_json::json;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::sandbox::oscar::{Fault, StaffChange};

use crate::stage::{Stage, code};

#[tokio::test]
async fn a_slot_that_staff_take_an_instant_before_or_after_us_is_theirs() {
    for fault in [Fault::ClerkTakesSlotBefore, Fault::ClerkTakesSlotAfter] {
        let stage = Stage::open().await;
        let emr = stage.maple();
        let call = stage.rings("call-1", MARIE);
        call.verify(MARIE).await;
        let slot = json!({ "slotId": call.earliest().await });
        emr.fail("addAppointment", fault.clone(), Some(1));
        let refused = call.ask("book", "create_appointment", slot).await;
        assert_eq!(code(&refused), "SLOT_TAKEN", "{fault:?}: {refused}");
        assert!(emr.our_overlaps().is_empty(), "{fault:?}");
        let ours = emr.marked();
        assert!(ours.iter().all(|row| !row.occupies()), "{fault:?}: what we wrote is cancelled");

        let next = call.ask("next", "find_earliest_appointment", json!({})).await;
        let slot = json!({ "slotId": next["slot"]["slotId"] });
        assert_eq!(code(&call.ask("again", "create_appointment", slot).await), "BOOKED", "{fault:?}");
    }
}

#[tokio::test]
async fn an_appointment_that_staff_changed_since_the_caller_heard_of_it_is_left_alone() {
    let stage = Stage::open().await;
    let emr = stage.maple();
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let listed = call.ask("list", "check_appointments", json!({})).await;
    let mine = json!({ "appointmentId": listed["appointments"][0]["appointmentId"] });
    let before = emr.rows_of(MARIE)[0].clone();
    let note = StaffChange { notes: Some("bring the form".to_owned()), ..StaffChange::default() };
    emr.staff(before.id, note);
    assert_eq!(code(&call.ask("a", "cancel_appointment", mine.clone()).await), "APPOINTMENT_CHANGED");
    let to = json!({ "appointmentId": before.id, "slotId": call.earliest().await });
    assert_eq!(code(&call.ask("b", "update_appointment", to).await), "APPOINTMENT_CHANGED");
    assert_eq!((emr.rows_of(MARIE).len(), emr.rows_of(MARIE)[0].occupies()), (1, true));

    call.ask("relist", "check_appointments", json!({})).await;
    assert_eq!(code(&call.ask("c", "cancel_appointment", mine).await), "CANCELLED");
    assert_eq!(
        emr.rows_of(MARIE)[0].details.notes.as_deref(),
        Some("bring the form"),
        "no word of theirs is lost"
    );
}

#[tokio::test]
async fn an_appointment_that_staff_cancel_under_our_hands_is_cancelled() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let listed = call.ask("list", "check_appointments", json!({})).await;
    stage.maple().fail("updateAppointment", Fault::ClerkCancelsBeforeUpdate, Some(1));
    let mine = json!({ "appointmentId": listed["appointments"][0]["appointmentId"] });
    assert_eq!(code(&call.ask("a", "cancel_appointment", mine).await), "CANCELLED");
    assert!(!stage.maple().rows_of(MARIE)[0].occupies());
}
