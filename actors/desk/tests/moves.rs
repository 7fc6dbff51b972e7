//! A move is an addition and a cancellation: whatever becomes of either, the patient holds one of the two.

use std::time::Duration;

use serde_json::json;

use super::{NEVER_ARRIVED, REFUSED, at, book, counts, house, once, only, staff};
use crate::domain::tool::Tool;
use crate::testing::Op;

#[tokio::test(start_paused = true)]
async fn a_move_whose_old_half_cannot_be_cancelled_leaves_both_and_says_so() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    only(world.emr("maple"), Op::Cancel, REFUSED);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let moved = house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
    assert_eq!(moved["code"], "MOVED_OLD_REMAINS", "{moved}");
    assert_eq!(world.emr("maple").live().len(), 2);
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_move_wished_again_under_a_new_id_is_answered_by_its_outcome() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    house.ask("c1", "t2", Tool::CheckAppointments, json!({})).await;
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let moved = house.ask("c1", "t3", Tool::UpdateAppointment, move_it.clone()).await;
    assert_eq!(moved["code"], "MOVED", "{moved}");
    let again = house.ask("c1", "t4", Tool::UpdateAppointment, move_it).await;
    assert_eq!((&again["code"], &again["appointment"]), (&moved["code"], &moved["appointment"]));
    let emr = world.emr("maple");
    assert_eq!((emr.requests(Op::Add), emr.requests(Op::Cancel)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_move_to_where_the_appointment_is_writes_nothing() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    let mut move_it = at("10:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    for id in ["t2", "t3"] {
        let there = house.ask("c1", id, Tool::UpdateAppointment, move_it.clone()).await;
        assert_eq!((&there["code"], &there["appointment"]), (&booked["code"], &booked["appointment"]));
    }
    let emr = world.emr("maple");
    assert_eq!((emr.requests(Op::Add), emr.requests(Op::Cancel)), (1, 0));
}

/// Law B-4.
#[tokio::test(start_paused = true)]
async fn a_move_whose_new_half_never_arrived_leaves_the_old_one() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let answer = house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
    assert_eq!(answer["code"], "PENDING", "{answer}");
    house.wait(Duration::from_mins(2)).await;
    let emr = world.emr("maple");
    assert_eq!(emr.requests(Op::Cancel), 0);
    assert_eq!(emr.live().len(), 1);
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_move_whose_new_half_is_taken_leaves_the_old_one() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    staff(&world, 20);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let refused = house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
    assert_eq!(refused["code"], "SLOT_TAKEN", "{refused}");
    assert_eq!(world.emr("maple").live().iter().filter(|row| row.made_by_us).count(), 1);
}
