//! What a task of a call comes back with.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::BoxFuture;
use ractor::ActorRef;

use super::CallMsg;
use crate::desk::order::{Concluded, Registered};
use crate::domain::appointment::Appointment;
use crate::domain::arguments::BadArgument;
use crate::domain::availability::Certainty;
use crate::domain::booking::Slot;
use crate::domain::call_note::CallNote;
use crate::domain::ids::{DemographicNo, ToolCallId};
use crate::domain::patient::Identification;
use crate::domain::say::Situation;
use crate::domain::slot_offer::OpenOffer;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::domain::urgent::Urgent;
use crate::domain::waitlist::Waiting;
use crate::emr_link::cache::Dated;
use crate::mailbox::Post;
use crate::ports::emr::{EmrProvider, Path};
use crate::ports::store::HeldRow;

#[derive(Clone)]
pub enum Finding {
    /// Nothing was learnt that the call must keep.
    Plain(Situation),
    /// Declined by what the call knows: told once that is saved, because only its owner knows it (law O-1).
    Declined(Tool, Situation),
    Providers(Dated<Vec<EmrProvider>>),
    /// The charts that carry the caller's number: for the audit log, not for the answer.
    Number {
        /// The path by which they were looked for.
        by: Path,
        charts: Vec<DemographicNo>,
    },
    Identified(Identification),
    /// The EMR could not say who it is: nobody guessed wrong.
    Unidentified(Situation),
    Patient(DemographicNo),
    /// Free slots that are now held for this call, best first.
    Slots {
        held: Vec<Slot>,
        until: Ts,
        visit: String,
        /// What a patient of this call was offered before, and may still take up.
        open: Option<Box<OpenOffer>>,
        certainty: Certainty,
    },
    Appointments {
        patient: DemographicNo,
        /// The path by which they were read.
        by: Path,
        upcoming: Vec<Appointment>,
        held: Vec<HeldRow>,
    },
    /// The EMR is away; this is what we hold for the patient ourselves.
    Held {
        patient: DemographicNo,
        held: Vec<HeldRow>,
    },
    /// Answered already; it is only kept and entered.
    Urgent(Tool, Urgent),
    Noted(CallNote),
    Waits(Box<Waiting>),
    /// What is missing of somebody who wants to become a patient.
    Incomplete(Vec<BadArgument>),
    /// The clinic takes nobody new by telephone.
    Closed(Situation),
    /// The desk's answer, stored already unless it may still change.
    Concluded(Concluded),
    /// The same, about a patient whom the call has to remember.
    Registered(Concluded, Registered),
    /// The call is another life's now (law O-1).
    Usurped,
}

/// Work outside the actor. A panic in it is a finding, too: somebody waits for the answer.
pub struct Task(pub BoxFuture<'static, Finding>);

impl Task {
    pub fn of(work: impl Future<Output = Finding> + Send + 'static) -> Self {
        Self(work.boxed())
    }

    pub fn spawn(self, myself: ActorRef<Post<CallMsg>>, id: ToolCallId) {
        tokio::spawn(async move {
            let found = AssertUnwindSafe(self.0).catch_unwind().await;
            let finding = found.unwrap_or(Finding::Plain(Situation::InternalError));
            let _ = myself.send_message(Post::own(CallMsg::Found(id, Box::new(finding))));
        });
    }
}
