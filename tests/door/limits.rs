//! How much is too much, and for whom.

use serde_json::{Value, json};
use vitarad::front::{ClinicLimits, DoorSettings};
use vitarad_actors::domain::bucket::Rate;

use super::house::{
    CEDAR_KEY, CEDAR_LINE, House, MAPLE_LINE, Mood, PLATFORM_KEY, Plan, about, tool_call, tool_calls, until,
};

/// So slow that nothing comes back while a test runs.
const THREE: Rate = Rate { per_minute: 1, burst: 3 };

fn limited(door: DoorSettings) -> House {
    House::open(Plan { door, ..Plan::default() })
}

fn one_call() -> Value {
    tool_calls(&json!([tool_call("a", "get_providers")]))
}

#[tokio::test]
async fn a_source_that_fails_too_often_is_put_off_and_a_good_credential_from_there_is_not() {
    let house = limited(DoorSettings { failures: THREE, ..DoorSettings::default() });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(house.post("/api/vapi", &[], one_call().to_string()).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    assert_eq!(house.tell("/api/vapi", &one_call()).await.codes(), ["OK"]);
    let throttled = house.post("/api/vapi", &[], one_call().to_string()).await;
    assert_eq!(throttled.headers["retry-after"], "60");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_sender_is_a_source_of_its_own() {
    let house = limited(DoorSettings {
        failures: THREE,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..DoorSettings::default()
    });
    for _ in 0..3 {
        house.post("/api/vapi", &[("x-forwarded-for", "198.51.100.1")], "{}").await;
    }
    let from = async |hops: &str| house.post("/api/vapi", &[("x-forwarded-for", hops)], "{}").await.status;
    assert_eq!(from("198.51.100.1").await, 429);
    assert_eq!(
        from("203.0.113.5, 198.51.100.1").await,
        429,
        "what a sender writes before its own address is idle"
    );
    assert_eq!(from("198.51.100.2").await, 401);
}

#[tokio::test]
async fn a_clinic_over_its_rate_is_told_so_with_200_and_another_notices_nothing() {
    let clinic_limits = ClinicLimits { tool_calls: THREE, ..ClinicLimits::default() };
    let house = limited(DoorSettings { clinic_limits, ..DoorSettings::default() });
    let list: Vec<_> = (0..5).map(|n| tool_call(&format!("id-{n}"), "get_providers")).collect();
    let reply = house.tell("/api/vapi", &tool_calls(&json!(list))).await;
    assert_eq!(reply.codes(), ["OK", "OK", "OK", "RATE_LIMITED", "RATE_LIMITED"]);
    let transfer = tool_calls(&json!([tool_call("t", "transfer_call")]));
    let reply = house.tell("/api/vapi", &transfer).await;
    assert_eq!(reply.codes(), ["TRANSFER_CLOSED"], "nobody is kept from a person for the others' number");
    let fields = json!({"type": "tool-calls", "toolCallList": [tool_call("a", "get_providers")]});
    let cedar = about(CEDAR_LINE, &fields).to_string();
    let reply = house.post("/api/vapi", &[("x-api-key", CEDAR_KEY)], cedar).await;
    assert_eq!(reply.codes(), ["OK"]);
    let report = about(MAPLE_LINE, &json!({"type": "end-of-call-report"}));
    assert_eq!(house.tell("/api/vapi", &report).await.status, 200);
    assert_eq!(house.told().len(), 1, "messages have a rate of their own");
}

#[tokio::test]
async fn over_the_rate_of_messages_only_what_can_be_missed_is_dropped() {
    let clinic_limits = ClinicLimits { messages: THREE, ..ClinicLimits::default() };
    let house = limited(DoorSettings { clinic_limits, ..DoorSettings::default() });
    for fields in [
        json!({"type": "status-update", "status": "queued"}),
        json!({"type": "status-update", "status": "ringing"}),
        json!({"type": "hang"}),
        json!({"type": "hang"}),
        json!({"type": "transfer-update"}),
        json!({"type": "status-update", "status": "ended"}),
        json!({"type": "end-of-call-report"}),
    ] {
        assert_eq!(house.tell("/api/vapi", &about(MAPLE_LINE, &fields)).await.status, 200);
    }
    let kinds: Vec<_> = house.told().into_iter().map(|one| one.kind).collect();
    let kept =
        ["status-update", "status-update", "hang", "transfer-update", "status-update", "end-of-call-report"];
    assert_eq!(kinds, kept);
    assert_eq!(house.count(r#"door_messages_total{clinic="maple",kind="hang",outcome="dropped"}"#), 1);
    assert_eq!(house.tell("/api/vapi", &one_call()).await.codes(), ["OK"]);
}

#[tokio::test]
async fn a_clinic_whose_tool_calls_all_hang_is_busy_and_another_is_not() {
    let clinic_limits = ClinicLimits { tool_calls_at_once: 2, ..ClinicLimits::default() };
    let house = limited(DoorSettings { clinic_limits, ..DoorSettings::default() });
    house.set_mood(Mood::Waits);
    let list = json!([
        tool_call("a", "get_providers"),
        tool_call("b", "get_providers"),
        tool_call("c", "get_providers")
    ]);
    let body = tool_calls(&list);
    let (reply, ()) = tokio::join!(house.tell("/api/vapi", &body), async {
        until(|| house.heard().len() == 2).await;
        assert_eq!(house.tell("/api/vapi", &one_call()).await.codes(), ["BUSY"]);
        house.set_mood(Mood::Answers);
        let birch = json!({"type": "tool-calls", "toolCallList": [tool_call("d", "get_providers")]});
        let birch = about("+12065550177", &birch).to_string();
        let reply = house.post("/api/vapi", &[("x-api-key", PLATFORM_KEY)], birch).await;
        assert_eq!(reply.codes(), ["OK"], "another clinic");
        house.script.released.add_permits(2);
    });
    assert_eq!(reply.codes(), ["OK", "OK", "BUSY"]);
    assert_eq!(house.tell("/api/vapi", &one_call()).await.codes(), ["OK"], "the places are free again");
}

#[tokio::test]
async fn an_alarm_over_the_limit_is_answered_and_entered_all_the_same() {
    let clinic_limits = ClinicLimits { tool_calls: THREE, ..ClinicLimits::default() };
    let house = limited(DoorSettings { clinic_limits, ..DoorSettings::default() });
    let mut list: Vec<_> = (0..3).map(|n| tool_call(&format!("id-{n}"), "get_providers")).collect();
    list.extend([tool_call("t", "transfer_call"), tool_call("a", "create_appointment")]);
    list[4]["function"]["arguments"] = json!({ "reason": "I have chest pain" });
    let reply = house.tell("/api/vapi", &tool_calls(&json!(list))).await;
    assert_eq!(reply.codes(), ["OK", "OK", "OK", "TRANSFER_CLOSED", "EMERGENCY"]);
    until(|| !house.script.alarms.lock().unwrap().is_empty()).await;
    let entered = house.script.alarms.lock().unwrap().clone();
    assert_eq!(entered, [("create_appointment", "emergency", "EMERGENCY")]);
    assert_eq!(house.heard().len(), 3, "the call itself hears of neither");
}
