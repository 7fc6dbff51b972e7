//! Notes of a call, and the waiting list.

use serde_json::json;

use super::{house, key};
use crate::crashpoint::Crashpoints;
use crate::domain::call_note::{CallIntent, CallOutcome};
use crate::domain::say::Language;
use crate::domain::tool::Tool;
use crate::domain::waitlist::WaitlistStatus;
use crate::testing::{TestHouse, World, clinic, marie};

#[tokio::test(start_paused = true)]
async fn what_the_agent_notes_is_in_the_record_and_the_audit_log() {
    let (world, house) = house().await;
    let noted = json!({ "intent": "info", "language": "zh", "smsConsent": false, "notes": "said much" });
    assert_eq!(house.ask("c1", "t1", Tool::LogCallMetadata, noted).await["code"], "OK");
    let later = json!({ "outcome": "no_action" });
    assert_eq!(house.ask("c1", "t2", Tool::LogCallMetadata, later).await["code"], "OK");
    let tables = world.store.peek();
    let record = &tables.records[&key("c1")].facts;
    assert_eq!((record.intent, record.outcome), (Some(CallIntent::Inquiry), Some(CallOutcome::NoAction)));
    assert_eq!((record.language, record.sms_consent), (Some(Language::Zh), Some(false)));
    assert_eq!(tables.audit.iter().filter(|entry| entry.action.name() == "log_call_metadata").count(), 2);
}

async fn with_waitlist() -> (World, TestHouse) {
    let mut maple = clinic("maple", 1);
    maple.waitlist_enabled = true;
    let world = World::of(vec![maple], &[marie()]);
    let house = world.begin(1, Crashpoints::default()).await;
    (world, house)
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_wait_is_entered_once_under_the_number_that_rang() {
    let (world, house) = with_waitlist().await;
    let wish =
        json!({ "firstName": "Robin", "lastName": "Example", "phone": "604-555-0177", "reason": "knee" });
    for id in ["t1", "t1", "t2"] {
        let answer = house.ask("c1", id, Tool::AddToWaitlist, wish.clone()).await;
        assert_eq!(answer["code"], "WAITLISTED", "{answer}");
    }
    let tables = world.store.peek();
    let [row] = tables.waitlist.as_slice() else { panic!("entered {} times", tables.waitlist.len()) };
    assert_eq!((row.status, row.waiting.phone.reveal().digits()), (WaitlistStatus::Pending, "6045550142"));
    assert_eq!(row.waiting.reason.reveal().as_deref(), Some("knee"));
    assert_eq!(tables.records[&key("c1")].facts.outcome, Some(CallOutcome::Waitlisted));
}

#[tokio::test(start_paused = true)]
async fn who_withholds_their_number_is_asked_for_one_and_who_has_no_name_for_a_name() {
    let (world, house) = with_waitlist().await;
    let ask = |id: &'static str, wish| house.ask_of("maple", "c1", id, Tool::AddToWaitlist, wish, None);
    let name = json!({ "firstName": "Robin", "lastName": "Example" });
    let refused = ask("t1", name.clone()).await;
    assert!(refused["say"].as_str().unwrap().contains("What number"), "{refused}");
    assert_eq!(ask("t2", json!({ "firstName": "Robin" })).await["argument"], "lastName");
    assert!(world.store.peek().waitlist.is_empty());
    let mut told = name;
    told["phone"] = json!("604 555 0177");
    assert_eq!(ask("t3", told).await["code"], "WAITLISTED");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_wait_who_was_not_entered() {
    let (_, house) = house().await;
    let wish = json!({ "firstName": "Robin", "lastName": "Example" });
    let none = house.ask("c1", "t1", Tool::AddToWaitlist, wish.clone()).await;
    assert_eq!(none["code"], "WAITLIST_CLOSED", "this clinic keeps none: {none}");

    let (world, house) = with_waitlist().await;
    house.ask("c1", "t1", Tool::GetProviders, json!({})).await;
    world.store.set_away(true);
    for _ in 0..2 {
        let refused = house.ask("c1", "t2", Tool::AddToWaitlist, wish.clone()).await;
        assert_eq!(refused["code"], "INTERNAL_ERROR", "{refused}");
    }
    world.store.set_away(false);
    let entered = house.ask("c1", "t2", Tool::AddToWaitlist, wish).await;
    assert_eq!((&entered["code"], world.store.peek().waitlist.len()), (&json!("WAITLISTED"), 1));
}
