//! Reports that never came are asked for, and enter the record as if they had.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use vitarad::sandbox::vapi::{Api, Trouble};
use vitarad_actors::domain::call_record::{CallFacts, CallStage, EndedReason};
use vitarad_actors::domain::ids::{CallId, CallKey, ClinicId};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::CallEvent;

use crate::house::House;
use crate::patience::until;
use crate::premises::Premises;
use crate::town::{CEDAR_LINE, MAPLE_LINE, Town};

const KEY: &str = "3b0c8f52-7d1e-4a6b-9c2f-5e8d7a1b4c60";

struct Scene {
    api: Api,
    house: House,
    _premises: Premises,
}

impl Scene {
    async fn with_key(key: &str) -> Self {
        let api = Api::start(KEY).await.expect("a free port");
        let mut premises = Premises::around(Town::open().await);
        premises.set("VITARAD_VOICE__API_URL", &api.url());
        premises.set("VITARAD_VOICE__API_KEY", key);
        let house = House::open(&premises).await;
        Self { api, house, _premises: premises }
    }

    async fn open() -> Self {
        Self::with_key(KEY).await
    }

    fn store(&self) -> &dyn Store {
        &*self.house.app.house().store
    }

    /// A call of Maple's that was last heard of an hour ago.
    async fn fell_silent(&self, call: &str) -> CallKey {
        let key = CallKey { clinic: ClinicId::parse("maple").unwrap(), call: CallId::parse(call).unwrap() };
        let event = CallEvent {
            key: key.clone(),
            kind: "status-update".to_owned(),
            digest: "d1".to_owned(),
            body: Phi::new(b"{}".to_vec()),
            facts: CallFacts { stage: Some(CallStage::InProgress), ..CallFacts::default() },
            audited: None,
        };
        let an_hour_ago = self.house.app.house().now().minus(Duration::from_hours(1));
        self.store().keep_event(event, an_hour_ago).await.unwrap();
        key
    }

    async fn record(&self, key: &CallKey) -> CallFacts {
        self.store().call_record(key).await.unwrap().expect("a record")
    }

    async fn completed(&self, key: &CallKey) -> CallFacts {
        until("the report", async || {
            let record = self.record(key).await;
            (record.stage == Some(CallStage::Ended)).then_some(record)
        })
        .await
    }

    async fn counted(&self, clinic: &str, outcome: &str) {
        let line = format!("reports_asked_for_total{{clinic=\"{clinic}\",outcome=\"{outcome}\"}} 1");
        until(&line, async || {
            let (mut registry, mut page) = (Registry::default(), String::new());
            self.house.app.house().meters.register(&mut registry);
            encode(&mut page, &registry).unwrap();
            page.contains(&line).then_some(())
        })
        .await;
    }
}

/// As `GET /call/{id}` has it: no message around it, and no length.
fn ended(call: &str, line: &str) -> Value {
    json!({
        "id": call, "type": "inboundPhoneCall", "status": "ended", "endedReason": "customer-ended-call",
        "createdAt": "2026-03-10T18:00:00.000Z", "startedAt": "2026-03-10T18:00:01.000Z",
        "endedAt": "2026-03-10T18:01:02.500Z", "cost": 0.0715, "phoneNumber": { "number": line },
        "monitor": { "controlUrl": "https://phone.vapi.ai/x/control" },
        "artifact": { "transcript": "AI: hello", "messages": [] }, "analysis": {},
    })
}

#[tokio::test]
async fn a_call_without_a_report_gets_it_by_being_asked_for() {
    let scene = Scene::open().await;
    scene.api.file(ended("call-1", MAPLE_LINE));
    let key = scene.fell_silent("call-1").await;
    let record = scene.completed(&key).await;
    assert_eq!(record.ended_reason, Some(EndedReason::new("customer-ended-call")));
    assert_eq!((record.duration_ms, record.cost_micros), (Some(61_500), Some(71_500)));
    scene.counted("maple", "found").await;
    assert_eq!(scene.api.asked(), ["/call/call-1"]);
}

#[tokio::test]
async fn a_platform_in_trouble_is_left_alone_for_a_while_and_asked_again() {
    for trouble in [Trouble::TooManyRequests { retry_after: 1 }, Trouble::ServerError, Trouble::Silence] {
        let scene = Scene::open().await;
        scene.api.trouble(trouble);
        scene.api.file(ended("call-1", MAPLE_LINE));
        let key = scene.fell_silent("call-1").await;
        scene.completed(&key).await;
        assert_eq!(scene.api.asked().len(), 2, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_call_that_the_platform_does_not_know_holds_up_no_other() {
    let scene = Scene::open().await;
    scene.api.file(ended("call-2", MAPLE_LINE));
    scene.fell_silent("call-1").await;
    let other = scene.fell_silent("call-2").await;
    scene.completed(&other).await;
    scene.counted("maple", "unknown").await;
    assert_eq!(scene.api.asked(), ["/call/call-1", "/call/call-2"]);
}

#[tokio::test]
async fn a_call_to_another_clinics_line_is_not_read_into_this_ones_record() {
    let scene = Scene::open().await;
    scene.api.file(ended("call-1", CEDAR_LINE));
    let key = scene.fell_silent("call-1").await;
    scene.counted("maple", "elsewhere").await;
    assert_eq!(scene.record(&key).await.stage, Some(CallStage::InProgress));
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_a_call_that_goes_on_changes_nothing() {
    let scene = Scene::open().await;
    scene.api.trouble(Trouble::Garbage);
    scene.api.file(json!({ "id": "call-2", "status": "in-progress" }));
    let first = scene.fell_silent("call-1").await;
    scene.counted("maple", "unreadable").await;
    let second = scene.fell_silent("call-2").await;
    scene.counted("maple", "unfinished").await;
    for key in [first, second] {
        assert_eq!(scene.record(&key).await.stage, Some(CallStage::InProgress));
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_tried_every_second() {
    let scene = Scene::with_key("a-key-of-somebody-elses").await;
    scene.fell_silent("call-1").await;
    until("a request", async || (scene.api.asked().len() == 1).then_some(())).await;
    assert!(!scene.house.app.house().reports.is_ready());
}
