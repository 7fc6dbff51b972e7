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
        rules(&clinic).iter().filter(|line| line.rule != "name").all(|line| line.origin == Origin::Clinic)
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
