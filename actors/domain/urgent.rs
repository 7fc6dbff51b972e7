//! What is answered at once, whatever is broken: from the clinic's declaration and the tool call alone.

use serde_json::{Map, Value, json};

use super::alarm::Alarm;
use super::answer::Answer;
use super::arguments::Arguments;
use super::clinic::Clinic;
use super::say::{Language, Situation};
use super::time::Ts;
use super::tool::Tool;
use super::transfer::{TransferReason, destination, transfer};

/// An urgent tool call, answered.
#[derive(Clone)]
pub struct Urgent {
    pub answer: Answer,
    /// Why the caller is put through, if that is what was asked for and somebody picks up.
    pub transferred: Option<TransferReason>,
    /// What was heard in it. The tool itself is not looked at then: nobody is booked through an alarm.
    pub alarm: Option<Alarm>,
}

/// `alarm` is what was heard in the arguments.
pub fn urgent(
    clinic: &Clinic,
    tool: Tool,
    arguments: &Map<String, Value>,
    alarm: Option<Alarm>,
    known: Option<Language>,
    now: Ts,
) -> Option<Urgent> {
    let arguments = Arguments::new(arguments);
    let language = arguments.language().or(known).unwrap_or(clinic.language);
    if let Some(alarm) = alarm {
        return Some(Urgent {
            answer: alarmed(clinic, alarm, language, now),
            transferred: None,
            alarm: Some(alarm),
        });
    }
    if tool != Tool::TransferCall {
        return None;
    }
    let reason = arguments.transfer_reason();
    let answer = transfer(clinic, reason, language, now);
    let transferred = answer.situation.success().then_some(reason);
    Some(Urgent { answer, transferred, alarm: None })
}

/// The emergency line, and where a caller who would rather speak to the clinic is put through.
fn alarmed(clinic: &Clinic, alarm: Alarm, language: Language, now: Ts) -> Answer {
    let situation = match alarm {
        Alarm::Emergency => Situation::Emergency,
        Alarm::Crisis => Situation::Crisis,
    };
    let staffed = clinic.picks_up(now);
    let line = clinic.transfer_line(TransferReason::MedicalQuestion).filter(|_| staffed);
    Answer::new(situation, language, &[])
        .with("emergencyNumber", alarm.line())
        .with("transfer", json!({ "isOpen": staffed, "destination": line.map(destination) }))
}
