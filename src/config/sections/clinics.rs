//! The clinics as the file declares them, each checked by itself and all of them against each other.

mod emr;

use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;
use vitarad_actors::domain::booking_rules::BookingRules;
use vitarad_actors::domain::clinic::{BadClinic, Clinic, Roster};

use self::emr::EmrTable;
use super::webhook::{self, CredentialTable};
use crate::access::{ClinicAccess, EmrAccess, WebhookCredential};
use crate::config::Profile;
use crate::config::key::Key;
use crate::config::layers::manual::Manual;
use crate::config::problem::Findings;
use crate::config::tree::Tree;
use crate::config::typed;

/// A clinic that could be read, whatever is wrong with it.
pub(in crate::config) struct Declared {
    place: Key,
    clinic: Clinic,
    /// `None` is refused.
    emr: Option<EmrAccess>,
    webhook: Vec<WebhookCredential>,
}

impl Declared {
    pub(in crate::config) fn place(&self) -> &Key {
        &self.place
    }

    pub(in crate::config) fn has_own_credentials(&self) -> bool {
        !self.webhook.is_empty()
    }

    pub(in crate::config) fn seed(self) -> Option<(Clinic, ClinicAccess)> {
        Some((self.clinic, ClinicAccess { emr: self.emr?, webhook: self.webhook }))
    }
}

pub(in crate::config) fn read(
    tree: &Tree,
    profile: Profile,
    manual: &Manual,
    house: &BookingRules,
    findings: &mut Findings,
) -> Vec<Declared> {
    let ids = tree.names(&Key::from("clinics"));
    let mut reader = Reader { profile, manual, house, findings };
    ids.iter().filter_map(|id| reader.clinic(tree, &Key::clinic(id))).collect()
}

struct Reader<'a> {
    profile: Profile,
    manual: &'a Manual,
    house: &'a BookingRules,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn clinic(&mut self, tree: &Tree, place: &Key) -> Option<Declared> {
        let mut table = tree.get(place).cloned().and_then(Value::into_dict).unwrap_or_default();
        let emr = table.remove("emr").unwrap_or_else(|| Dict::new().into());
        let credentials = table.remove("webhook").unwrap_or_else(|| Value::from(Vec::<Value>::new()));
        let clinic: Option<Clinic> = self.typed(table.into(), place);
        let emr: Option<EmrTable> = self.typed(emr, &place.child("emr"));
        let credentials: Option<Vec<CredentialTable>> = self.typed(credentials, &place.child("webhook"));
        let clinic = Clinic { house: self.house.clone(), ..clinic? };
        if let Err(bad) = clinic.check() {
            refuse(&bad, place, self.findings);
        }
        let emr = emr.and_then(|emr| emr.checked(&place.child("emr"), self.profile, self.findings));
        let credentials = credentials.unwrap_or_default();
        let webhook = webhook::checked(credentials, &place.child("webhook"), self.profile, self.findings);
        Some(Declared { place: place.clone(), clinic, emr, webhook })
    }

    fn typed<T: DeserializeOwned>(&mut self, mut value: Value, place: &Key) -> Option<T> {
        typed::read(&mut value, place, self.manual, self.findings)
    }
}

fn refuse(bad: &BadClinic, place: &Key, findings: &mut Findings) {
    let (setting, fix) = match bad {
        BadClinic::Hours(_) => {
            ("hours", "list the stretches of a day in order, like \"09:00-12:00\", \"13:00-17:00\"")
        }
        BadClinic::DefaultVisit(_) => ("booking", "name one of the codes of booking.visit_types"),
        BadClinic::Visit(_) => ("booking", "correct that kind of visit"),
        BadClinic::ProviderTwice(_) => ("providers", "list each provider once"),
        BadClinic::ProviderVisit { .. } => ("providers", "name codes of booking.visit_types only"),
        BadClinic::ProviderMinutes { .. } => ("providers", "choose from 1 to 480"),
        BadClinic::ProviderCodes { .. } => {
            ("providers", "open one of that visit type's codes in template_codes and blocked_template_codes")
        }
        BadClinic::WorkGrid(_) => {
            ("providers", "write its hours like \"09:00-12:00\", \"13:00-17:00\", cut into slot_minutes")
        }
        BadClinic::Limit(_) => ("limits", "choose 1 or more"),
        BadClinic::OfferMinutes => ("slot_offers", "choose from 1 to 1440"),
        BadClinic::TransferLoop(_) => ("lines", "transfer to a line that people answer"),
        BadClinic::TwoVoices => ("voice", "keep the one that answers a call first"),
        BadClinic::SmsSender => ("sms", "give the number texts are sent from, or set sms.enabled to false"),
    };
    findings.refuse(place.child(setting), bad.to_string(), fix);
}

/// Nobody could tell whose call comes in on a line that two clinics claim.
pub(in crate::config) fn check_contests(clinics: &[Declared], findings: &mut Findings) {
    let read_whole = |declared: &&Declared| !findings.is_misread(&declared.place);
    let mut clinics: Vec<Clinic> =
        clinics.iter().filter(read_whole).map(|declared| declared.clinic.clone()).collect();
    while let Err(contest) = Roster::of(clinics.iter().cloned()) {
        let fix = "leave it to the clinic it belongs to";
        findings.refuse(Key::clinic(contest.second.as_str()), contest.to_string(), fix);
        clinics.retain(|clinic| clinic.id != contest.second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::manual::tests::assert_complete;

    #[test]
    fn the_manual_shows_every_setting_of_a_clinic() {
        let manual = Manual::read().unwrap();
        let mut clinic = manual.specimen(&Key::clinic("any")).and_then(Value::as_dict).cloned().unwrap();
        assert_complete::<EmrTable>(&clinic.remove("emr").unwrap());
        assert_complete::<Vec<CredentialTable>>(&clinic.remove("webhook").unwrap());
        for overlaid in ["booking", "limits", "slot_offers"] {
            clinic.insert(overlaid.to_owned(), manual.specimen(&Key::from(overlaid)).cloned().unwrap());
        }
        assert_complete::<Clinic>(&clinic.into());
    }
}
