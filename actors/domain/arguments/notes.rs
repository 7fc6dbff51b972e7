//! What the tools that change no appointment are given: a note of the call, and who wants to wait.

use super::{Arguments, BadArgument};
use crate::domain::call_note::{CallIntent, CallNote, CallOutcome};
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
    pub first_name: Phi<String>,
    pub last_name: Phi<String>,
    pub phone: Option<PhoneNumber>,
    pub reason: Phi<Option<String>>,
    pub notes: Phi<Option<String>>,
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
        let name = |name, keys: &[&str]| {
            let missing = BadArgument { name, want: "the name of who wants to wait" };
            self.text(keys).map(|text| Phi::new(cut(text))).ok_or(missing)
        };
        Ok(WaitlistWish {
            first_name: name("firstName", &["firstname", "givenname"])?,
            last_name: name("lastName", &["lastname", "surname", "familyname"])?,
            phone: self.text(&["phone", "phonenumber"]).and_then(|text| PhoneNumber::parse(&text).ok()),
            reason: Phi::new(self.text(&["reason", "visitreason"]).map(cut)),
            notes: Phi::new(self.text(&["notes", "note"]).map(cut)),
        })
    }
}

/// As much as somebody will read.
fn cut(text: String) -> String {
    const LONGEST: usize = 500;
    if text.chars().count() > LONGEST { text.chars().take(LONGEST).collect() } else { text }
}
