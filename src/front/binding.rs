//! Which clinic a request speaks for, and whether it may (law I-2).
//!
//! Who was dialled is read twice: before authentication as a glimpse that only chooses whose secrets are tried, and
//! after it as part of the message, which must then agree with the credential.

use std::sync::Arc;

use serde::Deserialize;
use vitarad_actors::domain::clinic::{Clinic, Roster};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::laws;
use vitarad_actors::domain::phone::PhoneNumber;

use super::gatebook::{Gatebook, Holder};
use super::wire::{Assistant, CallObject, Maybe, PhoneLine};

/// The clinics a message points at, from the surest sign to the least. Never from metadata or a model's arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dialled {
    pub(super) clinics: Vec<ClinicId>,
}

impl Dialled {
    pub(super) fn of(roster: &Roster, line: &PhoneLine, call: &CallObject, assistant: &Assistant) -> Self {
        let inner = call.phone_number.0.as_ref();
        let voice_ids = [
            line.id.0.as_ref(),
            call.phone_number_id.0.as_ref(),
            inner.and_then(|line| line.id.0.as_ref()),
            call.assistant_id.0.as_ref(),
            assistant.id.0.as_ref(),
            call.squad_id.0.as_ref(),
        ];
        let numbers = [line.number.0.as_ref(), inner.and_then(|line| line.number.0.as_ref())];
        let by_number = numbers.into_iter().flatten().filter_map(|text| {
            let number = PhoneNumber::parse(text).ok()?;
            roster.by_line(&number)
        });
        let by_voice_id = voice_ids.into_iter().flatten().filter_map(|id| roster.by_voice_id(id));
        let mut clinics: Vec<ClinicId> = by_number.chain(by_voice_id).cloned().collect();
        clinics.dedup();
        Self { clinics }
    }

    /// Reads nothing but these few fields of a body that nobody has vouched for.
    pub(super) fn glimpse(roster: &Roster, body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Message {
            phone_number: Maybe<PhoneLine>,
            call: Maybe<CallObject>,
            assistant: Maybe<Assistant>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            message: Maybe<Message>,
        }
        let message =
            serde_json::from_slice::<Body>(body).ok().and_then(|body| body.message.0).unwrap_or_default();
        Self::of(
            roster,
            &message.phone_number.0.unwrap_or_default(),
            &message.call.0.unwrap_or_default(),
            &message.assistant.0.unwrap_or_default(),
        )
    }
}

/// What a request turned out to speak for.
pub(super) enum Binding {
    To(Arc<Clinic>),
    /// No clinic of this house.
    Nobody,
    /// Two clinics at once, or one whose credential it does not bear. What it wants is not looked at.
    Conflict,
}

/// Joins what the URL names, whose credential was shown and who was dialled.
pub(super) fn bind(
    gatebook: &Gatebook,
    url: Option<&ClinicId>,
    holder: &Holder,
    dialled: &Dialled,
) -> Binding {
    let vouched = match holder {
        Holder::Clinic(clinic) => Some(clinic),
        Holder::Platform => url,
    };
    let Some(clinic) = vouched.or(dialled.clinics.first()) else { return Binding::Nobody };
    let elsewhere = dialled.clinics.iter().any(|dialled| !laws::one_clinic(clinic, dialled));
    if elsewhere || *holder == Holder::Platform && gatebook.has_its_own(clinic) {
        return Binding::Conflict;
    }
    gatebook.roster.clinic(clinic).map_or(Binding::Nobody, |clinic| Binding::To(Arc::clone(clinic)))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;
    use crate::access::{WebhookCredential, WebhookScheme};

    fn id(clinic: &str) -> ClinicId {
        ClinicId::parse(clinic).unwrap()
    }

    fn clinic(id: &str) -> Clinic {
        let clinic = json!({
            "id": id, "name": id, "phone": "604-555-0100", "timezone": "America/Vancouver", "hours": {},
            "providers": [],
        });
        serde_json::from_value(clinic).unwrap()
    }

    /// `cedar` has a credential of its own, `maple` has none.
    fn bound(url: Option<&str>, holder: Option<&str>, dialled: &[&str]) -> &'static str {
        let roster = Arc::new(Roster::of([clinic("maple"), clinic("cedar")]).unwrap());
        let own =
            [WebhookCredential { scheme: WebhookScheme::Bearer, secrets: vec![SecretString::from("token")] }];
        let gatebook = Gatebook::prepare(roster, &[], [(&id("cedar"), &own[..])]).unwrap();
        let holder = holder.map_or(Holder::Platform, |clinic| Holder::Clinic(id(clinic)));
        let dialled = Dialled { clinics: dialled.iter().map(|clinic| id(clinic)).collect() };
        match bind(&gatebook, url.map(id).as_ref(), &holder, &dialled) {
            Binding::To(clinic) if clinic.id == id("maple") => "maple",
            Binding::To(_) => "cedar",
            Binding::Nobody => "nobody",
            Binding::Conflict => "conflict",
        }
    }

    #[test]
    fn what_url_credential_and_number_agree_on_is_the_clinic() {
        assert_eq!(bound(None, None, &["maple"]), "maple");
        assert_eq!(bound(Some("maple"), None, &[]), "maple");
        assert_eq!(bound(Some("cedar"), Some("cedar"), &["cedar", "cedar"]), "cedar");
        assert_eq!(bound(None, Some("cedar"), &[]), "cedar");
        assert_eq!(bound(None, None, &[]), "nobody");
        assert_eq!(bound(Some("birch"), None, &[]), "nobody");
    }

    #[test]
    fn where_two_of_them_differ_nobody_is_served() {
        assert_eq!(bound(Some("maple"), None, &["cedar"]), "conflict");
        assert_eq!(bound(None, Some("cedar"), &["maple"]), "conflict");
        assert_eq!(bound(None, None, &["maple", "cedar"]), "conflict");
        assert_eq!(bound(Some("birch"), None, &["maple"]), "conflict");
    }

    #[test]
    fn the_platforms_credential_never_speaks_for_a_clinic_that_has_its_own() {
        assert_eq!(bound(None, None, &["cedar"]), "conflict");
        assert_eq!(bound(Some("cedar"), None, &[]), "conflict");
    }
}
