//! A clinic as the operator declares it: who it is, when it is open, who works there and how it books.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarm::AlarmWords;
use super::availability::DaySchedule;
use super::booking_rules::{BookingRules, ClinicRules, VisitType};
use super::clinic_hours::{BadHours, Holidays, Opening, Week, opening};
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

/// What a clinic's EMR may be asked to bear, and how long we wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmrLimits {
    pub requests_per_second: u32,
    pub burst: u32,
    pub max_in_flight: u32,
    /// Requests that wait for one of those places; beyond it a request is refused at once.
    pub queue: u32,
    /// A reply slower than this counts as a failure for the breaker.
    pub slow_ms: u64,
    /// How long a write that may have left is waited for (never cut sooner: that would manufacture unknowns).
    pub write_timeout_ms: u64,
    pub breaker_error_percent: u32,
    /// Consecutive failures that open a breaker whatever the percentage, so that it works at one call a minute.
    pub breaker_consecutive: u32,
    pub breaker_open_ms: u64,
}

impl Default for EmrLimits {
    fn default() -> Self {
        Self {
            requests_per_second: 20,
            burst: 40,
            max_in_flight: 4,
            queue: 64,
            slow_ms: 4_000,
            write_timeout_ms: 15_000,
            breaker_error_percent: 50,
            breaker_consecutive: 3,
            breaker_open_ms: 30_000,
        }
    }
}

impl EmrLimits {
    pub fn slow(&self) -> Duration {
        Duration::from_millis(self.slow_ms)
    }

    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    pub fn breaker_open(&self) -> Duration {
        Duration::from_millis(self.breaker_open_ms)
    }
}

/// Minutes a visit may take.
const LENGTHS: RangeInclusive<u16> = 1..=480;

/// Minutes a freed time is kept for one of those who wait.
const KEPT: RangeInclusive<u16> = 1..=1_440;

/// What is wrong with a clinic's declaration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadClinic {
    #[error("hours: {0}")]
    Hours(#[from] BadHours),
    #[error("booking.default_visit_type: '{0}' is not among booking.visit_types")]
    DefaultVisit(String),
    #[error("booking.visit_types: '{0}' must take 1 to 480 minutes and list at least one template code")]
    Visit(String),
    #[error("providers: {0} is listed twice")]
    ProviderTwice(ProviderNo),
    #[error("providers: {provider} lists visit type '{visit}', which is not among booking.visit_types")]
    ProviderVisit { provider: ProviderNo, visit: String },
    #[error("providers: {provider} must take 1 to 480 minutes for visit type '{visit}'")]
    ProviderMinutes { provider: ProviderNo, visit: String },
    #[error(
        "providers: {provider} lists visit type '{visit}', but none of its template codes is open to them"
    )]
    ProviderCodes { provider: ProviderNo, visit: String },
    #[error(
        "providers: the work grid of {0} must have slots of 1 to 480 minutes and stretches that follow each other"
    )]
    WorkGrid(ProviderNo),
    #[error("limits: {0} must be at least 1")]
    Limit(&'static str),
    #[error("slot_offers.offer_minutes must be 1 to 1440")]
    OfferMinutes,
    #[error("sms.enabled needs sms.sender")]
    SmsSender,
    #[error("lines: {0:?} is also where callers are transferred to")]
    TransferLoop(Line),
    #[error("voice: both assistant_id and squad_id are set")]
    TwoVoices,
}

impl Clinic {
    pub fn check(&self) -> Result<(), BadClinic> {
        self.hours.check()?;
        self.check_visits()?;
        self.check_providers()?;
        self.check_limits()?;
        self.check_transfers()?;
        if !KEPT.contains(&self.slot_offers.offer_minutes) {
            return Err(BadClinic::OfferMinutes);
        }
        if self.voice.assistant_id.is_some() && self.voice.squad_id.is_some() {
            return Err(BadClinic::TwoVoices);
        }
        if self.sms.enabled && self.sms.sender.is_none() { Err(BadClinic::SmsSender) } else { Ok(()) }
    }

    fn check_visits(&self) -> Result<(), BadClinic> {
        let policy = self.policy();
        for visit in policy.visit_types().value {
            if !LENGTHS.contains(&visit.minutes) || visit.template_codes.is_empty() {
                return Err(BadClinic::Visit(visit.code.clone()));
            }
        }
        match policy.visit_type(None) {
            Some(_) => Ok(()),
            None => Err(BadClinic::DefaultVisit(policy.default_visit_type().value.to_owned())),
        }
    }

    fn check_providers(&self) -> Result<(), BadClinic> {
        for (index, provider) in self.providers.iter().enumerate() {
            if self.providers[..index].iter().any(|other| other.provider_no == provider.provider_no) {
                return Err(BadClinic::ProviderTwice(provider.provider_no.clone()));
            }
            let no = || provider.provider_no.clone();
            for visit in provider.visit_types.iter().flatten().chain(provider.minutes.keys()) {
                if self.visit_type(Some(visit)).is_none() {
                    return Err(BadClinic::ProviderVisit { provider: no(), visit: visit.clone() });
                }
            }
            if let Some((visit, _)) = provider.minutes.iter().find(|(_, minutes)| !LENGTHS.contains(minutes))
            {
                return Err(BadClinic::ProviderMinutes { provider: no(), visit: visit.clone() });
            }
            let is_usable =
                |grid: &WorkGrid| LENGTHS.contains(&grid.slot_minutes) && grid.hours.check().is_ok();
            if !provider.work_grid.as_ref().is_none_or(is_usable) {
                return Err(BadClinic::WorkGrid(no()));
            }
            if let Some(visit) = self.closed_to(provider) {
                return Err(BadClinic::ProviderCodes { provider: no(), visit: visit.code.clone() });
            }
        }
        Ok(())
    }

    /// A kind of visit this provider takes by what is said, and that no template code is left for.
    fn closed_to(&self, provider: &ClinicProvider) -> Option<&VisitType> {
        let policy = self.policy_of(provider);
        let listed = provider.visit_types.iter().flatten();
        let mut listed = listed.filter_map(|code| self.visit_type(Some(code)));
        listed.find(|visit| !visit.template_codes.iter().any(|code| policy.opens(*code, visit)))
    }

    fn check_limits(&self) -> Result<(), BadClinic> {
        let limits = &self.limits;
        let all = [
            ("requests_per_second", u64::from(limits.requests_per_second)),
            ("burst", u64::from(limits.burst)),
            ("max_in_flight", u64::from(limits.max_in_flight)),
            ("slow_ms", limits.slow_ms),
            ("write_timeout_ms", limits.write_timeout_ms),
            ("breaker_consecutive", u64::from(limits.breaker_consecutive)),
            ("breaker_open_ms", limits.breaker_open_ms),
        ];
        match all.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(BadClinic::Limit(name)),
            None => Ok(()),
        }
    }

    fn check_transfers(&self) -> Result<(), BadClinic> {
        if let Some(hours) = &self.transfers.hours {
            hours.check()?;
        }
        match self.transfer.iter().chain(self.transfers.lines()).find(|line| self.lines.contains(line)) {
            Some(line) => Err(BadClinic::TransferLoop(line.clone())),
            None => Ok(()),
        }
    }

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

/// All clinics of this house, and the ways a call says which one it means. A snapshot: replaced whole, never edited.
#[derive(Debug, Default)]
pub struct Roster {
    clinics: HashMap<ClinicId, Arc<Clinic>>,
    lines: HashMap<Line, ClinicId>,
    voice_ids: HashMap<String, ClinicId>,
}

/// Two clinics claim the same line or voice id; nobody can tell whose call it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("clinics '{first}' and '{second}' both claim {what}")]
pub struct Contested {
    pub first: ClinicId,
    pub second: ClinicId,
    pub what: String,
}

impl Roster {
    pub fn of(clinics: impl IntoIterator<Item = Clinic>) -> Result<Self, Contested> {
        let mut roster = Self::default();
        for clinic in clinics {
            for line in &clinic.lines {
                claim(&mut roster.lines, line.clone(), &clinic.id, || format!("line {line:?}"))?;
            }
            for voice_id in &clinic.voice_ids {
                claim(&mut roster.voice_ids, voice_id.clone(), &clinic.id, || {
                    format!("voice id {voice_id}")
                })?;
            }
            let id = clinic.id.clone();
            if roster.clinics.insert(id.clone(), Arc::new(clinic)).is_some() {
                return Err(Contested { first: id.clone(), second: id, what: "the same id".to_owned() });
            }
        }
        Ok(roster)
    }

    pub fn clinic(&self, id: &ClinicId) -> Option<&Arc<Clinic>> {
        self.clinics.get(id)
    }

    pub fn by_line(&self, number: &PhoneNumber) -> Option<&ClinicId> {
        self.lines.get(&Line(number.clone()))
    }

    pub fn by_voice_id(&self, id: &str) -> Option<&ClinicId> {
        self.voice_ids.get(id)
    }

    pub fn clinics(&self) -> impl Iterator<Item = &Arc<Clinic>> {
        self.clinics.values()
    }
}

fn claim<K: std::hash::Hash + Eq>(
    claims: &mut HashMap<K, ClinicId>,
    key: K,
    clinic: &ClinicId,
    what: impl FnOnce() -> String,
) -> Result<(), Contested> {
    match claims.insert(key, clinic.clone()) {
        Some(first) if first != *clinic => Err(Contested { first, second: clinic.clone(), what: what() }),
        _ => Ok(()),
    }
}
