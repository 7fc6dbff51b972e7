//! One order carried through: announce, check, write, read back, settle. Or one line of the journal taken up again.
//!
//! A saga is a task. It holds no database connection while it waits for the world; all it must not forget is in the
//! journal, so it may die between any two lines of this folder, and the journal is looked at instead.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::journal::Written;
use super::order::{Concluded, Order};
use super::wording;
use crate::domain::booking::{Intent, Slot, Want};
use crate::domain::clinic::Clinic;
use crate::domain::emr_path::{FOR_ADDING, FOR_CANCELLING};
use crate::domain::ids::{AppointmentNo, IntentId};
use crate::domain::say::Situation;
use crate::emr_link::{EmrLink, OneWay};
use crate::house::House;
use crate::ports::emr::{EmrFailure, Path};
use crate::ports::store::{AuditAction, SmsDraft, StoreError};

/// How long a read-back may take. The caller may be gone by then; the journal wants to know.
pub const READ_BACK: Duration = Duration::from_secs(10);

pub struct Saga {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
    pub order: Order,
    pub intent: Intent,
    /// The one path that everything it reads and writes goes by: a row reads differently by another.
    pub path: Path,
    /// The caller is no longer waiting for this and was told that it is not confirmed yet.
    pub told_pending: bool,
}

/// How a saga ends.
pub struct End {
    pub situation: Situation,
    pub slot: Option<Slot>,
    pub no: Option<AppointmentNo>,
    /// The answer that was committed together with the outcome.
    pub settled: Option<Concluded>,
}

impl End {
    pub const fn plain(situation: Situation) -> Self {
        Self { situation, slot: None, no: None, settled: None }
    }

    pub const fn about(situation: Situation, slot: Slot, no: AppointmentNo) -> Self {
        Self { situation, slot: Some(slot), no: Some(no), settled: None }
    }
}

/// What a failed read or an unsent write means to a caller.
pub const fn situation_of(failure: EmrFailure) -> Situation {
    match failure {
        EmrFailure::QueueFull => Situation::Busy,
        EmrFailure::TooLate | EmrFailure::TimedOut | EmrFailure::LeaseOver => Situation::EmrTimeout,
        EmrFailure::Unsupported => Situation::NotFromHere,
        _ if failure.is_away() => Situation::EmrAway,
        _ => Situation::EmrUnavailable,
    }
}

impl From<StoreError> for End {
    fn from(failure: StoreError) -> Self {
        Self::plain(match failure {
            StoreError::Busy => Situation::Busy,
            StoreError::Usurped | StoreError::Unavailable(_) | StoreError::Unreadable(_) => {
                Situation::InternalError
            }
        })
    }
}

impl Saga {
    pub fn new(house: Arc<House>, clinic: Arc<Clinic>, order: Order) -> Self {
        let intent = Intent {
            id: order.held.unwrap_or_else(|| IntentId(house.luck.id())),
            clinic: clinic.id.clone(),
            patient: order.patient,
            want: order.want.clone(),
        };
        Self { house, clinic, order, intent, path: Path::default(), told_pending: false }
    }

    /// Whether a caller waits for the outcome.
    pub const fn is_awaited(&self) -> bool {
        !self.told_pending && self.order.held.is_none()
    }

    /// Whether the caller has been told by now that it is not confirmed yet.
    pub fn is_late(&self) -> bool {
        self.is_awaited() && Instant::now() + self.house.settings.answer_margin >= self.order.deadline
    }

    /// Carries the order through and stores its answer.
    pub async fn run(mut self) -> Concluded {
        self.choose_path(self.order.note.seen.map(|seen| seen.by)).await;
        let end = match &self.order.want {
            Want::Book(slot) => self.book(slot, None).await,
            Want::Move { old, to } => self.book(to, Some(*old)).await,
            Want::Cancel(no) => self.cancel(*no).await,
        };
        self.conclude(end).await
    }

    async fn book(&self, slot: &Slot, instead_of: Option<AppointmentNo>) -> End {
        match self.write_addition(slot, instead_of).await {
            Ok(written) => self.verify_addition(written).await,
            Err(end) => end,
        }
    }

    /// The path that is `like` an earlier reading's, or the best there is. When none is, the first request says so.
    pub async fn choose_path(&mut self, like: Option<Path>) {
        let needs = match self.order.want {
            Want::Book(_) | Want::Move { .. } => FOR_ADDING,
            Want::Cancel(_) => FOR_CANCELLING,
        };
        let chosen = self.link().path_for(needs, like, self.order.deadline).await;
        self.path = chosen.ok().or(like).unwrap_or_default();
    }

    pub fn link(&self) -> EmrLink {
        self.house.emr_link(&self.clinic.id)
    }

    pub fn way(&self) -> OneWay {
        self.link().by(self.path)
    }

    pub fn draft(&self, end: &End, written: &Written) -> Option<SmsDraft> {
        let to = self.order.note.text_to.clone()?;
        let slot = end.slot.as_ref()?;
        if !self.clinic.sms.enabled || !wording::is_texted_about(end.situation) {
            return None;
        }
        Some(SmsDraft {
            clinic: self.clinic.id.clone(),
            dedupe: format!("{}:{}", written.effect.intent, end.situation.code()),
            to,
            body: wording::text(&self.clinic, self.order.note.language, end.situation, slot),
        })
    }

    pub fn word(&self, end: &End, will_text: bool, stored: bool) -> Concluded {
        let language = self.order.note.language;
        let answer =
            wording::answer(&self.clinic, language, end.situation, end.slot.as_ref(), end.no, will_text);
        Concluded {
            line: answer.line(),
            situation: Some(end.situation),
            stored_for: stored.then(|| self.order.note.tool_call.clone()),
            provisional: end.situation == Situation::Pending,
        }
    }

    /// The answer as it is stored, or stored now. A pending one is not, because it may still change; nor is a refusal that
    /// comes when the caller has been told so: then nobody is at it, and staff are told.
    async fn conclude(&self, end: End) -> Concluded {
        let end = if end.settled.is_none() { self.held_instead(end).await } else { end };
        self.house.meters.saga(&self.clinic.id, end.situation.code());
        if let Some(concluded) = end.settled {
            return concluded;
        }
        let end =
            if self.is_late() && !end.situation.success() { End::plain(Situation::Pending) } else { end };
        let concluded = self.word(&end, false, end.situation != Situation::Pending);
        if concluded.provisional {
            return concluded;
        }
        let audit = vec![self.audit(AuditAction::Settled, end.situation.code())];
        let key = &self.order.note.tool_call;
        match self.house.store.answer(key, concluded.line.clone(), audit, self.house.now()).await {
            Ok(line) => Concluded { line, ..concluded },
            Err(_) => self.word(&End::plain(Situation::InternalError), false, false),
        }
    }
}
