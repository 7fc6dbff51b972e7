//! Whatever is sent, the door gives a well-formed answer and lives on.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::house::{House, MAPLE_LINE, PLATFORM_KEY, Plan};

/// JSON made of the words of the platform's bodies, at the wrong places as often as at the right ones.
fn platform_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "tool-calls",
            "function-call",
            "status-update",
            "end-of-call-report",
            "hang"
        ])
        .prop_map(Value::from),
        prop::sample::select(vec!["get_providers", "create_appointment", "{\"a\":1}", "{\"a\":", "ended"])
            .prop_map(Value::from),
        Just(json!(MAPLE_LINE)),
    ];
    let name = prop::sample::select(vec![
        "message",
        "type",
        "call",
        "id",
        "toolCallList",
        "toolCalls",
        "toolWithToolCallList",
        "toolCall",
        "function",
        "functionCall",
        "name",
        "arguments",
        "parameters",
        "phoneNumber",
        "number",
        "customer",
        "assistant",
        "status",
        "endedReason",
        "timestamp",
        "call_id",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

/// The same, under a message of a known type, so that most of it is looked at.
fn message() -> impl Strategy<Value = Value> {
    let kind =
        prop::sample::select(vec!["tool-calls", "function-call", "status-update", "end-of-call-report"]);
    (kind, platform_json(), platform_json(), platform_json()).prop_map(|(kind, list, call, more)| {
        json!({"message": {
            "type": kind, "toolCallList": [list], "functionCall": more, "call": call,
            "phoneNumber": {"number": MAPLE_LINE}, "artifact": more,
        }})
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        platform_json().prop_map(|json| json.to_string().into_bytes()),
        message().prop_map(|json| json.to_string().into_bytes()),
        (message(), any::<prop::sample::Index>()).prop_map(|(json, cut)| {
            let mut text = json.to_string().into_bytes();
            text.truncate(cut.index(text.len()));
            text
        }),
    ]
}

fn path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "/api/vapi",
        "/clinics/maple/api/vapi/create-appointment",
        "/clinics/maple/vapi-webhook",
    ])
}

#[test]
fn any_bytes_get_a_well_formed_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let house = {
        let _inside = runtime.enter();
        House::open(Plan::default())
    };
    proptest!(ProptestConfig::with_cases(512), |(path in path(), body in body())| {
        let reply = runtime.block_on(house.post(path, &[("x-api-key", PLATFORM_KEY)], body));
        match reply.status {
            200 if reply.body.get("results").is_some() => {
                for (_, _, answer) in reply.results() {
                    prop_assert!(answer["code"].is_string() && answer["say"].is_string());
                }
            }
            200 => prop_assert!(reply.body.is_object()),
            400 | 429 => prop_assert!(reply.body["error"].is_string() && reply.body["fix"].is_string()),
            other => prop_assert!(false, "{other}"),
        }
    });
}
