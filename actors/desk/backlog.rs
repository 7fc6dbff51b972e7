//! The requests that were held while the EMR was away, carried out now that it is back: oldest first, one at a time, when
//! no caller is waiting, through the same saga as a caller's order and so under the same laws.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::alternatives::nearest;
use super::order::{NewcomerOrder, Order};
use super::{DeskMsg, wording};
use crate::domain::booking::{IntentState, Slot, Want};
use crate::domain::clinic::Clinic;
use crate::domain::held::{HELD_TRIES, HeldState, HeldVisit, HeldWish};
use crate::domain::ids::{Fence, IntentId};
use crate::domain::new_patient::NewPatient;
use crate::domain::policy::Asker;
use crate::domain::registration::RegistrationState;
use crate::domain::say::Situation;
use crate::emr_link::EmrLinkMsg;
use crate::house::House;
use crate::mailbox::Post;
use crate::ports::emr::Operation;
use crate::ports::store::{AuditAction, AuditEntry, HeldEnd, HeldRow, SmsDraft, StoreResult, TakeHeld};

/// How long a request may take that no caller waits for.
const PATIENCE: Duration = Duration::from_secs(30);
/// When another life may take a request up that this one says nothing more of.
const LEFT_BEHIND: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_mins(4);

/// One clinic's backlog, as a task of its desk sees it.
pub struct Backlog {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
    pub desk: ActorRef<Post<DeskMsg>>,
}

/// What a request came to this time.
struct Tried {
    situation: Situation,
    /// Wait and try again, unless it was tried too often.
    again: bool,
}

impl Backlog {
    /// Takes up the next request, if there is one and its turn has come. Whether there may be more.
    pub async fn next(&self) -> bool {
        let due = self.house.store.due_held(&self.clinic.id, self.house.now(), 1).await;
        let Some(row) = due.ok().and_then(|due| due.into_iter().next()) else { return false };
        let Ok(before) = self.before(&row).await else { return false };
        let settled = match before {
            Some(situation) => Some(Tried { situation, again: situation.is_pending() }),
            None if row.expires_at <= self.house.now() => {
                Some(Tried { situation: Situation::HeldTooLong, again: false })
            }
            None => None,
        };
        if settled.is_none() && !self.is_our_turn().await {
            return false;
        }
        let fresh = IntentId(self.house.luck.id());
        let intent = if settled.is_some() { row.intent.unwrap_or(fresh) } else { fresh };
        let Some(fence) = self.take(&row, intent).await else { return false };
        let tried = match settled {
            Some(tried) => tried,
            None => self.carry(&row, intent).await,
        };
        self.end(&row, fence, tried).await;
        true
    }

    /// What became of it when it was taken up before, if anything is to be known of that.
    async fn before(&self, row: &HeldRow) -> StoreResult<Option<Situation>> {
        let (Some(id), clinic) = (row.intent, &self.clinic.id) else { return Ok(None) };
        Ok(match &row.wish {
            HeldWish::Visit(_) => match self.house.store.intent(clinic, id).await? {
                Some(IntentState::Open) => Some(Situation::Pending),
                Some(IntentState::Done(_)) => Some(done(&row.wish)),
                Some(IntentState::HandedToStaff) => Some(Situation::HandedToStaff),
                Some(IntentState::Refused) | None => None,
            },
            HeldWish::Registration(_) => match self.house.store.registration(clinic, id).await? {
                Some(RegistrationState::Announced | RegistrationState::Unknown) => {
                    Some(Situation::RegistrationPending)
                }
                Some(RegistrationState::Done(_)) => Some(done(&row.wish)),
                Some(RegistrationState::HandedToStaff) => Some(Situation::HandedToStaff),
                Some(RegistrationState::NotDone) | None => None,
            },
        })
    }

    /// Callers come first. The EMR is asked whether it is back by a reading that risks nothing; that is the half-open
    /// breaker's trial, too.
    async fn is_our_turn(&self) -> bool {
        let deadline = Instant::now() + self.clinic.limits.slow();
        let Some(link) = self.house.directory.link(&self.clinic.id) else { return false };
        match link.ask(deadline, EmrLinkMsg::GetHealth).await {
            Ok(health) if health.waiting == 0 => {}
            _ => return false,
        }
        let link = self.house.emr_link(&self.clinic.id);
        let probe = link
            .read(Operation::TemplateCodes, deadline, |emr| async move { emr.template_codes().await })
            .await;
        probe.is_ok()
    }

    async fn take(&self, row: &HeldRow, intent: IntentId) -> Option<Fence> {
        let now = self.house.now();
        let take = TakeHeld {
            clinic: self.clinic.id.clone(),
            id: row.id,
            seen: row.fence,
            owner: self.house.generation,
            intent,
            until: now.plus(LEFT_BEHIND),
        };
        self.house.store.take_held(take, now).await.ok().flatten()
    }

    /// A write outlives the deadline; what this does not hear of, the journal knows.
    async fn carry(&self, row: &HeldRow, intent: IntentId) -> Tried {
        let deadline = Instant::now() + PATIENCE;
        let until = deadline + self.clinic.limits.write_timeout() + PATIENCE;
        let told = match &row.wish {
            HeldWish::Visit(visit) => {
                let (reply, answer) = oneshot::channel();
                let order = Box::new(order(row, visit.clone(), intent, deadline));
                let _ = self.desk.send_message(Post::own(DeskMsg::Carry(order, reply)));
                timeout_at(until, answer).await.ok().and_then(Result::ok)
            }
            HeldWish::Registration(who) => {
                let (reply, answer) = oneshot::channel();
                let order = Box::new(newcomer(row, NewPatient::clone(who), intent, deadline));
                let _ = self.desk.send_message(Post::own(DeskMsg::Register(order, reply)));
                let enrolled = timeout_at(until, answer).await.ok().and_then(Result::ok);
                enrolled.map(|enrolled| enrolled.concluded)
            }
        };
        let situation = told.and_then(|concluded| concluded.situation).unwrap_or(Situation::Pending);
        Tried { situation, again: may_change(situation) }
    }

    async fn end(&self, row: &HeldRow, fence: Fence, tried: Tried) {
        let now = self.house.now();
        let tries = u64::try_from(fence.0).unwrap_or(u64::MAX);
        let waits = tried.again && (tried.situation.is_pending() || tries < HELD_TRIES);
        let state = match tried.situation {
            _ if waits => HeldState::Open,
            // A move to where staff have put the appointment meanwhile writes nothing, and so texts nothing.
            situation if situation == done(&row.wish) && self.texts(row) => HeldState::Done,
            Situation::HeldTooLong => HeldState::Expired,
            _ => HeldState::HandedToStaff,
        };
        let pause = PAUSE.saturating_mul(1_u32 << tries.min(8)).min(LONGEST_PAUSE);
        let outcome = tried.situation.code();
        let alternatives = self.alternatives(row, tried.situation).await;
        let end = HeldEnd {
            clinic: self.clinic.id.clone(),
            id: row.id,
            fence,
            state,
            outcome,
            alternatives,
            due: now.plus(pause),
            text: if waits { None } else { self.sorry(row, tried.situation) },
            audit: vec![self.audit(row, outcome)],
        };
        // When this fails the request is taken up again, and its intent is found as it is.
        if self.house.store.end_held(end, now).await.is_ok() && !waits {
            self.house.meters.held(&self.clinic.id, state.name());
        }
    }

    /// A held booking is never made elsewhere than it was wished.
    async fn alternatives(&self, row: &HeldRow, situation: Situation) -> Vec<Slot> {
        let gone = matches!(situation, Situation::SlotTaken | Situation::DayFull | Situation::NotBookable);
        let HeldWish::Visit(wish) = &row.wish else { return Vec::new() };
        match &wish.want {
            Want::Book(slot) | Want::Move { to: slot, .. } if gone => {
                nearest(&self.house, &self.clinic, &wish.visit, slot).await
            }
            _ => Vec::new(),
        }
    }

    /// Whether the patient hears of an outcome by text.
    fn texts(&self, row: &HeldRow) -> bool {
        row.note.text_to.is_some() && self.clinic.sms.enabled && self.house.sms.delivers()
    }

    /// What was done is texted by the saga that did it.
    fn sorry(&self, row: &HeldRow, situation: Situation) -> Option<SmsDraft> {
        let to = row.note.text_to.clone().filter(|_| self.clinic.sms.enabled)?;
        (!situation.success()).then(|| SmsDraft {
            clinic: self.clinic.id.clone(),
            dedupe: format!("held:{}", row.id),
            to,
            body: wording::not_done(&self.clinic, row.note.language, &row.reference),
        })
    }

    fn audit(&self, row: &HeldRow, outcome: &'static str) -> AuditEntry {
        AuditEntry {
            at: self.house.now(),
            clinic: self.clinic.id.clone(),
            call: Some(row.note.tool_call.call.call.clone()),
            action: AuditAction::HeldExecuted,
            patients: row.wish.patient().into_iter().collect(),
            outcome,
        }
    }
}

fn order(row: &HeldRow, wish: HeldVisit, intent: IntentId, deadline: Instant) -> Order {
    Order {
        want: wish.want,
        patient: wish.patient,
        sheet_name: wish.sheet_name,
        visit: wish.visit,
        reason: wish.reason,
        old_slot: wish.old_slot,
        asker: Asker { language: row.note.language, is_new: wish.is_new },
        note: row.note.clone(),
        deadline,
        held: Some(intent),
    }
}

fn newcomer(row: &HeldRow, who: NewPatient, intent: IntentId, deadline: Instant) -> NewcomerOrder {
    NewcomerOrder { who, note: row.note.clone(), deadline, held: Some(intent) }
}

const fn done(wish: &HeldWish) -> Situation {
    match wish {
        HeldWish::Visit(HeldVisit { want: Want::Book(_), .. }) => Situation::Booked,
        HeldWish::Visit(HeldVisit { want: Want::Move { .. }, .. }) => Situation::Moved,
        HeldWish::Visit(HeldVisit { want: Want::Cancel(_), .. }) => Situation::Cancelled,
        HeldWish::Registration(_) => Situation::Registered,
    }
}

/// What another try may end otherwise, with nothing decided meanwhile.
const fn may_change(situation: Situation) -> bool {
    matches!(
        situation,
        Situation::EmrAway
            | Situation::EmrTimeout
            | Situation::Busy
            | Situation::PatientBusy
            | Situation::Pending
            | Situation::RegistrationPending
            | Situation::InternalError
    )
}
