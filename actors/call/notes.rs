//! What needs no EMR: noting what the call was about, and entering who wants to wait for a place.

use super::State;
use super::apply::Told;
use super::finding::{Finding, Task};
use crate::domain::arguments::{Notice, WaitlistWish};
use crate::domain::call_note::{CallNote, CallOutcome};
use crate::domain::phi::Phi;
use crate::domain::say::{Language, Situation};
use crate::domain::tool::Tool;
use crate::domain::waitlist::Waiting;

impl State {
    pub(super) fn take_notice(&mut self, notice: Notice) -> Task {
        self.call.consent_to_sms(notice.sms_consent);
        Task::of(async move { Finding::Noted(notice.note) })
    }

    /// The number that rang goes before one that a model wrote down.
    pub(super) fn wait_for_a_place(&self, wish: WaitlistWish) -> Result<Task, Situation> {
        if !self.clinic.waitlist_enabled {
            return Err(Situation::NoWaitlist);
        }
        let WaitlistWish { first_name, last_name, phone, reason, notes } = wish;
        let phone = self.call.caller().cloned().or(phone).map(Phi::new).ok_or(Situation::NumberNeeded)?;
        let language = self.language();
        let waiting = Box::new(Waiting { first_name, last_name, phone, reason, notes, language });
        Ok(Task::of(async move { Finding::Waits(waiting) }))
    }

    pub(super) fn noted(&mut self, note: CallNote, language: Language) -> Told {
        self.call.take_note(note);
        Told::of(self.plain(Situation::Noted, language), Tool::LogCallMetadata, Vec::new())
    }

    pub(super) fn waits(&mut self, waiting: Waiting, language: Language) -> Told {
        self.call.take_note(CallNote { outcome: Some(CallOutcome::Waitlisted), ..CallNote::default() });
        let answer = self.plain(Situation::Waitlisted, language);
        Told::joining(answer, Tool::AddToWaitlist, waiting)
    }
}
