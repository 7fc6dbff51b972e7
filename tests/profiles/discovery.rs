//! What our adapters find out about each build by asking it.

use std::collections::BTreeMap;

use vitarad::sandbox::oscar::{Profile, demo};
use vitarad_actors::domain::capabilities::{Can, Capability, Why};
use vitarad_actors::ports::emr::Operation;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::builds::{Desk, desks};
use crate::server::{EMPTY_DAY, booking, provider};

fn table(found: Vec<Capability>) -> BTreeMap<Operation, (Can, Why)> {
    found.into_iter().map(|line| (line.operation, (line.can, line.why))).collect()
}

#[tokio::test]
async fn soap_is_described_by_every_build_and_nothing_of_it_is_believed_behind_a_firewall() {
    for desk in desks().await {
        let found = table(desk.soap.discover().await.unwrap());
        let expected = match desk.profile {
            Profile::KaiLike => (Can::No, Why::Firewall),
            _ => (Can::Yes, Why::Described),
        };
        assert_eq!(found.len(), 10, "{:?}", desk.profile);
        assert!(found.values().all(|line| *line == expected), "{:?} {found:?}", desk.profile);
    }
}

#[tokio::test]
async fn rest_tells_its_rights_wherever_it_is_and_is_an_error_where_it_is_not() {
    for desk in desks().await {
        match desk.rest.discover().await {
            Ok(found) => {
                let found = table(found);
                assert_eq!(found[&Operation::AddAppointment], (Can::Yes, Why::Granted), "{:?}", desk.profile);
                assert_eq!(found[&Operation::DaySchedule], (Can::No, Why::Never), "{:?}", desk.profile);
            }
            Err(failure) => {
                assert_eq!((desk.profile, failure), (Profile::JunoLike, EmrFailure::HttpError));
            }
        }
    }
}

#[tokio::test]
async fn a_right_that_the_account_lacks_is_told_beforehand_and_refused_by_rest_alone() {
    let desk = Desk::at(Profile::Oscar19).await;
    let denied = |object: &str, privilege: &str| (object.to_owned(), privilege.to_owned());
    desk.server.oscar.with_world(|world| {
        world.denied = vec![denied("_appointment", "w"), denied("_demographic", "r")];
    });
    let found = table(desk.rest.discover().await.unwrap());
    assert_eq!(found[&Operation::AddAppointment], (Can::No, Why::NotGranted));
    assert_eq!(found[&Operation::ChartsByBirthDate], (Can::No, Why::NotGranted));
    assert_eq!(found[&Operation::DayRows], (Can::Yes, Why::Granted));
    assert_eq!(desk.rest.add_appointment(&booking()).await, Err(EmrFailure::ServerFault));
    let born = demo::MARIE.birth;
    assert!(desk.rest.charts_by_birth_date(born).await.err() == Some(EmrFailure::ServerFault));
    let end = EMPTY_DAY.tomorrow().unwrap();
    assert_eq!(desk.rest.day_rows(&provider("101"), EMPTY_DAY, end, None).await, Ok(Vec::new()));
    assert!(desk.soap.charts_by_birth_date(born).await.is_ok_and(|charts| !charts.is_empty()));
}
