//! What a clinic and its providers say about booking counts twice: what is not offered is not booked either when somebody
//! names it.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, time};
use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::{MARIE, Person, WEI};
use vitarad::sandbox::oscar::{Patient, StaffBooking};

use crate::engine::around;
use crate::stage::{Stage, code};
use crate::town::{Town, today};
use crate::voice::PhoneCall;

/// Maple's providers, as config/demo.toml declares them.
const PROVIDERS: &str = r#"providers = [
  { provider_no = "101", name = "Dr. Anita Chow", name_zh = "周医生", accepts_new_patients = true },
  { provider_no = "021", name = "Dr. David Lévesque" },
]"#;

/// Maple with provider 101 alone, who says this, the clinic saying that.
async fn saying(provider: &str, clinic: &str) -> Stage {
    declared(&listed("101", provider), clinic, &[]).await
}

fn listed(provider: &str, says: &str) -> String {
    let comma = if says.is_empty() { "" } else { ", " };
    format!("{{ {says}{comma}provider_no = \"{provider}\", name = \"Dr. Number {provider}\" }}")
}

async fn declared(providers: &str, clinic: &str, house: &[(&str, &str)]) -> Stage {
    let mut premises = around(Town::open().await).await;
    let config = premises.config();
    assert!(config.contains(PROVIDERS));
    let ours = format!("booking = {{ {clinic} }}\nproviders = [ {providers} ]");
    premises.write_config(&config.replacen(PROVIDERS, &ours, 1));
    for (setting, value) in house {
        premises.set(setting, value);
    }
    Stage::on(premises).await
}

/// A Tuesday with nothing in it: beyond the seeded day sheets, within the usual window.
fn empty_day() -> Date {
    let days = (31..=37).map(|days| today().saturating_add(days.days()));
    days.into_iter().find(|date| date.weekday() == Weekday::Tuesday).expect("a week has a Tuesday")
}

/// A caller who is known, on a line of their own.
async fn caller(stage: &Stage, id: &str, person: Person) -> PhoneCall {
    let call = stage.rings(id, person);
    call.verify(person).await;
    call
}

/// What is offered of that provider's time from the empty day on.
async fn offered(call: &PhoneCall, mut wish: Value) -> Value {
    wish["providerId"] = "101".into();
    wish["startDate"] = empty_day().to_string().into();
    call.ask(&format!("find {wish}"), "find_earliest_appointment", wish).await
}

async fn named(call: &PhoneCall, start: &str, mut wish: Value) -> Value {
    wish["providerId"] = "101".into();
    wish["date"] = empty_day().to_string().into();
    wish["startTime"] = start.into();
    call.ask(&format!("book {start}"), "create_appointment", wish).await
}

/// The first time offered, and whether it is on the empty day.
fn first(found: &Value) -> (&str, bool) {
    let on_the_day = found["slot"]["date"] == json!(empty_day().to_string());
    (found["slot"]["startTime"].as_str().unwrap_or_default(), on_the_day)
}

#[tokio::test]
async fn without_rules_of_their_own_they_are_booked_from_nine() {
    let stage = saying("", "").await;
    let call = caller(&stage, "call-1", MARIE).await;
    assert_eq!(first(&offered(&call, json!({})).await), ("09:00", true));
    assert_eq!(code(&named(&call, "09:00", json!({})).await), "BOOKED");
}

#[tokio::test]
async fn who_is_not_bookable_is_neither_listed_nor_offered_nor_booked() {
    for (provider, clinic) in [("bookable = false", ""), ("", "bookable = false")] {
        let stage = saying(provider, clinic).await;
        let call = caller(&stage, "call-1", MARIE).await;
        let listed = call.ask("list", "get_providers", json!({})).await;
        let listed: Vec<&Value> = listed["providers"].as_array().into_iter().flatten().collect();
        assert!(listed.iter().all(|one| one["providerId"] != "101"), "{listed:?}");
        assert_eq!(code(&offered(&call, json!({})).await), "PROVIDER_UNKNOWN");
        assert_eq!(code(&named(&call, "09:00", json!({})).await), "PROVIDER_UNKNOWN");
    }
}

#[tokio::test]
async fn a_kind_of_visit_that_a_provider_leaves_out_is_neither_offered_nor_booked() {
    let stage = saying("visit_types = [\"P\"]", "").await;
    let call = caller(&stage, "call-1", MARIE).await;
    assert_eq!(code(&offered(&call, json!({})).await), "PROVIDER_UNKNOWN");
    assert_eq!(code(&named(&call, "09:00", json!({})).await), "PROVIDER_UNKNOWN");
    let by_phone = json!({ "appointmentType": "P" });
    assert_eq!(first(&offered(&call, by_phone.clone()).await), ("11:30", true));
    assert_eq!(code(&named(&call, "11:30", by_phone).await), "BOOKED");
}

#[tokio::test]
async fn a_visit_that_takes_a_provider_longer_is_offered_and_booked_as_long() {
    let stage = saying("minutes = { B = 30 }", "").await;
    let call = caller(&stage, "call-1", MARIE).await;
    assert_eq!(offered(&call, json!({})).await["slot"]["durationMinutes"], 30);
    assert_eq!(named(&call, "09:00", json!({})).await["appointment"]["durationMinutes"], 30);
    // A half hour from eleven on fits; from a quarter past it would reach into the telephone's time.
    assert_eq!(code(&named(&call, "11:15", json!({})).await), "SLOT_TAKEN");
}

#[tokio::test]
async fn the_buffer_is_kept_free_on_both_sides_of_what_is_booked() {
    for (provider, clinic) in [("buffer_minutes = 15", ""), ("", "buffer_minutes = 15")] {
        let stage = saying(provider, clinic).await;
        stage.maple().0.staff_book(StaffBooking {
            provider_no: "101".to_owned(),
            date: empty_day(),
            start: time(9, 15, 0, 0),
            minutes: 15,
            demographic_no: 0,
            name: "WALK-IN".to_owned(),
            status: "t".to_owned(),
            notes: String::new(),
            reason: String::new(),
        });
        let call = caller(&stage, "call-1", MARIE).await;
        assert_eq!(first(&offered(&call, json!({})).await), ("09:45", true));
        assert_eq!(code(&named(&call, "09:00", json!({})).await), "SLOT_TAKEN");
        assert_eq!(code(&named(&call, "09:30", json!({})).await), "SLOT_TAKEN");
        assert_eq!(code(&named(&call, "09:45", json!({})).await), "BOOKED");
    }
}

#[tokio::test]
async fn the_nearest_of_house_clinic_and_provider_decides_how_far_ahead_is_booked() {
    for (house, clinic, provider, booked) in [
        ("20", "", "", false),
        ("20", "max_advance_days = 60", "", true),
        ("20", "max_advance_days = 60", "max_advance_days = 20", false),
        ("60", "max_advance_days = 20", "max_advance_days = 60", true),
    ] {
        let house = [("VITARAD_BOOKING__MAX_ADVANCE_DAYS", house)];
        let stage = declared(&listed("101", provider), clinic, &house).await;
        let call = caller(&stage, "call-1", MARIE).await;
        let expected =
            if booked { ("SLOT_FOUND", "BOOKED") } else { ("NO_AVAILABILITY", "OUTSIDE_BOOKING_WINDOW") };
        let (found, answer) = (offered(&call, json!({})).await, named(&call, "09:00", json!({})).await);
        assert_eq!((code(&found), code(&answer)), expected, "{house:?} {clinic} {provider}");
    }
}

#[tokio::test]
async fn who_wants_notice_is_offered_later_and_not_booked_sooner() {
    const FORTY_DAYS: &str = "min_notice_minutes = 57600";
    for (provider, clinic) in [(FORTY_DAYS, ""), ("", FORTY_DAYS)] {
        let stage = saying(provider, clinic).await;
        let call = caller(&stage, "call-1", MARIE).await;
        let found = offered(&call, json!({})).await;
        assert_eq!((code(&found), first(&found).1), ("SLOT_FOUND", false));
        assert_eq!(code(&named(&call, "09:00", json!({})).await), "OUTSIDE_BOOKING_WINDOW");
    }
}

#[tokio::test]
async fn only_open_template_codes_are_offered_and_booked_and_blocked_ones_never() {
    for (provider, clinic) in [
        ("template_codes = [\"2\"]", ""),
        ("blocked_template_codes = [\"1\"]", ""),
        ("", "template_codes = [\"2\"]"),
        ("", "blocked_template_codes = [\"1\"]"),
        ("template_codes = [\"2\"]", "template_codes = [\"1\"]"),
    ] {
        let stage = saying(provider, clinic).await;
        let call = caller(&stage, "call-1", MARIE).await;
        assert_eq!(first(&offered(&call, json!({})).await), ("13:00", true), "{provider} {clinic}");
        assert_eq!(code(&named(&call, "09:00", json!({})).await), "SLOT_TAKEN", "{provider} {clinic}");
        assert_eq!(code(&named(&call, "13:00", json!({})).await), "BOOKED", "{provider} {clinic}");
    }
}

#[tokio::test]
async fn a_provider_with_the_days_last_booking_by_telephone_is_offered_on_another_day_and_not_booked_on_this()
{
    for (provider, clinic) in
        [("daily_limit = 1", ""), ("", "daily_limit = 1"), ("daily_limit = 1", "daily_limit = 9")]
    {
        let stage = saying(provider, clinic).await;
        let marie = caller(&stage, "call-1", MARIE).await;
        let booked = named(&marie, "09:00", json!({})).await;
        assert_eq!(code(&booked), "BOOKED");
        let wei = caller(&stage, "call-2", WEI).await;
        let found = offered(&wei, json!({})).await;
        assert_eq!((code(&found), first(&found)), ("SLOT_FOUND", ("09:00", false)));
        assert_eq!(code(&named(&wei, "10:00", json!({})).await), "DAILY_LIMIT");
        // Moving it within the day makes it no more.
        let to = json!({
            "appointmentId": booked["appointment"]["appointmentId"],
            "newDate": empty_day().to_string(), "newStartTime": "10:00", "newProviderId": "101",
        });
        assert_eq!(code(&marie.ask("move", "update_appointment", to).await), "MOVED");
    }
}

#[tokio::test]
async fn a_provider_who_does_not_speak_the_callers_language_is_neither_offered_nor_booked() {
    for (provider, clinic) in [("languages = [\"zh\"]", ""), ("", "languages = [\"zh\"]")] {
        let stage = saying(provider, clinic).await;
        let english = caller(&stage, "call-1", MARIE).await;
        assert_eq!(code(&offered(&english, json!({})).await), "PROVIDER_UNKNOWN");
        assert_eq!(code(&named(&english, "09:00", json!({})).await), "PROVIDER_UNKNOWN");
        let listed = english.ask("list", "get_providers", json!({})).await;
        assert_eq!(listed["providers"], json!([]), "{listed}");
        let chinese = caller(&stage, "call-2", WEI).await;
        assert_eq!(first(&offered(&chinese, json!({ "language": "zh" })).await), ("09:00", true));
        assert_eq!(code(&named(&chinese, "09:00", json!({})).await), "BOOKED");
    }
}

#[tokio::test]
async fn a_provider_who_takes_no_new_patients_is_neither_offered_nor_booked_to_one() {
    for (provider, clinic) in [
        ("accepts_new_patients = false", ""),
        ("", "accepts_new_patients = false"),
        ("accepts_new_patients = false", "accepts_new_patients = true"),
    ] {
        let stage = saying(provider, clinic).await;
        nobody_has_taken_on(&stage, WEI);
        let new = caller(&stage, "call-1", WEI).await;
        assert_eq!(code(&offered(&new, json!({})).await), "PROVIDER_UNKNOWN");
        assert_eq!(code(&named(&new, "09:00", json!({})).await), "PROVIDER_UNKNOWN");
        let known = caller(&stage, "call-2", MARIE).await;
        assert_eq!(first(&offered(&known, json!({})).await), ("09:00", true));
        assert_eq!(code(&named(&known, "09:00", json!({})).await), "BOOKED");
    }
}

fn nobody_has_taken_on(stage: &Stage, person: Person) {
    stage.maple().0.with_world(|world| {
        let chart = world.patients.get(person.demographic_no).expect("a chart").clone();
        world.patients.insert(Patient { provider_no: None, ..chart });
    });
}

#[tokio::test]
async fn of_two_who_are_free_at_the_same_time_the_preferred_one_is_offered_and_booked() {
    for (priority, preferred) in [("", "101"), ("priority = 1", "102")] {
        let two = format!("{}, {}", listed("101", ""), listed("102", priority));
        let stage = declared(&two, "", &[]).await;
        let call = caller(&stage, "call-1", MARIE).await;
        let wish = json!({ "startDate": empty_day().to_string() });
        let found = call.ask("find", "find_earliest_appointment", wish).await;
        assert_eq!((first(&found), &found["slot"]["providerId"]), (("09:00", true), &json!(preferred)));
        let at_nine = json!({ "date": empty_day().to_string(), "startTime": "09:00" });
        let booked = call.ask("book", "create_appointment", at_nine).await;
        assert_eq!((code(&booked), &booked["appointment"]["providerId"]), ("BOOKED", &json!(preferred)));
    }
}
