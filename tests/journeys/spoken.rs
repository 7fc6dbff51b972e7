//! What the caller hears, in English and in Chinese.

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::WEI;

use crate::stage::{Stage, code};
use crate::voice::PhoneCall;

async fn a_booking(call: &PhoneCall, language: &str) -> Vec<Value> {
    let asked = async |id: &str, tool: &str, mut arguments: Value| {
        arguments["language"] = language.into();
        call.ask(id, tool, arguments).await
    };
    let info = asked("a", "get_clinic_info", json!({})).await;
    let born = json!({ "dateOfBirth": WEI.birth.to_string() });
    let verified = asked("b", "search_patient_by_phone", born).await;
    let found = asked("c", "find_earliest_appointment", json!({})).await;
    // From here on the call knows its language by itself.
    let slot = json!({ "slotId": found["slot"]["slotId"] });
    let booked = call.ask("d", "create_appointment", slot).await;
    let id = json!({ "appointmentId": booked["appointment"]["appointmentId"] });
    let cancelled = call.ask("e", "cancel_appointment", id).await;
    vec![info, verified, found, booked, cancelled]
}

#[tokio::test]
async fn a_chinese_speaker_hears_chinese_from_the_greeting_to_the_end() {
    let stage = Stage::open().await;
    let answers = a_booking(&stage.rings("call-1", WEI), "zh").await;
    let said: Vec<&str> = answers.iter().filter_map(|answer| answer["say"].as_str()).collect();
    assert_eq!(
        answers.iter().map(code).collect::<Vec<_>>(),
        ["OK", "VERIFIED", "SLOT_FOUND", "BOOKED", "CANCELLED"]
    );
    assert_eq!(answers[0]["clinic"]["customGreeting"], "欢迎致电枫叶诊所。");
    assert_eq!(said[1], "谢谢您,Wei,我找到了您的档案。");
    assert!(said[2].contains("周医生") && said[2].contains('月'), "{}", said[2]);
    assert!(said[3].starts_with("已为您预约") && said[3].contains("周医生"), "{}", said[3]);
    assert!(said[4].ends_with("的预约已取消。"), "{}", said[4]);
}

#[tokio::test]
async fn an_english_speaker_hears_english_and_nobody_is_promised_a_text_that_no_gateway_sends() {
    let stage = Stage::open().await;
    let answers = a_booking(&stage.rings("call-1", WEI), "en").await;
    let said: Vec<&str> = answers.iter().filter_map(|answer| answer["say"].as_str()).collect();
    assert_eq!(answers[0]["clinic"]["customGreeting"], "Welcome to Maple Family Practice.");
    assert_eq!(said[1], "Thank you, Wei. I have your file.");
    assert!(
        said[2].starts_with("The earliest is ") && said[2].contains("with Dr. Anita Chow"),
        "{}",
        said[2]
    );
    assert!(
        said[3].starts_with("You're booked for ") && said[3].ends_with("with Dr. Anita Chow."),
        "{}",
        said[3]
    );
    assert_eq!(answers[3]["smsQueued"], false);
    assert!(
        said[4].starts_with("Your appointment on ") && said[4].ends_with(" is cancelled."),
        "{}",
        said[4]
    );
}
