//! A tool call from question to answer: planned on what the call knows, found out by a task, kept in the call's row, and
//! only then told.
//!
//! A save or a claim may find that another process has adopted the call meanwhile (law O-1). Nobody has died of that:
//! the call is adopted anew, and what was in work goes on with what it has found, planned again on what the call knows
//! now. So nothing is read twice, and two processes that take one call from each other are done after a few commits.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::Instant;

use super::apply::Record;
use super::finding::Finding;
use super::{CallMsg, Life, Question, State};
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::arguments::{Arguments, BadArgument};
use crate::domain::ids::{Fence, ToolCallId};
use crate::domain::say::{Language, Situation};
use crate::domain::urgent::Urgent;
use crate::mailbox::{Place, Post, Reply};
use crate::ports::store::{AuditAction, AuditEntry, CallSave, StoreError, StoreResult, WaitlistJoin};
use crate::retry::RetryPolicy;
use crate::switchboard::ToolCall;

/// Long enough for the other process to save what it has found, which takes it one commit.
const BEFORE_ADOPTING_AGAIN: RetryPolicy =
    RetryPolicy { base: Duration::from_millis(20), cap: Duration::from_millis(400) };

/// A tool call that is being worked on, and everybody who waits for it.
pub(super) struct Underway {
    tool_call: Arc<ToolCall>,
    deadline: Instant,
    waiting: Vec<(Reply<AnswerLine>, Option<Place>)>,
    urgent: Option<Urgent>,
    language: Language,
    /// The ownership of the call under which it was planned.
    under: Fence,
    stage: Stage,
}

enum Stage {
    /// To be planned under the ownership in force; what was found under a former one is not looked for again.
    ToPlan(Option<Finding>),
    /// A task finds out.
    Away,
    Saving(Finding, AnswerLine),
}

impl Underway {
    /// A change may be waited for after its deadline, and what is urgent has been answered and is to be entered.
    fn is_too_late(&self, now: Instant) -> bool {
        now >= self.deadline && self.urgent.is_none() && !self.tool_call.tool.changes_the_emr()
    }
}

impl State {
    /// Law B-6: an answer that is coming, or is being saved, is waited for (law P-2).
    pub(super) fn begin(&mut self, myself: &ActorRef<Post<CallMsg>>, question: Question) {
        let Question { tool_call, deadline, reply, place, urgent } = question;
        if let Some(underway) = self.underway.get_mut(&tool_call.id) {
            return underway.waiting.push((reply, place));
        }
        let id = tool_call.id.clone();
        let underway = Underway {
            tool_call: Arc::from(tool_call),
            deadline,
            waiting: vec![(reply, place)],
            urgent,
            language: self.language(),
            under: Fence(0),
            stage: Stage::ToPlan(None),
        };
        self.underway.insert(id.clone(), underway);
        self.set_out(myself, &id);
    }

    /// Law B-6 first: an answer given is given again. Else it is known at once, or was found before, or a task goes to find
    /// it.
    fn set_out(&mut self, myself: &ActorRef<Post<CallMsg>>, id: &ToolCallId) {
        let (Life::Owned(fence), Some(underway)) = (&self.life, self.underway.get_mut(id)) else { return };
        underway.under = *fence;
        let found = match std::mem::replace(&mut underway.stage, Stage::Away) {
            Stage::ToPlan(found) => found,
            Stage::Away | Stage::Saving(..) => None,
        };
        let (tool_call, deadline) = (Arc::clone(&underway.tool_call), underway.deadline);
        if let Some(line) = self.call.answer(id) {
            return self.answer(id, &line);
        }
        if let Some(urgent) = underway.urgent.clone() {
            self.call.hear(tool_call.caller.clone(), None);
            return self.found(myself, id.clone(), Finding::Urgent(tool_call.tool, urgent));
        }
        let request = match Arguments::new(tool_call.arguments.reveal()).read(tool_call.tool) {
            Ok(request) => request,
            Err(bad) => return self.answer(id, &self.not_understood(&bad).line()),
        };
        if tool_call.control.is_some() {
            self.control.clone_from(&tool_call.control);
        }
        self.call.hear(tool_call.caller.clone(), request.language);
        let language = self.language();
        if let Some(underway) = self.underway.get_mut(id) {
            underway.language = language;
        }
        let planned = self.plan(&tool_call, request, deadline);
        match (planned, found.filter(|found| self.stands(found))) {
            // It has happened, whatever the call may do now.
            (_, Some(done @ Finding::Registered(..))) => self.found(myself, id.clone(), done),
            (Ok(_), Some(found)) => self.found(myself, id.clone(), found),
            (Ok(task), None) => task.spawn(myself.clone(), id.clone()),
            (Err(situation), _) => {
                self.found(myself, id.clone(), Finding::Declined(tool_call.tool, situation));
            }
        }
    }

    fn not_understood(&self, bad: &BadArgument) -> Answer {
        self.plain(Situation::ValidationError, self.language())
            .with("argument", bad.name)
            .with("want", bad.want)
    }

    /// Whether what was found under a former ownership may be told under this one: what that one had learnt may never
    /// have been saved, and who is not verified hears of nobody (law I-3).
    fn stands(&self, finding: &Finding) -> bool {
        match finding {
            Finding::Plain(_)
            | Finding::Providers(_)
            | Finding::Number { .. }
            | Finding::Identified(_)
            | Finding::Unidentified(_)
            | Finding::Registered(..)
            | Finding::Slots { open: None, .. } => true,
            Finding::Slots { open: Some(open), .. } => self.call.verified_as(open.patient).is_some(),
            Finding::Appointments { patient, .. } | Finding::Held { patient, .. } => {
                self.call.verified_as(*patient).is_some()
            }
            // Made of what the call knew, or to be tried again.
            _ => false,
        }
    }

    pub(super) fn found(&mut self, myself: &ActorRef<Post<CallMsg>>, id: ToolCallId, finding: Finding) {
        let Some(underway) = self.underway.get(&id) else { return };
        match finding {
            // The claim's row decides, whoever has the call by now.
            Finding::Concluded(concluded) => {
                if concluded.provisional {
                    let tool = underway.tool_call.tool;
                    self.listen_for(myself, &id, tool);
                } else {
                    self.pending.remove(&id);
                }
                self.answer(&id, &concluded.line);
            }
            Finding::Usurped => self.usurped(myself, &id, None),
            finding if !matches!(self.life, Life::Owned(fence) if fence == underway.under) => {
                self.usurped(myself, &id, Some(finding));
            }
            finding => self.keep(myself, id, finding),
        }
    }

    /// Changes the call as found, and answers: at once, or after what was learnt is saved (laws I-3, P-2).
    fn keep(&mut self, myself: &ActorRef<Post<CallMsg>>, id: ToolCallId, finding: Finding) {
        let Some(&Underway { language, .. }) = self.underway.get(&id) else { return };
        if let Finding::Registered(concluded, registered) = &finding {
            let record = self.registered(&id, registered);
            let told = (concluded.line.clone(), Situation::Registered);
            return self.save(myself, id, finding, told, record);
        }
        let told = self.apply(finding.clone(), language);
        let line = told.answer.line();
        match told.record {
            Some(record) => self.save(myself, id, finding, (line, told.answer.situation), record),
            None => self.answer(&id, &line),
        }
    }

    fn save(
        &mut self,
        myself: &ActorRef<Post<CallMsg>>,
        id: ToolCallId,
        finding: Finding,
        (line, situation): (AnswerLine, Situation),
        record: Record,
    ) {
        let Some(underway) = self.underway.get_mut(&id) else { return };
        self.call.keep_answer(id.clone(), &line);
        let save = CallSave {
            key: self.key.clone(),
            fence: underway.under,
            version: self.call.version(),
            memory: self.call.encode(),
            audit: vec![AuditEntry {
                at: self.house.now(),
                clinic: self.clinic.id.clone(),
                call: Some(self.key.call.clone()),
                action: AuditAction::Tool(record.tool),
                patients: record.patients,
                outcome: situation.code(),
            }],
            facts: self.call.facts(),
            joins: record.joins.map(|waiting| WaitlistJoin { tool_call: id.clone(), waiting }),
        };
        underway.stage = Stage::Saving(finding, line);
        let (house, myself) = (Arc::clone(&self.house), myself.clone());
        tokio::spawn(async move {
            let saved = house.store.save_call(save, house.now()).await;
            let _ = myself.send_message(Post::own(CallMsg::Saved(id, saved)));
        });
    }

    pub(super) fn saved(
        &mut self,
        myself: &ActorRef<Post<CallMsg>>,
        id: &ToolCallId,
        saved: StoreResult<()>,
    ) {
        let Some(underway) = self.underway.get_mut(id) else { return };
        let Stage::Saving(finding, line) = std::mem::replace(&mut underway.stage, Stage::ToPlan(None)) else {
            return;
        };
        match saved {
            Ok(()) => {
                self.usurpations = 0;
                self.answer(id, &line);
            }
            Err(StoreError::Usurped) => self.usurped(myself, id, Some(finding)),
            // Law P-2: what could not be entered into the audit log is not told, now or later.
            Err(failure) => {
                tracing::warn!(clinic.id = %self.clinic.id, call.id = %self.key.call, %failure, "what a call learnt was not stored");
                self.call.forget_answer(id);
                self.cannot_answer(id);
            }
        }
    }

    pub(super) fn answer(&mut self, id: &ToolCallId, line: &AnswerLine) {
        for (reply, _) in self.underway.remove(id).map(|underway| underway.waiting).unwrap_or_default() {
            let _ = reply.send(line.clone());
        }
    }

    fn cannot_answer(&mut self, id: &ToolCallId) {
        let language = self.underway.get(id).map_or(self.language(), |underway| underway.language);
        self.answer(id, &self.plain(Situation::InternalError, language).line());
    }
}

/// Law O-1.
impl State {
    /// The ownership under which this was planned is over.
    fn usurped(&mut self, myself: &ActorRef<Post<CallMsg>>, id: &ToolCallId, found: Option<Finding>) {
        let Some(underway) = self.underway.get_mut(id) else { return };
        underway.stage = Stage::ToPlan(found);
        let under = underway.under;
        match &self.life {
            Life::Owned(fence) if *fence == under => self.step_aside(myself),
            Life::Owned(_) => self.set_out(myself, id),
            Life::Adopting { .. } => {}
            Life::Unowned => {
                self.life = Life::Adopting { asked: Vec::new() };
                self.adopt(myself);
            }
        }
    }

    /// The other process is left its time, a longer one each time. What is away needs no adoption before it is back.
    fn step_aside(&mut self, myself: &ActorRef<Post<CallMsg>>) {
        self.house.meters.usurped(&self.clinic.id);
        self.usurpations += 1;
        let now = Instant::now();
        self.underway.retain(|_, underway| !underway.is_too_late(now));
        if self.to_plan().is_empty() {
            self.life = Life::Unowned;
            return;
        }
        self.life = Life::Adopting { asked: Vec::new() };
        let pause = BEFORE_ADOPTING_AGAIN.pause(self.usurpations, self.house.luck.fraction());
        myself.send_after(pause, || Post::own(CallMsg::Adopt));
    }

    /// With the call adopted, all that has waited for it goes on.
    pub(super) fn resume(&mut self, myself: &ActorRef<Post<CallMsg>>) {
        for id in self.to_plan() {
            self.set_out(myself, &id);
        }
    }

    /// Without it, nothing can.
    pub(super) fn give_up(&mut self) {
        for id in self.to_plan() {
            self.cannot_answer(&id);
        }
    }

    fn to_plan(&self) -> Vec<ToolCallId> {
        let to_plan = self.underway.iter().filter(|(_, underway)| matches!(underway.stage, Stage::ToPlan(_)));
        to_plan.map(|(id, _)| id.clone()).collect()
    }
}
