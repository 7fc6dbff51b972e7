//! A declaration that contradicts itself, and which of its settings does.

use std::ops::RangeInclusive;

use super::{Clinic, ClinicProvider, Line};
use crate::domain::booking_rules::VisitType;
use crate::domain::clinic_hours::BadHours;
use crate::domain::ids::ProviderNo;
use crate::domain::work_grid::WorkGrid;

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
}
