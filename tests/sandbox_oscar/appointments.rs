//! What becomes of appointments that are written, and how they are read back.

use jiff::civil::{Date, Time, date, time};
use vitarad::sandbox::oscar::{Appointment, Details, Profile, World};

use crate::house::{House, Xml, add, clinic, empty_day};

const FROM: &str = "2026-07-21T09:00:00";
const UNTIL: &str = "2026-07-21T09:15:00";

fn row(date: Date, start: Time, status: Option<&str>) -> Appointment {
    let details = Details {
        provider_no: "101".to_owned(),
        demographic_no: 4712,
        status: status.map(str::to_owned),
        ..Details::default()
    };
    Appointment { date, start, end: start, details, ..Appointment::default() }
}

async fn read(house: &House, id: i32) -> Xml {
    let operation = format!("<ws:getAppointment2><arg0>{id}</arg0><arg1>false</arg1></ws:getAppointment2>");
    house.ask("ScheduleService", &operation).await
}

/// An update with nothing but the number, the provider and what is given.
async fn update(house: &House, id: i32, fields: &str) {
    let operation = format!(
        "<ws:updateAppointment><arg0><id>{id}</id><providerNo>101</providerNo>{fields}</arg0></ws:updateAppointment>"
    );
    let reply = house.ask("ScheduleService", &operation).await;
    assert_eq!(reply.names().last(), Some(&"{http://ws.oscarehr.org/}updateAppointmentResponse"));
}

async fn ids(house: &House, operation: &str) -> Vec<String> {
    house.ask("ScheduleService", operation).await.all("id").iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn an_added_appointment_ends_a_second_early_and_names_the_login_as_its_creator() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    let row = read(&house, id).await;
    assert_eq!(row.text("appointmentStartDateTime"), "2026-07-21T09:00:00-07:00");
    assert_eq!(row.text("appointmentEndDateTime"), "2026-07-21T09:14:59-07:00");
    assert_eq!(row.text("createDateTime"), "2026-06-03T09:30:12-07:00");
    assert_eq!((row.text("creator"), row.get("lastUpdateUser")), ("voicedesk", None));
    assert_eq!((row.get("reason"), row.text("demographicNo")), (None, "4711"));
}

#[tokio::test]
async fn times_go_out_in_the_servers_zone_or_in_utc_on_request() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    let operation = format!("<ws:getAppointment2><arg0>{id}</arg0><arg1>true</arg1></ws:getAppointment2>");
    let row = house.ask("ScheduleService", &operation).await;
    assert_eq!(row.text("appointmentStartDateTime"), "2026-07-21T16:00:00Z");
}

#[tokio::test]
async fn a_server_in_a_utc_container_labels_the_clinics_wall_clock_z() {
    let house = House::of(clinic(Profile::Oscar19).in_utc_container()).await;
    let id = house.book("101", FROM, UNTIL).await;
    for in_gmt in [false, true] {
        let operation =
            format!("<ws:getAppointment2><arg0>{id}</arg0><arg1>{in_gmt}</arg1></ws:getAppointment2>");
        let row = house.ask("ScheduleService", &operation).await;
        assert_eq!(row.text("appointmentStartDateTime"), "2026-07-21T09:00:00Z");
    }
    let time = house.ask("SystemInfoService", "<ws:getServerTime/>").await;
    assert_eq!(time.text("return"), "2026-06-03T16:30:12.417Z");
}

#[tokio::test]
async fn a_time_with_an_offset_is_turned_into_the_servers_wall_clock() {
    let house = House::seeded().await;
    let id = house.book("101", "2026-07-21T16:00:00Z", "2026-07-21T12:15:00-04:00").await;
    let row = house.oscar.with_world(|world| world.book.get(id).cloned()).unwrap();
    assert_eq!((row.date, row.start, row.end), (empty_day(), time(9, 0, 0, 0), time(9, 14, 59, 0)));
}

#[tokio::test]
async fn nothing_is_checked_when_an_appointment_is_added() {
    let house = House::seeded().await;
    let first = house.book("101", FROM, UNTIL).await;
    let second = house.book("101", FROM, UNTIL).await;
    assert_eq!(second, first + 1);
    house.book("nobody", "1999-01-03T03:00:00", "1999-01-03T02:00:00").await;
    assert_eq!(house.oscar.overlaps().len(), 1);
}

#[tokio::test]
async fn an_appointment_without_provider_start_or_end_is_a_server_fault() {
    let house = House::seeded().await;
    let whole = add("101", FROM, UNTIL);
    for name in ["providerNo", "appointmentStartDateTime", "appointmentEndDateTime"] {
        let (before, rest) = whole.split_once(&format!("<{name}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</{name}>")).unwrap();
        let (code, text) = house.call("ScheduleService", &format!("{before}{after}")).await.fault();
        assert!(code == "Server" && text.ends_with("cannot be null"), "{name}: {text}");
    }
    let (code, _) = house.call("ScheduleService", "<ws:addAppointment/>").await.fault();
    assert_eq!(code, "Server");
}

#[tokio::test]
async fn text_is_cut_at_the_column_width_in_characters() {
    let house = House::seeded().await;
    let operation =
        add("1234567", FROM, UNTIL).replace("Tremblay,Marie", &"陈".repeat(60)).replace(">t<", ">tSV<");
    let id = house.ask("ScheduleService", &operation).await.text("return").parse().unwrap();
    let row = read(&house, id).await;
    assert_eq!(row.text("name"), "陈".repeat(50));
    assert_eq!((row.text("providerNo"), row.text("status")), ("123456", "tS"));
}

#[tokio::test]
async fn an_update_overwrites_everything_but_the_times_and_keeps_the_old_version() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    let archived = house.oscar.state().archived;
    update(&house, id, "<status>C</status>").await;
    let row = read(&house, id).await;
    assert_eq!((row.text("status"), row.text("appointmentEndDateTime")), ("C", "2026-07-21T09:14:59-07:00"));
    assert_eq!((row.get("name"), row.get("notes"), row.text("demographicNo")), (None, None, "0"));
    assert_eq!((row.text("creator"), row.get("lastUpdateUser")), ("voicedesk", None));
    assert_eq!(house.oscar.state().archived, archived + 1);
    let kept = house.oscar.with_world(|world| world.book.archive().last().cloned()).unwrap();
    assert_eq!((kept.id, kept.details.notes.as_deref()), (id, Some("ours")));
}

#[tokio::test]
async fn the_newer_generation_names_who_updated() {
    let house = House::of(clinic(Profile::OpenO)).await;
    let id = house.book("101", FROM, UNTIL).await;
    assert_eq!(read(&house, id).await.get("lastUpdateUser"), None);
    update(&house, id, "<status>C</status>").await;
    assert_eq!(read(&house, id).await.get("lastUpdateUser"), Some("210"));
}

#[tokio::test]
async fn an_end_that_is_read_and_sent_back_drifts() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    let end = read(&house, id).await.text("appointmentEndDateTime").to_owned();
    update(&house, id, &format!("<appointmentEndDateTime>{end}</appointmentEndDateTime><status>t</status>"))
        .await;
    assert_eq!(read(&house, id).await.text("appointmentEndDateTime"), "2026-07-21T09:14:58-07:00");
}

#[tokio::test]
async fn an_update_without_a_status_hides_the_row_from_the_day() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    let day = "<ws:getAppointmentsForProvider2><arg0>101</arg0><arg1>2026-07-21</arg1></ws:getAppointmentsForProvider2>";
    assert_eq!(ids(&house, day).await, [id.to_string()]);
    update(&house, id, "").await;
    assert!(ids(&house, day).await.is_empty());
}

#[tokio::test]
async fn updating_an_unknown_appointment_is_a_server_fault() {
    let house = House::seeded().await;
    let operation =
        "<ws:updateAppointment><arg0><id>1</id><providerNo>101</providerNo></arg0></ws:updateAppointment>";
    let (code, text) = house.call("ScheduleService", operation).await.fault();
    assert_eq!((code.as_str(), text.as_str()), ("Server", "Target must not be null"));
}

#[tokio::test]
async fn an_unknown_appointment_reads_as_an_empty_reply() {
    let house = House::seeded().await;
    assert_eq!(read(&house, 1).await.get("return"), None);
}

fn statuses() -> World {
    let mut world = clinic(Profile::Oscar19);
    let at = |minute| time(10, minute, 0, 0);
    for (id, minute, status) in [
        (1, 50, Some("t")),
        (2, 40, Some("C")),
        (3, 30, None),
        (4, 20, Some("CS")),
        (5, 10, Some("c")),
        (6, 0, Some("N")),
    ] {
        world.book.insert(Appointment { id, ..row(empty_day(), at(minute), status) });
    }
    world.book.insert(Appointment { id: 7, ..row(empty_day().tomorrow().unwrap(), at(0), Some("t")) });
    world
}

#[tokio::test]
async fn the_provider_day_hides_plain_cancellations_and_null_and_is_ordered_by_start() {
    let house = House::of(statuses()).await;
    let day = "<ws:getAppointmentsForProvider><arg0>101</arg0><arg1>2026-07-21T23:59:00</arg1></ws:getAppointmentsForProvider>";
    assert_eq!(ids(&house, day).await, ["6", "5", "4", "1"]);
}

#[tokio::test]
async fn the_date_range_shows_every_status_ignores_times_and_leaves_the_end_day_out() {
    let house = House::of(statuses()).await;
    let range = |from: &str, until: &str| {
        format!(
            "<ws:getAppointmentsForDateRangeAndProvider2><arg0>{from}</arg0><arg1>{until}</arg1>\
             <arg2>101</arg2><arg3>false</arg3></ws:getAppointmentsForDateRangeAndProvider2>"
        )
    };
    let whole = ["1", "2", "3", "4", "5", "6"];
    assert_eq!(ids(&house, &range("2026-07-21T18:00:00", "2026-07-22T00:00:00")).await, whole);
    assert_eq!(ids(&house, &range("2026-07-21", "2026-07-22T23:00:00")).await, whole);
    assert!(ids(&house, &range("2026-07-21T00:00:00", "2026-07-21T23:59:59")).await.is_empty());
    // Midnight in UTC is the evening before in Vancouver.
    assert!(ids(&house, &range("2026-07-20T00:00:00Z", "2026-07-22T00:00:00Z")).await.is_empty());
    assert_eq!(ids(&house, &range("2026-07-21", "2026-07-23")).await.len(), 7);
}

#[tokio::test]
async fn a_patients_appointments_come_newest_date_first_in_pages() {
    let mut world = World::empty(Profile::Oscar19, crate::house::zone("America/Vancouver"));
    world.logins.users = clinic(Profile::Oscar19).logins.users;
    for (id, day) in [(1, 5), (2, 9), (3, 1), (4, 9)] {
        world.book.insert(Appointment { id, ..row(date(2026, 7, day), time(9, 0, 0, 0), Some("C")) });
    }
    let house = House::of(world).await;
    let page = |start: i32, items: i32| {
        format!(
            "<ws:getAppointmentsForPatient2><arg0>4712</arg0><arg1>{start}</arg1><arg2>{items}</arg2>\
             <arg3>false</arg3></ws:getAppointmentsForPatient2>"
        )
    };
    assert_eq!(ids(&house, &page(0, 50)).await, ["2", "4", "1", "3"]);
    assert_eq!(ids(&house, &page(1, 2)).await, ["4", "1"]);
    assert!(ids(&house, &page(0, 0)).await.is_empty());
    assert_eq!(house.call("ScheduleService", &page(0, 5001)).await.fault().0, "Server");
}
