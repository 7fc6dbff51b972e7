//! Law C-1: whatever is broken behind the door, a tool call is answered.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use vitarad::front::DoorSettings;

use super::house::{CEDAR_KEY, CEDAR_LINE, House, Mood, PLATFORM_KEY, Plan, about, tool_call, tool_calls};

fn impatient() -> House {
    let door = DoorSettings { tool_deadline: Duration::from_millis(50), ..DoorSettings::default() };
    House::open(Plan { door, ..Plan::default() })
}

#[tokio::test]
async fn what_nobody_answers_the_door_answers_by_its_own_timer() {
    let house = impatient();
    house.set_mood(Mood::NeverAnswers);
    let list = json!([
        tool_call("a", "get_providers"),
        tool_call("b", "create_appointment"),
        tool_call("c", "update_appointment"),
        tool_call("d", "cancel_appointment"),
    ]);
    let reply = house.tell("/api/vapi", &tool_calls(&list)).await;
    assert_eq!(reply.codes(), ["EMR_TIMEOUT", "PENDING", "PENDING", "PENDING"]);
    let said = reply.results()[0].2["say"].as_str().unwrap().to_owned();
    assert!(said.contains("604-555-0100"), "the clinic's own number: {said}");
    let series = r#"door_tool_calls_total{clinic="maple",tool="create_appointment",outcome="deadline"}"#;
    assert_eq!(house.count(series), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answerer_that_blocks_its_thread_does_not_block_the_answer() {
    let house = impatient();
    house.set_mood(Mood::Blocks);
    let body = tool_calls(&json!([tool_call("a", "get_providers")]));
    let reply = house.tell("/api/vapi", &body).await;
    house.script.released.add_permits(1);
    assert_eq!(reply.codes(), ["EMR_TIMEOUT"]);
}

#[tokio::test]
async fn a_caller_who_wants_a_person_gets_a_number_however_the_house_behind_the_door_is() {
    for mood in [Mood::NeverAnswers, Mood::Dies] {
        let house = impatient();
        house.set_mood(mood);
        let list = json!([
            {"id": "a", "name": "transfer_call", "arguments": {"reason": "billing"}},
            {"id": "b", "name": "transfer_call", "arguments": "{\"reason\": \"bil"},
        ]);
        let reply = house.tell("/api/vapi", &tool_calls(&list)).await;
        for (_, _, answer) in reply.results() {
            assert_eq!(answer["transferNumber"], "+16045550100", "{answer}");
            assert_eq!(answer["code"], "TRANSFER_CLOSED", "this clinic has no hours: {answer}");
        }
    }
}

#[tokio::test]
async fn the_door_speaks_the_clinics_language() {
    let house = impatient();
    house.set_mood(Mood::NeverAnswers);
    let fields = json!({"type": "tool-calls", "toolCallList": [tool_call("a", "get_providers")]});
    let reply =
        house.post("/api/vapi", &[("x-api-key", CEDAR_KEY)], about(CEDAR_LINE, &fields).to_string()).await;
    assert!(reply.results()[0].2["say"].as_str().unwrap().contains("预约系统"));
}

#[tokio::test]
async fn an_answerer_that_dies_is_answered_for_and_what_it_may_have_changed_is_left_open() {
    let house = House::open(Plan::default());
    house.set_mood(Mood::Dies);
    let list = json!([tool_call("a", "get_providers"), tool_call("b", "create_appointment")]);
    let reply = house.tell("/api/vapi", &tool_calls(&list)).await;
    assert_eq!(reply.codes(), ["INTERNAL_ERROR", "PENDING"]);
}

#[tokio::test]
async fn a_legacy_call_and_a_bare_body_are_answered_in_time_too() {
    let house = impatient();
    house.set_mood(Mood::NeverAnswers);
    let bare = house.tell("/clinics/maple/api/vapi/create-appointment", &json!({})).await;
    assert_eq!((bare.status, &bare.body["code"]), (200, &json!("PENDING")));
    let mut legacy = tool_calls(&json!([]));
    legacy["message"]["type"] = json!("function-call");
    legacy["message"]["functionCall"] = json!({"name": "get_providers", "parameters": {}});
    let legacy = house.tell("/api/vapi", &legacy).await;
    assert!(legacy.body["result"].as_str().unwrap().contains("EMR_TIMEOUT"));
}

#[tokio::test]
async fn a_tool_call_goes_on_when_the_platform_hangs_up_on_the_connection() {
    let house = House::open(Plan::default());
    house.set_mood(Mood::Waits);
    let body = tool_calls(&json!([tool_call("a", "create_appointment")])).to_string();
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    let head = format!("POST /api/vapi HTTP/1.1\r\nhost: x\r\nx-api-key: {PLATFORM_KEY}\r\n");
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    house.script.rang.notified().await;
    drop(stream);
    super::house::until(|| house.count("door_open_connections") == 0).await;
    house.script.released.add_permits(1);
    let finished = tokio::time::timeout(Duration::from_secs(10), house.script.finished.acquire()).await;
    assert!(finished.is_ok());
}
