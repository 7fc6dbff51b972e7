//! What one run wrote down: who was told what, what broke a law, and how often what happened.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::civil::Date;
use serde_json::Value;
use tokio::sync::Notify;
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo, ToolCallKey};
use vitarad_actors::domain::time::Interval;
use vitarad_actors::domain::tool::Tool;

#[derive(Default)]
pub struct Record {
    pub told: Mutex<Vec<Told>>,
    pub breaches: Mutex<Vec<String>>,
    pub counts: Mutex<BTreeMap<&'static str, u64>>,
    /// A write is on its way of which nobody will hear.
    pub on_its_way: Notify,
}

/// One delivery of a tool call, and what came back.
#[derive(Clone)]
pub struct Told {
    pub key: ToolCallKey,
    pub tool: Tool,
    pub patient: DemographicNo,
    /// The appointment that was named.
    pub about: Option<AppointmentNo>,
    /// The time that was chosen.
    pub wanted: Option<Place>,
    /// `None`: the process died first, and the caller heard nothing.
    pub heard: Option<Heard>,
}

/// What of an answer has to be true in the end.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    pub code: String,
    pub appointment: Option<Appointment>,
    pub reference: Option<String>,
    pub destination: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    pub no: AppointmentNo,
    pub at: Place,
}

/// Where an appointment begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    provider: ProviderNo,
    date: Date,
    start: String,
}

impl Record {
    pub fn breach(&self, text: String) {
        self.breaches.lock().unwrap().push(text);
    }

    pub fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }
}

impl Heard {
    /// `None`: an answer without a code.
    pub fn of(answer: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self {
            code: text(&answer["code"])?,
            appointment: Appointment::of(&answer["appointment"]),
            reference: text(&answer["reference"]),
            destination: text(&answer["transfer"]["destination"]["number"])
                .or_else(|| text(&answer["destination"]["number"])),
        })
    }
}

impl Appointment {
    fn of(told: &Value) -> Option<Self> {
        let no = AppointmentNo(i32::try_from(told["appointmentId"].as_i64()?).ok()?);
        Some(Self { no, at: Place::of(told)? })
    }
}

impl Place {
    /// As a tool call names it, or an answer.
    pub fn of(said: &Value) -> Option<Self> {
        Some(Self {
            provider: ProviderNo::parse(said["providerId"].as_str()?).ok()?,
            date: said["date"].as_str()?.parse().ok()?,
            start: said["startTime"].as_str()?.to_owned(),
        })
    }

    pub fn is(&self, provider: &ProviderNo, date: Date, interval: Interval) -> bool {
        self.provider == *provider && self.date == date && self.start == interval.start.to_string()
    }
}
