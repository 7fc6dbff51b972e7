//! The rules of booking as they are written down: all of them for the house, and what a clinic says differently.
//!
//! What counts for one clinic and one provider is [`super::policy`]'s to say.

use serde::{Deserialize, Serialize};

use super::say::Language;

/// The house's rules: what counts wherever no clinic and no provider says otherwise. An empty list restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookingRules {
    pub visit_types: Vec<VisitType>,
    /// The visit type when a caller names none.
    pub default_visit_type: String,
    /// How long an offered slot is kept from other callers.
    pub hold_seconds: u32,
    pub bookable: bool,
    pub accepts_new_patients: bool,
    /// Kept free before and after every appointment.
    pub buffer_minutes: u16,
    pub min_notice_minutes: u32,
    pub max_advance_days: u16,
    pub template_codes: Vec<char>,
    pub blocked_template_codes: Vec<char>,
    /// Appointments of ours a provider has on one day at most; 0 is no limit.
    pub daily_limit: u16,
    pub languages: Vec<Language>,
    pub priority: i32,
}

impl BookingRules {
    pub const MAX_HOLDS_PER_CALL: usize = 3;
}

impl Default for BookingRules {
    /// Codes as shipped with OSCAR.
    fn default() -> Self {
        let visit = |code: &str, minutes, template_codes: &[char]| VisitType {
            code: code.to_owned(),
            minutes,
            template_codes: template_codes.to_vec(),
        };
        Self {
            visit_types: vec![
                visit("B", 15, &['1', '2', '3', '6']),
                visit("2", 30, &['1', '2', '3', '6']),
                visit("3", 45, &['1', '2', '3', '6']),
                visit("P", 15, &['P']),
            ],
            default_visit_type: "B".to_owned(),
            hold_seconds: 120,
            bookable: true,
            accepts_new_patients: true,
            buffer_minutes: 0,
            min_notice_minutes: 60,
            max_advance_days: 60,
            template_codes: Vec::new(),
            blocked_template_codes: Vec::new(),
            daily_limit: 0,
            languages: Vec::new(),
            priority: 0,
        }
    }
}

/// What a clinic says for itself; the house decides the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClinicRules {
    pub visit_types: Option<Vec<VisitType>>,
    pub default_visit_type: Option<String>,
    pub hold_seconds: Option<u32>,
    pub bookable: Option<bool>,
    pub accepts_new_patients: Option<bool>,
    pub buffer_minutes: Option<u16>,
    pub min_notice_minutes: Option<u32>,
    pub max_advance_days: Option<u16>,
    pub template_codes: Option<Vec<char>>,
    pub blocked_template_codes: Option<Vec<char>>,
    pub daily_limit: Option<u16>,
    pub languages: Option<Vec<Language>>,
    pub priority: Option<i32>,
}

/// A kind of visit, the minutes it takes and the template codes it may be booked on. Nothing in OSCAR marks a code as
/// bookable from outside, so this list is policy and has to be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitType {
    pub code: String,
    pub minutes: u16,
    pub template_codes: Vec<char>,
}
