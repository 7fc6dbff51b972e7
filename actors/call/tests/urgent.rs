//! What is answered whatever is broken.

use std::time::Duration;

use serde_json::json;

use super::{house, key};
use crate::crashpoint::Crashpoints;
use crate::domain::call_note::CallOutcome;
use crate::domain::tool::Tool;
use crate::domain::transfer::TransferReason;
use crate::house::HouseSettings;
use crate::testing::{TestHouse, World, clinic, marie};

/// Until the clinic has opened.
async fn morning(house: &TestHouse) {
    house.wait(Duration::from_hours(2)).await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_asks_for_a_person_is_put_through_and_it_is_entered() {
    let (world, house) = house().await;
    let closed = house.ask("c1", "t1", Tool::TransferCall, json!({ "reason": "billing" })).await;
    assert_eq!((&closed["code"], &closed["isOpen"]), (&json!("TRANSFER_CLOSED"), &json!(false)), "{closed}");
    morning(&house).await;
    let open = house.ask("c1", "t2", Tool::TransferCall, json!({ "reason": "medical question" })).await;
    assert_eq!(open["code"], "TRANSFER", "{open}");
    assert_eq!(open["destination"], json!({ "type": "number", "number": "+16045550100" }));
    house.wait(Duration::from_secs(1)).await;
    let entered: Vec<_> =
        world.store.peek().audit.iter().map(|entry| (entry.action.name(), entry.outcome)).collect();
    assert_eq!(entered, [("transfer_call", "TRANSFER_CLOSED"), ("transfer_call", "TRANSFER")]);
    let record = world.store.peek().records[&key("c1")].facts.clone();
    assert_eq!(record.outcome, Some(CallOutcome::Transferred));
    assert_eq!(record.transfer_reason, Some(TransferReason::MedicalQuestion));
}

#[tokio::test(start_paused = true)]
async fn a_transfer_is_answered_in_the_language_of_the_call() {
    let (_, house) = house().await;
    house.ask("c1", "t1", Tool::GetProviders, json!({ "language": "zh" })).await;
    let answer = house.ask("c1", "t2", Tool::TransferCall, json!({})).await;
    assert!(answer["say"].as_str().unwrap().contains("诊所"), "{answer}");
    let again = house.ask("c1", "t2", Tool::TransferCall, json!({})).await;
    assert_eq!(answer, again);
}

#[tokio::test(start_paused = true)]
async fn neither_the_store_nor_the_emr_nor_the_calls_actor_stands_between_a_caller_and_a_person() {
    let settings = HouseSettings { live_calls_per_clinic: 0, ..HouseSettings::default() };
    let world = World { settings, ..World::of(vec![clinic("maple", 1)], &[marie()]) };
    let house = world.begin(1, Crashpoints::default()).await;
    morning(&house).await;
    world.store.set_away(true);
    let answer = house.ask("c1", "t1", Tool::TransferCall, json!({})).await;
    assert_eq!(answer["code"], "TRANSFER", "no place for a call and no store: {answer}");
    assert_eq!(house.ask("c1", "t2", Tool::GetProviders, json!({})).await["code"], "BUSY");
}
