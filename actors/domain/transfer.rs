//! Putting a caller through to a person: which line for which reason, when somebody picks up, and what is answered.
//!
//! All of it comes from the clinic's declaration and the clock, so that nothing can stand between a caller and a human.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::Answer;
use super::clinic::{Clinic, Line};
use super::clinic_hours::{Week, opening};
use super::say::{Language, Situation};
use super::time::Ts;

/// Why a caller is put through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferReason {
    MedicalQuestion,
    Billing,
    Frustrated,
    RegistrationError,
    #[default]
    PatientRequest,
}

impl TransferReason {
    pub const ALL: [Self; 5] = [
        Self::MedicalQuestion,
        Self::Billing,
        Self::Frustrated,
        Self::RegistrationError,
        Self::PatientRequest,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::MedicalQuestion => "medical_question",
            Self::Billing => "billing",
            Self::Frustrated => "frustrated",
            Self::RegistrationError => "registration_error",
            Self::PatientRequest => "patient_request",
        }
    }

    /// What a model writes. A reason in words of its own is no reason to keep the caller.
    pub fn named(text: &str) -> Self {
        let plain = text.trim().to_lowercase().replace([' ', '-'], "_");
        Self::ALL.into_iter().find(|reason| reason.name() == plain).unwrap_or_default()
    }
}

/// A clinic's own lines for some reasons, and when they are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transfers {
    pub medical_question: Option<Line>,
    pub billing: Option<Line>,
    pub frustrated: Option<Line>,
    pub registration_error: Option<Line>,
    pub patient_request: Option<Line>,
    /// Unset: while the clinic is open.
    pub hours: Option<Week>,
}

impl Transfers {
    const fn line(&self, reason: TransferReason) -> Option<&Line> {
        let line = match reason {
            TransferReason::MedicalQuestion => &self.medical_question,
            TransferReason::Billing => &self.billing,
            TransferReason::Frustrated => &self.frustrated,
            TransferReason::RegistrationError => &self.registration_error,
            TransferReason::PatientRequest => &self.patient_request,
        };
        line.as_ref()
    }

    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        TransferReason::ALL.into_iter().filter_map(|reason| self.line(reason))
    }
}

impl Clinic {
    /// The reason's own line, else the clinic's transfer line, else its telephone; never one that leads back to us.
    pub fn transfer_line(&self, reason: TransferReason) -> Option<&Line> {
        let lines = [self.transfers.line(reason), self.transfer.as_ref(), Some(&self.phone)];
        lines.into_iter().flatten().find(|line| !self.lines.contains(line))
    }

    /// Whether somebody answers the transfer lines.
    pub fn picks_up(&self, now: Ts) -> bool {
        let wall = self.timezone.wall(now);
        let week = self.transfers.hours.as_ref().unwrap_or(&self.hours);
        opening(week, &self.holidays, wall.date()).is_open_at(wall.time())
    }
}

/// The voice platform's form of a line to transfer to.
pub fn destination(line: &Line) -> Value {
    json!({ "type": "number", "number": line.0.e164() })
}

pub fn transfer(clinic: &Clinic, reason: TransferReason, language: Language, now: Ts) -> Answer {
    let (line, staffed) = (clinic.transfer_line(reason), clinic.picks_up(now));
    let situation = match (line, staffed) {
        (None, _) => Situation::TransferUnavailable,
        (Some(_), false) => Situation::TransferClosed,
        (Some(_), true) => Situation::Transferring,
    };
    let answer = Answer::new(situation, language, &[("phone", &clinic.phone.0.spoken())])
        .with("reason", reason.name())
        .with("isOpen", staffed)
        .with("waitlistAvailable", clinic.waitlist_enabled);
    match line {
        Some(line) => answer.with("transferNumber", line.0.e164()).with("destination", destination(line)),
        None => answer,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::domain::phone::PhoneNumber;
    use crate::testing::clinic;

    fn line(text: &str) -> Line {
        Line(PhoneNumber::parse(text).unwrap())
    }

    fn at(clinic: &Clinic, day: Date, hour: i8) -> Ts {
        clinic.timezone.instant(day.at(hour, 0, 0, 0)).unwrap()
    }

    const TUESDAY: Date = date(2026, 11, 24);

    #[test]
    fn a_reason_goes_to_its_own_line_and_else_to_the_clinics() {
        let mut clinic = clinic("maple", 1);
        clinic.transfer = Some(line("604-555-0101"));
        clinic.transfers.billing = Some(line("604-555-0102"));
        assert_eq!(clinic.transfer_line(TransferReason::Billing), Some(&line("604-555-0102")));
        assert_eq!(clinic.transfer_line(TransferReason::Frustrated), Some(&line("604-555-0101")));
        clinic.transfer = None;
        assert_eq!(clinic.transfer_line(TransferReason::Frustrated), Some(&clinic.phone));
    }

    #[test]
    fn nobody_is_put_through_to_the_line_they_are_on() {
        let mut clinic = clinic("maple", 1);
        clinic.lines = vec![clinic.phone.clone(), line("604-555-0101")];
        clinic.transfer = Some(line("604-555-0101"));
        assert_eq!(clinic.transfer_line(TransferReason::PatientRequest), None);
        let answer =
            transfer(&clinic, TransferReason::PatientRequest, Language::En, at(&clinic, TUESDAY, 10));
        assert_eq!(answer.situation, Situation::TransferUnavailable);
    }

    #[test]
    fn a_line_is_answered_in_its_own_hours_or_the_clinics_and_never_on_a_holiday() {
        let mut clinic = clinic("maple", 1);
        let now = |clinic: &Clinic, hour| {
            transfer(clinic, TransferReason::Billing, Language::Zh, at(clinic, TUESDAY, hour)).situation
        };
        assert_eq!(now(&clinic, 10), Situation::Transferring);
        assert_eq!(now(&clinic, 20), Situation::TransferClosed);
        clinic.transfers.hours =
            Some(Week { tuesday: vec!["18:00-22:00".parse().unwrap()], ..Week::default() });
        assert_eq!(now(&clinic, 10), Situation::TransferClosed);
        assert_eq!(now(&clinic, 20), Situation::Transferring);
        clinic.holidays.insert(TUESDAY, "a holiday".to_owned());
        assert_eq!(now(&clinic, 20), Situation::TransferClosed);
    }

    #[test]
    fn a_reason_is_known_however_it_is_written_and_another_is_the_patients_wish() {
        for reason in TransferReason::ALL {
            assert_eq!(TransferReason::named(reason.name()), reason);
            assert_eq!(TransferReason::named(&reason.name().replace('_', " ").to_uppercase()), reason);
        }
        assert_eq!(TransferReason::named("wants the doctor's cousin"), TransferReason::PatientRequest);
    }
}
