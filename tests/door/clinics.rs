//! Law I-2: whoever may speak for one clinic hears nothing of another.

use serde_json::{Value, json};

use super::house::{CEDAR_KEY, CEDAR_LINE, House, MAPLE_LINE, PLATFORM_KEY, Plan, Reply, about, tool_call};

const CONFLICTS: &str = "door_clinic_conflicts_total";

fn ask(fields: &Value) -> Value {
    let mut message = json!({
        "type": "tool-calls", "call": {"id": "call-1"}, "toolCallList": [tool_call("a", "get_providers")],
    });
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "message": message })
}

async fn post(house: &House, path: &str, key: &str, body: &Value) -> Reply {
    house.post(path, &[("x-api-key", key)], body.to_string()).await
}

#[tokio::test]
async fn a_clinic_is_known_by_its_line_or_by_any_of_its_ids() {
    let house = House::open(Plan::default());
    for fields in [
        json!({"phoneNumber": {"number": MAPLE_LINE}}),
        json!({"phoneNumber": {"id": "line-maple"}}),
        json!({"call": {"phoneNumberId": "line-maple"}}),
        json!({"call": {"phoneNumber": {"number": "(206) 555-0199"}}}),
        json!({"call": {"assistantId": "assistant-maple"}}),
        json!({"assistant": {"id": "assistant-maple"}}),
        json!({"call": {"squadId": "assistant-maple"}}),
    ] {
        assert_eq!(post(&house, "/api/vapi", PLATFORM_KEY, &ask(&fields)).await.codes(), ["OK"], "{fields}");
    }
    assert!(house.heard().iter().all(|one| one.clinic == "maple"));
    assert_eq!(house.heard().len(), 7);
}

#[tokio::test]
async fn what_a_model_or_metadata_says_names_no_clinic() {
    let house = House::open(Plan::default());
    for fields in [
        json!({"call": {"metadata": {"clinicId": "maple"}, "assistantOverrides": {"metadata": {"clinicId": "maple"}}}}),
        json!({"toolCallList": [{"id": "a", "name": "get_providers", "arguments": {"called_number": MAPLE_LINE}}]}),
        json!({"metadata": {"phoneNumber": {"number": MAPLE_LINE}}, "customer": {"number": MAPLE_LINE}}),
        json!({"phoneNumber": {"number": "+12065550111"}}),
        json!({}),
    ] {
        let reply = post(&house, "/api/vapi", PLATFORM_KEY, &ask(&fields)).await;
        assert_eq!(reply.codes(), ["CLINIC_UNKNOWN"], "{fields}");
        assert!(reply.results()[0].2.get("id").is_none());
    }
    assert!(house.heard().is_empty());
}

#[tokio::test]
async fn the_dialled_number_chooses_whose_credential_is_asked_for() {
    let house = House::open(Plan::default());
    let cedar = ask(&json!({"phoneNumber": {"number": CEDAR_LINE}}));
    assert_eq!(post(&house, "/api/vapi", CEDAR_KEY, &cedar).await.codes(), ["OK"]);
    assert_eq!(post(&house, "/api/vapi", PLATFORM_KEY, &cedar).await.status, 401);
    let maple = ask(&json!({"phoneNumber": {"number": MAPLE_LINE}}));
    assert_eq!(post(&house, "/api/vapi", CEDAR_KEY, &maple).await.status, 401);
    assert_eq!(house.heard().len(), 1);
}

#[tokio::test]
async fn a_credential_of_one_clinic_does_not_speak_for_a_number_of_another() {
    let house = House::open(Plan::default());
    let maple = ask(&json!({"phoneNumber": {"number": MAPLE_LINE}}));
    let reply = post(&house, "/clinics/cedar/api/vapi", CEDAR_KEY, &maple).await;
    assert_eq!(reply.codes(), ["CLINIC_UNKNOWN"]);
    let birch = ask(&json!({"phoneNumber": {"number": "+12065550177"}}));
    let reply = post(&house, "/clinics/maple/api/vapi", PLATFORM_KEY, &birch).await;
    assert_eq!(reply.codes(), ["CLINIC_UNKNOWN"], "nor does a URL");
    let report = about(MAPLE_LINE, &json!({"type": "end-of-call-report"}));
    assert_eq!(post(&house, "/clinics/cedar/vapi-webhook", CEDAR_KEY, &report).await.body, json!({}));
    assert!(house.heard().is_empty() && house.told().is_empty());
    assert_eq!(house.count(&format!(r#"{CONFLICTS}{{clinic="cedar"}}"#)), 2);
    assert_eq!(house.count(&format!(r#"{CONFLICTS}{{clinic=""}}"#)), 1);
}

#[tokio::test]
async fn a_message_that_names_two_clinics_is_of_neither() {
    let house = House::open(Plan::default());
    let both = ask(&json!({"phoneNumber": {"number": MAPLE_LINE}, "assistant": {"id": "assistant-cedar"}}));
    assert_eq!(post(&house, "/api/vapi", PLATFORM_KEY, &both).await.codes(), ["CLINIC_UNKNOWN"]);
    assert!(house.heard().is_empty());
    assert_eq!(house.count(&format!(r#"{CONFLICTS}{{clinic=""}}"#)), 1);
}

#[tokio::test]
async fn a_field_that_comes_twice_cannot_show_one_clinic_to_the_lock_and_another_to_the_desk() {
    let house = House::open(Plan::default());
    let (maple, cedar) =
        (format!(r#"{{"number":"{MAPLE_LINE}"}}"#), format!(r#"{{"number":"{CEDAR_LINE}"}}"#));
    let list = json!([tool_call("a", "get_providers")]);
    let head = format!(r#""type":"tool-calls","toolCallList":{list}"#);
    for body in [
        format!(r#"{{"message":{{{head},"phoneNumber":{maple},"phoneNumber":{cedar}}}}}"#),
        format!(
            r#"{{"message":{{{head},"phoneNumber":{maple}}},"message":{{{head},"phoneNumber":{cedar}}}}}"#
        ),
        format!(
            r#"{{"message":{{{head},"phoneNumber":{{"number":"{MAPLE_LINE}","number":"{CEDAR_LINE}"}}}}}}"#
        ),
    ] {
        for key in [PLATFORM_KEY, CEDAR_KEY] {
            let reply = house.post("/api/vapi", &[("x-api-key", key)], body.clone()).await;
            assert!([400, 401].contains(&reply.status) || reply.codes() == ["CLINIC_UNKNOWN"], "{body}");
        }
    }
    assert!(house.heard().is_empty());
}

#[tokio::test]
async fn a_clinic_with_its_own_credential_is_not_spoken_for_by_the_platforms_however_it_is_named() {
    let house = House::open(Plan::default());
    for fields in [
        json!({"phoneNumber": {"number": CEDAR_LINE}}),
        json!({"call": {"phoneNumberId": "line-cedar"}}),
        json!({"assistant": {"id": "assistant-cedar"}}),
    ] {
        assert_eq!(post(&house, "/api/vapi", PLATFORM_KEY, &ask(&fields)).await.status, 401, "{fields}");
        let reply = post(&house, "/clinics/maple/api/vapi", PLATFORM_KEY, &ask(&fields)).await;
        assert_eq!(reply.codes(), ["CLINIC_UNKNOWN"], "{fields}");
    }
    assert!(house.heard().is_empty());
}
