//! Somebody who wants to become a patient: asked for what is missing, handed to the desk, and known to this call once the
//! chart is there.

use tokio::time::Instant;

use super::State;
use super::apply::{Record, Told};
use super::errand::Cargo;
use super::finding::{Finding, Task};
use crate::desk::order::{NewcomerOrder, Registered};
use crate::desk::{of_newcomer, open_to_newcomers};
use crate::domain::answer::Answer;
use crate::domain::arguments::{BadArgument, Known, NewcomerForm};
use crate::domain::call_note::{CallNote, CallOutcome};
use crate::domain::ids::ToolCallId;
use crate::domain::phi::Phi;
use crate::domain::say::{Language, Situation};
use crate::domain::tool::Tool;
use crate::switchboard::ToolCall;

impl State {
    /// The number that rang goes before one that a model wrote down, in the chart as for texts.
    pub(super) fn register(
        &mut self,
        call: &ToolCall,
        form: &NewcomerForm,
        deadline: Instant,
    ) -> Result<Task, Situation> {
        self.call.consent_to_sms(form.sms_consent);
        if let Err(closed) = open_to_newcomers(&self.clinic) {
            return Ok(Task::of(async move { Finding::Closed(closed) }));
        }
        let known = Known {
            clinic: &self.clinic,
            caller: self.call.caller(),
            language: self.language(),
            today: self.clinic.timezone.wall(self.house.now()).date(),
        };
        let who = match form.completed(&known) {
            Ok(who) => who,
            Err(gaps) => return Ok(Task::of(async move { Finding::Incomplete(gaps) })),
        };
        self.call.begin_registration()?;
        let mut note = self.note(call);
        if self.call.caller().is_none() && self.call.sms_consent() != Some(false) {
            note.text_to = Some(Phi::new(who.phone.reveal().clone()));
        }
        let order = NewcomerOrder { who, note: note.clone(), deadline, held: None };
        self.errand(call, note, deadline, Cargo::Newcomer(Box::new(order)))
    }

    /// What the agent has to ask for, all at once; the caller hears of the first.
    pub(super) fn incomplete(&self, gaps: &[BadArgument], language: Language) -> Answer {
        let situation = match gaps {
            [BadArgument { name: "healthNumber", .. }] => Situation::HealthNumberWrong,
            [BadArgument { name: "phone", .. }] => Situation::NumberNeeded,
            _ => Situation::ValidationError,
        };
        let asks = gaps.iter().map(|gap| serde_json::json!({ "argument": gap.name, "want": gap.want }));
        let answer = self.plain(situation, language).with("ask", asks.collect::<Vec<_>>());
        match gaps.first() {
            Some(first) => answer.with("argument", first.name).with("want", first.want),
            None => answer,
        }
    }

    pub(super) fn closed(&self, situation: Situation, language: Language) -> Told {
        Told::nothing(of_newcomer(&self.clinic, language, situation, "", None))
    }

    /// They made the chart: this call needs no other proof of who they are (law I-3). It is saved before they hear of it.
    pub(super) fn registered(&mut self, id: &ToolCallId, registered: &Registered) -> Record {
        let Registered { handle, patient } = registered;
        self.call.registered(patient, handle);
        self.call.take_note(CallNote { outcome: Some(CallOutcome::Registered), ..CallNote::default() });
        self.pending.remove(id);
        Record { tool: Tool::RegisterNewPatient, patients: vec![patient.no], joins: None }
    }
}
