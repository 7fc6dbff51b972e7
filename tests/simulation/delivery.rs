//! One phone call's line to the house: tool calls go out on it, to whichever process, and what comes back is written
//! down and looked at.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::ids::{AppointmentNo, CallId, CallKey, ClinicId, DemographicNo, ToolCallKey};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::store::CallEvent;
use vitarad_actors::switchboard::{Switchboard, Tiding};
use vitarad_actors::testing::tool_call;

use crate::houses::Houses;
use crate::newcomers::newcomers_of;
use crate::plan::{Plan, chance, dice};
use crate::record::{Heard, Place, Record, Told};
use crate::strangers;
use crate::town::{CLINICS, patients_of, quarters};

const DEADLINE: Duration = Duration::from_millis(4_500);

pub struct Line {
    houses: Arc<Houses>,
    pub record: Arc<Record>,
    plan: Arc<Plan>,
    pub rng: ChaCha12Rng,
    pub clinic: usize,
    pub call: String,
    pub patient: i32,
    /// When the run did.
    began: Instant,
    /// Nothing more is begun after it.
    pub until: Instant,
    /// Whether the call has been told so.
    pub verified: bool,
    /// Somebody who comes back to the telephone now and then, however long it takes.
    stays: bool,
    /// Where its webhooks mostly arrive.
    node: usize,
    asked: u32,
    /// What its slot ids stand for.
    offers: HashMap<String, Place>,
}

/// The lines of one caller, call by call, until the trouble is over.
pub fn lines(
    houses: Arc<Houses>,
    record: Arc<Record>,
    plan: Arc<Plan>,
    n: usize,
) -> impl FnMut(usize) -> Option<Line> {
    let began = Instant::now();
    let until = began + plan.trouble;
    move |call| {
        let mut rng = dice(plan.seed, 100_000 + 1_000 * n as u64 + call as u64);
        let clinic = [0, 0, 0, 1, 1, 2][rng.random_range(0..6)];
        (Instant::now() < until).then(|| Line {
            houses: Arc::clone(&houses),
            record: Arc::clone(&record),
            plan: Arc::clone(&plan),
            clinic,
            call: format!("call-{n}-{call}"),
            patient: if chance(&mut rng, 8) {
                rng.random_range(newcomers_of(clinic))
            } else {
                rng.random_range(patients_of(clinic))
            },
            began,
            until,
            verified: false,
            stays: chance(&mut rng, 25),
            node: rng.random_range(0..houses.count()),
            asked: 0,
            offers: HashMap::new(),
            rng,
        })
    }
}

impl Line {
    pub fn next_id(&mut self) -> String {
        self.asked += 1;
        format!("t{}", self.asked)
    }

    pub fn was_offered(&mut self, slot: &Value) {
        if let (Some(id), Some(place)) = (slot["slotId"].as_str(), Place::of(slot)) {
            self.offers.insert(id.to_owned(), place);
        }
    }

    pub fn some_day(&mut self) -> Date {
        let days = [0, 0, 0, 0, 1, 2][self.rng.random_range(0..6)];
        self.plan.visits.saturating_add(jiff::Span::new().days(days))
    }

    /// Waits until everybody who wants it asks for the same time, and says which that is: of a day that nobody else
    /// books. `None` when that is too long to wait.
    pub async fn rush(&mut self) -> Option<Value> {
        const LONGEST: Duration = Duration::from_secs(40);
        let now = Instant::now();
        let (at, nth) = self.plan.next_rush(now.duration_since(self.began));
        let at = self.began + at;
        if at >= self.until || at.duration_since(now) > LONGEST {
            return None;
        }
        sleep_until(at).await;
        let Range { start, end } = quarters(self.clinic);
        let quarter = start + nth % (end - start);
        let days = jiff::Span::new().days(3 + nth / (end - start));
        Some(json!({
            "date": self.plan.visits.saturating_add(days).to_string(),
            "startTime": format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15),
            "providerId": "021",
        }))
    }

    /// Between two wishes.
    pub fn pause(&mut self) -> Duration {
        if self.stays {
            self.plan.pause(&mut self.rng, 200..6_000)
        } else {
            Duration::from_millis(self.rng.random_range(200..6_000))
        }
    }

    /// Between two calls: as if the run were as short as usual.
    pub fn rest(&mut self) -> Duration {
        let longer = self.plan.pause(&mut self.rng, 0..40_000);
        longer.saturating_sub(Duration::from_secs(20))
            + Duration::from_millis(self.rng.random_range(0..2_000))
    }

    fn a_node(&mut self) -> usize {
        let elsewhere = usize::from(chance(&mut self.rng, 25));
        (self.node + elsewhere) % self.houses.count()
    }

    fn key(&self) -> CallKey {
        CallKey {
            clinic: ClinicId::parse(CLINICS[self.clinic]).unwrap(),
            call: CallId::parse(&self.call).unwrap(),
        }
    }

    pub fn deliver(&mut self, id: &str, tool: Tool, arguments: Value) -> impl Future<Output = Value> + use<> {
        let about =
            arguments["appointmentId"].as_i64().and_then(|no| i32::try_from(no).ok()).map(AppointmentNo);
        let offered = arguments["slotId"].as_str().and_then(|id| self.offers.get(id));
        let wanted = offered.cloned().or_else(|| Place::of(&arguments));
        let caller = format!("604-555-01{:02}", self.patient);
        let tool_call = tool_call(CLINICS[self.clinic], &self.call, id, tool, arguments, Some(&caller));
        let key = ToolCallKey { call: tool_call.call.clone(), tool_call: tool_call.id.clone() };
        let (houses, record) = (Arc::clone(&self.houses), Arc::clone(&self.record));
        let (clinic, patient, verified) = (self.clinic, self.patient, self.verified);
        let node = self.a_node();
        async move {
            let began = Instant::now();
            let deadline = began + DEADLINE;
            record.count("tool calls delivered");
            // A process that dies takes the connection with it; the platform hears nothing.
            let line =
                houses.while_alive(node, |exchange| async move { exchange.ask(tool_call, deadline).await });
            let answer = line.await.map(|line| line.reveal().clone());
            let heard = answer.as_deref().and_then(|line| {
                if began.elapsed() > DEADLINE + Duration::from_millis(50) {
                    record.breach(format!("C-1: {tool:?} was answered after {:?}", began.elapsed()));
                }
                strangers::learn_nothing(&record, clinic, patient, verified, line);
                let heard = serde_json::from_str(line).ok().as_ref().and_then(Heard::of);
                if heard.is_none() {
                    record.breach(format!("C-1: {tool:?} got an answer without a code"));
                }
                heard
            });
            let patient = DemographicNo::new(4_000 + patient);
            record.told.lock().unwrap().push(Told { key, tool, patient, about, wanted, heard });
            answer.and_then(|line| serde_json::from_str(&line).ok()).unwrap_or(Value::Null)
        }
    }

    /// The platform says so, to whichever process.
    pub async fn hang_up(&mut self) {
        let (node, key) = (self.a_node(), self.key());
        let event = CallEvent {
            digest: format!("{} ended", self.call),
            key,
            kind: "end-of-call-report".to_owned(),
            body: Phi::new(Vec::new()),
            facts: CallFacts::default(),
            audited: None,
        };
        let tell = |exchange: Arc<vitarad_actors::exchange::Exchange>| async move {
            exchange.tell(event, Tiding::Ended).await
        };
        let _ = self.houses.while_alive(node, tell).await;
    }
}
