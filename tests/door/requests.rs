//! Messages that the platform waits for.

use serde_json::{Value, json};
use vitarad_actors::domain::clinic::{Clinic, Roster};
use vitarad_actors::domain::ids::ClinicId;

use super::house::{CEDAR_LINE, House, MAPLE_LINE, Mood, Plan, about, api_key};

const BIRCH_LINE: &str = "+12065550177";

async fn asked(house: &House, line: &str, fields: Value) -> Value {
    let reply = house.tell("/api/vapi", &about(line, &fields)).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.body.as_object().map(serde_json::Map::len), Some(1), "nothing but what is meant");
    reply.body
}

/// Behind a switchboard that answers nothing and dies of everything.
fn broken() -> House {
    let house = House::open(Plan::default());
    house.set_mood(Mood::Dies);
    house
}

#[tokio::test]
async fn a_call_to_a_clinic_without_an_assistant_goes_to_its_telephone() {
    let answer = asked(&broken(), BIRCH_LINE, json!({ "type": "assistant-request" })).await;
    assert_eq!(answer, json!({ "destination": { "type": "number", "number": "+16045550100" } }));
}

#[tokio::test]
async fn a_call_to_nobodys_line_or_to_another_clinics_hears_a_safe_word() {
    let house = broken();
    for line in ["+12065550144", CEDAR_LINE] {
        let reply = house.tell("/api/vapi", &about(line, &json!({ "type": "assistant-request" }))).await;
        if reply.status == 200 {
            assert_eq!(reply.body, json!({ "error": "I'm sorry, I can't help with this line right now." }));
        } else {
            assert_eq!((line, reply.status), (CEDAR_LINE, 401), "its own credential is wanted");
        }
    }
}

#[tokio::test]
async fn a_transfer_goes_where_the_clinic_says_while_somebody_is_there() {
    let house = broken();
    let wish = json!({ "type": "transfer-destination-request" });
    let closed = asked(&house, MAPLE_LINE, wish.clone()).await;
    assert!(closed["error"].as_str().unwrap().contains("604-555-0100"), "{closed}");
    let open: Clinic = serde_json::from_value(json!({
        "id": "maple", "name": "maple", "phone": "604-555-0100", "lines": [MAPLE_LINE],
        "timezone": "America/Vancouver", "providers": [], "transfer": "604-555-0102",
        "hours": { "monday": ["00:00-24:00"], "tuesday": ["00:00-24:00"], "wednesday": ["00:00-24:00"],
            "thursday": ["00:00-24:00"], "friday": ["00:00-24:00"], "saturday": ["00:00-24:00"],
            "sunday": ["00:00-24:00"] },
    }))
    .unwrap();
    let roster = std::sync::Arc::new(Roster::of([open]).unwrap());
    let none: [(&ClinicId, &[_]); 0] = [];
    let gatebook = vitarad::front::Gatebook::prepare(roster, &[api_key(super::house::PLATFORM_KEY)], none);
    house.gatebook.store(std::sync::Arc::new(gatebook.unwrap()));
    let answer = asked(&house, MAPLE_LINE, wish).await;
    let destination = &answer["destination"];
    assert_eq!(destination["number"], "+16045550102");
    assert!(destination["message"].as_str().unwrap().contains("putting you through"), "{answer}");
}

#[tokio::test]
async fn a_handoff_goes_to_the_assistant_that_is_asked_for_or_to_the_first_one() {
    let house = broken();
    let handoff = |wish: Value| json!({ "type": "handoff-destination-request", "parameters": wish });
    let named = asked(&house, MAPLE_LINE, handoff(json!({ "destination": "Booking" }))).await;
    assert_eq!(named["destination"], json!({ "type": "assistant", "assistantName": "booking-maple" }));
    for wish in [json!({ "destination": "elsewhere" }), json!({}), json!("booking"), Value::Null] {
        let other = asked(&house, MAPLE_LINE, handoff(wish)).await;
        assert_eq!(other["destination"], json!({ "type": "assistant", "assistantId": "assistant-maple" }));
    }
    let none = asked(&house, BIRCH_LINE, handoff(json!({ "destination": "elsewhere" }))).await;
    assert!(none["error"].is_string(), "{none}");
}

#[tokio::test]
async fn a_type_nobody_knows_is_accepted_and_counted() {
    let house = broken();
    let reply = house.tell("/api/vapi", &about(MAPLE_LINE, &json!({ "type": "tea-is-ready" }))).await;
    assert_eq!((reply.status, reply.body), (200, json!({})));
    assert_eq!(house.count(r#"door_messages_total{clinic="maple",kind="other",outcome="ignored"}"#), 1);
}
