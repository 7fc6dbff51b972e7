//! Messages that the platform waits for: who answers a call, and where it goes next. All of it is in the clinic's
//! declaration, so it is answered whatever is broken. The platform refuses an answer for any key it does not like: there
//! are no nulls here and nothing that is not meant.

use serde_json::{Map, Value, json};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::say::{Language, Situation};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::transfer::{TransferReason, destination, transfer};

pub(super) enum Wanted {
    /// Who answers this call.
    Assistant,
    /// Where the caller is put through to.
    Transfer,
    /// Which assistant goes on; what the model filled in.
    Handoff(Map<String, Value>),
}

impl Wanted {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Assistant => "assistant-request",
            Self::Transfer => "transfer-destination-request",
            Self::Handoff(_) => "handoff-destination-request",
        }
    }

    /// `clinic` is `None` for a line that is nobody's here.
    pub(super) fn answer(&self, clinic: Option<&Clinic>, now: Ts) -> Value {
        let Some(clinic) = clinic else {
            return error(&Situation::ClinicUnknown.render(Language::default(), &[]));
        };
        match self {
            Self::Assistant => assistant(clinic),
            Self::Transfer => put_through(clinic, now),
            Self::Handoff(parameters) => hand_over(clinic, parameters),
        }
    }
}

/// A clinic without an assistant of its own still has a telephone.
fn assistant(clinic: &Clinic) -> Value {
    let voice = &clinic.voice;
    match (&voice.squad_id, &voice.assistant_id, clinic.transfer_line(TransferReason::default())) {
        (Some(squad), _, _) => json!({ "squadId": squad }),
        (None, Some(assistant), _) => json!({ "assistantId": assistant }),
        (None, None, Some(line)) => json!({ "destination": destination(line) }),
        (None, None, None) => error(&unavailable(clinic)),
    }
}

fn put_through(clinic: &Clinic, now: Ts) -> Value {
    let answer = transfer(clinic, TransferReason::default(), clinic.language, now);
    match clinic.transfer_line(TransferReason::default()) {
        Some(line) if answer.situation.success() => {
            let mut destination = destination(line);
            destination["message"] = answer.say().into();
            json!({ "destination": destination })
        }
        Some(_) | None => error(answer.say()),
    }
}

fn hand_over(clinic: &Clinic, parameters: &Map<String, Value>) -> Value {
    let words = parameters.values().filter_map(Value::as_str);
    match (clinic.voice.handoff(words), &clinic.voice.assistant_id) {
        (Some(name), _) => json!({ "destination": { "type": "assistant", "assistantName": name } }),
        (None, Some(id)) => json!({ "destination": { "type": "assistant", "assistantId": id } }),
        (None, None) => error(&unavailable(clinic)),
    }
}

fn unavailable(clinic: &Clinic) -> String {
    Situation::TransferUnavailable.render(clinic.language, &[("phone", &clinic.phone.0.spoken())])
}

/// Spoken to the caller.
fn error(say: &str) -> Value {
    json!({ "error": say })
}
