//! Those who call: patients whom their birth date alone tells apart, each with a telephone of their own.

use jiff::civil::{Date, Time};
use serde_json::{Value, json};
use vitarad::sandbox::oscar::Patient;

use crate::day::{Day, PROVIDER, start_of};
use crate::patience::until;
use crate::town::{Emr, MAPLE_LINE};
use crate::voice::{PhoneCall, Platform};

pub(crate) const CALLERS: usize = 64;
/// A caller who hears that a slot is gone asks for another; so often, then hangs up.
const WISHES: usize = 3;

pub(crate) struct Caller {
    pub(crate) chart: i32,
    birth: Date,
    call: PhoneCall,
}

/// What a caller was told about one slot.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) chart: i32,
    pub(crate) start: Time,
    pub(crate) code: String,
    pub(crate) appointment: Option<i64>,
}

pub(crate) fn crowd(platform: &Platform, emr: &Emr) -> Vec<Caller> {
    let caller = |patient: Patient| {
        let id = format!("race-{}", patient.number);
        let call = platform.call(&id, MAPLE_LINE, patient.phone.as_deref());
        Caller { chart: patient.number, birth: patient.birth, call }
    };
    let callers: Vec<Caller> = emr.told_apart().into_iter().map(caller).take(CALLERS).collect();
    assert_eq!(callers.len(), CALLERS, "too few patients are told apart by their birth date");
    callers
}

impl Caller {
    pub(crate) async fn verify(&self) {
        let born = json!({ "dateOfBirth": self.birth.to_string() });
        let answer = self.ask("verify", "search_patient_by_phone", &born).await;
        assert_eq!(answer["code"], "VERIFIED", "{answer}");
    }

    /// Asks for one slot after another, from this one on, until one is theirs.
    pub(crate) async fn book(&self, day: &Day, first: usize) -> Vec<Heard> {
        let mut heard = Vec::new();
        for wish in 0..WISHES {
            let start = start_of(first + wish);
            let answer = self.insist(day, start).await;
            let code = answer["code"].as_str().unwrap_or_default().to_owned();
            let appointment = answer["appointment"]["appointmentId"].as_i64();
            let booked = code == "BOOKED";
            heard.push(Heard { chart: self.chart, start, code, appointment });
            if booked {
                break;
            }
        }
        heard
    }

    /// Whoever hears that we are busy asks again.
    async fn insist(&self, day: &Day, start: Time) -> Value {
        let wish = json!({
            "providerId": PROVIDER, "date": day.date.to_string(), "startTime": start.to_string(), "appointmentType": "B",
        });
        let mut turn = 0;
        until("a turn", async || {
            turn += 1;
            let answer = self.ask(&format!("{start}-{turn}"), "create_appointment", &wish).await;
            (answer["code"] != "BUSY").then_some(answer)
        })
        .await
    }

    async fn ask(&self, id: &str, tool: &str, arguments: &Value) -> Value {
        self.call.try_ask(id, tool, arguments).await.expect("an answer")
    }
}
