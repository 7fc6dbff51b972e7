//! A clinic as the operator declares it: who it is, when it is open, who works there and how it books.

mod check;
mod limits;
mod roster;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alarm::AlarmWords;
use super::availability::DaySchedule;
use super::booking_rules::{BookingRules, ClinicRules, VisitType};
use super::clinic_hours::{Holidays, Opening, Week, opening};
use super::ids::{ClinicId, ProviderNo};
use super::phone::PhoneNumber;
use super::policy::{Asker, Policy};
use super::registration::RegistrationRules;
use super::say::Language;
use super::slot_offer::SlotOffers;
use super::time::{Ts, Zone};
use super::transfer::{TransferReason, Transfers};
use super::voice::VoiceSettings;
use super::work_grid::WorkGrid;
pub use check::BadClinic;
pub use limits::EmrLimits;
pub use roster::{Contested, Roster};

const fn held_unless_declined() -> bool {
    true
}

/// Everything about a clinic but its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting by itself, and they do not depend on each other"
)]
pub struct Clinic {
    pub id: ClinicId,
    pub name: String,
    /// What a caller is told to dial when we cannot help.
    pub phone: Line,
    /// The lines patients dial, as the voice platform reports them.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// The voice platform's ids of those lines, and of the assistants and squads that answer for this clinic only.
    #[serde(default)]
    pub voice_ids: Vec<String>,
    pub timezone: Zone,
    #[serde(default)]
    pub language: Language,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub greeting: Greeting,
    #[serde(default)]
    pub accepting_new_patients: bool,
    #[serde(default)]
    pub waitlist_enabled: bool,
    /// Whether a request is held while the EMR is away, or refused.
    #[serde(default = "held_unless_declined")]
    pub held_requests: bool,
    /// Whether the EMR is asked by REST where there is a choice.
    #[serde(default)]
    pub prefer_rest: bool,
    #[serde(default)]
    pub registration: RegistrationRules,
    #[serde(default)]
    pub transfer: Option<Line>,
    #[serde(default)]
    pub sms: SmsSettings,
    pub hours: Week,
    #[serde(default)]
    pub holidays: Holidays,
    /// What this clinic says differently about booking.
    #[serde(default)]
    pub booking: ClinicRules,
    /// What the house says: settings of this process, given to every clinic that it reads, and never the clinic's own.
    #[serde(skip)]
    pub house: BookingRules,
    #[serde(default)]
    pub limits: EmrLimits,
    #[serde(default)]
    pub slot_offers: SlotOffers,
    pub providers: Vec<ClinicProvider>,
    #[serde(default)]
    pub transfers: Transfers,
    #[serde(default)]
    pub alarms: AlarmWords,
    #[serde(default)]
    pub voice: VoiceSettings,
}

/// A clinic's own telephone line: public, so it may be printed and spoken.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(pub PhoneNumber);

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.spoken())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Greeting {
    pub en: Option<String>,
    pub zh: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsSettings {
    pub enabled: bool,
    pub sender: Option<Line>,
}

/// A doctor or nurse who may be booked by telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicProvider {
    pub provider_no: ProviderNo,
    pub name: String,
    #[serde(default)]
    pub name_zh: Option<String>,
    // What this provider says differently about booking.
    #[serde(default)]
    pub bookable: Option<bool>,
    #[serde(default)]
    pub accepts_new_patients: Option<bool>,
    /// Unset: all of the clinic's.
    #[serde(default)]
    pub visit_types: Option<Vec<String>>,
    /// For the visit types that take this provider more or less time than others.
    #[serde(default)]
    pub minutes: BTreeMap<String, u16>,
    #[serde(default)]
    pub buffer_minutes: Option<u16>,
    #[serde(default)]
    pub min_notice_minutes: Option<u32>,
    #[serde(default)]
    pub max_advance_days: Option<u16>,
    #[serde(default)]
    pub template_codes: Option<Vec<char>>,
    #[serde(default)]
    pub blocked_template_codes: Option<Vec<char>>,
    #[serde(default)]
    pub daily_limit: Option<u16>,
    #[serde(default)]
    pub languages: Option<Vec<Language>>,
    #[serde(default)]
    pub priority: Option<i32>,
    /// For an EMR that does not tell when this provider works.
    #[serde(default)]
    pub work_grid: Option<WorkGrid>,
}

impl ClinicProvider {
    pub fn spoken_name(&self, language: Language) -> &str {
        match language {
            Language::En => &self.name,
            Language::Zh => self.name_zh.as_deref().unwrap_or(&self.name),
        }
    }
}

impl Clinic {
    pub fn opening(&self, date: jiff::civil::Date) -> Opening<'_> {
        opening(&self.hours, &self.holidays, date)
    }

    pub fn is_open(&self, now: Ts) -> bool {
        let wall = self.timezone.wall(now);
        self.opening(wall.date()).is_open_at(wall.time())
    }

    /// The number a patient is told to call back: one that leads to us, who know what is kept for them.
    pub fn callback_line(&self) -> &Line {
        self.lines.first().unwrap_or(&self.phone)
    }

    pub fn provider(&self, no: &ProviderNo) -> Option<&ClinicProvider> {
        self.providers.iter().find(|provider| provider.provider_no == *no)
    }

    pub const fn policy(&self) -> Policy<'_> {
        Policy { house: &self.house, clinic: &self.booking, provider: None }
    }

    pub const fn policy_of<'a>(&'a self, provider: &'a ClinicProvider) -> Policy<'a> {
        Policy { house: &self.house, clinic: &self.booking, provider: Some(provider) }
    }

    /// The kind of visit with that code, or the usual one.
    pub fn visit_type(&self, code: Option<&str>) -> Option<&VisitType> {
        self.policy().visit_type(code)
    }

    /// What a caller can be offered when nothing can be looked up or booked.
    pub fn instead_of_booking(&self) -> Vec<&'static str> {
        let transfer = self.transfer_line(TransferReason::default()).map(|_| "transfer");
        transfer.into_iter().chain(self.waitlist_enabled.then_some("waitlist")).collect()
    }

    /// The day as this provider usually works it, if the clinic has said so; `Some(None)` is a day off.
    pub fn usual_day(&self, provider: &ProviderNo, date: jiff::civil::Date) -> Option<Option<DaySchedule>> {
        let grid = self.provider(provider)?.work_grid.as_ref()?;
        let kinds = self.policy().visit_types().value;
        let codes: Vec<char> = kinds.iter().flat_map(|kind| kind.template_codes.iter().copied()).collect();
        Some(grid.on(date, &codes))
    }

    /// Those somebody may be booked with for a kind of visit, preferred ones first, else as the clinic lists them.
    pub fn bookable(&self, visit: &VisitType, asker: Asker) -> Vec<&ClinicProvider> {
        let takes = |provider: &&ClinicProvider| self.policy_of(provider).takes(visit, asker);
        let mut bookable: Vec<&ClinicProvider> = self.providers.iter().filter(takes).collect();
        bookable.sort_by_key(|provider| Reverse(self.policy_of(provider).priority().value));
        bookable
    }
}
