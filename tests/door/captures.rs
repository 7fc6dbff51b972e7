//! Bodies that the platform really sent (fixtures/vapi), with the functions renamed to ours.

use serde_json::{Value, json};
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::switchboard::Tiding;

use super::house::{House, Mood, Plan};

const ASSISTANT_REQUEST: &str =
    include_str!("../fixtures/vapi/01-assistant-request.inbound-pstn.2024-07.json");
const SQUAD: &str = include_str!("../fixtures/vapi/02-tool-calls.squad.sync.2024-07.json");
const ASYNC_TOOL: &str = include_str!("../fixtures/vapi/04-tool-calls.async-tool.2024-07.json");
const EMPTY_ARGUMENTS: &str = include_str!("../fixtures/vapi/06-tool-calls.squad.empty-args.2024-08.json");
const ENDED: &str = include_str!("../fixtures/vapi/08-status-update.ended.invalid-assistant.2024-07.json");
const WEB_CALL: &str = include_str!("../fixtures/vapi/09-status-update.in-progress.webcall.2024-09.json");
const REPORT: &str = include_str!("../fixtures/vapi/10-end-of-call-report.squad.2024-07.json");

fn renamed(capture: &str, theirs: &str, ours: Tool) -> Value {
    serde_json::from_str(&capture.replace(theirs, ours.name())).unwrap()
}

fn read(capture: &str) -> Value {
    serde_json::from_str(capture).unwrap()
}

#[tokio::test]
async fn a_tool_call_of_a_squad_reaches_the_clinic_that_was_dialled() {
    let house = House::open(Plan::default());
    let body = renamed(SQUAD, "getWeatherByCity_001", Tool::FindEarliestAppointment);
    let reply = house.tell("/api/vapi", &body).await;

    let (id, name, answer) = reply.results().remove(0);
    assert_eq!((id.as_str(), name.as_str()), ("call_51kj", "find_earliest_appointment"));
    assert_eq!((reply.results().len(), &answer["success"]), (1, &json!(true)));
    let heard = house.heard().remove(0);
    assert_eq!((heard.clinic.as_str(), heard.id.as_str()), ("maple", "call_51kj"));
    assert_eq!(heard.call, body["message"]["call"]["id"]);
    assert_eq!(Value::Object(heard.arguments), body["message"]["toolCallList"][0]["function"]["arguments"]);
    assert_eq!(heard.caller.as_deref(), Some("2065550101"));
    assert_eq!(house.heard().len(), 1, "three copies of one tool call are one");
}

#[tokio::test]
async fn any_one_of_the_three_copies_of_a_tool_call_is_enough() {
    let house = House::open(Plan::default());
    let copies = ["toolCallList", "toolCalls", "toolWithToolCallList"];
    for kept in copies {
        let mut body = renamed(SQUAD, "getWeatherByCity_001", Tool::FindEarliestAppointment);
        let message = body["message"].as_object_mut().unwrap();
        message.retain(|name, _| name == kept || !copies.contains(&name.as_str()));
        let reply = house.tell("/vapi-webhook", &body).await;
        assert_eq!(reply.results()[0].0, "call_51kj", "{kept}");
    }
    let heard = house.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|one| *one == heard[0]));
}

#[tokio::test]
async fn a_tool_call_marked_async_or_without_arguments_is_answered_alike() {
    let house = House::open(Plan::default());
    let saved = house.tell("/api/vapi", &renamed(ASYNC_TOOL, "saveName", Tool::SearchPatient)).await;
    assert_eq!(saved.results()[0].0, "call_sxo6DlgmPSuBupSZ9brATZ23");
    let asked =
        house.tell("/api/vapi", &renamed(EMPTY_ARGUMENTS, "lookupTime_001", Tool::GetClinicInfo)).await;
    assert_eq!(asked.results()[0].0, "call_8XlKzPjJs8HfxJDqyVmNrjx1");
    assert_eq!(house.heard()[0].arguments["lastName"], "Sample");
    assert!(house.heard()[1].arguments.is_empty());
}

#[tokio::test]
async fn a_function_that_is_none_of_ours_is_answered_as_unknown() {
    let house = House::open(Plan::default());
    let reply = house.tell("/api/vapi", &read(SQUAD)).await;
    assert_eq!(reply.results()[0].1, "getWeatherByCity_001");
    assert_eq!(reply.codes(), ["TOOL_UNKNOWN"]);
    assert!(house.heard().is_empty());
}

#[tokio::test]
async fn a_status_that_ends_a_call_and_its_report_are_kept_without_their_secrets() {
    let house = House::open(Plan::default());
    for capture in [ENDED, REPORT] {
        let reply = house.tell("/api/vapi", &read(capture)).await;
        assert_eq!((reply.status, reply.body), (200, json!({})));
    }
    let told = house.told();
    assert_eq!([&told[0].kind, &told[1].kind], ["status-update", "end-of-call-report"]);
    assert!(told.iter().all(|one| one.tiding == Tiding::Ended && one.clinic == "maple"));
    assert_eq!(told[1].call, read(REPORT)["message"]["call"]["id"]);
    assert_eq!(told[1].message["transcript"], read(REPORT)["message"]["transcript"]);
    assert!(REPORT.contains("dummy-shared-secret"), "the capture holds what must not be kept");
    assert!(!told[1].message.to_string().contains("dummy-shared-secret"));
}

#[tokio::test]
async fn a_web_call_has_no_line_and_is_kept_only_where_the_url_names_the_clinic() {
    let house = House::open(Plan::default());
    assert_eq!(house.tell("/api/vapi", &read(WEB_CALL)).await.body, json!({}));
    assert!(house.told().is_empty());
    assert_eq!(house.tell("/clinics/maple/api/vapi", &read(WEB_CALL)).await.status, 200);
    let told = house.told().remove(0);
    assert_eq!((told.clinic.as_str(), told.tiding), ("maple", Tiding::Goes));
    assert_eq!(told.message["call"]["monitor"], "[redacted]", "its URLs are keys to the live call");
    let series = r#"door_messages_total{clinic="",kind="status-update",outcome="unbound"}"#;
    assert_eq!(house.count(series), 1);
}

#[tokio::test]
async fn a_request_for_an_assistant_is_answered_from_the_declaration_with_everything_broken_behind() {
    let house = House::open(Plan::default());
    house.set_mood(Mood::Dies);
    let reply = house.tell("/api/vapi", &read(ASSISTANT_REQUEST)).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "assistantId": "assistant-maple" })));
    let series = r#"door_messages_total{clinic="maple",kind="assistant-request",outcome="answered"}"#;
    assert_eq!(house.count(series), 1);
}
