//! Working days, codes, types, programmes and the server's clock.

use jiff::civil::{Date, date};
use vitarad::sandbox::oscar::{Jvm, PUBLIC, Profile, Template, WorkDay};

use crate::house::{CONTEXT, House, Xml, clinic, empty_day, envelope, zone};

async fn day(house: &House, provider: &str, date: &str) -> Xml {
    let operation =
        format!("<ws:getDayWorkSchedule><arg0>{provider}</arg0><arg1>{date}</arg1></ws:getDayWorkSchedule>");
    house.ask("ScheduleService", &operation).await
}

fn lay(house: &House, provider: &str, date: Date, template: &str, timecode: Option<String>, available: bool) {
    house.oscar.with_world(|world| {
        if let Some(timecode) = timecode {
            let (provider_no, name) = (PUBLIC.to_owned(), template.to_owned());
            world.schedule.templates.push(Template { provider_no, name, timecode });
        }
        world.schedule.set_day(provider, date, WorkDay { template: template.to_owned(), available });
    });
}

#[tokio::test]
async fn every_painted_slice_of_a_day_is_a_slot() {
    let house = House::seeded().await;
    let morning = day(&house, "101", "2026-07-21T00:00:00").await;
    assert_eq!((morning.text("holiday"), morning.text("timeSlotDurationMin")), ("false", "15"));
    let (dates, codes) = (morning.all("date"), morning.all("scheduleCode"));
    assert_eq!((dates.len(), codes.len()), (32, 32));
    assert_eq!((dates[0], codes[0]), ("2026-07-21T09:00:00-07:00", "49"));
    // Not merged, though two lunch slices follow each other.
    assert_eq!((dates[13], codes[12], codes[13]), ("2026-07-21T12:15:00-07:00", "76", "76"));
    for (provider, minutes, slots) in [("102", "15", 28), ("021", "10", 42), ("007", "30", 14)] {
        let other = day(&house, provider, "2026-07-21").await;
        assert_eq!(
            (other.text("timeSlotDurationMin"), other.all("date").len()),
            (minutes, slots),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn a_day_without_a_schedule_is_an_empty_reply() {
    let house = House::seeded().await;
    for (provider, date) in [("101", "2026-07-19"), ("101", "2031-01-02"), ("999", "2026-07-21")] {
        assert_eq!(day(&house, provider, date).await.get("return"), None, "{provider} {date}");
    }
}

#[tokio::test]
async fn midnight_in_utc_asks_for_the_day_before() {
    let house = House::seeded().await;
    let shifted = day(&house, "101", "2026-07-21T00:00:00Z").await;
    assert_eq!(shifted.all("date")[0], "2026-07-20T09:00:00-07:00");
}

#[tokio::test]
async fn a_holiday_is_flagged_and_its_slots_are_listed_all_the_same() {
    let house = House::seeded().await;
    let holiday = house.oscar.with_world(|world| world.schedule.holidays.keys().next().copied()).unwrap();
    let listed = day(&house, "101", &holiday.to_string()).await;
    assert_eq!((listed.text("holiday"), listed.all("date").len()), ("true", 32));
}

#[tokio::test]
async fn a_missing_template_leaves_only_the_holiday_flag() {
    let house = House::seeded().await;
    lay(&house, "101", empty_day(), "P:Nowhere", None, true);
    let listed = day(&house, "101", "2026-07-21").await;
    assert_eq!(listed.names()[3..], ["return", "holiday"]);
}

#[tokio::test]
async fn a_day_closed_on_the_screens_is_served_like_any_other() {
    let house = House::seeded().await;
    lay(&house, "101", empty_day(), "Quarter hours", None, false);
    assert_eq!(day(&house, "101", "2026-07-21").await.all("date").len(), 32);
}

#[tokio::test]
async fn slots_slip_by_an_hour_on_the_days_the_clocks_change() {
    let mut world = clinic(Profile::Oscar19);
    world.jvm = Jvm::new(zone("America/Toronto"));
    let house = House::of(world).await;
    let nine_o_clock = || Some(format!("{}1{}", "_".repeat(36), "_".repeat(59)));
    let last_slice = || Some(format!("{}1", "_".repeat(95)));
    lay(&house, "101", date(2026, 3, 8), "P:Nine", nine_o_clock(), true);
    lay(&house, "101", date(2026, 11, 1), "P:Nine", None, true);
    lay(&house, "102", date(2026, 3, 8), "P:Last", last_slice(), true);
    assert_eq!(day(&house, "101", "2026-03-08").await.text("date"), "2026-03-08T10:00:00-04:00");
    assert_eq!(day(&house, "101", "2026-11-01").await.text("date"), "2026-11-01T08:00:00-05:00");
    assert_eq!(day(&house, "102", "2026-03-08").await.text("date"), "2026-03-09T00:45:00-04:00");
}

#[tokio::test]
async fn a_code_is_a_number_and_two_rows_share_the_letter_c() {
    let house = House::seeded().await;
    let codes = house.ask("ScheduleService", "<ws:getScheduleTemplateCodes/>").await;
    assert_eq!(codes.all("code").iter().filter(|code| **code == "67").count(), 2);
    assert!(codes.all("duration").contains(&""), "some codes leave the length open");
    assert!(codes.all("confirm").contains(&"Day"));
    let types = house.ask("ScheduleService", "<ws:getAppointmentTypes/>").await;
    assert!(types.all("name").is_sorted());
}

#[tokio::test]
async fn health_and_clock_are_open_to_anybody() {
    let house = House::seeded().await;
    let ask = async |operation: &str| {
        let reply = house.send("SystemInfoService", &envelope("", operation)).await;
        Xml::read(&reply.text).text("return").to_owned()
    };
    assert_eq!(ask("<ws:isAlive/>").await, "alive");
    assert_eq!(ask("<ws:getServerTime/>").await, "2026-06-03T09:30:12.417-07:00");
    assert_eq!(ask("<ws:getServerTimeGmtOffset/>").await, (-7 * 3_600_000).to_string());
    assert_eq!(ask("<ws:getMaxListReturnSize/>").await, "5000");
    assert!(ask("<ws:helloWorld/>").await.starts_with("Hello World"));
}

#[tokio::test]
async fn programmes_have_numbers() {
    let house = House::seeded().await;
    let programs = house.ask("ProgramService", "<ws:getAllPrograms/>").await;
    assert_eq!(
        (programs.text("id"), programs.text("name"), programs.text("type")),
        ("10034", "OSCAR", "Bed")
    );
    assert_eq!(house.running.url(CONTEXT), house.running.url("maple"));
}
