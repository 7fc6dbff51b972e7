//! The other forms a tool call comes in: bare arguments without any envelope, and several tool calls in one message.

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::{MARIE, WEI};

use crate::stage::{Stage, code, full_name};
use crate::voice::Platform;

/// An `apiRequest` tool: the body is the arguments, the call is named in a header.
async fn bare(platform: &Platform, slug: &str, arguments: &Value) -> Value {
    let reply = platform.post(&format!("/clinics/maple/api/vapi/{slug}"), arguments.to_string()).await;
    let reply = reply.expect("an answer");
    assert_eq!(reply.status, 200);
    assert!(!reply.text.contains('\n'), "an answer is one line");
    reply.json()
}

#[tokio::test]
async fn bare_bodies_of_one_call_book_together_and_the_models_number_proves_nothing() {
    let stage = Stage::open().await;
    let call = stage.platform().with("x-call-id", "7d1b9a52-3c40-4f5e-9a41-2f6e0c1d8b77");
    let pretended = json!({ "phone": MARIE.phone, "dateOfBirth": MARIE.birth.to_string() });
    let unknown = bare(&call, "search-patient-by-phone", &pretended).await;
    assert_eq!(code(&unknown), "NO_CALLER_NUMBER", "{unknown}");
    let verified = bare(&call, "search-patient", &full_name(WEI)).await;
    assert_eq!(verified["patient"]["firstName"], "Wei", "{verified}");
    let found = bare(&call, "find-earliest-appointment", &json!({ "appointmentType": "B" })).await;
    let slot = json!({ "slotId": found["slot"]["slotId"] });
    let booked = bare(&call, "create-appointment", &slot).await;
    assert_eq!(code(&booked), "BOOKED", "{booked}");
    assert_eq!(
        bare(&call, "create-appointment", &slot).await,
        booked,
        "the same words are the same tool call"
    );
    assert_eq!(stage.maple().rows_of(WEI).len(), 1);

    let another = stage.platform().with("x-call-id", "00000000-0000-4000-8000-000000000000");
    assert_eq!(code(&bare(&another, "check-appointments", &json!({})).await), "NOT_VERIFIED");
}

#[tokio::test]
async fn each_of_several_tool_calls_in_one_message_gets_its_own_answer() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    let born = json!({ "dateOfBirth": MARIE.birth.to_string() });
    let message = call.tool_calls(&[
        ("a", "get_clinic_info", json!({})),
        ("b", "search_patient_by_phone", born),
        ("c", "get_providers", json!({})),
        ("d", "sing", json!({})),
    ]);
    let reply = stage.platform().post("/api/vapi", message.to_string()).await.expect("an answer");
    let told: Vec<(String, String)> =
        reply.answers().into_iter().map(|(id, answer)| (id, code(&answer).to_owned())).collect();
    let expected = [("a", "OK"), ("b", "VERIFIED"), ("c", "OK"), ("d", "TOOL_UNKNOWN")];
    assert_eq!(told, expected.map(|(id, code)| (id.to_owned(), code.to_owned())));
}

#[tokio::test]
async fn one_wish_that_a_model_utters_three_times_in_one_message_is_one_booking() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let slot = json!({ "slotId": call.earliest().await });
    let wish = |id| (id, "create_appointment", slot.clone());
    let message = call.tool_calls(&[wish("a"), wish("b"), wish("c")]);
    let reply = stage.platform().post("/api/vapi", message.to_string()).await.expect("an answer");
    for (id, answer) in reply.answers() {
        assert_eq!(code(&answer), "BOOKED", "{id}: {answer}");
    }
    assert_eq!(stage.maple().marked().len(), 1);
}
