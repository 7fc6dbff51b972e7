//! A whole call in the bodies that the platform really sends (fixtures/vapi): only the functions, the numbers and the ids
//! that tie the messages of one call together are ours.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::MARIE;

use crate::stage::{Stage, code, monday};
use crate::town::MAPLE_LINE;

const TOOL_CALL: &str = include_str!("../fixtures/vapi/02-tool-calls.squad.sync.2024-07.json");
const ENDED: &str = include_str!("../fixtures/vapi/08-status-update.ended.invalid-assistant.2024-07.json");
const REPORT: &str = include_str!("../fixtures/vapi/10-end-of-call-report.squad.2024-07.json");
const THEIR_LINE: &str = "+12065550199";
const THEIR_CALLER: &str = "+12065550101";
const CALLER: &str = "+16045550142";

fn adapted(capture: &str) -> Value {
    let body = capture.replace(THEIR_LINE, MAPLE_LINE).replace(THEIR_CALLER, CALLER);
    let mut body: Value = serde_json::from_str(&body).expect("a capture is JSON");
    body["message"]["call"]["id"] = "1459f27d-4b77-431e-81e1-d464797fc568".into();
    body
}

/// The captured call of a tool, in its three copies, with another tool in it.
fn tool_call(id: &str, tool: &str, arguments: &Value) -> String {
    let mut body = adapted(TOOL_CALL);
    let message = &mut body["message"];
    let call = json!({ "id": id, "type": "function", "function": { "name": tool, "arguments": arguments } });
    for list in ["toolCallList", "toolCalls"] {
        message[list][0] = call.clone();
    }
    message["toolWithToolCallList"][0]["function"]["name"] = tool.into();
    message["toolWithToolCallList"][0]["toolCall"] = call;
    body.to_string()
}

struct Captured<'a>(&'a Stage);

impl Captured<'_> {
    async fn ask(&self, id: &str, tool: &str, arguments: Value) -> Value {
        let reply = self.0.platform().post("/api/vapi", tool_call(id, tool, &arguments)).await;
        let mut answers = reply.expect("an answer").answers();
        assert_eq!(answers.len(), 1, "three copies of one tool call are one");
        let (answered, answer) = answers.remove(0);
        assert_eq!(answered, id);
        answer
    }

    async fn tell(&self, capture: &str) {
        let reply = self.0.platform().post("/vapi-webhook", adapted(capture).to_string()).await;
        assert_eq!(reply.map(|reply| (reply.status, reply.text)), Some((200, "{}".to_owned())));
    }
}

/// From the greeting to the report. The slot is looked for on a Monday that is far enough away for both its day and the
/// next to be working days, whatever day it is now.
async fn a_whole_call(stage: &Stage) -> Value {
    let call = Captured(stage);
    let info = call.ask("t1", "get_clinic_info", json!({})).await;
    assert_eq!(info["clinic"]["name"], "Maple Family Practice");
    let known = call.ask("t2", "search_patient_by_phone", json!({ "phone": "0000000000" })).await;
    assert_eq!(code(&known), "VERIFICATION_NEEDED", "{known}");
    let born = json!({ "phone": "0000000000", "dateOfBirth": "1979-04-07" });
    assert_eq!(code(&call.ask("t3", "search_patient_by_phone", born).await), "VERIFIED");
    let wish = json!({ "appointmentType": "B", "timePreference": "any", "startDate": monday().to_string() });
    let found = call.ask("t4", "find_earliest_appointment", wish).await;
    assert_eq!((code(&found), &found["slot"]["date"]), ("SLOT_FOUND", &json!(monday().to_string())));
    let slot = json!({ "slotId": found["slot"]["slotId"], "reason": "check-up" });
    let booked = call.ask("t5", "create_appointment", slot).await;
    assert_eq!(code(&booked), "BOOKED", "{booked}");
    let listed = call.ask("t6", "check_appointments", json!({})).await;
    let starts = listed["appointments"].as_array().expect("a list").iter().map(|row| &row["appointmentId"]);
    assert!(starts.into_iter().any(|id| *id == booked["appointment"]["appointmentId"]), "{listed}");
    call.tell(ENDED).await;
    call.tell(REPORT).await;
    booked
}

#[tokio::test]
async fn a_caller_is_found_books_and_hangs_up_and_the_appointment_is_in_the_emr() {
    let stage = Stage::open().await;
    let booked = a_whole_call(&stage).await;
    let rows = stage.maple().marked();
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(json!(row.id), booked["appointment"]["appointmentId"]);
    assert_eq!(row.details.demographic_no, MARIE.demographic_no);
    assert_eq!(row.date, monday());
    assert_eq!(row.details.name.as_deref(), Some("TREMBLAY,MARIE"));
    assert_eq!(row.details.reason.as_deref(), Some("check-up"));
    assert_eq!(row.details.status.as_deref(), Some("t"));
    assert!(stage.maple().our_overlaps().is_empty());
    assert!(stage.cedar().requests().is_empty(), "the other clinic's EMR was not asked anything");
}

#[tokio::test]
async fn a_whole_call_asks_the_emr_no_more_than_it_must() {
    let stage = Stage::open().await;
    a_whole_call(&stage).await;
    let expected = BTreeMap::from([
        // One key for the whole process.
        ("login2", 1),
        // Whether the number is known; and who was born that day.
        ("searchDemographicsByAttributes", 2),
        // Rarely changes: read for the search, remembered for the booking.
        ("getScheduleTemplateCodes", 1),
        // Two providers, Monday and Tuesday; remembered for the booking.
        ("getDayWorkSchedule", 4),
        // Each provider's two days at once for the search; that one day before the write, and once more after it.
        ("getAppointmentsForDateRangeAndProvider2", 2 + 2),
        ("addAppointment", 1),
        ("getAppointmentsForPatient2", 1),
    ]);
    assert_eq!(stage.maple().requests(), expected);
}
