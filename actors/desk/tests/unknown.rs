//! A write of which nobody has heard how it ended: it is unknown until a reading settles it, and never sent again.

use std::time::Duration;

use serde_json::json;

use super::{LOST, NEVER_ARRIVED, REFUSED, at, book, counts, house, once, only, staff, until_given_up};
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::testing::{Fate, Op, patient, visit_day};

/// Who was told "not confirmed yet; the clinic will make sure" does not find out by not turning up in the book.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_once_the_caller_was_told_pending_is_for_staff_to_tell() {
    let (world, house) = house().await;
    let refused = EmrFailure::ClientFault;
    only(world.emr("maple"), Op::Add, Fate::Fails { after: Duration::from_secs(6), with: refused });
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_secs(3)).await;
    assert_eq!(book(&house, "t1", "10:00").await["code"], "HANDED_TO_STAFF");
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_reading_while_the_caller_waits() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, LOST);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED");
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
    assert_eq!(counts(&world, &house).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_arrived_stays_unknown_until_absence_counts_and_ends_with_staff() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    let pending = book(&house, "t1", "10:00").await;
    assert_eq!(pending["code"], "PENDING", "{pending}");
    let taken = house
        .ask_of(
            "maple",
            "c2",
            "x",
            Tool::FindEarliestAppointment,
            json!({ "startDate": visit_day().to_string() }),
            None,
        )
        .await;
    assert_eq!(taken["code"], "SLOT_FOUND");
    house.wait(Duration::from_secs(10)).await;
    assert_eq!(counts(&world, &house).await, (1, 0), "absence does not count yet");
    house.wait(Duration::from_secs(25)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
    assert_eq!(world.emr("maple").requests(Op::Add), 1, "never sent again");
    let told = book(&house, "t1", "10:00").await;
    assert_eq!(told["code"], "HANDED_TO_STAFF", "the stored answer: {told}");
}

/// Somebody waits for that.
#[tokio::test(start_paused = true)]
async fn a_write_that_never_arrived_is_given_up_as_soon_as_its_absence_counts() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(until_given_up(&house)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_unsettled_write_occupies_its_time_and_its_patient() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    assert_eq!(book(&house, "t2", "11:00").await["code"], "PATIENT_BUSY");
    let born = patient(7).birth_date.unwrap().reveal().to_string();
    let other = |id: &'static str, tool, arguments| {
        house.ask_of("maple", "c2", id, tool, arguments, Some("604-555-0107"))
    };
    assert_eq!(
        other("v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await["code"],
        "VERIFIED"
    );
    assert_eq!(other("t3", Tool::CreateAppointment, at("10:00")).await["code"], "SLOT_TAKEN");
    assert_eq!(other("t4", Tool::CreateAppointment, at("10:15")).await["code"], "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn a_write_the_emr_refused_is_known_not_to_be_done() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, REFUSED);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "EMR_UNAVAILABLE");
    assert_eq!(counts(&world, &house).await, (0, 0));
    assert_eq!(book(&house, "t2", "10:00").await["code"], "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_write_is_pending_for_the_caller_and_found_later() {
    let (world, house) = house().await;
    let late = Fate::DoneLater { after: Duration::from_secs(8), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_secs(15)).await;
    assert_eq!(counts(&world, &house).await, (0, 0));
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED", "the answer is stored when it is known");
    assert_eq!(world.sms.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_turns_up_after_it_was_given_up_is_adopted() {
    let (world, house) = house().await;
    let very_late = Fate::DoneLater { after: Duration::from_mins(3), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, very_late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
    house.wait(Duration::from_mins(10)).await;
    let tables = world.store.peek();
    assert!(matches!(tables.effects[0].state, crate::domain::booking::EffectState::Done(_)));
    assert_eq!(world.emr("maple").live().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_turns_up_twice_after_it_was_given_up_leaves_one_row() {
    let (world, house) = house().await;
    let very_late = Fate::DoneLater { after: Duration::from_mins(3), times: 2, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, very_late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
    house.wait(Duration::from_mins(10)).await;
    assert_eq!(world.emr("maple").live().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_turns_up_in_somebodys_way_is_taken_back() {
    let (world, house) = house().await;
    let very_late = Fate::DoneLater { after: Duration::from_mins(3), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, very_late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    staff(&world, 4);
    house.wait(Duration::from_mins(12)).await;
    let live = world.emr("maple").live();
    assert_eq!((live.len(), live[0].made_by_us), (1, false));
}

#[tokio::test(start_paused = true)]
async fn one_write_that_the_emr_did_twice_leaves_one_row() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, Fate::DoneTwice { after: Duration::from_millis(20) });
    let booked = book(&house, "t1", "10:00").await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    let live = world.emr("maple").live();
    assert_eq!(live.len(), 1);
    assert_eq!(booked["appointment"]["appointmentId"], live[0].no.0);
}

#[tokio::test(start_paused = true)]
async fn a_lost_cancellation_is_settled_by_reading() {
    for (fate, code, live) in [(LOST, "CANCELLED", 0), (NEVER_ARRIVED, "PENDING", 1)] {
        let (world, house) = house().await;
        let booked = book(&house, "t1", "10:00").await;
        once(world.emr("maple"), Op::Cancel, fate);
        let id = &booked["appointment"]["appointmentId"];
        let answer = house.ask("c1", "t2", Tool::CancelAppointment, json!({ "appointmentId": id })).await;
        assert_eq!(answer["code"], code, "{answer}");
        house.wait(Duration::from_secs(40)).await;
        assert_eq!(world.emr("maple").live().len(), live);
        assert_eq!(counts(&world, &house).await, (0, u64::from(live == 1)));
        assert_eq!(world.emr("maple").requests(Op::Cancel), 1);
    }
}
