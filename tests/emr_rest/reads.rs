//! What is read, on servers of both generations and in containers that call every time GMT.

use jiff::civil::{Date, date, time};
use vitarad::sandbox::oscar::{Fault, Profile, StaffChange, demo};
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::availability::{Confirm, TemplateCodes};
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo};
use vitarad_actors::domain::patient::{Patient, Standing};
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::{Desk, every_server};
use crate::server::{EMPTY_DAY, booking, clinic, provider, staff_row};

fn numbers(charts: &[Patient]) -> Vec<i32> {
    charts.iter().map(|chart| chart.no.reveal()).collect()
}

#[tokio::test]
async fn active_providers_are_listed_with_their_leading_zeros_and_without_the_system() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let listed = desk.emr.providers().await.unwrap();
        let mut numbers: Vec<&str> = listed.iter().map(|provider| provider.no.as_str()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, ["007", "021", "101", "102", "188", "210"]);
    }
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
async fn working_hours_are_not_to_be_had_this_way_and_nothing_is_asked_for_them() {
    let desk = Desk::seeded().await;
    let refused = desk.emr.day_schedule(&provider("101"), EMPTY_DAY).await;
    assert_eq!(refused, Err(EmrFailure::Unsupported));
    assert!(EmrFailure::Unsupported.nothing_done() && !EmrFailure::Unsupported.is_illness());
    assert!(desk.server.oscar.state().requests.is_empty());
}

#[tokio::test]
async fn a_days_rows_have_every_status_every_form_of_end_and_stop_before_the_end() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let ours = desk.emr.add_appointment(&booking()).await.unwrap();
        let row = |from, to, status| staff_row(EMPTY_DAY, from, to, status);
        let cancelled = desk.server.file(row(time(10, 0, 0, 0), time(10, 14, 0, 0), Some("CS")));
        let stateless = desk.server.file(row(time(11, 0, 0, 0), time(11, 30, 0, 0), None));
        let by_soap = desk.server.file(row(time(13, 0, 0, 0), time(13, 44, 59, 0), Some("t")));
        let next_day = EMPTY_DAY.tomorrow().unwrap();
        desk.server.file(staff_row(next_day, time(9, 0, 0, 0), time(9, 14, 0, 0), Some("t")));

        let marie = Some(DemographicNo::new(demo::MARIE.demographic_no));
        let rows = desk.emr.day_rows(&provider("101"), EMPTY_DAY, next_day, marie).await.unwrap();
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
                (by_soap, "13:00-13:45".to_owned(), Status::of("t"), None, false),
            ]
        );
        assert_eq!(desk.server.requests("schedule/getAppointment"), 0, "the month had every end");
    }
}

#[tokio::test]
async fn the_last_two_days_of_a_month_are_completed_row_by_row() {
    let desk = Desk::seeded().await;
    let end_of_month = [date(2027, 1, 29), date(2027, 1, 30), date(2027, 1, 31), date(2027, 2, 1)];
    for day in end_of_month {
        desk.server.file(staff_row(day, time(9, 0, 0, 0), time(9, 14, 0, 0), Some("t")));
    }
    let rows = desk.emr.day_rows(&provider("101"), end_of_month[0], date(2027, 2, 2), None).await.unwrap();
    let days: Vec<(Date, String)> = rows.iter().map(|row| (row.date, row.interval.to_string())).collect();
    assert_eq!(days, end_of_month.map(|day| (day, "09:00-09:15".to_owned())));
    assert_eq!(
        (desk.server.requests("schedule/fetchMonthly"), desk.server.requests("schedule/getAppointment")),
        (2, 2)
    );
}

#[tokio::test]
async fn a_row_that_staff_moved_or_lengthened_is_read_with_its_new_end() {
    let desk = Desk::seeded().await;
    let day = date(2027, 1, 31);
    let id = desk.server.file(staff_row(day, time(9, 0, 0, 0), time(9, 14, 0, 0), Some("t")));
    desk.server.fail("schedule/getAppointment", Fault::ClerkMovesAfter, Some(1));
    let rows = desk.emr.day_rows(&provider("101"), day, date(2027, 2, 1), None).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.no.0).collect::<Vec<_>>(), [id]);
    let later = StaffChange { minutes: Some(45), date: Some(day), ..StaffChange::default() };
    desk.server.oscar.staff_change(id, later).unwrap();
    let rows = desk.emr.day_rows(&provider("101"), day, date(2027, 2, 1), None).await.unwrap();
    assert_eq!(rows[0].interval.to_string(), "09:00-09:45");
}

#[tokio::test]
async fn an_empty_day_costs_one_request_and_an_empty_range_none() {
    let desk = Desk::seeded().await;
    let next_day = EMPTY_DAY.tomorrow().unwrap();
    assert_eq!(desk.emr.day_rows(&provider("101"), EMPTY_DAY, next_day, None).await.unwrap(), []);
    assert_eq!(desk.emr.day_rows(&provider("101"), next_day, EMPTY_DAY, None).await.unwrap(), []);
    assert_eq!(
        desk.server.oscar.state().requests.into_iter().collect::<Vec<_>>(),
        [("schedule/fetchDays", 1)]
    );
}

#[tokio::test]
async fn a_patients_newest_appointments_come_first() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let wei = DemographicNo::new(demo::WEI.demographic_no);
        for (day, hour) in [(20, 9), (21, 9), (21, 15), (22, 8), (1, 9)] {
            let (from, to) = (time(hour, 0, 0, 0), time(hour, 14, 0, 0));
            desk.server.file(staff_row(date(2027, 1, day), from, to, Some("t")));
        }
        let rows = desk.emr.appointments_of(wei, 3).await.unwrap();
        let starts: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.date.day(), row.interval)).collect();
        assert_eq!(starts, ["22 08:00-08:15", "21 15:00-15:15", "21 09:00-09:15"]);
        assert!(rows.iter().all(|row| row.patient == wei));
    }
}

#[tokio::test]
async fn one_appointment_is_read_out_of_the_patient_and_provider_around_it() {
    let desk = Desk::seeded().await;
    let id = desk.server.file(staff_row(EMPTY_DAY, time(9, 0, 0, 0), time(9, 14, 0, 0), Some("TV")));
    let row = desk.emr.appointment(AppointmentNo(id)).await.unwrap().unwrap();
    assert_eq!((row.date, row.interval.to_string()), (EMPTY_DAY, "09:00-09:15".to_owned()));
    assert_eq!(row.status, Status::of("TV"));
    assert!(row.patient.reveal() == demo::WEI.demographic_no);
    assert!(desk.emr.appointment(AppointmentNo(1)).await.is_err());
}

#[tokio::test]
async fn charts_are_found_by_home_number_however_it_was_typed_and_not_by_work_number() {
    for profile in [Profile::Oscar19, Profile::OpenO] {
        let desk = Desk::at(clinic(profile)).await;
        for (typed, found) in [
            (demo::MARIE.phone, vec![demo::MARIE]),
            (demo::WEI.phone, vec![demo::WEI]),
            (demo::OMAR.phone, vec![]),
            (demo::HOUSEHOLD[0].phone, demo::HOUSEHOLD.to_vec()),
        ] {
            let number = PhoneNumber::parse(typed).unwrap();
            let charts = desk.emr.charts_by_phone(&number).await.unwrap();
            let found: Vec<i32> = found.iter().map(|person| person.demographic_no).collect();
            assert_eq!(numbers(&charts), found);
            assert!(charts.iter().all(|chart| number.is_among(&chart.phones)));
        }
    }
}

#[tokio::test]
async fn charts_are_found_by_birth_date_a_merged_one_once_and_as_its_head() {
    let desk = Desk::at(clinic(Profile::Oscar19).in_utc_container()).await;
    let charts = desk.emr.charts_by_birth_date(demo::MERGED.birth).await.unwrap();
    assert_eq!(numbers(&charts), [demo::MERGED_INTO.demographic_no]);
    assert!(charts[0].last_name.reveal() == demo::MERGED_INTO.last_name);
    assert!(charts[0].birth_date.is_some_and(|born| *born.reveal() == demo::MERGED.birth));
    let deceased = desk.emr.charts_by_birth_date(demo::DECEASED.birth).await.unwrap();
    assert!(deceased.is_empty(), "only active charts are searched");
}

#[tokio::test]
async fn charts_are_found_by_the_beginning_of_a_name_with_whatever_signs_in_it() {
    let desk = Desk::seeded().await;
    for (last, first, found) in [
        ("tremb", "", vec![demo::MARIE]),
        ("Tremblay", "Mar", vec![demo::MARIE]),
        ("", "zoé", vec![demo::ZOE]),
        ("Côté-B", "", vec![demo::ZOE]),
        ("(Tremblay", "", vec![]),
        ("Tremblay*", "", vec![demo::MARIE]),
        ("blay", "", vec![]),
        (" ", "%", vec![]),
    ] {
        let found: Vec<i32> = found.iter().map(|person| person.demographic_no).collect();
        let charts = desk.emr.charts_by_name(last, first).await.unwrap();
        let ours: Vec<i32> = numbers(&charts).into_iter().filter(|no| (4_700..4_770).contains(no)).collect();
        assert_eq!(ours, found, "{last},{first}");
    }
}

#[tokio::test]
async fn a_chart_is_read_with_every_number_in_it() {
    for profile in [Profile::Oscar19, Profile::OpenO] {
        let desk = Desk::at(clinic(profile)).await;
        let chart = desk.emr.chart(DemographicNo::new(demo::OMAR.demographic_no)).await.unwrap().unwrap();
        assert!(PhoneNumber::parse(demo::OMAR.phone).unwrap().is_among(&chart.patient.phones));
        assert!(chart.patient.birth_date.is_some_and(|born| *born.reveal() == demo::OMAR.birth));
        let deceased = DemographicNo::new(demo::DECEASED.demographic_no);
        assert_eq!(desk.emr.chart(deceased).await.unwrap().unwrap().patient.standing, Standing::Deceased);
    }
}
