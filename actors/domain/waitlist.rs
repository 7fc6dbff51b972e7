//! People who wait: newcomers for a place at a clinic that takes nobody new at the moment, patients for a time that comes
//! free.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::booking::Slot;
use super::booking_rules::VisitType;
use super::clinic::{Clinic, ClinicProvider};
use super::ids::{DemographicNo, ProviderNo};
use super::patient::folded;
use super::phi::{self, Phi};
use super::phone::PhoneNumber;
use super::policy::Asker;
use super::say::Language;

/// How far it has come with somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitlistStatus {
    Pending,
    Contacted,
    /// They have what they waited for: a place, or a time.
    Registered,
    Cancelled,
}

impl WaitlistStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Contacted, Self::Registered, Self::Cancelled];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Contacted => "contacted",
            Self::Registered => "registered",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }

    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Contacted)
    }
}

/// Somebody who waits, and why. Wholly sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    #[serde(serialize_with = "phi::sealing")]
    pub first_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub last_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub phone: Phi<PhoneNumber>,
    #[serde(serialize_with = "phi::sealing")]
    pub reason: Phi<Option<String>>,
    #[serde(serialize_with = "phi::sealing")]
    pub notes: Phi<Option<String>>,
    pub language: Language,
    /// Of a patient; who has none waits to be registered.
    #[serde(default)]
    pub wanted: Option<WantedTime>,
}

/// The time a patient waits for. Whoever it is was identified in the call that asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedTime {
    patient: i32,
    /// `None`: any.
    pub provider: Option<ProviderNo>,
    pub visit: String,
    pub earliest: Option<Date>,
    pub latest: Option<Date>,
    /// The chart names no provider of the clinic.
    pub is_new: bool,
    /// They agreed to be texted, at the number they rang from.
    pub may_be_texted: bool,
}

impl WantedTime {
    pub const fn any(patient: DemographicNo, visit: String) -> Self {
        let (provider, earliest, latest) = (None, None, None);
        Self {
            patient: patient.reveal(),
            provider,
            visit,
            earliest,
            latest,
            is_new: false,
            may_be_texted: false,
        }
    }

    pub const fn patient(&self) -> DemographicNo {
        DemographicNo::new(self.patient)
    }

    /// With whom and for what it would be, if time at `slot` is what is waited for.
    pub fn suits<'a>(
        &self,
        clinic: &'a Clinic,
        language: Language,
        slot: &Slot,
    ) -> Option<(&'a ClinicProvider, &'a VisitType)> {
        let provider = clinic.provider(&slot.provider)?;
        let visit = clinic.visit_type(Some(&self.visit))?;
        let is_wanted = self.provider.as_ref().is_none_or(|no| *no == slot.provider)
            && self.earliest.is_none_or(|first| first <= slot.date)
            && self.latest.is_none_or(|last| slot.date <= last);
        let asker = Asker { language, is_new: self.is_new };
        (is_wanted && clinic.policy_of(provider).takes(visit, asker)).then_some((provider, visit))
    }
}

impl Waiting {
    /// The same for somebody who asks again: their chart, or their name without case and accents, and their number.
    pub fn person(&self) -> Phi<String> {
        if let Some(wanted) = &self.wanted {
            return Phi::new(format!("patient|{}", wanted.patient));
        }
        let (first, last) = (folded(self.first_name.reveal()), folded(self.last_name.reveal()));
        Phi::new(format!("{last}|{first}|{}", self.phone.reveal().digits()))
    }

    /// The form that is sealed and stored.
    pub fn encode(&self) -> Phi<Vec<u8>> {
        Phi::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// `None` for what a later release wrote, or not we.
    pub fn decode(bytes: &Phi<Vec<u8>>) -> Option<Self> {
        serde_json::from_slice(bytes.reveal()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_asks_again_in_another_spelling_is_the_same_person() {
        let waiting = |first: &str, last: &str, phone: &str| Waiting {
            first_name: first.to_owned().into(),
            last_name: last.to_owned().into(),
            phone: PhoneNumber::parse(phone).unwrap().into(),
            reason: None.into(),
            notes: Some("mornings".to_owned()).into(),
            language: Language::Zh,
            wanted: None,
        };
        let zoe = waiting("Zoé", "Côté", "604-555-0142");
        assert!(zoe.person() == waiting("ZOE", "cote", "+16045550142").person());
        assert!(zoe.person() != waiting("Zoé", "Côté", "604-555-0143").person());
        assert!(Waiting::decode(&zoe.encode()) == Some(zoe));
    }

    #[test]
    fn a_time_suits_who_waits_for_that_provider_in_those_days_and_may_be_seen_there() {
        use jiff::civil::date;

        use crate::testing::{clinic, provider_no, quarter, visit_day};
        let mut maple = clinic("maple", 2);
        let slot = quarter(provider_no(1), visit_day(), 4, 1).unwrap();
        let wanted = || WantedTime::any(DemographicNo::new(7), "B".to_owned());
        let suits = |wanted: WantedTime, clinic: &Clinic| wanted.suits(clinic, Language::En, &slot).is_some();
        assert!(suits(wanted(), &maple));
        assert!(suits(WantedTime { provider: Some(provider_no(1)), ..wanted() }, &maple));
        assert!(!suits(WantedTime { provider: Some(provider_no(2)), ..wanted() }, &maple));
        let day = Some(visit_day());
        assert!(suits(WantedTime { earliest: day, latest: day, ..wanted() }, &maple));
        assert!(!suits(WantedTime { earliest: Some(date(2026, 11, 25)), ..wanted() }, &maple));
        assert!(!suits(WantedTime { latest: Some(date(2026, 11, 23)), ..wanted() }, &maple));
        assert!(!suits(WantedTime { visit: "Z".to_owned(), ..wanted() }, &maple));
        maple.providers[0].accepts_new_patients = Some(false);
        assert!(suits(wanted(), &maple) && !suits(WantedTime { is_new: true, ..wanted() }, &maple));
    }

    #[test]
    fn a_newcomer_entered_by_an_earlier_release_is_read() {
        let stored = br#"{"first_name":"R","last_name":"E","phone":"6045550142","reason":null,"notes":null,"language":"en"}"#;
        assert!(Waiting::decode(&Phi::new(stored.to_vec())).is_some_and(|waiting| waiting.wanted.is_none()));
    }
}
