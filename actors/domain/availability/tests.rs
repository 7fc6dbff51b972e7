use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::domain::booking_rules::{BookingRules, ClinicRules};
use crate::domain::clinic::Line;
use crate::domain::clinic_hours::{Holidays, Week};
use crate::domain::ids::ClinicId;
use crate::domain::phone::PhoneNumber;
use crate::domain::registration::RegistrationRules;
use crate::domain::say::Language;
use crate::domain::time::Zone;

fn clinic(zone: &str) -> Clinic {
    let all_day = vec!["00:00-24:00".parse().unwrap()];
    Clinic {
        id: ClinicId::parse("maple").unwrap(),
        name: "Maple".into(),
        phone: Line(PhoneNumber::parse("604-555-0100").unwrap()),
        lines: vec![],
        voice_ids: vec![],
        timezone: Zone::named(zone).unwrap(),
        language: Language::En,
        address: None,
        greeting: crate::domain::clinic::Greeting::default(),
        accepting_new_patients: true,
        waitlist_enabled: false,
        held_requests: true,
        prefer_rest: false,
        registration: RegistrationRules::default(),
        transfer: None,
        sms: crate::domain::clinic::SmsSettings::default(),
        hours: Week {
            monday: all_day.clone(),
            tuesday: all_day.clone(),
            wednesday: all_day.clone(),
            thursday: all_day.clone(),
            friday: all_day.clone(),
            saturday: all_day.clone(),
            sunday: all_day,
        },
        holidays: Holidays::new(),
        booking: ClinicRules { min_notice_minutes: Some(0), ..ClinicRules::default() },
        house: BookingRules::default(),
        limits: crate::domain::clinic::EmrLimits::default(),
        slot_offers: crate::domain::slot_offer::SlotOffers::default(),
        providers: vec![serde_json::from_str(r#"{ "provider_no": "021", "name": "Dr. Chow" }"#).unwrap()],
        transfers: crate::domain::transfer::Transfers::default(),
        alarms: crate::domain::alarm::AlarmWords::default(),
        voice: crate::domain::voice::VoiceSettings::default(),
    }
}

fn minute(hour: u16, minute: u16) -> Minute {
    Minute::at(hour, minute).unwrap()
}

fn painted(slot_minutes: u16, from: Minute, codes: &str) -> DaySchedule {
    let slots = codes
        .chars()
        .enumerate()
        .filter(|(_, code)| *code != '_')
        .map(|(i, code)| TemplateSlot { start: from.plus(slot_minutes * u16::try_from(i).unwrap()), code })
        .collect();
    DaySchedule { holiday: false, slot_minutes: Some(slot_minutes), slots }
}

const MONDAY: Date = date(2026, 11, 23);

struct Case {
    clinic: Clinic,
    schedule: Option<DaySchedule>,
    codes: TemplateCodes,
    taken: Vec<Interval>,
    visit: &'static str,
    date: Date,
    now: jiff::civil::DateTime,
}

impl Case {
    fn new(codes: &str) -> Self {
        Self {
            clinic: clinic("America/Vancouver"),
            schedule: Some(painted(15, minute(9, 0), codes)),
            codes: TemplateCodes::default(),
            taken: vec![],
            visit: "B",
            date: MONDAY,
            now: MONDAY.at(7, 0, 0, 0),
        }
    }

    fn free(&self) -> Result<Vec<String>, NoOpening> {
        let day = Day {
            date: self.date,
            schedule: self.schedule.as_ref(),
            codes: &self.codes,
            taken: &self.taken,
            ours: 0,
        };
        let wish = Wish {
            clinic: &self.clinic,
            provider: &self.clinic.providers[0],
            visit: self.clinic.visit_type(Some(self.visit)).unwrap(),
            now: self.clinic.timezone.instant(self.now).unwrap(),
        };
        free(day, wish).map(|found| found.iter().map(ToString::to_string).collect())
    }
}

fn stretch(text: &str) -> Interval {
    text.parse::<crate::domain::clinic_hours::Stretch>().unwrap().0
}

#[test]
fn a_long_visit_needs_slots_without_a_gap_and_all_of_allowed_codes() {
    let mut case = Case::new("11_11P11");
    case.visit = "2";
    assert_eq!(case.free().unwrap(), ["09:00-09:30", "09:45-10:15", "10:30-11:00"]);
    case.clinic.providers[0].template_codes = Some(vec!['2']);
    assert_eq!(case.free(), Err(NoOpening::Full));
}

#[test]
fn taken_time_and_the_buffer_around_it_are_not_offered() {
    let mut case = Case::new("1111");
    case.taken = vec![stretch("09:20-09:25")];
    assert_eq!(case.free().unwrap(), ["09:00-09:15", "09:30-09:45", "09:45-10:00"]);
    case.clinic.booking.buffer_minutes = Some(10);
    assert_eq!(case.free().unwrap(), ["09:45-10:00"]);
}

#[test]
fn a_day_without_openings_says_why() {
    let mut case = Case::new("1111");
    case.schedule = None;
    assert_eq!(case.free(), Err(NoOpening::NotScheduled));
    case.schedule = Some(DaySchedule { slot_minutes: None, ..DaySchedule::default() });
    assert_eq!(case.free(), Err(NoOpening::NotScheduled));
    case.schedule = Some(DaySchedule { holiday: true, ..painted(15, minute(9, 0), "1111") });
    assert_eq!(case.free(), Err(NoOpening::Holiday), "OSCAR lists slots on a holiday all the same");
    case.schedule = Some(painted(15, minute(9, 0), "1111"));
    case.clinic.hours.monday.clear();
    assert_eq!(case.free(), Err(NoOpening::ClinicClosed));
    case.clinic.holidays.insert(MONDAY, "a feast".into());
    assert_eq!(case.free(), Err(NoOpening::Holiday));
    case.date = date(2027, 6, 1);
    assert_eq!(case.free(), Err(NoOpening::OutsideWindow));
    case.date = date(2026, 11, 22);
    assert_eq!(case.free(), Err(NoOpening::OutsideWindow));
}

#[test]
fn the_past_and_the_notice_are_not_offered() {
    let mut case = Case::new("1111");
    case.now = MONDAY.at(9, 1, 0, 0);
    assert_eq!(case.free().unwrap(), ["09:15-09:30", "09:30-09:45", "09:45-10:00"]);
    case.clinic.booking.min_notice_minutes = Some(40);
    assert_eq!(case.free().unwrap(), ["09:45-10:00"]);
}

#[test]
fn clinic_hours_clip_the_template() {
    let mut case = Case::new("1111");
    case.clinic.hours.monday = vec!["09:15-09:45".parse().unwrap()];
    assert_eq!(case.free().unwrap(), ["09:15-09:30", "09:30-09:45"]);
}

#[test]
fn same_day_and_same_week_codes_open_only_then_and_the_strictest_of_two_rows_counts() {
    let mut case = Case::new("ss1W");
    case.clinic.house.visit_types[0].template_codes.extend(['s', 'W']);
    case.codes =
        [('s', Confirm::SameDay), ('s', Confirm::Open), ('W', Confirm::WithinTheWeek)].into_iter().collect();
    assert_eq!(case.free().unwrap().len(), 4);
    case.now = date(2026, 11, 17).at(9, 0, 0, 0);
    assert_eq!(case.free().unwrap(), ["09:30-09:45", "09:45-10:00"]);
    case.now = date(2026, 11, 13).at(9, 0, 0, 0);
    assert_eq!(case.free().unwrap(), ["09:30-09:45"]);
}

fn transitions() -> Vec<(String, Date)> {
    let mut found = vec![];
    for name in ["America/Vancouver", "America/Toronto", "America/St_Johns"] {
        let zone = Zone::named(name).unwrap();
        let mut day = date(2020, 1, 1);
        while day < date(2041, 1, 1) {
            let midnight = |day: Date| zone.instant(day.at(0, 0, 0, 0)).unwrap();
            let next = day.tomorrow().unwrap();
            if midnight(next).since(midnight(day)) != std::time::Duration::from_hours(24) {
                found.push((name.to_owned(), day));
            }
            day = next;
        }
    }
    found
}

#[test]
fn the_bundled_rules_change_clocks_where_the_law_does() {
    let per_zone = |name: &str| transitions().iter().filter(|(zone, _)| zone == name).count();
    assert_eq!(per_zone("America/Toronto"), 42);
    assert_eq!(per_zone("America/St_Johns"), 42);
    assert_eq!(per_zone("America/Vancouver"), 13, "none after the spring of 2026");
}

#[test]
fn on_every_clock_change_what_is_offered_lasts_as_long_as_it_says() {
    for (name, day) in transitions() {
        for slot in [10, 15, 30] {
            let mut case = Case::new("");
            case.clinic = clinic(&name);
            case.date = day;
            case.now = day.yesterday().unwrap().at(12, 0, 0, 0);
            case.visit = "3";
            let codes = "1".repeat(usize::from(1440 / slot));
            case.schedule = Some(painted(slot, Minute::MIDNIGHT, &codes));
            let zone = &case.clinic.timezone;
            let offered = case.free().unwrap();
            assert!(offered.len() > 30, "{name} {day}");
            for text in &offered {
                let interval = stretch(text);
                let (start, end) = (
                    zone.instant(interval.start.on(day)).unwrap(),
                    zone.instant(interval.end.on(day)).unwrap(),
                );
                assert_eq!(end.since(start), std::time::Duration::from_mins(45), "{name} {day} {text}");
            }
            assert!(
                offered.contains(&"09:00-09:45".to_owned()),
                "{name} {day}: the working day is untouched"
            );
        }
    }
}

fn any_interval() -> impl Strategy<Value = Interval> {
    (0u16..1400, 1u16..180)
        .prop_filter_map("within the day", |(start, length)| Interval::starting(Minute::new(start)?, length))
}

proptest! {
    #[test]
    fn nothing_offered_is_taken_closed_past_or_of_another_code(
        codes in "[12P_L]{96}",
        taken in prop::collection::vec(any_interval(), 0..12),
        buffer in 0u16..20,
        notice in 0u32..600,
        hour in 0i8..23,
        visit in prop::sample::select(vec!["B", "2", "3", "P"]),
    ) {
        let mut case = Case::new("");
        case.schedule = Some(painted(15, Minute::MIDNIGHT, &codes));
        case.clinic.hours.monday = vec!["08:00-12:00".parse().unwrap(), "12:30-18:00".parse().unwrap()];
        case.clinic.booking.buffer_minutes = Some(buffer);
        case.clinic.booking.min_notice_minutes = Some(notice);
        case.taken.clone_from(&taken);
        case.visit = visit;
        case.now = MONDAY.at(hour, 0, 0, 0);
        let rules = case.clinic.visit_type(Some(visit)).unwrap().clone();
        let earliest = u32::from(u16::try_from(hour).unwrap()) * 60 + notice;
        for text in case.free().unwrap_or_default() {
            let interval = stretch(&text);
            prop_assert_eq!(interval.minutes(), rules.minutes);
            prop_assert!(u32::from(interval.start.get()) >= earliest);
            prop_assert!(case.clinic.opening(MONDAY).covers(interval));
            for busy in &taken {
                prop_assert!(!busy.overlaps(interval));
                prop_assert!(busy.end.get() + buffer <= interval.start.get() || interval.end.get() + buffer <= busy.start.get());
            }
            for quarter in interval.start.get() / 15..interval.end.get().div_ceil(15) {
                let code = codes.chars().nth(usize::from(quarter)).unwrap();
                prop_assert!(rules.template_codes.contains(&code), "{code} at {quarter}");
            }
        }
    }

    #[test]
    fn a_free_slot_is_found_and_taking_it_removes_it(slot in 32u16..70) {
        let mut case = Case::new("");
        let mut codes = vec!['_'; 96];
        codes[usize::from(slot)] = '1';
        case.schedule = Some(painted(15, Minute::MIDNIGHT, &codes.iter().collect::<String>()));
        let only = Interval::starting(Minute::new(slot * 15).unwrap(), 15).unwrap();
        prop_assert_eq!(case.free().unwrap(), [only.to_string()]);
        case.taken = vec![only];
        prop_assert_eq!(case.free(), Err(NoOpening::Full));
    }
}
