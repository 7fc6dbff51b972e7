//! Callers: they identify themselves, look, book, change their minds, and sometimes every delivery comes twice.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use vitarad_actors::domain::ids::ToolCallKey;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::switchboard::Switchboard;
use vitarad_actors::testing::{patient, tool_call, visit_day};

use super::trouble::Houses;
use super::{CLINICS, PATIENTS, Record, TROUBLE, Told, chance, dice};

const DEADLINE: Duration = Duration::from_millis(4_500);

struct Caller {
    houses: Arc<Houses>,
    record: Arc<Record>,
    rng: ChaCha12Rng,
    clinic: &'static str,
    call: String,
    patient: i32,
    asked: u32,
    /// Appointments this call has been told of.
    known: Vec<i64>,
}

pub async fn call_until_the_end(houses: Arc<Houses>, record: Arc<Record>, seed: u64, n: usize) {
    let mut rng = dice(seed, 100 + n as u64);
    let end = Instant::now() + TROUBLE;
    let mut calls = 0;
    while Instant::now() < end {
        calls += 1;
        let mut caller = Caller {
            houses: Arc::clone(&houses),
            record: Arc::clone(&record),
            clinic: CLINICS[usize::from(chance(&mut rng, 30))],
            call: format!("call-{n}-{calls}"),
            patient: rng.random_range(1..=PATIENTS),
            asked: 0,
            known: Vec::new(),
            rng: dice(seed, 1_000 * (n as u64 + 1) + calls),
        };
        caller.talk(end).await;
    }
}

impl Caller {
    async fn talk(&mut self, end: Instant) {
        let born = patient(self.patient).birth_date.unwrap().reveal().to_string();
        let verified = self.ask(Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
        if verified["code"] != "VERIFIED" {
            return sleep(Duration::from_secs(2)).await;
        }
        for _ in 0..self.rng.random_range(2..8) {
            if Instant::now() >= end {
                return;
            }
            self.wish().await;
            let pause = self.rng.random_range(200..6_000);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn wish(&mut self) {
        match self.rng.random_range(0..10) {
            0..4 => self.book_an_offer().await,
            4 => self.book_by_name().await,
            5 => self.check().await,
            6..9 => self.relocate().await,
            _ => self.cancel().await,
        }
    }

    async fn book_an_offer(&mut self) {
        let wanted = json!({ "startDate": visit_day().to_string() });
        let offer = self.ask(Tool::FindEarliestAppointment, wanted).await;
        if let Some(slot) = offer["slot"]["slotId"].as_str() {
            let arguments = json!({ "slotId": slot, "reason": "a cough" });
            self.change(Tool::CreateAppointment, arguments).await;
        }
    }

    fn some_slot(&mut self) -> Value {
        let quarter: u16 = self.rng.random_range(0..10);
        json!({
            "date": visit_day().to_string(),
            "startTime": format!("{:02}:{:02}", 9 + quarter / 4, quarter % 4 * 15),
            "providerId": if chance(&mut self.rng, 70) { "021" } else { "022" },
        })
    }

    async fn book_by_name(&mut self) {
        let slot = self.some_slot();
        self.change(Tool::CreateAppointment, slot).await;
    }

    async fn check(&mut self) {
        let listed = self.ask(Tool::CheckAppointments, json!({})).await;
        let ids = listed["appointments"].as_array().into_iter().flatten();
        self.known.extend(ids.filter_map(|row| row["appointmentId"].as_i64()));
    }

    async fn relocate(&mut self) {
        let Some(id) = self.known.pop() else { return self.check().await };
        let mut arguments = self.some_slot();
        arguments["appointmentId"] = id.into();
        self.change(Tool::UpdateAppointment, arguments).await;
    }

    async fn cancel(&mut self) {
        let Some(id) = self.known.pop() else { return self.check().await };
        self.change(Tool::CancelAppointment, json!({ "appointmentId": id })).await;
    }

    /// A change, which may be delivered twice at once, again later, or asked again under a new id.
    async fn change(&mut self, tool: Tool, arguments: Value) {
        let id = self.next_id();
        let (twice, again, anew) =
            (chance(&mut self.rng, 15), chance(&mut self.rng, 15), chance(&mut self.rng, 15));
        let first = self.deliver(&id, tool, arguments.clone());
        let answer = if twice {
            let (answer, _) = tokio::join!(first, self.deliver(&id, tool, arguments.clone()));
            answer
        } else {
            first.await
        };
        self.known.extend(
            answer["appointment"]["appointmentId"].as_i64().filter(|_| tool != Tool::CancelAppointment),
        );
        if again {
            let pause = self.rng.random_range(10..40_000);
            sleep(Duration::from_millis(pause)).await;
            self.deliver(&id, tool, arguments.clone()).await;
        }
        if anew {
            let id = self.next_id();
            self.deliver(&id, tool, arguments).await;
        }
    }

    async fn ask(&mut self, tool: Tool, arguments: Value) -> Value {
        let id = self.next_id();
        self.deliver(&id, tool, arguments).await
    }

    fn next_id(&mut self) -> String {
        self.asked += 1;
        format!("t{}", self.asked)
    }

    fn deliver(&self, id: &str, tool: Tool, arguments: Value) -> impl Future<Output = Value> + use<> {
        let caller = format!("604-555-01{:02}", self.patient);
        let tool_call = tool_call(self.clinic, &self.call, id, tool, arguments, Some(&caller));
        let key = ToolCallKey { call: tool_call.call.clone(), tool_call: tool_call.id.clone() };
        let (houses, record) = (Arc::clone(&self.houses), Arc::clone(&self.record));
        async move {
            let began = Instant::now();
            let deadline = began + DEADLINE;
            // A process that is killed takes the connection with it; the platform hears nothing.
            let Some(line) =
                houses.while_alive(|exchange| async move { exchange.ask(tool_call, deadline).await }).await
            else {
                return Value::Null;
            };
            if began.elapsed() > DEADLINE + Duration::from_millis(50) {
                record.breach(format!("C-1: {tool:?} was answered after {:?}", began.elapsed()));
            }
            let answer: Value = serde_json::from_str(line.reveal()).unwrap_or(Value::Null);
            let Some(code) = answer["code"].as_str() else {
                record.breach(format!("C-1: {tool:?} got an answer without a code"));
                return Value::Null;
            };
            if tool.changes_the_emr() {
                let appointment =
                    answer["appointment"]["appointmentId"].as_i64().and_then(|no| i32::try_from(no).ok());
                let told = Told { key, code: code.to_owned(), appointment, at: houses.now() };
                record.answers.lock().unwrap().push(told);
            }
            answer
        }
    }
}
