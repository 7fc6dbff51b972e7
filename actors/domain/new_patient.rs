//! Somebody whom the clinic does not know yet, as they say it of themselves, and the chart that was made of it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::health_number::{HealthNumber, Province};
use super::ids::ProviderNo;
use super::patient::{Patient, folded};
use super::phi::{self, Phi};
use super::phone::PhoneNumber;
use super::say::Language;

/// Everything a chart is made of. Wholly sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPatient {
    #[serde(serialize_with = "phi::sealing")]
    pub first_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub last_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub born: Phi<Date>,
    #[serde(serialize_with = "phi::sealing")]
    pub sex: Phi<Sex>,
    /// The number that rang, if it is known.
    #[serde(serialize_with = "phi::sealing")]
    pub phone: Phi<PhoneNumber>,
    #[serde(serialize_with = "phi::sealing")]
    pub address: Phi<Address>,
    /// Not everybody has one.
    #[serde(serialize_with = "phi::sealing")]
    pub health_number: Phi<Option<HealthNumber>>,
    #[serde(serialize_with = "phi::sealing")]
    pub email: Phi<String>,
    /// Who is to look after them, if anybody is named.
    pub provider: Option<ProviderNo>,
    pub language: Language,
}

/// As it stands on cards and in forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sex {
    M,
    F,
    X,
    O,
    U,
}

impl Sex {
    pub fn named(text: &str) -> Option<Self> {
        Some(match text.trim().to_lowercase().as_str() {
            "m" | "male" => Self::M,
            "f" | "female" => Self::F,
            "x" => Self::X,
            "o" | "other" => Self::O,
            "u" | "unknown" | "undisclosed" => Self::U,
            _ => return None,
        })
    }

    /// What every OSCAR understands: an X is one of the later builds' own, and "other" to the rest.
    pub const fn written(self) -> &'static str {
        match self {
            Self::M => "M",
            Self::F => "F",
            Self::X | Self::O => "O",
            Self::U => "U",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub province: Province,
    /// `V6B 1A1`, or empty.
    pub postal_code: String,
}

/// A chart that was read back: what a registration wrote, as it stands there now.
#[derive(Clone)]
pub struct ChartRecord {
    pub patient: Patient,
    pub sex: Phi<String>,
    pub health_number: Phi<String>,
    pub street: Phi<String>,
    pub city: Phi<String>,
    pub province: Phi<String>,
    pub postal_code: Phi<String>,
    pub email: Phi<String>,
}

impl NewPatient {
    /// The same for somebody who asks again, in whatever spelling.
    pub fn person(&self) -> Phi<String> {
        let (first, last) = (folded(self.first_name.reveal()), folded(self.last_name.reveal()));
        Phi::new(format!("{last}|{first}|{}", self.born.reveal()))
    }

    /// `LAST,FIRST`, as the day sheet prints it.
    pub fn sheet_name(&self) -> Phi<String> {
        Phi::new(format!("{},{}", self.last_name.reveal(), self.first_name.reveal()).to_uppercase())
    }

    /// Whether a chart of somebody born that day is theirs by its names. A name that is one slip away counts only for who
    /// has no health number: twins are born on one day.
    pub fn has_the_names_of(&self, chart: &Patient) -> bool {
        let same_day = chart.birth_date.as_ref() == Some(&self.born);
        let slips_count = self.health_number.reveal().is_none();
        same_day && chart.answers_to(&self.first_name, &self.last_name, slips_count)
    }

    /// Law B-3: everything that was sent stands in the chart, in whatever spelling the server gave it.
    pub fn is_written_in(&self, chart: &ChartRecord) -> bool {
        let ChartRecord { patient, .. } = chart;
        let address = self.address.reveal();
        let number = match self.health_number.reveal() {
            Some(number) => number.is_typed_as(chart.health_number.reveal()),
            None => chart.health_number.reveal().trim().is_empty(),
        };
        patient.birth_date.as_ref() == Some(&self.born)
            && patient.answers_to(&self.first_name, &self.last_name, false)
            && patient.provider == self.provider
            && self.phone.reveal().is_among(&patient.phones)
            && number
            && chart.sex.reveal() == self.sex.reveal().written()
            && same_text(chart.street.reveal(), &address.street)
            && same_text(chart.city.reveal(), &address.city)
            && same_text(chart.province.reveal(), &address.province.code())
            && same_text(chart.postal_code.reveal(), &address.postal_code)
            && same_text(chart.email.reveal(), self.email.reveal())
    }
}

/// Servers write capitals and take spaces away, or add some.
fn same_text(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect::<String>()
    };
    plain(one) == plain(other)
}

/// What is found of somebody who was to be registered.
pub enum RegistrationReading {
    /// No chart that could be theirs.
    Absent,
    /// One chart, and it says what was sent.
    Agrees(Box<Patient>),
    /// A chart that says something else, or more than one: a person has to look.
    Unclear(Vec<Patient>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{chart_of, newcomer};

    #[test]
    fn a_chart_in_the_servers_own_spelling_agrees_and_one_other_word_does_not() {
        let who = newcomer("Zoé", "Côté");
        let chart = || chart_of(4_900, &who);
        let mut shouted = chart();
        shouted.patient.last_name = "CÔTÉ".to_owned().into();
        shouted.postal_code = "v6b1a1".to_owned().into();
        assert!(who.is_written_in(&shouted));
        let changes: [fn(&mut ChartRecord); 9] = [
            |chart| chart.patient.first_name = "Zoa".to_owned().into(),
            |chart| chart.patient.birth_date = None,
            |chart| chart.patient.phones.clear(),
            |chart| chart.patient.provider = None,
            |chart| chart.sex = "M".to_owned().into(),
            |chart| chart.health_number = String::new().into(),
            |chart| chart.street = "13 Rue King".to_owned().into(),
            |chart| chart.province = "ON".to_owned().into(),
            |chart| chart.email = String::new().into(),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut other = chart();
            change(&mut other);
            assert!(!who.is_written_in(&other), "{index}");
        }
    }

    #[test]
    fn twins_are_two_people_and_a_slip_counts_only_for_who_has_no_number() {
        let mut who = newcomer("Jayden", "Morris");
        let mut twin = chart_of(4_900, &who).patient;
        assert!(who.has_the_names_of(&twin));
        twin.first_name = "Hayden".to_owned().into();
        assert!(!who.has_the_names_of(&twin));
        who.health_number = Phi::new(None);
        assert!(who.has_the_names_of(&twin), "without a number nobody can tell a twin from a slip");
        twin.birth_date = None;
        assert!(!who.has_the_names_of(&twin));
    }

    #[test]
    fn somebody_who_asks_again_is_the_same_person_and_comes_back_from_the_store_whole() {
        let zoe = newcomer("Zoé", "Côté");
        assert!(zoe.person() == newcomer("ZOE", "cote").person());
        assert!(zoe.person() != newcomer("Zoë", "Coty").person());
        let stored = serde_json::to_string(&zoe).unwrap();
        assert!(serde_json::from_str::<NewPatient>(&stored).unwrap() == zoe);
    }

    #[test]
    fn a_sex_is_named_in_words_and_letters() {
        let named = |text| Sex::named(text).map(Sex::written);
        assert_eq!((named("Female"), named("x"), named("U")), (Some("F"), Some("O"), Some("U")));
        assert_eq!(named("yes"), None);
    }
}
