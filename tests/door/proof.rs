//! What a process on probation is judged by: whether the house behind its door answers.

use std::time::Duration;

use futures::FutureExt;
use serde_json::json;
use vitarad::front::{ClinicLimits, DoorSettings};
use vitarad_actors::domain::bucket::Rate;
use vitarad_actors::switchboard::NotKept;

use super::house::{House, MAPLE_LINE, Mood, Plan, about, tool_call, tool_calls};

fn is_proven(house: &House) -> bool {
    house.proof.given().now_or_never().is_some()
}

fn impatient() -> House {
    let door = DoorSettings { tool_deadline: Duration::from_millis(50), ..DoorSettings::default() };
    House::open(Plan { door, ..Plan::default() })
}

#[tokio::test]
async fn what_the_door_answers_by_itself_says_nothing_of_the_house() {
    let house = House::open(Plan::default());
    let asked = tool_calls(&json!([tool_call("a", "get_providers")]));
    assert!(house.client.get(format!("http://{}/livez", house.addr)).send().await.is_ok());
    assert_eq!(house.post("/nowhere", &[], "{}").await.status, 404);
    assert_eq!(house.post("/api/vapi", &[], asked.to_string()).await.status, 401);
    assert_eq!(house.tell("/api/vapi", &json!("nonsense")).await.status, 400);
    let unknown = tool_calls(&json!([tool_call("a", "get_weather")]));
    assert_eq!(house.tell("/api/vapi", &unknown).await.status, 200);
    assert!(!is_proven(&house) && !house.proof.is_lacking());
}

#[tokio::test]
async fn a_webhook_proves_the_house_when_that_has_answered_it_and_not_before() {
    let asked = tool_calls(&json!([tool_call("a", "get_providers")]));
    for mood in [Mood::NeverAnswers, Mood::Dies, Mood::Fails] {
        let house = impatient();
        house.set_mood(mood);
        assert_eq!(house.tell("/api/vapi", &asked).await.status, 200, "the caller hears something");
        assert!(!is_proven(&house) && house.proof.is_lacking(), "{mood:?}");
        house.set_mood(Mood::Answers);
        house.tell("/api/vapi", &asked).await;
        assert!(is_proven(&house) && !house.proof.is_lacking(), "{mood:?}");
        house.set_mood(mood);
        house.tell("/api/vapi", &asked).await;
        assert!(is_proven(&house), "once is enough: {mood:?}");
    }
}

#[tokio::test]
async fn what_is_urgent_proves_nothing_because_it_is_answered_whoever_else_is_away() {
    let clinic_limits =
        ClinicLimits { tool_calls: Rate { per_minute: 1, burst: 1 }, ..ClinicLimits::default() };
    let door = DoorSettings { clinic_limits, ..DoorSettings::default() };
    let house = House::open(Plan { door, ..Plan::default() });
    for id in ["within the limit", "beyond it"] {
        let transfer = tool_calls(&json!([tool_call(id, "transfer_call")]));
        assert_eq!(house.tell("/api/vapi", &transfer).await.status, 200);
        assert!(!is_proven(&house) && !house.proof.is_lacking(), "{id}");
    }
}

#[tokio::test]
async fn a_message_proves_the_house_when_it_is_kept() {
    let house = House::open(Plan::default());
    let hang = about(MAPLE_LINE, &json!({"type": "hang"}));
    *house.script.keeps.lock().unwrap() = Err(NotKept::StoreAway);
    assert_eq!(house.tell("/api/vapi", &hang).await.status, 503);
    assert!(!is_proven(&house) && house.proof.is_lacking());
    *house.script.keeps.lock().unwrap() = Ok(());
    assert_eq!(house.tell("/api/vapi", &hang).await.status, 200);
    assert!(is_proven(&house));
}
