//! Callers: they identify themselves, look, book, change their minds, ask for a person, and do not hang up before they
//! have heard how it ends.

use std::time::Duration;

use rand::RngExt;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::testing::patient;

use crate::delivery::Line;
use crate::ending::{Ending, Said};
use crate::plan::chance;
use crate::town::{patients_of, quarters};
use crate::{newcomers, strangers};

/// A caller who hears nothing at all asks once more, so often.
const PATIENCE: usize = 90;

pub struct Caller {
    pub line: Line,
    /// Appointments this call has been told of.
    pub known: Vec<i64>,
    /// The last that was said about anything that was wanted.
    ending: Option<Said>,
}

pub async fn call_until_the_end(mut lines: impl FnMut(usize) -> Option<Line>) {
    let mut calls = 0;
    while let Some(line) = lines(calls) {
        calls += 1;
        let mut caller = Caller { line, known: Vec::new(), ending: None };
        caller.talk().await;
        let rest = caller.line.rest();
        sleep(rest).await;
    }
}

impl Caller {
    async fn talk(&mut self) {
        self.line.record.count("calls");
        if newcomers::is_newcomer(self.line.patient) {
            newcomers::register(self).await;
            return self.say_goodbye().await;
        }
        if chance(&mut self.line.rng, 10) {
            strangers::pry_before_verification(self).await;
        }
        let born = patient(self.line.patient).birth_date.unwrap().reveal().to_string();
        let verified = self.ask(Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
        self.line.verified = verified["code"] == "VERIFIED";
        if self.line.verified {
            for _ in 0..self.line.rng.random_range(2..8) {
                if Instant::now() >= self.line.until {
                    break;
                }
                self.wish().await;
                let pause = self.line.pause();
                sleep(pause).await;
            }
        }
        self.say_goodbye().await;
    }

    async fn wish(&mut self) {
        match self.line.rng.random_range(0..30) {
            0..8 => self.book_an_offer().await,
            8..11 => self.book_by_name().await,
            11..13 => self.check().await,
            13..18 => self.relocate().await,
            18..21 => self.cancel().await,
            21 => drop(self.ask(Tool::GetProviders, json!({})).await),
            22 => self.say_something_alarming().await,
            23 => drop(self.ask(Tool::GetClinicInfo, json!({})).await),
            24 => drop(self.ask(Tool::LogCallMetadata, json!({ "intent": "book", "notes": "none" })).await),
            25..29 => self.rush().await,
            _ => strangers::pry(self).await,
        }
    }

    async fn book_an_offer(&mut self) {
        let wanted = json!({ "startDate": self.line.some_day().to_string() });
        let offer = self.ask(Tool::FindEarliestAppointment, wanted).await;
        self.line.was_offered(&offer["slot"]);
        if let Some(slot) = offer["slot"]["slotId"].as_str() {
            let arguments = json!({ "slotId": slot, "reason": "a cough" });
            self.change(Tool::CreateAppointment, arguments).await;
        }
    }

    fn some_slot(&mut self) -> Value {
        let date = self.line.some_day();
        let rng = &mut self.line.rng;
        let quarter = rng.random_range(quarters(self.line.clinic));
        json!({
            "date": date.to_string(),
            "startTime": format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15),
            "providerId": if chance(rng, 70) { "021" } else { "022" },
        })
    }

    async fn book_by_name(&mut self) {
        let slot = self.some_slot();
        self.change(Tool::CreateAppointment, slot).await;
    }

    /// Many want the same time at the same moment.
    async fn rush(&mut self) {
        let Some(slot) = self.line.rush().await else { return self.book_by_name().await };
        self.line.record.count("callers in a rush");
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

    /// Whatever else is in it and whatever is broken, nobody is booked through it.
    async fn say_something_alarming(&mut self) {
        let (reason, code) = [("chest pain since noon", "EMERGENCY"), ("我不想活了", "CRISIS")]
            [self.line.rng.random_range(0..2)];
        let mut arguments = self.some_slot();
        arguments["reason"] = reason.into();
        let answer = self.ask(Tool::CreateAppointment, arguments).await;
        if !answer.is_null() && answer["code"] != code {
            self.line.record.breach(format!("an alarm was answered with {}", answer["code"]));
        }
    }

    /// A change, which may be delivered twice at once, again later, or asked again under a new id. What is pending is
    /// asked for again, by most.
    pub async fn change(&mut self, tool: Tool, arguments: Value) {
        let id = self.line.next_id();
        let (twice, again, anew) =
            (chance(&mut self.line.rng, 15), chance(&mut self.line.rng, 15), chance(&mut self.line.rng, 15));
        let first = self.line.deliver(&id, tool, arguments.clone());
        let mut answer = if twice {
            self.line.record.count("changes delivered twice at once");
            let second = self.line.deliver(&id, tool, arguments.clone());
            tokio::join!(first, second).0
        } else {
            first.await
        };
        self.note(&answer);
        if answer["code"] == "PENDING" && chance(&mut self.line.rng, 60) || again {
            let pause = self.line.rng.random_range(10..40_000);
            sleep(Duration::from_millis(pause)).await;
            self.line.record.count("changes delivered again later");
            answer = self.line.deliver(&id, tool, arguments.clone()).await;
            self.note(&answer);
        }
        let no = answer["appointment"]["appointmentId"].as_i64();
        self.known.extend(no.filter(|_| tool != Tool::CancelAppointment));
        if anew {
            self.line.record.count("changes asked for again under a new id");
            self.ask(tool, arguments).await;
        }
    }

    pub async fn ask(&mut self, tool: Tool, arguments: Value) -> Value {
        let id = self.line.next_id();
        let answer = self.line.deliver(&id, tool, arguments).await;
        self.note(&answer);
        answer
    }

    fn note(&mut self, answer: &Value) {
        let said = answer["code"].as_str().and_then(Said::of);
        if said.is_some_and(Said::is_about_a_wish) {
            self.ending = said;
        }
    }

    /// Who has not been served asks for a person, and leaves a message when nobody picks up.
    async fn say_goodbye(&mut self) {
        let served = !matches!(self.ending, None | Some(Said::Ending(Ending::Refused)));
        if !served || chance(&mut self.line.rng, 15) {
            let code = self.insist(Tool::TransferCall, json!({ "reason": "patient_request" })).await;
            if code != "TRANSFER" {
                let who = patient(self.line.patient);
                let name =
                    json!({ "firstName": who.first_name.reveal(), "lastName": who.last_name.reveal() });
                self.insist(Tool::AddToWaitlist, name).await;
            }
        }
        if chance(&mut self.line.rng, 50) {
            self.line.hang_up().await;
        }
    }

    /// Again until something is heard that does not ask to be asked again.
    async fn insist(&mut self, tool: Tool, arguments: Value) -> String {
        for _ in 0..PATIENCE {
            let answer = self.ask(tool, arguments.clone()).await;
            match answer["code"].as_str() {
                Some(code) if answer["retryable"].is_null() && code != "INTERNAL_ERROR" => {
                    return code.to_owned();
                }
                _ => sleep(Duration::from_secs(2)).await,
            }
        }
        self.line.record.breach(format!("{:?}: nobody answered {tool:?}", self.line.call));
        String::new()
    }
}

/// Whose patient a caller is who turns out to be a stranger.
pub fn elsewhere(clinic: usize) -> i32 {
    *patients_of((clinic + 1) % crate::town::CLINICS.len()).start()
}
