//! Nobody is booked through an alarm.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{at_ten, house, verify};
use crate::domain::tool::Tool;

fn booking(key: &str, words: &str) -> Value {
    let mut arguments = at_ten();
    arguments[key] = json!(words);
    arguments
}

#[tokio::test(start_paused = true)]
async fn an_alarm_is_answered_with_the_emergency_line_and_is_not_a_booking() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let alarm = house.ask("c1", "t1", Tool::CreateAppointment, booking("reason", "bad chest pain")).await;
    assert_eq!((&alarm["code"], &alarm["emergencyNumber"]), (&json!("EMERGENCY"), &json!("911")), "{alarm}");
    assert_eq!(alarm["success"], false);
    assert!(alarm["say"].as_str().unwrap().contains("9-1-1"));
    let mut wish = booking("reason", "不想活了");
    wish["language"] = json!("zh");
    let crisis = house.ask("c1", "t2", Tool::CreateAppointment, wish).await;
    assert_eq!((&crisis["code"], &crisis["emergencyNumber"]), (&json!("CRISIS"), &json!("988")), "{crisis}");
    assert!(crisis["say"].as_str().unwrap().contains("9-8-8,那里"), "{crisis}");
    house.wait(std::time::Duration::from_secs(1)).await;
    assert!(world.emr("maple").rows().is_empty());
    let entered: Vec<_> =
        world.store.peek().audit.iter().map(|entry| (entry.action.name(), entry.outcome)).collect();
    assert!(entered.contains(&("create_appointment", "EMERGENCY")), "{entered:?}");
    assert!(entered.contains(&("create_appointment", "CRISIS")), "{entered:?}");
    let mut registry = prometheus_client::registry::Registry::default();
    house.house.meters.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains(r#"alarms_total{clinic="maple",alarm="crisis"} 1"#), "{text}");
    let booked = house.ask("c1", "t3", Tool::CreateAppointment, booking("reason", "cough")).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_is_heard_while_nothing_works_and_names_the_clinics_line_when_somebody_is_there() {
    let (world, house) = house().await;
    house.wait(std::time::Duration::from_hours(2)).await;
    world.store.set_away(true);
    let alarm = house.ask("c1", "t1", Tool::AddToWaitlist, json!({ "notes": "I think it's a stroke" })).await;
    assert_eq!(alarm["code"], "EMERGENCY", "{alarm}");
    assert_eq!(alarm["transfer"]["destination"]["number"], "+16045550100");
}

/// What a house does with alarming words in any tool, under any key.
async fn meets(tool: Tool, key: &str, words: &str) -> (Value, u64) {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    let before = world.emr("maple").all_requests();
    let answer = house.ask("c1", "t1", tool, booking(key, words)).await;
    house.wait(std::time::Duration::from_secs(30)).await;
    assert!(world.store.peek().effects.is_empty(), "nothing was announced");
    (answer, world.emr("maple").all_requests() - before)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_tool_with_an_alarm_in_it_reaches_the_desk_or_the_emr(
        tool in prop::sample::select(&Tool::ALL[..]),
        key in prop::sample::select(&["reason", "notes", "visit_reason", "Symptoms", "anything"][..]),
        words in prop::sample::select(&["heart attack", "SUICIDAL", "can't breathe", "想死", "呼吸 困难"][..]),
        around in "[a-z ]{0,12}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (answer, asked) = runtime.block_on(meets(tool, key, &format!("{around} {words} {around}")));
        let alarmed = answer["code"] == "EMERGENCY" || answer["code"] == "CRISIS";
        prop_assert!(alarmed, "{}", answer);
        prop_assert_eq!(asked, 0);
    }
}
