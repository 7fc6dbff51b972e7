//! What is read, on servers of both generations and in containers that call every time GMT.

use jiff::civil::{date, time};
use vitarad::sandbox::oscar::{Profile, World, demo};
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::availability::{Confirm, DaySchedule, TemplateCodes};
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo};
use vitarad_actors::domain::patient::{Patient, Standing};
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::Emr;

use crate::desk::Desk;
use crate::server::{EMPTY_DAY, TODAY, booking, clinic, provider, staff_row};

fn every_server() -> [World; 3] {
    [clinic(Profile::Oscar19), clinic(Profile::OpenO), clinic(Profile::Oscar19).in_utc_container()]
}

fn painted(day: &DaySchedule) -> Vec<String> {
    day.slots.iter().take(2).map(|slot| format!("{} {}", slot.start, slot.code)).collect()
}

fn numbers(charts: &[Patient]) -> Vec<i32> {
    charts.iter().map(|chart| chart.no.reveal()).collect()
}

#[tokio::test]
async fn a_live_server_answers_the_probe_without_a_login() {
    let desk = Desk::seeded().await;
    desk.emr.probe().await.unwrap();
    assert_eq!((desk.server.requests("isAlive"), desk.server.requests("login2")), (1, 0));
}

#[tokio::test]
async fn active_providers_are_listed_with_their_leading_zeros() {
    let desk = Desk::seeded().await;
    let mut numbers: Vec<String> =
        desk.emr.providers().await.unwrap().into_iter().map(|provider| provider.no.to_string()).collect();
    numbers.sort();
    assert_eq!(numbers, ["007", "021", "101", "102", "188", "210"]);
}

#[tokio::test]
async fn every_template_code_is_read_and_the_strictest_of_a_letter_wins() {
    let desk = Desk::seeded().await;
    let stored: TemplateCodes = desk.server.oscar.with_world(|world| {
        world.schedule.codes.iter().map(|code| (code.code, Confirm::of(&code.confirm))).collect()
    });
    assert_eq!(desk.emr.template_codes().await.unwrap(), stored);
}

#[tokio::test]
async fn a_day_is_read_by_the_wall_clock_whatever_zone_the_server_thinks_it_is_in() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let day = desk.emr.day_schedule(&provider("101"), EMPTY_DAY).await.unwrap().unwrap();
        assert_eq!((day.holiday, day.slot_minutes), (false, Some(15)));
        assert_eq!(painted(&day), ["09:00 1", "09:15 1"]);
    }
}

#[tokio::test]
async fn an_unscheduled_day_a_holiday_and_a_missing_template_are_told_apart() {
    let desk = Desk::seeded().await;
    let sunday = date(2026, 6, 7);
    assert_eq!(desk.emr.day_schedule(&provider("101"), sunday).await.unwrap(), None);
    let holiday = desk.server.oscar.with_world(|world| *world.schedule.holidays.keys().next().unwrap());
    let day = desk.emr.day_schedule(&provider("101"), holiday).await.unwrap().unwrap();
    assert!(day.holiday && !day.slots.is_empty());
    let unpainted = desk.server.oscar.with_world(|world| {
        let days = TODAY.series(jiff::Span::new().days(1)).take(60);
        let scheduled = |day: &jiff::civil::Date| world.schedule.day("102", *day).is_some();
        days.filter(scheduled).find(|day| world.schedule.timecode("102", *day).is_none()).unwrap()
    });
    let day = desk.emr.day_schedule(&provider("102"), unpainted).await.unwrap().unwrap();
    assert_eq!(day, DaySchedule::default());
}

#[tokio::test]
async fn a_days_rows_have_every_status_every_form_of_end_and_stop_before_the_end() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let ours = desk.emr.add_appointment(&booking()).await.unwrap();
        let cancelled =
            desk.server.file(staff_row(EMPTY_DAY, time(10, 0, 0, 0), time(10, 14, 0, 0), Some("C")));
        let stateless = desk.server.file(staff_row(EMPTY_DAY, time(11, 0, 0, 0), time(11, 30, 0, 0), None));
        let mut next_day = staff_row(EMPTY_DAY, time(9, 0, 0, 0), time(9, 14, 0, 0), Some("t"));
        next_day.date = EMPTY_DAY.tomorrow().unwrap();
        desk.server.file(next_day);

        let marie = Some(DemographicNo::new(demo::MARIE.demographic_no));
        let end = EMPTY_DAY.tomorrow().unwrap();
        let rows = desk.emr.day_rows(&provider("101"), EMPTY_DAY, end, marie).await.unwrap();
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.no.0, row.interval.to_string(), row.status.clone(), row.mark, row.for_patient))
            .collect();
        assert_eq!(
            shown,
            [
                (ours.0, "09:30-09:45".to_owned(), Status::of("t"), Some(booking().mark), true),
                (cancelled, "10:00-10:15".to_owned(), Status::of("C"), None, false),
                (stateless, "11:00-11:30".to_owned(), Status(None), None, false),
            ]
        );
        assert!(rows.iter().all(|row| row.date == EMPTY_DAY && row.provider == provider("101")));
    }
}

#[tokio::test]
async fn a_patients_newest_appointments_come_first() {
    let desk = Desk::seeded().await;
    let wei = DemographicNo::new(demo::WEI.demographic_no);
    for (day, hour) in [(20, 9), (21, 9), (21, 15), (22, 8), (1, 9)] {
        let mut row = staff_row(EMPTY_DAY, time(hour, 0, 0, 0), time(hour, 14, 0, 0), Some("t"));
        row.date = date(2027, 1, day);
        desk.server.file(row);
    }
    let rows = desk.emr.appointments_of(wei, 3).await.unwrap();
    let starts: Vec<String> = rows.iter().map(|row| format!("{} {}", row.date.day(), row.interval)).collect();
    assert_eq!(starts, ["22 08:00-08:15", "21 15:00-15:15", "21 09:00-09:15"]);
    assert!(rows.iter().all(|row| row.patient == wei));
    let nobody = desk.emr.appointments_of(DemographicNo::new(999_999), 5).await.unwrap();
    assert!(nobody.is_empty());
}

#[tokio::test]
async fn an_unknown_appointment_is_none() {
    let desk = Desk::seeded().await;
    assert!(desk.emr.appointment(AppointmentNo(1)).await.unwrap().is_none());
}

#[tokio::test]
async fn charts_are_found_by_number_however_it_was_typed_and_by_work_number() {
    for profile in [Profile::Oscar19, Profile::OpenO] {
        let desk = Desk::at(clinic(profile)).await;
        for (typed, found) in [
            (demo::MARIE.phone, vec![demo::MARIE]),
            (demo::WEI.phone, vec![demo::WEI]),
            (demo::OMAR.phone, vec![demo::OMAR]),
            (demo::HOUSEHOLD[0].phone, demo::HOUSEHOLD.to_vec()),
        ] {
            let number = PhoneNumber::parse(typed).unwrap();
            let charts = desk.emr.charts_by_phone(&number).await.unwrap();
            assert_eq!(
                numbers(&charts),
                found.iter().map(|person| person.demographic_no).collect::<Vec<_>>()
            );
            assert!(charts.iter().all(|chart| number.is_among(&chart.phones)));
        }
        let stranger = PhoneNumber::parse("604-555-0199").unwrap();
        assert!(desk.emr.charts_by_phone(&stranger).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn charts_are_found_by_birth_date_with_what_became_of_them() {
    let desk = Desk::seeded().await;
    let charts = desk.emr.charts_by_birth_date(demo::MERGED.birth).await.unwrap();
    let merged = charts.iter().find(|chart| chart.no.reveal() == demo::MERGED.demographic_no).unwrap();
    let head = charts.iter().find(|chart| chart.no.reveal() == demo::MERGED_INTO.demographic_no).unwrap();
    assert!(merged.merged_into == Some(head.no) && head.merged_into.is_none());
    assert!(head.last_name.reveal() == demo::MERGED_INTO.last_name);

    let charts = desk.emr.charts_by_birth_date(demo::DECEASED.birth).await.unwrap();
    let deceased = charts.iter().find(|chart| chart.no.reveal() == demo::DECEASED.demographic_no).unwrap();
    assert_eq!(deceased.standing, Standing::Deceased);
    assert!(deceased.birth_date.is_some_and(|born| *born.reveal() == demo::DECEASED.birth));
}
