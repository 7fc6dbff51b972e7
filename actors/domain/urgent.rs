//! What is answered at once, whatever is broken: from the clinic's declaration and the tool call alone.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::arguments::Arguments;
use super::clinic::Clinic;
use super::say::Language;
use super::time::Ts;
use super::tool::Tool;
use super::transfer::{TransferReason, transfer};

/// An urgent tool call, answered.
#[derive(Clone)]
pub struct Urgent {
    pub answer: Answer,
    /// Why the caller is put through, if that is what was asked for and somebody picks up.
    pub transferred: Option<TransferReason>,
}

/// `known` is the language that the call is held in, as far as whoever asks knows it.
pub fn urgent(
    clinic: &Clinic,
    tool: Tool,
    arguments: &Map<String, Value>,
    known: Option<Language>,
    now: Ts,
) -> Option<Urgent> {
    if tool != Tool::TransferCall {
        return None;
    }
    let arguments = Arguments::new(arguments);
    let language = arguments.language().or(known).unwrap_or(clinic.language);
    let reason = arguments.transfer_reason();
    let answer = transfer(clinic, reason, language, now);
    let transferred = answer.situation.success().then_some(reason);
    Some(Urgent { answer, transferred })
}
