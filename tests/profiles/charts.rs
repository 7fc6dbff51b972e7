//! Who works there, and who is a patient there.

use vitarad::sandbox::oscar::demo;
use vitarad_actors::domain::patient::Patient;
use vitarad_actors::domain::phone::PhoneNumber;

use crate::builds::desks;

fn numbers(charts: &[Patient]) -> Vec<i32> {
    charts.iter().map(|chart| chart.no.reveal()).collect()
}

#[tokio::test]
async fn the_active_providers_are_the_same_on_every_build_and_by_every_way() {
    for desk in desks().await {
        for (way, emr) in desk.open() {
            let listed = emr.providers().await.unwrap();
            let mut numbers: Vec<&str> = listed.iter().map(|provider| provider.no.as_str()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, ["007", "021", "101", "102", "188", "210"], "{:?} {way}", desk.profile);
        }
    }
}

#[tokio::test]
async fn a_household_is_found_by_its_number_and_told_apart_by_birth_dates() {
    let household = demo::HOUSEHOLD;
    for desk in desks().await {
        for (way, emr) in desk.open() {
            let number = PhoneNumber::parse(household[0].phone).unwrap();
            let charts = emr.charts_by_phone(&number).await.unwrap();
            let whose = format!("{:?} {way}", desk.profile);
            assert_eq!(numbers(&charts), household.map(|person| person.demographic_no), "{whose}");
            for (chart, person) in charts.iter().zip(household) {
                assert!(chart.last_name.reveal() == person.last_name, "{whose}");
                assert!(chart.birth_date.is_some_and(|born| *born.reveal() == person.birth), "{whose}");
                assert!(number.is_among(&chart.phones), "{whose}");
            }
            let nobody = PhoneNumber::parse("604-555-0199").unwrap();
            assert!(emr.charts_by_phone(&nobody).await.unwrap().is_empty(), "{whose}");
        }
    }
}

#[tokio::test]
async fn a_work_number_is_found_by_soap_alone() {
    let number = PhoneNumber::parse(demo::OMAR.phone).unwrap();
    for desk in desks().await {
        for (way, emr) in desk.open() {
            let found = numbers(&emr.charts_by_phone(&number).await.unwrap());
            let expected = if way == "SOAP" { vec![demo::OMAR.demographic_no] } else { vec![] };
            assert_eq!(found, expected, "{:?} {way}", desk.profile);
        }
    }
}

#[tokio::test]
async fn namesakes_are_found_each_by_their_own_birth_date() {
    for desk in desks().await {
        for (way, emr) in desk.open() {
            for person in demo::NAMESAKES {
                let found = numbers(&emr.charts_by_birth_date(person.birth).await.unwrap());
                assert!(found.contains(&person.demographic_no), "{:?} {way}", desk.profile);
                assert!(found.iter().all(|no| {
                    *no == person.demographic_no
                        || demo::NAMESAKES.iter().all(|other| other.demographic_no != *no)
                }));
            }
        }
    }
}
