//! A day at the Cedar clinic as it should be, whatever happens elsewhere.

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::{MARIE, OMAR, ONLY_AT_CEDAR, Person};

use crate::town::CEDAR_LINE;
use crate::voice::{PhoneCall, Platform};

const CALLERS: [Person; 3] = [MARIE, OMAR, ONLY_AT_CEDAR];

/// One after the other, so that each day asks the same of the EMR.
pub(crate) async fn at_cedar(platform: &Platform) {
    for (nth, person) in CALLERS.into_iter().enumerate() {
        let call = platform.call(&format!("call-{nth}"), CEDAR_LINE, Some(person.phone));
        books_moves_and_cancels(&call, person).await;
        let status = json!({ "type": "status-update", "status": "ended" });
        let report = json!({ "type": "end-of-call-report", "transcript": "Thank you. Goodbye." });
        for message in [status, report] {
            let reply = platform.post("/api/vapi", call.message(&message).to_string()).await;
            assert_eq!(reply.map(|reply| reply.status), Some(200), "{}", message["type"]);
        }
    }
}

async fn books_moves_and_cancels(call: &PhoneCall, person: Person) {
    asks(call, "get_clinic_info", json!({}), "OK").await;
    call.verify(person).await;
    asks(call, "get_providers", json!({}), "OK").await;
    asks(call, "check_appointments", json!({}), "OK").await;
    let slot = json!({ "slotId": call.earliest().await });
    let booked = asks(call, "create_appointment", slot, "BOOKED").await;
    let later = asks(call, "find_earliest_appointment", json!({}), "SLOT_FOUND").await;
    let to = json!({
        "appointmentId": booked["appointment"]["appointmentId"],
        "slotId": later["slot"]["slotId"],
    });
    let moved = asks(call, "update_appointment", to, "MOVED").await;
    let it = json!({ "appointmentId": moved["appointment"]["appointmentId"] });
    asks(call, "cancel_appointment", it, "CANCELLED").await;
}

async fn asks(call: &PhoneCall, tool: &str, arguments: Value, expected: &str) -> Value {
    let answer = call.ask(&format!("{tool}-{expected}"), tool, arguments).await;
    assert_eq!(answer["code"], expected, "{tool}: {answer}");
    answer
}
