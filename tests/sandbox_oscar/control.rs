//! The port that gives orders, and neighbours in one house.

use jiff::civil::time;
use reqwest::Method;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::{Flavour, Profile, World, demo};

use crate::house::{House, TODAY, Xml, client, clinic, envelope, start, username_token, zone};

async fn fetch(house: &House, path: &str) -> Value {
    house.order(Method::GET, path).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
}

async fn status(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_state_shows_appointments_as_stored_and_counts_requests() {
    let house = House::seeded().await;
    let id = house.book("101", "2026-07-21T09:00:00", "2026-07-21T09:15:00").await;
    let state = fetch(&house, "/state").await;
    let rows = state["appointments"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&row["date"], &row["end"]), (&json!("2026-07-21"), &json!("09:14:59")));
    assert_eq!(
        (&row["creator"], &row["provider_no"], &row["reason"]),
        (&json!("voicedesk"), &json!("101"), &Value::Null)
    );
    assert_eq!(state["requests"], json!({ "addAppointment": 1 }));
    assert_eq!(
        (&state["profile"], &state["token_generation"], &state["archived"]),
        (&json!("oscar-19"), &json!(0), &json!(0))
    );
    assert!(state["most_concurrent"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn staff_book_change_and_cancel_on_their_own_screens() {
    let house = House::seeded().await;
    let booking = json!({ "provider_no": "101", "date": "2026-07-21", "start": "09:00", "minutes": 15, "name": "Walk-in" });
    let made = house.order(Method::POST, "/clerk/appointments").json(&booking).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let id = made.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
    let path = format!("/clerk/appointments/{id}");
    let change = json!({ "start": "10:30", "status": "C", "notes": "called back" });
    assert_eq!(status(house.order(Method::PATCH, &path).json(&change)).await.0, 204);
    let row = house.oscar.with_world(|world| world.book.get(i32::try_from(id).unwrap()).cloned()).unwrap();
    assert_eq!((row.start, row.end), (time(10, 30, 0, 0), time(10, 44, 0, 0)));
    assert_eq!(
        (row.details.status.as_deref(), row.details.notes.as_deref()),
        (Some("C"), Some("called back"))
    );
    assert_eq!((row.creator.as_deref(), row.last_update_user.as_deref()), (Some("desk, front"), Some("188")));
    assert_eq!(fetch(&house, "/state").await["archived"], 1);
}

#[tokio::test]
async fn overlaps_name_both_creators_and_vanish_with_a_cancellation() {
    let house = House::seeded().await;
    let ours = house.book("101", "2026-07-21T09:00:00", "2026-07-21T09:30:00").await;
    let booking = json!({ "provider_no": "101", "date": "2026-07-21", "start": "09:15", "minutes": 15 });
    assert_eq!(status(house.order(Method::POST, "/clerk/appointments").json(&booking)).await.0, 201);
    let found = fetch(&house, "/overlaps").await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        (&found[0]["first"]["id"], &found[0]["first"]["creator"]),
        (&json!(ours), &json!("voicedesk"))
    );
    assert_eq!(
        (&found[0]["second"]["creator"], &found[0]["date"]),
        (&json!("desk, front"), &json!("2026-07-21"))
    );
    let path = format!("/clerk/appointments/{ours}");
    assert_eq!(status(house.order(Method::PATCH, &path).json(&json!({ "status": "CS" }))).await.0, 204);
    assert_eq!(fetch(&house, "/overlaps").await, json!([]));
}

#[tokio::test]
async fn a_schedule_day_can_be_taken_away() {
    let house = House::seeded().await;
    let day = "<ws:getDayWorkSchedule><arg0>021</arg0><arg1>2026-07-21</arg1></ws:getDayWorkSchedule>";
    assert!(house.ask("ScheduleService", day).await.get("return").is_some());
    let path = "/clerk/schedule/021/2026-07-21";
    assert_eq!(status(house.order(Method::DELETE, path)).await.0, 204);
    assert_eq!(house.ask("ScheduleService", day).await.get("return"), None);
    assert_eq!(status(house.order(Method::DELETE, path)).await.0, 404);
}

#[tokio::test]
async fn a_restart_grows_the_token_generation() {
    let house = House::seeded().await;
    assert_eq!(status(house.order(Method::POST, "/restart")).await.0, 204);
    assert_eq!(fetch(&house, "/state").await["token_generation"], 1);
}

#[tokio::test]
async fn mistakes_are_answered_with_what_is_wrong() {
    let house = House::seeded().await;
    let elsewhere = format!("http://{}/nowhere/state", house.running.control_addr);
    let (code, text) = status(house.client.get(elsewhere)).await;
    assert!(code == 404 && text.contains("no such context"), "{text}");
    let (code, text) = status(house.order(Method::PATCH, "/clerk/appointments/1").json(&json!({}))).await;
    assert!(code == 404 && text.contains("no such appointment"), "{text}");
    for (path, body, hint) in [
        (
            "/faults",
            json!({ "operation": "addAppointment", "fault": "hang", "count": 1 }),
            "unknown field `count`",
        ),
        ("/faults", json!({ "operation": "bookIt", "fault": "hang" }), "unknown operation"),
        ("/faults", json!({ "operation": "isAlive", "fault": "meteor" }), "unknown variant `meteor`"),
        ("/faults", json!({ "operation": "isAlive", "fault": "clerk_moves_after" }), "one appointment"),
        ("/clerk/appointments", json!({ "provider_no": "101", "day": "x" }), "unknown field `day`"),
    ] {
        let (code, text) = status(house.order(Method::POST, path).json(&body)).await;
        assert!((400..500).contains(&code) && text.contains(hint), "{code} {text}");
    }
}

#[tokio::test]
async fn faults_are_ordered_and_cleared_over_the_wire() {
    let house = House::seeded().await;
    let rule =
        json!({ "operation": "*", "fault": { "soap_fault": { "text": "no & no" } }, "probability": 1.0 });
    assert_eq!(status(house.order(Method::POST, "/faults").json(&rule)).await.0, 201);
    for _ in 0..3 {
        let (code, text) = house.call("ProviderService", "<ws:getProviders2/>").await.fault();
        assert_eq!((code.as_str(), text.as_str()), ("Server", "no & no"));
    }
    assert_eq!(status(house.order(Method::DELETE, "/faults")).await.0, 204);
    assert_eq!(house.call("ProviderService", "<ws:getProviders2/>").await.status, 200);
}

#[tokio::test]
async fn clinics_in_one_house_share_nothing() {
    let cedar = World::clinic(Profile::OpenO, zone("America/Toronto"), TODAY, 12, Flavour::Cedar);
    let cedar = cedar.with_password("battery staple");
    let worlds = vec![("/maple".to_owned(), clinic(Profile::Oscar19)), ("/cedar".to_owned(), cedar)];
    let running = start(worlds).await;
    let chart = async |context: &str, password: &str| {
        let operation = "<ws:getDemographic><arg0>4760</arg0></ws:getDemographic>";
        let body = envelope(&username_token("131", password), operation);
        let url = format!("{}/ws/DemographicService", running.url(context));
        let response = client().post(url).body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let name = |text: &str| Xml::read(text).text("lastName").to_owned();
    assert_eq!(name(&chart("/maple", demo::PASSWORD).await.1), demo::ONLY_AT_MAPLE.last_name);
    assert_eq!(name(&chart("/cedar", "battery staple").await.1), demo::ONLY_AT_CEDAR.last_name);
    assert_eq!(chart("/cedar", demo::PASSWORD).await.0, 500);
    let requests = |context: &str| running.oscar(context).unwrap().state().requests["getDemographic"];
    assert_eq!((requests("/maple"), requests("/cedar")), (1, 2));
    let listed = client().get(format!("http://{}/", running.control_addr)).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed, json!([{ "context": "/cedar" }, { "context": "/maple" }]));
}

#[tokio::test]
async fn a_stopped_house_answers_nobody() {
    let house = House::seeded().await;
    let url = house.running.url("/maple");
    house.call("ProviderService", "<ws:getProviders2/>").await;
    house.running.stop().await;
    assert!(house.client.get(format!("{url}/ws/")).send().await.is_err());
}
