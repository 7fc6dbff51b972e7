//! What counts for one clinic and one provider: of house, clinic and provider, the nearest level that says something
//! decides, rule by rule, and every value knows which level it is from.
//!
//! Searching and booking ask here, so that a time that somebody names is judged by the very rules of an offered one.

mod table;

use std::time::Duration;

use serde::Serialize;

use super::booking_rules::{BookingRules, ClinicRules, VisitType};
use super::clinic::ClinicProvider;
use super::say::Language;
pub use table::Line;

/// Which level decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    House,
    Clinic,
    Provider,
}

impl Origin {
    pub const fn name(self) -> &'static str {
        match self {
            Self::House => "house",
            Self::Clinic => "clinic",
            Self::Provider => "provider",
        }
    }
}

/// A value that counts, and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Effective<T> {
    pub value: T,
    pub origin: Origin,
}

/// Whom a booking is for, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub language: Language,
    /// No provider of the clinic has taken them on yet. Unknown until they are verified: then it is the booking that is
    /// refused.
    pub is_new: bool,
}

/// The rules of a clinic, or of one provider there.
#[derive(Clone, Copy)]
pub struct Policy<'a> {
    pub house: &'a BookingRules,
    pub clinic: &'a ClinicRules,
    pub provider: Option<&'a ClinicProvider>,
}

fn nearest<T>(provider: Option<T>, clinic: Option<T>, house: T) -> Effective<T> {
    match (provider, clinic) {
        (Some(value), _) => Effective { value, origin: Origin::Provider },
        (None, Some(value)) => Effective { value, origin: Origin::Clinic },
        (None, None) => Effective { value: house, origin: Origin::House },
    }
}

impl<'a> Policy<'a> {
    /// The kinds of visit are the clinic's; a provider only leaves some out and takes more or less time.
    pub fn visit_types(&self) -> Effective<&'a [VisitType]> {
        nearest(None, self.clinic.visit_types.as_deref(), &self.house.visit_types)
    }

    pub fn default_visit_type(&self) -> Effective<&'a str> {
        nearest(None, self.clinic.default_visit_type.as_deref(), &self.house.default_visit_type)
    }

    pub fn hold_seconds(&self) -> Effective<u32> {
        nearest(None, self.clinic.hold_seconds, self.house.hold_seconds)
    }

    pub fn bookable(&self) -> Effective<bool> {
        let provider = self.provider.and_then(|provider| provider.bookable);
        nearest(provider, self.clinic.bookable, self.house.bookable)
    }

    pub fn accepts_new_patients(&self) -> Effective<bool> {
        let provider = self.provider.and_then(|provider| provider.accepts_new_patients);
        nearest(provider, self.clinic.accepts_new_patients, self.house.accepts_new_patients)
    }

    /// The codes of the visit types that may be booked.
    pub fn visits(&self) -> Effective<Vec<&'a str>> {
        if let Some(codes) = self.provider.and_then(|provider| provider.visit_types.as_deref()) {
            let value = codes.iter().map(String::as_str).collect();
            return Effective { value, origin: Origin::Provider };
        }
        let Effective { value, origin } = self.visit_types();
        Effective { value: value.iter().map(|visit| visit.code.as_str()).collect(), origin }
    }

    pub fn minutes(&self, visit: &VisitType) -> Effective<u16> {
        match self.provider.and_then(|provider| provider.minutes.get(&visit.code)) {
            Some(&value) => Effective { value, origin: Origin::Provider },
            None => Effective { value: visit.minutes, origin: self.visit_types().origin },
        }
    }

    pub fn buffer_minutes(&self) -> Effective<u16> {
        let provider = self.provider.and_then(|provider| provider.buffer_minutes);
        nearest(provider, self.clinic.buffer_minutes, self.house.buffer_minutes)
    }

    pub fn min_notice_minutes(&self) -> Effective<u32> {
        let provider = self.provider.and_then(|provider| provider.min_notice_minutes);
        nearest(provider, self.clinic.min_notice_minutes, self.house.min_notice_minutes)
    }

    pub fn max_advance_days(&self) -> Effective<u16> {
        let provider = self.provider.and_then(|provider| provider.max_advance_days);
        nearest(provider, self.clinic.max_advance_days, self.house.max_advance_days)
    }

    pub fn template_codes(&self) -> Effective<&'a [char]> {
        let provider = self.provider.and_then(|provider| provider.template_codes.as_deref());
        nearest(provider, self.clinic.template_codes.as_deref(), &self.house.template_codes)
    }

    pub fn blocked_template_codes(&self) -> Effective<&'a [char]> {
        let provider = self.provider.and_then(|provider| provider.blocked_template_codes.as_deref());
        nearest(provider, self.clinic.blocked_template_codes.as_deref(), &self.house.blocked_template_codes)
    }

    pub fn daily_limit(&self) -> Effective<u16> {
        let provider = self.provider.and_then(|provider| provider.daily_limit);
        nearest(provider, self.clinic.daily_limit, self.house.daily_limit)
    }

    pub fn languages(&self) -> Effective<&'a [Language]> {
        let provider = self.provider.and_then(|provider| provider.languages.as_deref());
        nearest(provider, self.clinic.languages.as_deref(), &self.house.languages)
    }

    pub fn priority(&self) -> Effective<i32> {
        let provider = self.provider.and_then(|provider| provider.priority);
        nearest(provider, self.clinic.priority, self.house.priority)
    }
}

impl<'a> Policy<'a> {
    /// The kind of visit with that code, or the usual one.
    pub fn visit_type(&self, code: Option<&str>) -> Option<&'a VisitType> {
        let wanted = code.unwrap_or(self.default_visit_type().value);
        self.visit_types().value.iter().find(|visit| visit.code == wanted)
    }

    pub fn notice(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.min_notice_minutes().value))
    }

    pub fn hold(&self) -> Duration {
        Duration::from_secs(u64::from(self.hold_seconds().value))
    }

    pub fn serves(&self, language: Language) -> bool {
        let languages = self.languages().value;
        self.bookable().value && (languages.is_empty() || languages.contains(&language))
    }

    /// Whether somebody may be booked for a kind of visit at all, whatever the day.
    pub fn takes(&self, visit: &VisitType, asker: Asker) -> bool {
        self.serves(asker.language)
            && self.visits().value.contains(&visit.code.as_str())
            && (self.accepts_new_patients().value || !asker.is_new)
    }

    /// Whether a kind of visit may be booked on a template code.
    pub fn opens(&self, code: char, visit: &VisitType) -> bool {
        let allowed = self.template_codes().value;
        visit.template_codes.contains(&code)
            && (allowed.is_empty() || allowed.contains(&code))
            && !self.blocked_template_codes().value.contains(&code)
    }

    /// Whether a provider who has so many appointments of ours on a day may be given another.
    pub fn has_room(&self, ours: usize) -> bool {
        let limit = self.daily_limit().value;
        limit == 0 || ours < usize::from(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clinic::Clinic;
    use crate::testing::{clinic, provider_no};

    /// House, clinic and first provider say these buffers.
    fn buffers(house: u16, own: Option<u16>, provider: Option<u16>) -> Effective<u16> {
        let mut clinic = clinic("maple", 1);
        clinic.house.buffer_minutes = house;
        clinic.booking.buffer_minutes = own;
        clinic.providers[0].buffer_minutes = provider;
        clinic.policy_of(&clinic.providers[0]).buffer_minutes()
    }

    #[test]
    fn of_house_clinic_and_provider_the_nearest_that_says_something_decides() {
        assert_eq!(buffers(1, None, None), Effective { value: 1, origin: Origin::House });
        assert_eq!(buffers(1, Some(2), None), Effective { value: 2, origin: Origin::Clinic });
        assert_eq!(buffers(1, Some(2), Some(0)), Effective { value: 0, origin: Origin::Provider });
        assert_eq!(buffers(1, None, Some(3)), Effective { value: 3, origin: Origin::Provider });
    }

    fn shown(clinic: &Clinic, rule: &str) -> (String, Origin) {
        let table = clinic.policy_of(&clinic.providers[0]).table();
        let line = table.into_iter().find(|line| line.rule == rule).expect("a rule");
        (line.value, line.origin)
    }

    #[test]
    fn every_rule_is_shown_from_the_level_that_said_it() {
        let mut clinic = clinic("maple", 1);
        let rules = |clinic: &Clinic| clinic.policy_of(&clinic.providers[0]).table();
        assert!(
            rules(&clinic).iter().filter(|line| line.rule != "name").all(|line| line.origin == Origin::House)
        );

        let own = serde_json::json!({
            "visit_types": [{ "code": "X", "minutes": 20, "template_codes": ["1"] }], "default_visit_type": "X",
            "hold_seconds": 60, "bookable": false, "accepts_new_patients": false, "buffer_minutes": 1,
            "min_notice_minutes": 2, "max_advance_days": 3, "template_codes": ["1"], "blocked_template_codes": ["2"],
            "daily_limit": 4, "languages": ["en"], "priority": 5,
        });
        clinic.booking = serde_json::from_value(own).unwrap();
        assert!(
            rules(&clinic)
                .iter()
                .filter(|line| line.rule != "name")
                .all(|line| line.origin == Origin::Clinic)
        );
        assert_eq!(shown(&clinic, "minutes.X"), ("20".to_owned(), Origin::Clinic));

        let own = serde_json::json!({
            "provider_no": provider_no(1), "name": "Dr. Number 1", "visit_types": ["X"], "minutes": { "X": 30 },
            "bookable": true, "accepts_new_patients": true, "buffer_minutes": 6, "min_notice_minutes": 7,
            "max_advance_days": 8, "template_codes": [], "blocked_template_codes": [], "daily_limit": 0,
            "languages": [], "priority": 9,
        });
        clinic.providers[0] = serde_json::from_value(own).unwrap();
        let of_the_clinic: Vec<String> = rules(&clinic)
            .into_iter()
            .filter(|line| line.origin != Origin::Provider)
            .map(|line| line.rule)
            .collect();
        assert_eq!(of_the_clinic, ["default_visit_type", "hold_seconds"]);
        assert_eq!(shown(&clinic, "minutes.X").0, "30");
        assert_eq!(
            shown(&clinic, "daily_limit").0,
            "no limit",
            "a provider may be given more than the clinic's rest"
        );
        assert_eq!(shown(&clinic, "template_codes").0, "those of the visit type");
    }

    #[test]
    fn a_clinic_as_it_is_stored_keeps_what_each_level_said_and_leaves_the_house_out() {
        let mut clinic = clinic("maple", 1);
        clinic.house.daily_limit = 9;
        clinic.booking.buffer_minutes = Some(5);
        clinic.providers[0].minutes.insert("B".to_owned(), 20);
        let stored = serde_json::to_string(&clinic).unwrap();
        let mut read: Clinic = serde_json::from_str(&stored).unwrap();
        assert_eq!(read.house, BookingRules::default(), "the next process may have other settings");
        read.house = clinic.house.clone();
        assert_eq!(read, clinic);
    }
}
