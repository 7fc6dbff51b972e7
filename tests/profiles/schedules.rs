//! What a provider's days look like: the hours, which SOAP alone knows, and the rows, which both do.

use jiff::Span;
use jiff::civil::time;
use vitarad::sandbox::oscar::demo;
use vitarad_actors::domain::availability::DaySchedule;
use vitarad_actors::domain::ids::DemographicNo;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::builds::{BUILDS, desks};
use crate::server::{EMPTY_DAY, provider, staff_row};

#[tokio::test]
async fn working_hours_are_the_same_on_every_build_that_lets_soap_in_and_unsupported_by_rest() {
    let mut read: Vec<DaySchedule> = Vec::new();
    for (desk, build) in desks().await.iter().zip(BUILDS) {
        let refused = desk.rest.day_schedule(&provider("101"), EMPTY_DAY).await;
        assert_eq!(refused, Err(EmrFailure::Unsupported), "{:?}", desk.profile);
        match desk.soap.day_schedule(&provider("101"), EMPTY_DAY).await {
            Ok(day) => read.push(day.unwrap()),
            Err(failure) => assert_eq!(Some(failure), build.soap, "{:?}", desk.profile),
        }
        if build.soap.is_none() {
            let sunday = EMPTY_DAY.saturating_add(Span::new().days(5));
            assert_eq!(desk.soap.day_schedule(&provider("101"), sunday).await, Ok(None));
        }
    }
    assert_eq!(read.len(), 4);
    assert!(!read[0].slots.is_empty() && read.iter().all(|day| *day == read[0]));
}

#[tokio::test]
async fn template_codes_are_the_same_by_every_way() {
    let mut read = Vec::new();
    for desk in desks().await {
        for (_, emr) in desk.open() {
            read.push(emr.template_codes().await.unwrap());
        }
    }
    assert_eq!(read.len(), 8);
    assert!(read.iter().all(|codes| *codes == read[0]));
}

#[tokio::test]
async fn a_day_has_the_same_rows_on_every_build_and_by_every_way() {
    let next_day = EMPTY_DAY.tomorrow().unwrap();
    for desk in desks().await {
        for (from, to, status) in [
            (time(9, 0, 0, 0), time(9, 14, 0, 0), Some("t")),
            (time(10, 0, 0, 0), time(10, 29, 59, 0), Some("H")),
            (time(11, 0, 0, 0), time(11, 30, 0, 0), Some("C")),
            (time(13, 0, 0, 0), time(13, 14, 0, 0), None),
        ] {
            desk.server.file(staff_row(EMPTY_DAY, from, to, status));
        }
        let wei = Some(DemographicNo::new(demo::WEI.demographic_no));
        for (way, emr) in desk.open() {
            let rows = emr.day_rows(&provider("101"), EMPTY_DAY, next_day, wei).await.unwrap();
            let shown: Vec<_> = rows
                .iter()
                .map(|row| (row.interval.to_string(), row.status.0.clone(), row.for_patient))
                .collect();
            let row =
                |interval: &str, status: Option<&str>| (interval.to_owned(), status.map(str::to_owned), true);
            assert_eq!(
                shown,
                [
                    row("09:00-09:15", Some("t")),
                    row("10:00-10:30", Some("H")),
                    row("11:00-11:30", Some("C")),
                    row("13:00-13:15", None),
                ],
                "{:?} {way}",
                desk.profile
            );
        }
    }
}
