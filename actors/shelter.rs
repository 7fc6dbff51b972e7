//! The switchboard of a process that has never reached its store: it knows the clinics from their declarations and nobody's
//! calls. Nothing may stand between a caller and a person, so who asks for one is put through, and who says something
//! alarming hears the emergency line; all others are told to ring the clinic.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::domain::alarm::Alarm;
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::clinic::{Clinic, Roster};
use crate::domain::ids::CallKey;
use crate::domain::say::{Language, Situation};
use crate::domain::tool::Tool;
use crate::exchange::not_audited;
use crate::ports::Clock;
use crate::ports::store::CallEvent;
use crate::switchboard::{NotKept, Switchboard, Tiding, ToolCall};

pub struct Shelter {
    pub roster: Arc<Roster>,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Switchboard for Shelter {
    async fn ask(&self, tool_call: ToolCall, _: Instant) -> AnswerLine {
        let clinic = self.roster.clinic(&tool_call.call.clinic);
        let urgent = clinic.and_then(|clinic| tool_call.urgent(clinic, None, self.clock.now()));
        let Some(urgent) = urgent else {
            // Whatever was wanted, nothing of it has been begun.
            return word(clinic.map(AsRef::as_ref), Situation::InternalError);
        };
        not_audited(&tool_call.call);
        urgent.answer.line()
    }

    async fn enter_alarm(&self, call: &CallKey, _: Tool, _: Alarm, _: Situation) {
        not_audited(call);
    }

    async fn tell(&self, _: CallEvent, _: Tiding) -> Result<(), NotKept> {
        Err(NotKept::StoreAway)
    }
}

/// What is said where no call says it, in the clinic's own language.
pub(crate) fn word(clinic: Option<&Clinic>, situation: Situation) -> AnswerLine {
    let language = clinic.map_or(Language::default(), |clinic| clinic.language);
    let phone = clinic.map_or_else(String::new, |clinic| clinic.phone.0.spoken());
    Answer::new(situation, language, &[("phone", &phone)]).line()
}
