//! Messages about a call, kept for its record.

use std::time::Duration;

use serde_json::json;
use vitarad::front::DoorSettings;
use vitarad_actors::switchboard::{NotKept, Tiding};

use super::house::{House, MAPLE_LINE, Mood, Plan, about};

#[tokio::test]
async fn a_message_is_kept_under_its_clinic_and_call_with_what_it_means_for_the_call() {
    let house = House::open(Plan::default());
    for fields in [
        json!({"type": "status-update", "status": "in-progress"}),
        json!({"type": "hang"}),
        json!({"type": "transfer-update", "destination": {"type": "number"}}),
        json!({"type": "status-update", "status": "ended", "endedReason": "customer-ended-call"}),
        json!({"type": "end-of-call-report", "endedReason": "customer-ended-call"}),
    ] {
        let reply = house.tell("/api/vapi", &about(MAPLE_LINE, &fields)).await;
        assert_eq!((reply.status, reply.body), (200, json!({})), "{fields}");
    }
    let told = house.told();
    let kinds: Vec<_> = told.iter().map(|one| (one.kind.as_str(), one.tiding)).collect();
    assert_eq!(
        kinds,
        [
            ("status-update", Tiding::Goes),
            ("hang", Tiding::Goes),
            ("transfer-update", Tiding::Goes),
            ("status-update", Tiding::Ended),
            ("end-of-call-report", Tiding::Ended),
        ]
    );
    assert!(told.iter().all(|one| (one.clinic.as_str(), one.call.as_str()) == ("maple", "call-1")));
    assert_eq!(house.count(r#"door_messages_total{clinic="maple",kind="hang",outcome="kept"}"#), 1);
}

#[tokio::test]
async fn a_second_delivery_carries_the_digest_of_the_first() {
    let house = House::open(Plan::default());
    let ended = json!({"type": "status-update", "status": "ended", "endedReason": "voicemail"});
    let again =
        json!({"type": "status-update", "status": "ended", "endedReason": "voicemail", "timestamp": "later"});
    house.tell("/api/vapi", &about(MAPLE_LINE, &ended)).await;
    house.tell("/vapi-webhook", &about(MAPLE_LINE, &again)).await;
    let told = house.told();
    assert_eq!(told[0].digest, told[1].digest);
}

#[tokio::test]
async fn a_message_that_cannot_be_kept_is_asked_for_again() {
    let house = House::open(Plan::default());
    let report = about(MAPLE_LINE, &json!({"type": "end-of-call-report"}));
    for reason in [NotKept::StoreAway, NotKept::Busy, NotKept::NoSuchClinic] {
        *house.script.keeps.lock().unwrap() = Err(reason);
        let reply = house.tell("/api/vapi", &report).await;
        assert_eq!((reply.status, reply.headers["retry-after"].to_str().unwrap()), (503, "2"), "{reason}");
    }
    *house.script.keeps.lock().unwrap() = Ok(());
    assert_eq!(house.tell("/api/vapi", &report).await.status, 200);
    let series = r#"door_messages_total{clinic="maple",kind="end-of-call-report",outcome="not_kept"}"#;
    assert_eq!(house.count(series), 3);
}

#[tokio::test]
async fn a_store_that_hangs_or_a_keeper_that_dies_is_one_that_could_not_keep() {
    let door = DoorSettings { message_deadline: Duration::from_millis(50), ..DoorSettings::default() };
    let house = House::open(Plan { door, ..Plan::default() });
    for mood in [Mood::NeverAnswers, Mood::Dies] {
        house.set_mood(mood);
        let reply = house.tell("/api/vapi", &about(MAPLE_LINE, &json!({"type": "hang"}))).await;
        assert_eq!(reply.status, 503, "{mood:?}");
    }
}

#[tokio::test]
async fn every_other_type_is_acknowledged_and_counted_under_a_known_name() {
    let house = House::open(Plan::default());
    for kind in ["conversation-update", "transcript[transcriptType=\"final\"]", "brand-new", "call-4711", ""]
    {
        let reply = house.tell("/api/vapi", &about(MAPLE_LINE, &json!({"type": kind}))).await;
        assert_eq!((reply.status, reply.body), (200, json!({})), "{kind}");
    }
    let count = |kind| {
        house.count(&format!(r#"door_messages_total{{clinic="maple",kind="{kind}",outcome="ignored"}}"#))
    };
    assert_eq!([count("conversation-update"), count("transcript"), count("other")], [1, 1, 3]);
    assert!(house.told().is_empty());
}

#[tokio::test]
async fn a_message_without_a_call_is_acknowledged_and_not_kept() {
    let house = House::open(Plan::default());
    let mut report = about(MAPLE_LINE, &json!({"type": "end-of-call-report"}));
    report["message"]["call"] = json!(null);
    assert_eq!(house.tell("/api/vapi", &report).await.body, json!({}));
    assert!(house.told().is_empty());
}
