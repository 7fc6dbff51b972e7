//! What a saga writes into the journal, and what it finds there.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::saga::{End, READ_BACK, Saga, situation_of};
use crate::crashpoint::Crashpoint;
use crate::domain::booking::{Act, AddVerdict, Effect, EffectState, IntentState, Slot, Want};
use crate::domain::ids::{AppointmentNo, EffectId, IntentId};
use crate::domain::say::Situation;
use crate::ports::emr::{EmrFailure, EmrResult};
use crate::ports::store::{
    Announced, Announcement, AuditAction, AuditEntry, KnownIntent, Lease, LookAgain, Settlement,
};

/// A lease outlives the longest write by this much; `emr_link` sends no write that its lease might not cover.
pub const LEASE_BEYOND_WRITE: Duration = Duration::from_secs(10);
const LEASE_RETRY: Duration = Duration::from_millis(50);
const INTENT_POLL: Duration = Duration::from_millis(100);
/// Less than it takes until a tool call without an answer is handed to staff.
pub const FOLLOWED_FOR: Duration = Duration::from_secs(50);
/// How often an absent write is looked for, in case it turns up late.
pub const WATCH_EVERY: Duration = Duration::from_mins(5);

/// A write that is in the journal, and the lease it was announced under, if this is still that life.
pub struct Written {
    pub effect: Effect,
    pub lease: Option<Lease>,
}

enum Known {
    Answers(End),
    NoLongerTrue,
}

impl Saga {
    pub fn effect(&self, act: Act) -> Effect {
        Effect {
            id: EffectId(self.house.luck.id()),
            intent: self.intent.id,
            clinic: self.clinic.id.clone(),
            patient: self.intent.patient,
            act,
            path: self.path,
        }
    }

    /// Law B-1: what comes back as `Ok` is proof that the journal row is committed.
    pub async fn announce(&self, effect: &Effect, continues: bool) -> Result<Lease, End> {
        let mut replaces = None;
        loop {
            let announcement = self.announcement(effect, continues, replaces);
            match self.house.store.announce(announcement, self.house.now()).await? {
                Announced::Granted(lease) => return Ok(lease),
                Announced::Occupied => return Err(End::plain(Situation::SlotTaken)),
                Announced::PatientBusy => return Err(End::plain(Situation::PatientBusy)),
                Announced::LeaseHeld if self.may_wait_for(LEASE_RETRY) => sleep(LEASE_RETRY).await,
                // Answered: what is said now is not kept; the first answer is, and told instead.
                Announced::LeaseHeld | Announced::Answered => return Err(End::plain(Situation::Busy)),
                Announced::Known(known) => match self.known(&known).await {
                    Known::Answers(end) => return Err(end),
                    Known::NoLongerTrue if replaces == Some(known.id) => {
                        return Err(End::plain(Situation::Busy));
                    }
                    Known::NoLongerTrue => replaces = Some(known.id),
                },
            }
        }
    }

    /// And then look again, and still be heard with what was found: who is told too late that we are busy hears "pending",
    /// and staff have to call about what nobody has begun.
    fn may_wait_for(&self, pause: Duration) -> bool {
        Instant::now() + pause + 2 * self.house.settings.answer_margin < self.order.deadline
    }

    fn announcement(&self, effect: &Effect, continues: bool, replaces: Option<IntentId>) -> Announcement {
        let now = self.house.now();
        let write_timeout = self.clinic.limits.write_timeout();
        let lease_for = write_timeout + LEASE_BEYOND_WRITE;
        Announcement {
            intent: self.intent.clone(),
            effect: effect.clone(),
            order: self.order.note.clone(),
            sender: self.house.generation,
            lease_for,
            last_arrival: now.plus(lease_for + self.house.settings.arrival_horizon),
            continues,
            awaited: self.is_awaited(),
            replaces,
            audit: vec![self.audit(AuditAction::Announced, "announced")],
        }
    }

    /// Law B-6: a wish that is live already gets that one's outcome, if the EMR still bears it out.
    async fn known(&self, known: &KnownIntent) -> Known {
        match known.state {
            IntentState::Open => Known::Answers(self.wait_for(known.id).await),
            IntentState::Done(no) => match self.still_stands(known, no).await {
                Ok(true) => Known::Answers(self.done_already(known, no)),
                Ok(false) => Known::NoLongerTrue,
                Err(failure) => Known::Answers(End::plain(situation_of(failure))),
            },
            IntentState::Refused | IntentState::HandedToStaff => Known::NoLongerTrue,
        }
    }

    fn done_already(&self, known: &KnownIntent, no: AppointmentNo) -> End {
        let situation = match self.order.want {
            Want::Book(_) => Situation::Booked,
            Want::Move { .. } => Situation::Moved,
            Want::Cancel(_) => Situation::Cancelled,
        };
        let slot = known.added.as_ref().map(|(_, slot)| slot.clone()).or_else(|| self.order.old_slot.clone());
        End { situation, slot, no: Some(no), settled: None }
    }

    async fn still_stands(&self, known: &KnownIntent, no: AppointmentNo) -> EmrResult<bool> {
        match (&self.order.want, &known.added) {
            (Want::Cancel(_), _) | (_, None) => {
                let row = self.read_row(no, self.order.deadline).await?;
                Ok(row.is_some_and(|row| row.status.is_cancelled()))
            }
            (_, Some((effect, slot))) => {
                let act = Act::Add { slot: slot.clone(), beside: None };
                let added = Effect { id: *effect, ..self.effect(act) };
                self.read_back(&added).await.map(|verdict| matches!(verdict, AddVerdict::Agrees(_)))
            }
        }
    }

    /// Another delivery or process is at it: its answer is ours, if it comes in time.
    async fn wait_for(&self, id: IntentId) -> End {
        if let Some(end) = self.outcome_of(id, self.order.deadline, INTENT_POLL).await {
            return end;
        }
        self.follow(id);
        End::plain(Situation::Pending)
    }

    async fn outcome_of(&self, id: IntentId, until: Instant, look_every: Duration) -> Option<End> {
        while Instant::now() + look_every < until {
            sleep(look_every).await;
            return Some(match self.house.store.intent(&self.clinic.id, id).await {
                // Not announced yet, or not settled.
                Ok(Some(IntentState::Open) | None) => continue,
                Ok(Some(IntentState::Done(no))) => {
                    let known = KnownIntent { id, state: IntentState::Done(no), added: self.wanted_slot() };
                    self.done_already(&known, no)
                }
                Ok(Some(IntentState::HandedToStaff)) => End::plain(Situation::HandedToStaff),
                Ok(Some(IntentState::Refused)) => End::plain(self.refused()),
                Err(failure) => failure.into(),
            });
        }
        None
    }

    /// What becomes of another's intent is this tool call's answer too, also once its caller has been told that it is
    /// pending. A refusal is not: nobody would hear it, and what has no answer is handed to staff.
    pub fn follow(&self, id: IntentId) {
        let (house, clinic, order) = (Arc::clone(&self.house), Arc::clone(&self.clinic), self.order.clone());
        let (intent, look_every) = (self.intent.clone(), self.house.settings.look_every);
        let saga = Self { house, clinic, order, intent, path: self.path, told_pending: true };
        tokio::spawn(async move {
            let until = Instant::now() + FOLLOWED_FOR;
            let end = saga.outcome_of(id, until, look_every).await;
            let may_be_told =
                |end: &End| end.situation.success() || end.situation == Situation::HandedToStaff;
            if let Some(end) = end.filter(may_be_told) {
                let (key, line) = (&saga.order.note.tool_call, saga.word(&end, false, true).line);
                let _ = saga.house.store.answer(key, line, Vec::new(), saga.house.now()).await;
            }
        });
    }

    const fn refused(&self) -> Situation {
        match self.order.want {
            Want::Book(_) | Want::Move { .. } => Situation::SlotTaken,
            Want::Cancel(_) => Situation::AppointmentChanged,
        }
    }

    fn wanted_slot(&self) -> Option<(EffectId, Slot)> {
        match &self.order.want {
            Want::Book(slot) | Want::Move { to: slot, .. } => {
                Some((EffectId(uuid::Uuid::nil()), slot.clone()))
            }
            Want::Cancel(_) => None,
        }
    }

    pub fn audit(&self, action: AuditAction, outcome: &'static str) -> AuditEntry {
        AuditEntry {
            at: self.house.now(),
            clinic: self.clinic.id.clone(),
            call: Some(self.order.note.tool_call.call.call.clone()),
            action,
            patients: vec![self.intent.patient],
            outcome,
        }
    }

    pub async fn not_done(&self, written: &Written, end: End) -> End {
        let end = self.held_instead(end).await;
        self.settle_last(written, EffectState::NotDone, IntentState::Refused, end).await
    }

    pub async fn outcome_unknown(&self, written: &Written, failure: EmrFailure) {
        tracing::warn!(
            clinic.id = %self.clinic.id,
            effect.id = %written.effect.id,
            emr.outcome = failure.name(),
            "the outcome of an EMR write is unknown"
        );
        self.leave_unknown(written).await;
    }

    pub async fn leave_unknown(&self, written: &Written) {
        let look = self.look_again();
        let settlement = self.settlement(written, EffectState::Unknown, Some(look));
        // When this fails the row stays announced, which is no less unsettled.
        let _ = self.house.store.settle(settlement, self.house.now()).await;
    }

    /// It left before now; a server or proxy may hold it as long as we would have waited, and a little more. It may be
    /// seen sooner.
    fn look_again(&self) -> LookAgain {
        let (now, settings) = (self.house.now(), &self.house.settings);
        LookAgain {
            last_arrival: now.plus(self.clinic.limits.write_timeout() + settings.arrival_horizon),
            due: now.plus(settings.look_every),
        }
    }

    /// Not settled by this reading. The journal is looked at again; the caller is told that much.
    pub async fn still_unknown(&self, written: &Written) -> End {
        self.leave_unknown(written).await;
        End::plain(Situation::Pending)
    }

    /// An absent write is looked for a while longer.
    fn watch(&self, state: EffectState) -> Option<LookAgain> {
        let now = self.house.now();
        (state == EffectState::Absent).then(|| LookAgain { last_arrival: now, due: now.plus(WATCH_EVERY) })
    }

    pub fn settlement(
        &self,
        written: &Written,
        state: EffectState,
        look_again: Option<LookAgain>,
    ) -> Settlement {
        Settlement {
            clinic: self.clinic.id.clone(),
            effect: written.effect.id,
            settler: self.house.generation,
            state,
            intent: None,
            answer: None,
            text: None,
            frees: false,
            audit: Vec::new(),
            release: written.lease,
            look_again,
        }
    }

    /// Whether time has come free: not where we took back what stood in somebody's way.
    fn frees(&self, written: &Written, state: EffectState, situation: Situation) -> bool {
        self.clinic.slot_offers.enabled
            && !written.effect.adds()
            && matches!(state, EffectState::Done(_))
            && matches!(situation, Situation::Cancelled | Situation::Moved)
    }

    /// Settles a write whose intent goes on.
    pub async fn settle_step(&self, written: &Written, state: EffectState) -> Result<(), End> {
        // The next step follows at once; the journal looks only if this life does not get that far.
        let (now, patience) = (self.house.now(), self.clinic.limits.write_timeout() + 2 * READ_BACK);
        let look = LookAgain { last_arrival: now, due: now.plus(patience) };
        let mut settlement = self.settlement(written, state, Some(look));
        settlement.audit.push(self.audit(AuditAction::Settled, "step_done"));
        self.house
            .store
            .settle(settlement, self.house.now())
            .await
            .map_err(|_| End::plain(Situation::Pending))
    }

    /// Settles the last write of an intent, with everything that is true because of it, in one commit. A refusal that
    /// comes after the caller was told "not confirmed yet" has to be told by a person.
    pub async fn settle_last(
        &self,
        written: &Written,
        state: EffectState,
        intent: IntentState,
        end: End,
    ) -> End {
        let (intent, mut end) = match intent {
            IntentState::Refused if self.told_pending || self.is_late() => {
                (IntentState::HandedToStaff, End::plain(Situation::HandedToStaff))
            }
            intent => (intent, end),
        };
        let draft = self.draft(&end, written);
        let will_text = draft.is_some() && self.house.sms.delivers();
        let kept = end.settled.take();
        let concluded = kept.clone().unwrap_or_else(|| self.word(&end, will_text, true));
        let mut settlement = self.settlement(written, state, self.watch(state));
        settlement.intent = Some((self.intent.id, intent));
        settlement.answer = Some((self.order.note.tool_call.clone(), concluded.line.clone()));
        settlement.text = draft;
        settlement.frees = self.frees(written, state, end.situation);
        settlement.audit.push(self.audit(AuditAction::Settled, end.situation.code()));
        if intent == IntentState::HandedToStaff {
            settlement.audit.push(self.audit(AuditAction::HandedToStaff, end.situation.code()));
        }
        if self.house.store.settle(settlement, self.house.now()).await.is_err() {
            // What is held is held. Else somebody else settles it, or the store is away and the journal will be looked at:
            // either way not our word.
            return match kept {
                Some(kept) => End { settled: Some(kept), ..end },
                None => End::plain(Situation::Pending),
            };
        }
        if intent == IntentState::HandedToStaff {
            self.house.meters.handed_to_staff(&self.clinic.id);
        }
        self.house.pass(Crashpoint::Settled);
        end.settled = Some(concluded);
        end
    }
}
