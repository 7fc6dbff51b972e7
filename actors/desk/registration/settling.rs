//! How a registration is settled, and what is said of it: in one commit.

use super::{End, Registration};
use crate::crashpoint::Crashpoint;
use crate::desk::keeping::Keeping;
use crate::desk::order::{Concluded, Enrolled};
use crate::desk::wording;
use crate::domain::answer::AnswerLine;
use crate::domain::held::HeldWish;
use crate::domain::ids::DemographicNo;
use crate::domain::registration::RegistrationState;
use crate::domain::say::Situation;
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::ports::store::{AuditAction, AuditEntry, LookAgain, RegistrationEnd, SmsDraft, StoreResult};

impl Registration {
    pub(super) async fn not_done(&self, end: End) -> End {
        let end = self.held_instead(end).await;
        self.settle(RegistrationState::NotDone, end).await
    }

    /// Kept before it is settled: a death in between leaves too much, never nothing.
    pub(super) async fn held_instead(&self, end: End) -> End {
        if end.situation != Situation::EmrAway || !self.is_awaited() {
            return end;
        }
        let (house, clinic, note) = (&*self.house, &*self.clinic, &self.order.note);
        let wish = HeldWish::Registration(Box::new(self.order.who.clone()));
        match (Keeping { house, clinic, note, wish }).keep().await {
            Some(kept) => End { line: Some(kept.line), ..End::plain(Situation::Held) },
            None => end,
        }
    }

    /// Law B-5: from here on it is settled by searching, never by sending again.
    pub(super) async fn outcome_unknown(&self, failure: EmrFailure) {
        tracing::warn!(
            clinic.id = %self.clinic.id,
            registration.id = %self.id,
            emr.outcome = failure.name(),
            "the outcome of a registration is unknown"
        );
        self.leave_unknown().await;
    }

    pub(super) async fn still_unknown(&self) -> End {
        self.leave_unknown().await;
        End::plain(Situation::RegistrationPending)
    }

    async fn leave_unknown(&self) {
        let (now, settings) = (self.house.now(), &self.house.settings);
        let look = LookAgain {
            last_arrival: now.plus(self.clinic.limits.write_timeout() + settings.arrival_horizon),
            due: now.plus(settings.look_every),
        };
        self.look_again(RegistrationState::Unknown, look).await;
    }

    pub(super) async fn look_again(&self, state: RegistrationState, look: LookAgain) {
        let end = self.settlement(state, Some(look));
        // When this fails the row stays as it was, which is no less unsettled.
        let _ = self.house.store.settle_registration(end, self.house.now()).await;
    }

    /// A refusal that comes after the caller was told "not confirmed yet" has to be told by a person.
    pub(super) async fn settle(&self, state: RegistrationState, end: End) -> End {
        let (state, mut end) = match state {
            RegistrationState::NotDone if self.is_late() && !end.situation.success() => {
                let told = End { seen: end.seen, ..End::plain(Situation::HandedToStaff) };
                (RegistrationState::HandedToStaff, told)
            }
            state => (state, end),
        };
        let kept = end.line.take();
        let line = kept.clone().unwrap_or_else(|| self.word(&end));
        let mut settlement = self.settlement(state, None);
        settlement.answer = Some((self.order.note.tool_call.clone(), line.clone()));
        settlement.text = self.draft(&end);
        let (tool, outcome) = (AuditAction::Tool(Tool::RegisterNewPatient), end.situation.code());
        settlement.audit.push(self.audit(tool, outcome, end.seen.clone()));
        if state == RegistrationState::HandedToStaff {
            settlement.audit.push(self.audit(AuditAction::HandedToStaff, outcome, Vec::new()));
        }
        if self.house.store.settle_registration(settlement, self.house.now()).await.is_err() {
            // What is held is held. Else the journal will be looked at, and the outcome is not ours to tell.
            return match kept {
                Some(_) => End { line: kept, ..end },
                None => End::plain(Situation::RegistrationPending),
            };
        }
        if state == RegistrationState::HandedToStaff {
            self.house.meters.handed_to_staff(&self.clinic.id);
        }
        self.house.pass(Crashpoint::Settled);
        End { line: Some(line), is_settled: true, ..end }
    }

    /// The answer as it is stored, or stored now. A pending one is not, because it may still change; nor is a refusal that
    /// comes when the caller has been told so: then nobody is at it, and staff are told.
    pub(super) async fn conclude(&self, end: End) -> Enrolled {
        let unheard = self.is_late() && !end.is_settled && !end.situation.success();
        let end = if unheard { End::plain(Situation::RegistrationPending) } else { end };
        self.house.meters.registration(&self.clinic.id, end.situation.code());
        let key = self.order.note.tool_call.clone();
        let situation = Some(end.situation);
        if end.situation.is_pending() {
            let line = self.word(&end);
            let concluded = Concluded { line, situation, stored_for: None, provisional: true };
            return Enrolled { concluded, registered: None };
        }
        let worded = end.line.clone().unwrap_or_else(|| self.word(&end));
        let line = if end.is_settled { Ok(worded) } else { self.store(&end, worded).await };
        let Ok(line) = line else { return self.not_stored() };
        let concluded = Concluded { line, situation, stored_for: Some(key), provisional: false };
        Enrolled { concluded, registered: end.registered }
    }

    async fn store(&self, end: &End, line: AnswerLine) -> StoreResult<AnswerLine> {
        let tool = AuditAction::Tool(Tool::RegisterNewPatient);
        let audit = vec![self.audit(tool, end.situation.code(), end.seen.clone())];
        self.house.store.answer(&self.order.note.tool_call, line, audit, self.house.now()).await
    }

    fn not_stored(&self) -> Enrolled {
        let situation = Situation::InternalError;
        let line = self.word(&End::plain(situation));
        let concluded = Concluded { line, situation: Some(situation), stored_for: None, provisional: false };
        Enrolled { concluded, registered: None }
    }

    /// Who has hung up is texted; who is on the line has heard it.
    fn draft(&self, end: &End) -> Option<SmsDraft> {
        let texts = self.clinic.sms.enabled && !self.is_awaited() && end.situation == Situation::Registered;
        let to = self.order.note.text_to.clone().filter(|_| texts)?;
        Some(SmsDraft {
            clinic: self.clinic.id.clone(),
            dedupe: format!("{}:{}", self.id, end.situation.code()),
            to,
            body: wording::registered(&self.clinic, self.order.note.language),
        })
    }

    /// The call knows the patient by the handle only if it is there to hear of it.
    pub(super) fn word(&self, end: &End) -> AnswerLine {
        let registered = end.registered.as_ref().filter(|_| !self.told_pending);
        let name = self.order.who.first_name.reveal();
        wording::of_newcomer(&self.clinic, self.order.note.language, end.situation, name, registered).line()
    }

    fn settlement(&self, state: RegistrationState, look_again: Option<LookAgain>) -> RegistrationEnd {
        RegistrationEnd {
            clinic: self.clinic.id.clone(),
            id: self.id,
            settler: self.house.generation,
            state,
            answer: None,
            text: None,
            audit: Vec::new(),
            look_again,
        }
    }

    pub(super) fn audit(
        &self,
        action: AuditAction,
        outcome: &'static str,
        patients: Vec<DemographicNo>,
    ) -> AuditEntry {
        AuditEntry {
            at: self.house.now(),
            clinic: self.clinic.id.clone(),
            call: Some(self.order.note.tool_call.call.call.clone()),
            action,
            patients,
            outcome,
        }
    }
}
