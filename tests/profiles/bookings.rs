//! A booking made, read back and cancelled.

use vitarad::sandbox::oscar::{Appointment, Profile, demo};
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::ids::DemographicNo;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::builds::{Desk, desks};
use crate::server::{EMPTY_DAY, booking, provider};

#[tokio::test]
async fn a_booking_is_made_read_back_and_cancelled_on_every_build_by_every_way() {
    let marie = DemographicNo::new(demo::MARIE.demographic_no);
    let next_day = EMPTY_DAY.tomorrow().unwrap();
    for desk in desks().await {
        for (way, emr) in desk.open() {
            let whose = format!("{:?} {way}", desk.profile);
            let no = emr.add_appointment(&booking()).await.unwrap();
            let rows = emr.day_rows(&provider("101"), EMPTY_DAY, next_day, Some(marie)).await.unwrap();
            let ours = rows.iter().find(|row| row.no == no).unwrap();
            assert_eq!((ours.interval, ours.mark), (booking().interval, Some(booking().mark)), "{whose}");
            assert!(ours.for_patient && ours.status == Status::of("t"), "{whose}");

            let seen = emr.appointment(no).await.unwrap().unwrap();
            assert!(seen.texts.reason == Some(booking().reason), "{whose}");
            let before = desk.server.row(no.0);
            emr.cancel_appointment(&seen).await.unwrap();
            let after = desk.server.row(no.0);
            assert_eq!(after.details.status.as_deref(), Some("C"), "{whose}");
            let kept = |row: &Appointment| {
                let mut row = row.clone();
                row.details.status = None;
                (format!("{:?}", row.details), row.date, row.start, row.end, row.creator)
            };
            assert_eq!(kept(&after), kept(&before), "{whose}");

            let theirs = emr.appointments_of(marie, 50).await.unwrap();
            let cancelled = theirs.iter().find(|row| row.no == no).unwrap();
            assert_eq!(cancelled.status, Status::of("C"), "{whose}");
        }
    }
}

#[tokio::test]
async fn who_updated_a_row_by_soap_is_told_by_the_builds_that_tell_it() {
    for desk in desks().await {
        let Some((_, emr)) = desk.open().into_iter().find(|way| way.0 == "SOAP") else { continue };
        let no = emr.add_appointment(&booking()).await.unwrap();
        let seen = emr.appointment(no).await.unwrap().unwrap();
        emr.cancel_appointment(&seen).await.unwrap();
        let told = desk.server.row(no.0).last_update_user;
        let names = desk.profile == Profile::OpenO;
        assert_eq!(told, names.then(|| demo::PROVIDER_NO.to_owned()), "{:?}", desk.profile);
    }
}

#[tokio::test]
async fn a_write_by_a_way_that_is_shut_is_known_not_to_have_been_sent_or_proves_nothing() {
    let kai = Desk::at(Profile::KaiLike).await;
    // It was the login that the firewall stopped: the write itself never left.
    assert_eq!(kai.soap.add_appointment(&booking()).await, Err(EmrFailure::NoConnection));
    let juno = Desk::at(Profile::JunoLike).await;
    assert_eq!(juno.rest.add_appointment(&booking()).await, Err(EmrFailure::HttpError));
    for desk in [kai, juno] {
        assert!(desk.server.rows(EMPTY_DAY).is_empty());
        assert!(desk.server.oscar.state().requests.is_empty());
    }
}
