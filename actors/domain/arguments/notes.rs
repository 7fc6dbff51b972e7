//! What the tools that change no appointment are given: a note of the call, and who wants to wait for what.

use jiff::civil::Date;

use super::{Arguments, BadArgument, DATE};
use crate::domain::call_note::{CallIntent, CallNote, CallOutcome};
use crate::domain::ids::ProviderNo;
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::transfer::TransferReason;

/// What the agent notes of the call it had. Its free text is not taken: nothing of it may name anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notice {
    pub note: CallNote,
    pub sms_consent: Option<bool>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct WaitlistWish {
    pub who: WhoWaits,
    pub phone: Option<PhoneNumber>,
    pub reason: Phi<Option<String>>,
    pub notes: Phi<Option<String>>,
    pub provider: Option<ProviderNo>,
    pub visit: Option<String>,
    pub earliest: Option<Date>,
    pub latest: Option<Date>,
    pub sms_consent: Option<bool>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum WhoWaits {
    Named {
        first_name: Phi<String>,
        last_name: Phi<String>,
    },
    /// A patient of this call, by the handle it gave them, or the only one.
    Patient(Option<String>),
}

impl Arguments<'_> {
    /// A word that is not known says something all the same.
    pub(super) fn notice(&self) -> Notice {
        let reason = self.text(&["transferreason"]).map(|text| TransferReason::named(&text));
        let intent = self.text(&["intent"]).map(|text| CallIntent::named(&text).unwrap_or(CallIntent::Other));
        let outcome = self.text(&["outcome"]).and_then(|text| CallOutcome::named(&text));
        Notice {
            note: CallNote { intent, outcome, transfer_reason: reason },
            sms_consent: self.flag(&["smsconsent"]),
        }
    }

    pub(super) fn waitlist_wish(&self) -> Result<WaitlistWish, BadArgument> {
        Ok(WaitlistWish {
            who: self.who_waits()?,
            phone: self.text(&["phone", "phonenumber"]).and_then(|text| PhoneNumber::parse(&text).ok()),
            reason: Phi::new(self.text(&["reason", "visitreason"]).map(cut)),
            notes: Phi::new(self.text(&["notes", "note"]).map(cut)),
            provider: self.provider(&["providerid", "providerno", "provider"])?,
            visit: self.visit(),
            earliest: self.date(&["earliestdate", "startdate", "date"], DATE)?,
            latest: self.date(&["latestdate", "enddate"], DATE)?,
            sms_consent: self.flag(&["smsconsent"]),
        })
    }

    /// A patient id goes before names: they may be those of the same person.
    fn who_waits(&self) -> Result<WhoWaits, BadArgument> {
        let patient = self.text(&["patientid", "demographicno", "patient"]);
        let first = self.text(&["firstname", "givenname"]);
        let last = self.text(&["lastname", "surname", "familyname"]);
        let missing = |name| BadArgument { name, want: "the name of who wants to wait" };
        match (patient, first, last) {
            (Some(patient), ..) => Ok(WhoWaits::Patient(Some(patient))),
            (None, None, None) => Ok(WhoWaits::Patient(None)),
            (None, first, last) => Ok(WhoWaits::Named {
                first_name: Phi::new(cut(first.ok_or(missing("firstName"))?)),
                last_name: Phi::new(cut(last.ok_or(missing("lastName"))?)),
            }),
        }
    }
}

/// As much as somebody will read.
fn cut(text: String) -> String {
    const LONGEST: usize = 500;
    if text.chars().count() > LONGEST { text.chars().take(LONGEST).collect() } else { text }
}
