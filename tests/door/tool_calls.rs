//! Tool calls in every form, and how each is answered. The bodies are synthetic, in the shapes Vapi sends.

use serde_json::{Value, json};
use vitarad_actors::domain::tool::Tool;

use super::house::{House, MAPLE_LINE, Mood, PLATFORM_KEY, Plan, about, tool_call, tool_calls};

#[tokio::test]
async fn several_tool_calls_are_answered_in_one_response_in_their_order() {
    let house = House::open(Plan::default());
    let list = json!([
        {"id": "a", "type": "function", "function": {"name": "get_providers", "arguments": {}}},
        {"id": "b", "type": "function", "function": {"name": "search_patient", "arguments": "{\"lastName\":\"Doe\"}"}},
        {"id": "c", "name": "get_clinic_info", "parameters": null},
    ]);
    let reply = house.tell("/api/vapi", &tool_calls(&list)).await;
    let answered: Vec<_> = reply.results().into_iter().map(|(id, name, _)| (id, name)).collect();
    let wanted = [("a", "get_providers"), ("b", "search_patient"), ("c", "get_clinic_info")];
    assert_eq!(answered, wanted.map(|(id, name)| (id.to_owned(), name.to_owned())));
    let heard = house.heard();
    assert_eq!(heard.iter().find(|one| one.id == "b").unwrap().arguments["lastName"], "Doe");
}

#[tokio::test]
async fn arguments_that_were_cut_off_spoil_only_their_own_tool_call() {
    let house = House::open(Plan::default());
    let list = json!([
        {"id": "a", "type": "function", "function": {"name": "search_patient", "arguments": "{\"lastName\": \"Do"}},
        {"id": "b", "type": "function", "function": {"name": "get_providers", "arguments": ""}},
    ]);
    let reply = house.tell("/api/vapi", &tool_calls(&list)).await;
    assert_eq!(reply.codes(), ["VALIDATION_ERROR", "OK"]);
    assert_eq!(house.heard().len(), 1);
}

#[tokio::test]
async fn an_id_that_comes_twice_in_one_message_is_executed_and_answered_once() {
    let house = House::open(Plan::default());
    let list = json!([
        tool_call("a", "get_providers"),
        tool_call("a", "get_providers"),
        tool_call("b", "get_providers")
    ]);
    let reply = house.tell("/api/vapi", &tool_calls(&list)).await;
    assert_eq!(reply.results().iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(house.heard().len(), 2);
}

#[tokio::test]
async fn the_seventeenth_tool_call_of_a_message_is_told_that_we_are_busy() {
    let house = House::open(Plan::default());
    let list: Vec<_> = (0..18).map(|n| tool_call(&format!("id-{n}"), "get_providers")).collect();
    let reply = house.tell("/api/vapi", &tool_calls(&json!(list))).await;
    assert_eq!(reply.codes()[15..], ["OK", "BUSY", "BUSY"]);
    assert_eq!(house.heard().len(), 16);
}

#[tokio::test]
async fn an_answer_goes_out_as_one_line_even_if_it_comes_in_two() {
    let house = House::open(Plan::default());
    house.set_mood(Mood::Babbles);
    let reply = house.tell("/api/vapi", &tool_calls(&json!([tool_call("a", "get_providers")]))).await;
    assert_eq!(reply.results()[0].2["and"], "two");
}

#[tokio::test]
async fn the_path_decides_when_the_platform_has_renamed_the_function() {
    let house = House::open(Plan::default());
    let renamed = tool_calls(&json!([tool_call("a", "maple--get-providers_001")]));
    let reply = house.tell("/api/vapi/get-providers", &renamed).await;
    assert_eq!(reply.results()[0].1, "maple--get-providers_001", "the name is echoed as it came");
    let own_name = tool_calls(&json!([tool_call("b", "check_appointments")]));
    house.tell("/api/vapi/get-providers", &own_name).await;
    let tools: Vec<_> = house.heard().iter().map(|one| one.tool).collect();
    assert_eq!(tools, [Tool::GetProviders, Tool::CheckAppointments]);
}

#[tokio::test]
async fn a_message_without_a_call_is_a_call_by_itself() {
    let house = House::open(Plan::default());
    let mut body = tool_calls(&json!([tool_call("a", "get_providers")]));
    for call in [Value::Null, json!({}), json!({"id": null}), json!({"id": "with space"}), json!("text")] {
        body["message"]["call"] = call;
        assert_eq!(house.tell("/api/vapi", &body).await.codes(), ["OK"]);
    }
    let calls: std::collections::HashSet<_> = house.heard().into_iter().map(|one| one.call).collect();
    assert_eq!(calls.len(), 5);
}

#[tokio::test]
async fn the_caller_is_the_customer_of_the_message_or_else_of_the_call() {
    let house = House::open(Plan::default());
    let mut body = tool_calls(&json!([tool_call("a", "get_providers")]));
    house.tell("/api/vapi", &body).await;
    body["message"]["customer"] = Value::Null;
    body["message"]["call"]["customer"] = json!({"number": "206 555 0102"});
    house.tell("/api/vapi", &body).await;
    body["message"]["call"]["customer"] = json!({"sipUri": "sip:someone"});
    house.tell("/api/vapi", &body).await;
    let callers: Vec<_> = house.heard().into_iter().map(|one| one.caller).collect();
    assert_eq!(callers, [Some("2065550101".to_owned()), Some("2065550102".to_owned()), None]);
}

#[tokio::test]
async fn the_way_into_the_live_call_is_taken_from_the_envelope_and_nowhere_else() {
    let house = House::open(Plan::default());
    let mut body = tool_calls(&json!([tool_call("a", "get_providers")]));
    for (url, may_speak) in [
        ("https://phone.example.vapi.ai/call-1/control", true),
        ("https://phone.example.vapi.ai/call-2/control", false),
        ("https://phone.example.test/call-1/control", false),
    ] {
        body["message"]["call"]["monitor"] = json!({ "controlUrl": url, "listenUrl": 7 });
        assert_eq!(house.tell("/api/vapi", &body).await.codes(), ["OK"]);
        assert_eq!(house.heard().last().unwrap().may_speak, may_speak, "{url}");
    }
    let bare = json!({ "monitor": { "controlUrl": "https://phone.example.vapi.ai/call-1/control" } });
    house.tell("/clinics/maple/api/vapi/get-providers", &bare).await;
    assert!(!house.heard().last().unwrap().may_speak);
}

#[tokio::test]
async fn fields_of_unexpected_types_spoil_nothing() {
    let house = House::open(Plan::default());
    let body = json!({"message": {
        "type": "tool-calls", "timestamp": "2024-07-26T22:20:57.931Z", "call": {"id": "call-1", "assistantId": 7},
        "customer": [], "phoneNumber": {"number": MAPLE_LINE, "id": null}, "assistant": "none", "toolCalls": 3,
        "toolCallList": [null, 5, "text", {"id": "a", "name": "get_providers", "arguments": {}, "more": {}}],
    }});
    let reply = house.tell("/api/vapi", &body).await;
    assert_eq!(reply.results().len(), 1);
    assert_eq!(house.heard()[0].clinic, "maple");
}

#[tokio::test]
async fn a_message_without_any_tool_call_has_no_results() {
    let house = House::open(Plan::default());
    assert_eq!(house.tell("/api/vapi", &tool_calls(&json!([]))).await.body, json!({"results": []}));
}

#[tokio::test]
async fn a_legacy_function_call_is_answered_with_a_single_result_and_known_again() {
    let house = House::open(Plan::default());
    let call = |parameters: &Value, timestamp: u64| {
        let function = json!({"name": "create_appointment", "parameters": parameters});
        let fields = json!({"type": "function-call", "functionCall": function, "timestamp": timestamp});
        about(MAPLE_LINE, &fields)
    };
    let first = house.tell("/api/vapi", &call(&json!({"a": 1, "b": 2}), 1)).await;
    let line: Value = serde_json::from_str(first.body["result"].as_str().unwrap()).unwrap();
    assert_eq!(line["code"], "OK");
    assert_eq!(first.body.as_object().unwrap().len(), 1);
    house.tell("/api/vapi", &call(&json!("{\"b\": 2, \"a\": 1}"), 1)).await;
    house.tell("/api/vapi", &call(&json!({"a": 1, "b": 3}), 1)).await;
    let ids: Vec<_> = house.heard().into_iter().map(|one| one.id).collect();
    assert_eq!(ids[0], ids[1], "a second delivery");
    assert_ne!(ids[0], ids[2], "another wish");
}

#[tokio::test]
async fn a_bare_body_is_answered_with_the_answer_itself() {
    let house = House::open(Plan::default());
    let body = json!({"lastName": "Doe", "message": "call me back", "caller_number": "+12065550101"});
    let reply = house.tell("/clinics/maple/api/vapi/search-patient", &body).await;
    assert_eq!((reply.status, &reply.body["code"]), (200, &json!("OK")));
    let heard = house.heard().remove(0);
    assert_eq!((heard.clinic.as_str(), heard.tool), ("maple", Tool::SearchPatient));
    assert_eq!(heard.arguments, *body.as_object().unwrap());
    assert_eq!(heard.caller, None, "whatever its fields say");
}

#[tokio::test]
async fn a_bare_body_names_no_clinic_so_its_url_must() {
    let house = House::open(Plan::default());
    let reply = house.tell("/api/vapi/get-providers", &json!({"called_number": MAPLE_LINE})).await;
    assert_eq!((reply.status, &reply.body["code"]), (200, &json!("CLINIC_UNKNOWN")));
    assert!(house.heard().is_empty());
}

#[tokio::test]
async fn the_call_of_a_bare_body_is_the_platforms_id_from_the_header_or_a_static_parameter() {
    const CALL: &str = "0192a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    const OTHER: &str = "4d3c2b1a-6f5e-4b7a-9c8d-1a2b3c4d5e6f";
    let house = House::open(Plan::default());
    let path = "/clinics/maple/api/vapi/get-providers";
    let shown = [("x-api-key", PLATFORM_KEY), ("x-call-id", CALL)];
    house.post(path, &shown, json!({"call_id": OTHER}).to_string()).await;
    house.tell(path, &json!({"call_id": OTHER})).await;
    house.tell(path, &json!({"call_id": "6045550142"})).await;
    let calls: Vec<_> = house.heard().into_iter().map(|one| one.call).collect();
    assert_eq!(calls[..2], [CALL, OTHER]);
    assert!(calls[2].starts_with("lone-"), "a model may write anything into it");
}

#[tokio::test]
async fn a_bare_change_in_the_same_words_is_the_same_tool_call_and_a_bare_read_is_not() {
    const CALL: &str = "0192a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    let house = House::open(Plan::default());
    for tool in ["cancel-appointment", "cancel-appointment", "check-appointments", "check-appointments"] {
        let path = format!("/clinics/maple/api/vapi/{tool}");
        house.tell(&path, &json!({"call_id": CALL, "appointmentId": 7})).await;
    }
    let ids: Vec<_> = house.heard().into_iter().map(|one| one.id).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[2], ids[3]);
}

#[tokio::test]
async fn what_is_no_path_of_ours_is_not_found() {
    let house = House::open(Plan::default());
    let body = tool_calls(&json!([]));
    for path in [
        "/",
        "/api/vapi/make-coffee",
        "/clinics/Maple/api/vapi",
        "/clinics/maple",
        "/api/vapi/get-providers/x",
    ] {
        let reply = house.tell(path, &body).await;
        assert_eq!((reply.status, reply.body["error"].is_string()), (404, true), "{path}");
    }
    let got = house.client.get(format!("http://{}/api/vapi", house.addr)).send().await.unwrap();
    assert_eq!((got.status().as_u16(), got.headers()["allow"].to_str().unwrap()), (405, "POST"));
    let beside = house.client.get(format!("http://{}/livez", house.addr)).send().await.unwrap();
    assert_eq!(beside.text().await.unwrap(), "alive", "the operator's paths stand beside ours");
}
