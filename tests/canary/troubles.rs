//! Calls of marked people: good ones, failing ones, and all that senders and EMRs can do to them.

use serde_json::{Value, json};
use vitarad::sandbox::oscar::Fault;

use crate::birds::{BORN, Bird, LAST_NAME, REASON, SPOKEN, STRANGER, WRONG_KEY};
use crate::patience::until;
use crate::town::{Emr, MAPLE_LINE};
use crate::voice::{PhoneCall, Platform, Reply};

/// Answered soon whatever hangs; and a flock that calls at once meets no bound but those it is to meet.
pub(crate) const SETTINGS: [(&str, &str); 8] = [
    ("VITARAD_HTTP__TOOL_DEADLINE_MS", "1000"),
    ("VITARAD_HTTP__CLINIC_BURST", "10000"),
    ("VITARAD_HTTP__UNAUTHENTICATED_BURST", "10000"),
    ("VITARAD_LIMITS__WRITE_TIMEOUT_MS", "500"),
    ("VITARAD_LIMITS__BURST", "10000"),
    ("VITARAD_LIMITS__BREAKER_CONSECUTIVE", "10000"),
    ("VITARAD_LIMITS__BREAKER_ERROR_PERCENT", "100"),
    ("VITARAD_LIMITS__BREAKER_OPEN_MS", "1"),
];

pub(crate) fn call_of(platform: &Platform, bird: Bird) -> PhoneCall {
    platform.call(&format!("call-of-{}", bird.0), MAPLE_LINE, Some(&bird.phone()))
}

pub(crate) fn born() -> Value {
    json!({ "dateOfBirth": BORN.to_string() })
}

fn code(answer: &Value) -> &str {
    answer["code"].as_str().unwrap_or_default()
}

/// Verifies, so that what comes next has somebody to be about.
pub(crate) async fn begun(platform: &Platform, bird: Bird) -> (PhoneCall, Value) {
    let call = call_of(platform, bird);
    // A login that was refused is not tried again for some seconds.
    until("a verified caller", async || {
        let verified = call.ask("verify", "search_patient_by_phone", born()).await;
        (code(&verified) == "VERIFIED").then_some(())
    })
    .await;
    let slot = json!({ "slotId": call.earliest().await, "reason": REASON });
    (call, slot)
}

/// A call in which everything works, with every tool and every message there is.
pub(crate) async fn a_good_call(platform: &Platform, bird: Bird) {
    let call = call_of(platform, bird);
    let name =
        json!({ "firstName": bird.first_name(), "lastName": LAST_NAME, "dateOfBirth": BORN.to_string() });
    for (id, tool, arguments, expected) in [
        ("a", "get_clinic_info", json!({}), "OK"),
        ("b", "search_patient_by_phone", json!({ "phone": bird.phone() }), "VERIFICATION_NEEDED"),
        ("c", "search_patient_by_phone", born(), "VERIFIED"),
        ("d", "search_patient", name, "VERIFIED"),
        ("e", "get_patient", json!({}), "VERIFIED"),
        ("f", "get_providers", json!({}), "OK"),
        ("g", "check_appointments", json!({}), "OK"),
    ] {
        let answer = call.ask(id, tool, arguments).await;
        assert_eq!(code(&answer), expected, "{tool}: {answer}");
    }
    let slot = json!({ "slotId": call.earliest().await, "reason": REASON, "smsConsent": true });
    let booked = call.ask("h", "create_appointment", slot).await;
    assert_eq!(code(&booked), "BOOKED", "{booked}");
    let next = call.ask("i", "find_earliest_appointment", json!({})).await;
    let mut to = json!({ "appointmentId": booked["appointment"]["appointmentId"] });
    to["slotId"] = next["slot"]["slotId"].clone();
    let moved = call.ask("j", "update_appointment", to).await;
    assert_eq!(code(&moved), "MOVED", "{moved}");
    let it = json!({ "appointmentId": moved["appointment"]["appointmentId"] });
    assert_eq!(code(&call.ask("k", "cancel_appointment", it).await), "CANCELLED");
    for message in [
        json!({ "type": "conversation-update", "messages": [{ "role": "user", "message": SPOKEN }] }),
        json!({ "type": "transfer-update", "destination": { "number": bird.phone() } }),
        json!({ "type": "hang", "note": SPOKEN }),
        json!({ "type": "status-update", "status": "ended", "endedReason": "customer-ended-call" }),
        json!({ "type": "end-of-call-report", "transcript": SPOKEN, "analysis": { "summary": bird.first_name() } }),
    ] {
        let reply = platform.post("/api/vapi", call.message(&message).to_string()).await;
        assert_eq!(reply.map(|reply| reply.status), Some(200), "{}", message["type"]);
    }
}

/// Callers and models that say everything in the wrong place.
pub(crate) async fn calls_that_go_wrong(platform: &Platform, bird: Bird) {
    let (call, _) = begun(platform, bird).await;
    let name = bird.first_name();
    for (id, tool, arguments) in [
        (
            "a",
            "search_patient",
            json!({ "firstName": name, "lastName": LAST_NAME, "dateOfBirth": "29/11/1937" }),
        ),
        (
            "b",
            "search_patient",
            json!({ "firstName": STRANGER.0, "lastName": STRANGER.1, "dateOfBirth": STRANGER.2 }),
        ),
        ("c", "get_patient", json!({ "patientId": name })),
        ("d", "find_earliest_appointment", json!({ "appointmentType": name, "providerId": LAST_NAME })),
        ("e", "find_earliest_appointment", json!({ "appointmentType": LAST_NAME })),
        ("f", "create_appointment", json!({ "slotId": name, "reason": [REASON] })),
        ("g", "create_appointment", json!({ "date": LAST_NAME, "startTime": name })),
        ("h", "cancel_appointment", json!({ "appointmentId": name })),
        ("i", "cancel_appointment", json!({ "appointmentId": 1 })),
        ("j", &format!("find_{name}"), json!({ "about": REASON })),
        ("k", "search_patient", json!(format!("{{\"firstName\": \"{name}"))),
        (
            "l",
            "search_patient",
            json!({ "firstName": STRANGER.0, "lastName": STRANGER.1, "dateOfBirth": STRANGER.2 }),
        ),
        (
            "m",
            "search_patient",
            json!({ "firstName": STRANGER.1, "lastName": STRANGER.0, "dateOfBirth": STRANGER.2 }),
        ),
        (
            "n",
            "search_patient",
            json!({ "firstName": STRANGER.0, "lastName": STRANGER.1, "dateOfBirth": STRANGER.2 }),
        ),
    ] {
        call.ask(id, tool, arguments).await;
    }
}

/// Bodies that cannot be read and senders that prove nothing; returns what they were told.
pub(crate) async fn what_is_turned_away(platform: &Platform, bird: Bird) -> Vec<Reply> {
    let call = call_of(platform, bird);
    let good =
        call.tool_calls(&[("x", "search_patient", json!({ "firstName": bird.first_name() }))]).to_string();
    let names = format!("{} {LAST_NAME} {}", bird.first_name(), bird.phone());
    let mut refused = Vec::new();
    let bodies: [Vec<u8>; 7] = [
        format!("{{\"message\": \"{names}").into(),
        format!("[\"{names}\"]").into(),
        format!("{{\"{names}\": 1}}").into(),
        [names.as_bytes(), b"\xff\xfe"].concat(),
        format!("{}\"{names}\"", "[".repeat(10_000)).into(),
        format!("{{\"message\": {{\"type\": \"tool-calls\", \"{names}\": \"{names}\", \"{names}\": 2, \"type\": 3}}}}").into(),
        good.replace(LAST_NAME, &LAST_NAME.repeat(50_000)).replace("\"x\"", &format!("\"{}\"", names.repeat(20_000))).into(),
    ];
    for body in bodies {
        refused.extend(platform.post("/api/vapi", body).await);
    }
    let forged = platform.with("x-api-key", "").with("x-timestamp", "1").with("x-signature", WRONG_KEY);
    for sender in [platform.with("x-api-key", WRONG_KEY), platform.with("x-api-key", ""), forged] {
        refused.extend(sender.post("/api/vapi", good.clone()).await);
    }
    assert!(refused.len() >= 9, "most are answered");
    refused
}

/// Everything an EMR can do to a write and to a read.
pub(crate) fn faults() -> Vec<Fault> {
    vec![
        Fault::Latency { ms: 700 },
        Fault::Hang,
        Fault::Http500,
        Fault::SoapFault { text: format!("{LAST_NAME} already has {REASON}") },
        Fault::AuthFault,
        Fault::WafPage,
        Fault::DropBeforeCommit,
        Fault::CommitThenDrop,
        Fault::DelayedCommit { ms: 300 },
        Fault::Truncate,
        Fault::GarbageXml,
        Fault::Restart,
        Fault::ClerkTakesSlotBefore,
        Fault::ClerkTakesSlotAfter,
        Fault::ClerkMovesAfter,
    ]
}

pub(crate) async fn a_call_that_meets(fault: Fault, platform: &Platform, emr: &Emr, bird: Bird) {
    let (call, slot) = begun(platform, bird).await;
    emr.fail("addAppointment", fault.clone(), None);
    call.ask("book", "create_appointment", slot).await;
    emr.mend();
    emr.fail("*", fault, None);
    call.ask("check", "check_appointments", json!({})).await;
    call.ask("search", "search_patient_by_phone", born()).await;
    emr.mend();
}
