//! Those who call while nodes die: one call after the other, each with a patient who books, and sometimes thinks better of
//! it. What gets no answer is sent again, as the voice platform does; what is not certain yet is asked again, as an agent
//! does.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};
use vitarad::clock::now;
use vitarad::sandbox::oscar::Patient;

use crate::patience::{until, until_by};
use crate::town::{CEDAR_LINE, Emr, MAPLE_LINE, Town, today};
use crate::voice::{PhoneCall, Platform, Reply};

/// The days that are booked, one call after the other on the next of them.
const DAYS: usize = 40;
const PROVIDERS: [&str; 2] = ["101", "021"];
/// Nothing is decided yet: whoever hears this asks once more.
const NOT_YET: [&str; 6] =
    ["PENDING", "BUSY", "PATIENT_BUSY", "EMR_TIMEOUT", "EMR_UNAVAILABLE", "INTERNAL_ERROR"];

/// A dead node's write and its lease are over by then, by the clock of whoever took them up; if that one dies, too, the next
/// counts anew. And what was refused too late to be heard is staff's after a minute.
const PATIENCE: Duration = Duration::from_secs(80);

pub(crate) struct Caller {
    line: &'static str,
    chart: i32,
    birth: Date,
    phone: String,
}

/// A wish to book, and what it came to.
pub(crate) struct Visit {
    pub(crate) line: &'static str,
    pub(crate) call: String,
    pub(crate) chart: i32,
    /// The tool call, which may be repeated.
    pub(crate) asked: (String, Value),
    pub(crate) told: Value,
    /// What was said when they had thought better of it.
    pub(crate) cancelled: Option<Value>,
}

/// One webhook, from its first sending to its answer.
pub(crate) struct Webhook {
    pub(crate) call: String,
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
    /// When the answer was heard, by the clock that the nodes log by.
    pub(crate) heard: Timestamp,
    pub(crate) sent_again: usize,
    /// A message is kept whoever has the call; only a tool call needs it adopted.
    pub(crate) is_tool_call: bool,
    /// What it said if it was no more than "not yet".
    pub(crate) not_yet: Option<&'static str>,
}

/// All lines, and what was heard on them.
pub(crate) struct Lines {
    platform: Platform,
    waiting: Mutex<VecDeque<Caller>>,
    calls: AtomicUsize,
    over: AtomicBool,
    quiet_since: Mutex<Instant>,
    pub(crate) visits: Mutex<Vec<Visit>>,
    pub(crate) webhooks: Mutex<Vec<Webhook>>,
}

/// One call that goes on.
struct Talk<'a> {
    lines: &'a Lines,
    platform: Platform,
    id: String,
    call: PhoneCall,
    chart: i32,
    turn: usize,
}

impl Lines {
    pub(crate) fn open(platform: Platform, town: &Town) -> Self {
        let maple = callers(&town.maple(), MAPLE_LINE);
        let cedar = callers(&town.cedar(), CEDAR_LINE);
        let waiting = maple.into_iter().zip(cedar).flat_map(|(one, other)| [one, other]).collect();
        Self {
            platform,
            waiting: Mutex::new(waiting),
            calls: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            quiet_since: Mutex::new(Instant::now()),
            visits: Mutex::default(),
            webhooks: Mutex::default(),
        }
    }

    pub(crate) fn close(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Something has died: what nobody is certain of may take its time anew.
    pub(crate) fn disturbed(&self) {
        *self.quiet_since.lock().unwrap() = Instant::now();
    }

    /// One of the lines, until all are closed.
    pub(crate) async fn serve(&self) {
        while !self.over.load(Ordering::Relaxed) {
            let caller = self.waiting.lock().unwrap().pop_front().expect("more patients than lines");
            let number = self.calls.fetch_add(1, Ordering::Relaxed);
            self.one_call(&caller, number).await;
            self.waiting.lock().unwrap().push_back(caller);
        }
    }

    async fn one_call(&self, caller: &Caller, number: usize) {
        let id = format!("call-{number}");
        let platform = self.platform.with("x-call-id", &id);
        let call = platform.call(&id, caller.line, Some(&caller.phone));
        let mut talk = Talk { lines: self, platform, id: id.clone(), call, chart: caller.chart, turn: 0 };
        let born = json!({ "dateOfBirth": caller.birth.to_string() });
        talk.insist("search_patient_by_phone", born, &["VERIFIED"]).await;
        let day = today().saturating_add((1 + i64::try_from(number % DAYS).unwrap_or_default()).days());
        let provider = PROVIDERS[number / DAYS % PROVIDERS.len()];
        let wish = json!({ "startDate": day.to_string(), "providerId": provider });
        let (_, found) =
            talk.insist("find_earliest_appointment", wish, &["SLOT_FOUND", "NO_AVAILABILITY"]).await;
        if found["code"] == "SLOT_FOUND" {
            // Offered and kept for this call: whoever answers now knows of it.
            let slot = json!({ "slotId": found["slot"]["slotId"] });
            let (turn, told) =
                talk.insist("create_appointment", slot.clone(), &["BOOKED", "HANDED_TO_STAFF"]).await;
            let thinks_better = number.is_multiple_of(2) && told["code"] == "BOOKED";
            let cancelled = if thinks_better { Some(talk.cancel(&told).await) } else { None };
            let (line, chart, asked) = (caller.line, caller.chart, (turn, slot));
            self.visits.lock().unwrap().push(Visit { line, call: id, chart, asked, told, cancelled });
        }
        talk.deliver(&talk.call.ended()).await;
    }
}

impl Talk<'_> {
    async fn cancel(&mut self, booked: &Value) -> Value {
        self.insist("check_appointments", json!({}), &["OK"]).await;
        let appointment = json!({ "appointmentId": booked["appointment"]["appointmentId"] });
        self.insist("cancel_appointment", appointment, &["CANCELLED", "HANDED_TO_STAFF"]).await.1
    }

    /// Until something certain is said, which is one of these or the call has lost what it knew. Returns the tool call that
    /// was answered, too.
    async fn insist(&mut self, tool: &str, arguments: Value, expected: &[&str]) -> (String, Value) {
        let (began, mut heard) = (Instant::now(), Vec::new());
        let give_up = || began.max(*self.lines.quiet_since.lock().unwrap()) + PATIENCE;
        until_by(give_up, "a certain answer", async || {
            let id = format!("t{}", self.turn);
            let body = self.call.tool_calls(&[(&id, tool, arguments.clone())]);
            let answer = self.deliver(&body).await.answer();
            let code = answer["code"].as_str().unwrap_or_default();
            heard.push(format!("{id}: {code}"));
            assert!(Instant::now() < give_up(), "{tool} of patient {}: {heard:?}", self.chart);
            if code != "PENDING" {
                self.turn += 1;
            }
            if NOT_YET.contains(&code) {
                return None;
            }
            assert!(expected.contains(&code), "{tool} in mid-call: {answer}");
            Some((id, answer))
        })
        .await
    }

    async fn deliver(&self, body: &Value) -> Reply {
        let (sent, mut tries) = (Instant::now(), 0);
        let reply = until("an answer to a webhook", async || {
            tries += 1;
            let reply = self.platform.post("/api/vapi", body.to_string()).await;
            reply.filter(|reply| reply.status == 200)
        })
        .await;
        let (took, heard) = (sent.elapsed(), now());
        let is_tool_call = body["message"]["type"] == "tool-calls";
        let told = is_tool_call.then(|| reply.answer()["code"].clone());
        let webhook = Webhook {
            call: self.id.clone(),
            sent,
            took,
            heard,
            sent_again: tries - 1,
            is_tool_call,
            not_yet: NOT_YET.into_iter().find(|code| told.as_ref().is_some_and(|told| told == code)),
        };
        self.lines.webhooks.lock().unwrap().push(webhook);
        reply
    }
}

fn callers(emr: &Emr, line: &'static str) -> Vec<Caller> {
    let caller = |patient: Patient| {
        let phone = patient.phone?;
        Some(Caller { line, chart: patient.number, birth: patient.birth, phone })
    };
    emr.told_apart().into_iter().filter_map(caller).collect()
}
