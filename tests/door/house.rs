//! A door with two clinics behind it and a switchboard that does as the test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use prometheus_client::registry::Registry;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use vitarad::access::{HmacPlan, WebhookCredential, WebhookScheme};
use vitarad::front::listener::{Gate, ListenerSettings, Listening, listen};
use vitarad::front::{Door, DoorMeters, DoorSettings, Gatebook, Proof};
use vitarad_actors::domain::alarm::Alarm;
use vitarad_actors::domain::answer::{Answer, AnswerLine};
use vitarad_actors::domain::clinic::{Clinic, Roster};
use vitarad_actors::domain::ids::{CallKey, ClinicId};
use vitarad_actors::domain::say::{Language, Situation};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::store::CallEvent;
use vitarad_actors::ports::{Clock, Luck};
use vitarad_actors::switchboard::{NotKept, Switchboard, Tiding, ToolCall};

/// What the door's clock shows, in seconds since 1970.
pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const PLATFORM_KEY: &str = "platform-key";
pub(super) const MAPLE_LINE: &str = "+12065550199";
pub(super) const CEDAR_LINE: &str = "+12065550188";
pub(super) const CEDAR_KEY: &str = "cedar-key";

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Ts {
        Ts(i64::try_from(NOW * 1_000_000).unwrap())
    }
}

/// A tool call as it reached the switchboard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) clinic: String,
    pub(super) call: String,
    pub(super) id: String,
    pub(super) tool: Tool,
    pub(super) arguments: Map<String, Value>,
    pub(super) caller: Option<String>,
    pub(super) may_speak: bool,
}

/// A message as it reached the switchboard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) clinic: String,
    pub(super) call: String,
    pub(super) kind: String,
    pub(super) digest: String,
    pub(super) message: Value,
    pub(super) tiding: Tiding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Answers,
    /// Answers when a permit is added to `Script::released`.
    Waits,
    NeverAnswers,
    /// Waits in the same way, but without giving its thread back.
    Blocks,
    Dies,
    /// Says itself that it could not do what it was asked.
    Fails,
    /// With a line break in it, as no honest answer has.
    Babbles,
}

pub(super) struct Script {
    pub(super) mood: Mutex<Mood>,
    pub(super) keeps: Mutex<Result<(), NotKept>>,
    pub(super) heard: Mutex<Vec<Heard>>,
    pub(super) told: Mutex<Vec<Told>>,
    /// Alarms that the door answered by itself: the tool, what was heard, what was answered.
    pub(super) alarms: Mutex<Vec<(&'static str, &'static str, &'static str)>>,
    pub(super) rang: Notify,
    pub(super) released: Semaphore,
    pub(super) finished: Semaphore,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            mood: Mutex::new(Mood::Answers),
            keeps: Mutex::new(Ok(())),
            heard: Mutex::default(),
            told: Mutex::default(),
            alarms: Mutex::default(),
            rang: Notify::new(),
            released: Semaphore::new(0),
            finished: Semaphore::new(0),
        }
    }
}

#[async_trait]
impl Switchboard for Script {
    async fn ask(&self, tool_call: ToolCall, _deadline: Instant) -> AnswerLine {
        self.heard.lock().unwrap().push(Heard {
            clinic: tool_call.call.clinic.to_string(),
            call: tool_call.call.call.to_string(),
            id: tool_call.id.to_string(),
            tool: tool_call.tool,
            arguments: tool_call.arguments.into_revealed(),
            caller: tool_call.caller.map(|number| number.digits().to_owned()),
            may_speak: tool_call.control.is_some(),
        });
        self.rang.notify_one();
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Answers => {}
            Mood::Waits => self.released.acquire().await.unwrap().forget(),
            Mood::NeverAnswers => std::future::pending().await,
            Mood::Blocks => {
                while self.released.available_permits() == 0 {
                    std::thread::yield_now();
                }
            }
            Mood::Dies => panic!("as the test wished"),
            Mood::Fails => return Answer::new(Situation::InternalError, Language::En, &[]).line(),
            Mood::Babbles => {
                return AnswerLine::stored("{\"say\":\"one\",\n\"and\":\"two\"}".to_owned().into());
            }
        }
        self.finished.add_permits(1);
        let line = Answer::new(Situation::ClinicOpen, Language::En, &[("clinic", "Maple")]);
        line.with("id", tool_call.id.as_str()).line()
    }

    async fn enter_alarm(&self, _: &CallKey, tool: Tool, alarm: Alarm, answered: Situation) {
        self.alarms.lock().unwrap().push((tool.name(), alarm.name(), answered.code()));
    }

    async fn tell(&self, event: CallEvent, tiding: Tiding) -> Result<(), NotKept> {
        let kept = *self.keeps.lock().unwrap();
        self.told.lock().unwrap().push(Told {
            clinic: event.key.clinic.to_string(),
            call: event.key.call.to_string(),
            kind: event.kind,
            digest: event.digest,
            message: serde_json::from_slice(event.body.reveal()).unwrap(),
            tiding,
        });
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::NeverAnswers => std::future::pending().await,
            Mood::Dies => panic!("as the test wished"),
            _ => kept,
        }
    }
}

/// What differs between the tests' houses.
pub(super) struct Plan {
    pub(super) platform: Vec<WebhookCredential>,
    /// Of the clinic `cedar`; `maple` has none of its own.
    pub(super) cedar: Vec<WebhookCredential>,
    pub(super) door: DoorSettings,
    pub(super) listener: ListenerSettings,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            platform: vec![api_key(PLATFORM_KEY)],
            cedar: vec![api_key(CEDAR_KEY)],
            door: DoorSettings::default(),
            listener: ListenerSettings { linger: Duration::from_millis(200), ..ListenerSettings::default() },
        }
    }
}

pub(super) struct House {
    pub(super) addr: SocketAddr,
    pub(super) script: Arc<Script>,
    pub(super) gatebook: Arc<ArcSwap<Gatebook>>,
    pub(super) listening: Listening,
    pub(super) gate: Gate,
    pub(super) proof: Proof,
    pub(super) client: reqwest::Client,
    registry: Registry,
}

impl House {
    pub(super) fn open(plan: Plan) -> Self {
        Self::open_beside(plan).0
    }

    /// And the same socket once more, as another process would have it.
    pub(super) fn open_beside(plan: Plan) -> (Self, std::net::TcpListener) {
        let script = Arc::new(Script::default());
        let gatebook = Arc::new(ArcSwap::from_pointee(gatebook(&plan.platform, &plan.cedar)));
        let mut registry = Registry::default();
        let meters = DoorMeters::register(&mut registry);
        let door = Door::new(
            Arc::clone(&script) as Arc<dyn Switchboard>,
            Arc::clone(&gatebook),
            Arc::new(StandingClock),
            Arc::new(Luck::seeded(7)),
            meters.clone(),
            plan.door,
        );
        let beside = Router::new().route("/livez", axum::routing::get(async || "alive"));
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proof = door.proof();
        let (gate, router) = (Gate::default(), Arc::new(door).router(beside));
        let duplicate = socket.try_clone().unwrap();
        let listening = listen(duplicate, router, plan.listener, gate.clone(), meters).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        (Self { addr: listening.addr(), script, gatebook, listening, gate, proof, client, registry }, socket)
    }

    pub(super) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let mut request = self.client.post(format!("http://{}{path}", self.addr)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::of(request.send().await.unwrap()).await
    }

    /// With the platform's key.
    pub(super) async fn tell(&self, path: &str, body: &Value) -> Reply {
        self.post(path, &[("x-api-key", PLATFORM_KEY)], body.to_string()).await
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.script.heard.lock().unwrap().clone()
    }

    pub(super) fn told(&self) -> Vec<Told> {
        self.script.told.lock().unwrap().clone()
    }

    pub(super) fn set_mood(&self, mood: Mood) {
        *self.script.mood.lock().unwrap() = mood;
    }

    /// Of the counter with this name and these labels, as written in the exposition.
    pub(super) fn count(&self, series: &str) -> u64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        value.unwrap_or(0)
    }
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Value,
}

impl Reply {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert_eq!(headers["content-type"], "application/json");
        Self { status, headers, body: response.json().await.unwrap() }
    }

    /// (tool call id, name, result) of each result; the results themselves are JSON again.
    pub(super) fn results(&self) -> Vec<(String, String, Value)> {
        assert_eq!(self.status, 200, "{:?}", self.body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let results = self.body["results"].as_array().unwrap().iter();
        results
            .map(|one| {
                let line = text(&one["result"]);
                assert!(!line.contains(['\n', '\r']), "a result is one line");
                (text(&one["toolCallId"]), text(&one["name"]), serde_json::from_str(&line).unwrap())
            })
            .collect()
    }

    pub(super) fn codes(&self) -> Vec<String> {
        self.results().iter().map(|(_, _, answer)| answer["code"].as_str().unwrap().to_owned()).collect()
    }
}

/// Looks again and again, for some seconds at most.
pub(super) async fn until(wanted: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(10);
    while !wanted() {
        assert!(Instant::now() < give_up, "it did not come about");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(super) fn gatebook(platform: &[WebhookCredential], cedar: &[WebhookCredential]) -> Gatebook {
    let roster = Roster::of([
        clinic("maple", MAPLE_LINE, &["line-maple", "assistant-maple"], Language::En),
        clinic("cedar", CEDAR_LINE, &["line-cedar", "assistant-cedar"], Language::Zh),
        clinic("birch", "+12065550177", &[], Language::En),
    ]);
    let cedar_id = ClinicId::parse("cedar").unwrap();
    Gatebook::prepare(Arc::new(roster.unwrap()), platform, [(&cedar_id, cedar)]).unwrap()
}

fn clinic(id: &str, line: &str, voice_ids: &[&str], language: Language) -> Clinic {
    serde_json::from_value(json!({
        "id": id, "name": id, "phone": "604-555-0100", "lines": [line], "voice_ids": voice_ids,
        "timezone": "America/Vancouver", "language": language, "hours": {}, "providers": [],
        "voice": {
            "assistant_id": voice_ids.get(1), "handoffs": { "booking": format!("booking-{id}") },
        },
    }))
    .unwrap()
}

pub(super) fn api_key(secret: &str) -> WebhookCredential {
    credential(WebhookScheme::ApiKey { header: "x-api-key".to_owned() }, &[secret])
}

pub(super) fn signed(plan: HmacPlan, secrets: &[&str]) -> WebhookCredential {
    credential(WebhookScheme::Hmac(plan), secrets)
}

pub(super) fn credential(scheme: WebhookScheme, secrets: &[&str]) -> WebhookCredential {
    WebhookCredential { scheme, secrets: secrets.iter().map(|secret| SecretString::from(*secret)).collect() }
}

/// One message of tool calls to maple's line.
pub(super) fn tool_calls(list: &Value) -> Value {
    about(MAPLE_LINE, &json!({"type": "tool-calls", "toolCallList": list}))
}

/// A call of the tool in the flat form.
pub(super) fn tool_call(id: &str, tool: &str) -> Value {
    json!({"id": id, "name": tool, "arguments": {}})
}

/// A message about the call `call-1`, dialled at `line`.
pub(super) fn about(line: &str, fields: &Value) -> Value {
    let mut message = json!({
        "timestamp": 1_799_999_999_000_u64,
        "call": {"id": "call-1"},
        "customer": {"number": "+12065550101"},
        "phoneNumber": {"number": line},
    });
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "message": message })
}
