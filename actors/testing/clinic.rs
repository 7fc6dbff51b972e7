//! A clinic, a provider and patients to test with. Nobody here exists.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use crate::domain::alarm::AlarmWords;
use crate::domain::booking_rules::{BookingRules, ClinicRules};
use crate::domain::clinic::{Clinic, ClinicProvider, EmrLimits, Greeting, Line, SmsSettings};
use crate::domain::clinic_hours::{Holidays, Stretch, Week};
use crate::domain::ids::{ClinicId, DemographicNo, ProviderNo};
use crate::domain::patient::{Patient, Standing};
use crate::domain::phone::PhoneNumber;
use crate::domain::registration::RegistrationRules;
use crate::domain::say::Language;
use crate::domain::slot_offer::SlotOffers;
use crate::domain::time::Zone;
use crate::domain::transfer::Transfers;
use crate::domain::voice::VoiceSettings;

/// A Tuesday, far from any clock change.
pub const fn visit_day() -> Date {
    date(2026, 11, 24)
}

pub fn provider_no(n: usize) -> ProviderNo {
    #[expect(clippy::expect_used, reason = "a constant shape")]
    ProviderNo::parse(&format!("02{n}")).expect("a provider number")
}

/// Open on weekdays from nine to five, with `providers` doctors.
#[expect(clippy::expect_used, reason = "constants")]
pub fn clinic(id: &str, providers: usize) -> Clinic {
    let day: Vec<Stretch> = vec!["09:00-17:00".parse().expect("hours")];
    let line = |text: &str| Line(PhoneNumber::parse(text).expect("a number"));
    Clinic {
        id: ClinicId::parse(id).expect("an id"),
        name: format!("{id} clinic"),
        phone: line("604-555-0100"),
        lines: Vec::new(),
        voice_ids: Vec::new(),
        timezone: Zone::named("America/Vancouver").expect("a zone"),
        language: Language::En,
        address: None,
        greeting: Greeting::default(),
        accepting_new_patients: true,
        waitlist_enabled: false,
        held_requests: true,
        prefer_rest: false,
        registration: RegistrationRules { program_id: Some(10_034), ..RegistrationRules::default() },
        transfer: None,
        sms: SmsSettings { enabled: true, sender: Some(line("604-555-0101")) },
        hours: Week {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            ..Week::default()
        },
        holidays: Holidays::new(),
        booking: ClinicRules::default(),
        house: BookingRules::default(),
        limits: EmrLimits::default(),
        slot_offers: SlotOffers::default(),
        providers: (1..=providers)
            .map(|n| provider(provider_no(n).as_str(), &format!("Dr. Number {n}")))
            .collect(),
        transfers: Transfers::default(),
        alarms: AlarmWords::default(),
        voice: VoiceSettings::default(),
    }
}

/// Who says nothing differently.
#[expect(clippy::expect_used, reason = "a constant")]
fn provider(no: &str, name: &str) -> ClinicProvider {
    ClinicProvider {
        provider_no: ProviderNo::parse(no).expect("a provider number"),
        name: name.to_owned(),
        name_zh: None,
        bookable: None,
        accepts_new_patients: None,
        visit_types: None,
        minutes: BTreeMap::new(),
        buffer_minutes: None,
        min_notice_minutes: None,
        max_advance_days: None,
        template_codes: None,
        blocked_template_codes: None,
        daily_limit: None,
        languages: None,
        priority: None,
        work_grid: None,
    }
}

/// Number `n` has the telephone 604-555-01nn and a birthday of their own.
pub fn patient(n: i32) -> Patient {
    let month = i8::try_from(n % 12 + 1).unwrap_or(1);
    let day = i8::try_from(n % 28 + 1).unwrap_or(1);
    Patient {
        no: DemographicNo::new(4_000 + n),
        first_name: format!("First{}", letters(n)).into(),
        last_name: format!("Last{}", letters(n)).into(),
        birth_date: Some(date(1950 + i16::try_from(n % 50).unwrap_or(0), month, day).into()),
        phones: vec![format!("604-555-01{:02}", n % 100).into()],
        standing: Standing::Active,
        merged_into: None,
        provider: None,
    }
}

pub fn marie() -> Patient {
    patient(42)
}

/// Digits do not survive in names.
fn letters(n: i32) -> String {
    n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}
