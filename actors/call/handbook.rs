//! What the clinic's declaration answers by itself: no EMR, no store, no memory.

use serde_json::{Map, Value, json};

use super::State;
use crate::domain::answer::Answer;
use crate::domain::arguments::Arguments;
use crate::domain::clinic::Clinic;
use crate::domain::clinic_hours::Opening;
use crate::domain::say::{Language, Situation};
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::domain::transfer::TransferReason;
use crate::switchboard::ToolCall;

impl State {
    pub(super) fn handbook(&self, tool_call: &ToolCall) -> Option<Answer> {
        if tool_call.tool != Tool::GetClinicInfo {
            return None;
        }
        let asked = Arguments::new(tool_call.arguments.reveal()).read(tool_call.tool);
        let language = asked.ok().and_then(|request| request.language).unwrap_or_else(|| self.language());
        Some(clinic_info(&self.clinic, language, self.house.now()))
    }
}

pub fn clinic_info(clinic: &Clinic, language: Language, now: Ts) -> Answer {
    let wall = clinic.timezone.wall(now);
    let is_open = clinic.is_open(now);
    let situation = if is_open { Situation::ClinicOpen } else { Situation::ClinicClosed };
    let holiday = match clinic.opening(wall.date()) {
        Opening::Holiday(name) => Some(name),
        Opening::Open(_) | Opening::Closed => None,
    };
    let greeting = match language {
        Language::En => clinic.greeting.en.as_deref(),
        Language::Zh => clinic.greeting.zh.as_deref().or(clinic.greeting.en.as_deref()),
    };
    let info = json!({
        "name": clinic.name,
        "phone": clinic.phone.0.spoken(),
        "address": clinic.address,
        "timezone": clinic.timezone.name(),
        "today": wall.date().to_string(),
        "localTime": wall.time().strftime("%H:%M").to_string(),
        "isOpen": is_open,
        "holidayToday": holiday,
        "businessHours": hours(clinic),
        "acceptingNewPatients": clinic.accepting_new_patients,
        "waitlistEnabled": clinic.waitlist_enabled,
        "transferAvailable": clinic.transfer_line(TransferReason::default()).is_some(),
        "customGreeting": greeting,
        "visitTypes": clinic.policy().visit_types().value.iter()
            .map(|visit| json!({ "appointmentType": visit.code, "minutes": visit.minutes })).collect::<Vec<_>>(),
    });
    Answer::new(situation, language, &[("clinic", &clinic.name)]).with("clinic", info)
}

fn hours(clinic: &Clinic) -> Map<String, Value> {
    let day = |(name, stretches): (&str, &[crate::domain::clinic_hours::Stretch])| {
        let open: Vec<String> = stretches.iter().map(|stretch| stretch.0.to_string()).collect();
        (name.to_owned(), json!(open))
    };
    clinic.hours.days().into_iter().map(day).collect()
}
