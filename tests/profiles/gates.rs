//! What stands before a build, and how it is got past where it may be.

use vitarad::sandbox::oscar::{Profile, demo};
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo};
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::builds::{BUILDS, Desk, desks};
use crate::server::{EMPTY_DAY, booking, provider};

/// Every reading of the port by its name, with what it came to.
async fn readings(emr: &dyn Emr) -> Vec<(&'static str, Option<EmrFailure>)> {
    let marie = DemographicNo::new(demo::MARIE.demographic_no);
    let (day, next_day) = (EMPTY_DAY, EMPTY_DAY.tomorrow().unwrap());
    vec![
        ("providers", emr.providers().await.err()),
        ("template_codes", emr.template_codes().await.err()),
        ("day_schedule", emr.day_schedule(&provider("101"), day).await.err()),
        ("day_rows", emr.day_rows(&provider("101"), day, next_day, None).await.err()),
        ("appointments_of", emr.appointments_of(marie, 5).await.err()),
        ("appointment", emr.appointment(AppointmentNo(1)).await.err()),
        ("charts_by_phone", emr.charts_by_phone(&PhoneNumber::parse(demo::MARIE.phone).unwrap()).await.err()),
        ("charts_by_birth_date", emr.charts_by_birth_date(demo::MARIE.birth).await.err()),
        ("probe", emr.probe().await.err()),
    ]
}

#[tokio::test]
async fn a_shut_way_says_the_same_of_everything_and_an_open_one_lacks_only_what_rest_cannot_do() {
    for (desk, build) in desks().await.iter().zip(BUILDS) {
        for (way, emr, shut) in
            [("SOAP", &desk.soap as &dyn Emr, build.soap), ("REST", &desk.rest, build.rest)]
        {
            for (operation, failure) in readings(emr).await {
                let expected = match (way, operation) {
                    ("REST", "day_schedule") => Some(EmrFailure::Unsupported),
                    // To REST a row that is not there is a fault like any other.
                    ("REST", "appointment") => shut.or(Some(EmrFailure::HttpError)),
                    _ => shut,
                };
                assert_eq!(failure, expected, "{:?} {way} {operation}", desk.profile);
            }
        }
    }
}

#[tokio::test]
async fn the_namespace_of_a_build_is_learnt_at_the_first_question_and_kept_over_restarts() {
    let desk = Desk::at(Profile::JunoLike).await;
    desk.soap.providers().await.unwrap();
    desk.server.oscar.restart();
    desk.soap.providers().await.unwrap();
    desk.soap.add_appointment(&booking()).await.unwrap();
    assert_eq!(desk.server.requests("login2"), 2);
    assert_eq!(desk.server.requests("addAppointment"), 1);
}

#[tokio::test]
async fn a_wrong_password_is_a_refusal_in_every_namespace() {
    for desk in desks().await.into_iter().filter(|desk| desk.profile != Profile::KaiLike) {
        desk.server.oscar.with_world(|world| world.logins.users[0].password = "another".to_owned());
        let refused = desk.soap.providers().await.err();
        assert_eq!(refused, Some(EmrFailure::Unauthorised), "{:?}", desk.profile);
        let unsent = desk.soap.add_appointment(&booking()).await.err();
        assert_eq!(unsent, Some(EmrFailure::Unauthorised), "{:?}", desk.profile);
    }
}

#[tokio::test]
async fn an_address_that_is_taken_off_the_list_is_behind_a_firewall_from_then_on() {
    let desk = Desk::at(Profile::JunoLike).await;
    desk.soap.providers().await.unwrap();
    let listed = desk.server.oscar.with_world(|world| std::mem::take(&mut world.listed));
    assert_eq!(desk.soap.providers().await, Err(EmrFailure::Firewall));
    // This one did leave, and what a gate says is no word of OSCAR's.
    assert_eq!(desk.soap.add_appointment(&booking()).await, Err(EmrFailure::Firewall));
    desk.server.oscar.with_world(|world| world.listed = listed);
    desk.soap.providers().await.unwrap();
    assert!(desk.server.rows(EMPTY_DAY).is_empty());
}
