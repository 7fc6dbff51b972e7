//! What a call asks of the desk, and what it gets back.

use tokio::time::Instant;

use crate::domain::answer::AnswerLine;
use crate::domain::booking::{Slot, Want};
use crate::domain::ids::{DemographicNo, IntentId, ToolCallKey};
use crate::domain::new_patient::NewPatient;
use crate::domain::patient::Patient;
use crate::domain::phi::Phi;
use crate::domain::policy::Asker;
use crate::domain::say::Situation;
use crate::ports::store::OrderNote;

/// A wish of a verified patient, spelled out.
#[derive(Clone)]
pub struct Order {
    pub want: Want,
    pub patient: DemographicNo,
    /// `LAST,FIRST`, for the day sheet.
    pub sheet_name: Phi<String>,
    /// The visit type of a booking or move.
    pub visit: String,
    pub reason: Phi<String>,
    /// Where the appointment to be moved or cancelled lay when the caller heard of it: not read once more for that, since
    /// it is read afresh before it is changed.
    pub old_slot: Option<Slot>,
    pub asker: Asker,
    pub note: OrderNote,
    /// When the caller stops listening: nothing is sent after it.
    pub deadline: Instant,
    /// It was held while the EMR was away: no caller waits for it, and the intent it is carried out under is known
    /// beforehand, so that what became of it can be looked up after a death.
    pub held: Option<IntentId>,
}

/// How an order ended, in words.
#[derive(Clone)]
pub struct Concluded {
    pub line: AnswerLine,
    /// What it came to; `None` for an answer that was stored before.
    pub situation: Option<Situation>,
    /// Under which tool call the answer is stored already.
    pub stored_for: Option<ToolCallKey>,
    /// It may still change: it is told and not stored.
    pub provisional: bool,
}

/// Somebody who wants to become a patient.
#[derive(Clone)]
pub struct NewcomerOrder {
    pub who: NewPatient,
    pub note: OrderNote,
    /// When the caller stops listening: nothing is sent after it.
    pub deadline: Instant,
    /// As of an [`Order`].
    pub held: Option<IntentId>,
}

/// How that ended, in words, and for the call to remember.
pub struct Enrolled {
    pub concluded: Concluded,
    pub registered: Option<Registered>,
}

/// A patient whom the call has made, under the handle that its answer names.
#[derive(Clone)]
pub struct Registered {
    pub handle: String,
    pub patient: Box<Patient>,
}
