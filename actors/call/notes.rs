//! What needs no EMR: noting what the call was about, and entering who wants to wait for a place or a time.

use super::State;
use super::apply::Told;
use super::finding::{Finding, Task};
use crate::domain::arguments::{Notice, WaitlistWish, WhoWaits};
use crate::domain::call::Verified;
use crate::domain::call_note::{CallNote, CallOutcome};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::{Language, Situation};
use crate::domain::tool::Tool;
use crate::domain::waitlist::{Waiting, WantedTime};

impl State {
    pub(super) fn take_notice(&mut self, notice: Notice) -> Task {
        self.call.consent_to_sms(notice.sms_consent);
        Task::of(async move { Finding::Noted(notice.note) })
    }

    /// Who is identified waits for a time, anybody else for a place.
    pub(super) fn wait_for_a_place(&mut self, wish: WaitlistWish) -> Result<Task, Situation> {
        self.call.consent_to_sms(wish.sms_consent);
        let waiting = match self.patient_who_waits(&wish)? {
            Some(patient) => self.waits_for_a_time(patient.clone(), wish)?,
            None => self.waits_to_be_registered(wish)?,
        };
        Ok(Task::of(async move { Finding::Waits(Box::new(waiting)) }))
    }

    /// Names that are those of a patient of this call mean that patient.
    fn patient_who_waits(&self, wish: &WaitlistWish) -> Result<Option<&Verified>, Situation> {
        match &wish.who {
            WhoWaits::Patient(handle) => self.call.patient(handle.as_deref()).map(Some),
            WhoWaits::Named { first_name, last_name } => Ok(self.call.patient_named(first_name, last_name)),
        }
    }

    fn waits_for_a_time(&self, patient: Verified, wish: WaitlistWish) -> Result<Waiting, Situation> {
        if !self.clinic.slot_offers.enabled && !self.clinic.waitlist_enabled {
            return Err(Situation::NoWaitlist);
        }
        let visit = self.clinic.visit_type(wish.visit.as_deref()).ok_or(Situation::VisitTypeUnknown)?;
        if wish.provider.as_ref().is_some_and(|no| self.clinic.provider(no).is_none()) {
            return Err(Situation::ProviderUnknown);
        }
        // Only the number that rang is known to be theirs.
        let may_be_texted = self.call.sms_consent() == Some(true) && self.call.caller().is_some();
        let mut wanted = WantedTime::any(patient.no(), visit.code.clone());
        (wanted.provider, wanted.earliest, wanted.latest) = (wish.provider, wish.earliest, wish.latest);
        (wanted.is_new, wanted.may_be_texted) = (patient.is_new, may_be_texted);
        Ok(Waiting {
            phone: self.number(wish.phone)?,
            first_name: patient.first_name,
            last_name: patient.last_name,
            reason: wish.reason,
            notes: wish.notes,
            language: self.language(),
            wanted: Some(wanted),
        })
    }

    fn waits_to_be_registered(&self, wish: WaitlistWish) -> Result<Waiting, Situation> {
        let WhoWaits::Named { first_name, last_name } = wish.who else {
            return Err(Situation::NotVerified);
        };
        if !self.clinic.waitlist_enabled {
            return Err(Situation::NoWaitlist);
        }
        Ok(Waiting {
            first_name,
            last_name,
            phone: self.number(wish.phone)?,
            reason: wish.reason,
            notes: wish.notes,
            language: self.language(),
            wanted: None,
        })
    }

    /// The number that rang goes before one that a model wrote down.
    fn number(&self, told: Option<PhoneNumber>) -> Result<Phi<PhoneNumber>, Situation> {
        self.call.caller().cloned().or(told).map(Phi::new).ok_or(Situation::NumberNeeded)
    }

    pub(super) fn noted(&mut self, note: CallNote, language: Language) -> Told {
        self.call.take_note(note);
        Told::of(self.plain(Situation::Noted, language), Tool::LogCallMetadata, Vec::new())
    }

    pub(super) fn waits(&mut self, waiting: Waiting, language: Language) -> Told {
        self.call.take_note(CallNote { outcome: Some(CallOutcome::Waitlisted), ..CallNote::default() });
        let offers = self.clinic.slot_offers.enabled && self.clinic.sms.enabled && self.house.sms.delivers();
        let answer = match &waiting.wanted {
            Some(wanted) if offers && wanted.may_be_texted => self.plain(Situation::WaitsForTime, language),
            Some(_) if offers && self.call.sms_consent().is_none() => {
                self.plain(Situation::Waitlisted, language).with("smsConsentNeeded", true)
            }
            _ => self.plain(Situation::Waitlisted, language),
        };
        Told::joining(answer, Tool::AddToWaitlist, waiting)
    }
}
