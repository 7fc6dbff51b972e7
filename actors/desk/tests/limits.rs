//! The limit of a day, and what may be in it unseen.

use std::time::Duration;

use serde_json::{Value, json};

use super::{NEVER_ARRIVED, at, once, verify};
use crate::crashpoint::Crashpoints;
use crate::domain::tool::Tool;
use crate::testing::{Op, TestHouse, World, clinic, patient};

async fn at_most(limit: u16) -> (World, TestHouse) {
    let mut clinic = clinic("maple", 2);
    clinic.booking.daily_limit = Some(limit);
    let world = World::of(vec![clinic], &[patient(42), patient(7)]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    (world, house)
}

pub(super) async fn another(house: &TestHouse, id: &str, time: &str) -> Value {
    let ask = |id, tool, arguments| house.ask_of("maple", "c2", id, tool, arguments, Some("604-555-0107"));
    let born = patient(7).birth_date.unwrap().reveal().to_string();
    let verified = ask("v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    assert_eq!(verified["code"], "VERIFIED", "{verified}");
    ask(id, Tool::CreateAppointment, at(time)).await
}

async fn book(house: &TestHouse, time: &str) -> Value {
    house.ask("c1", "t1", Tool::CreateAppointment, at(time)).await
}

#[tokio::test(start_paused = true)]
async fn a_booking_whose_outcome_is_unknown_counts_towards_the_days_limit() {
    let (world, house) = at_most(1).await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    assert_eq!(book(&house, "10:00").await["code"], "PENDING");
    assert_eq!(another(&house, "t1", "11:00").await["code"], "DAILY_LIMIT");
    house.wait(Duration::from_mins(1)).await;
    assert_eq!(another(&house, "t2", "11:00").await["code"], "BOOKED", "it never arrived");
}
