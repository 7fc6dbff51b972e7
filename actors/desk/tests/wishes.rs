//! One wish in two calls at once: it is done once, and both hear the same.

use std::time::Duration;

use serde_json::json;

use super::{at, book, house, once};
use crate::desk::DeskMsg;
use crate::domain::tool::Tool;
use crate::testing::{Death, Fate, Op, patient};

/// Law B-6.
#[tokio::test(start_paused = true)]
async fn a_wish_that_is_under_way_in_another_call_is_waited_for_and_answered_alike() {
    let (world, house) = house().await;
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    house.ask("c2", "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    once(world.emr("maple"), Op::Add, Fate::Answered { after: Duration::from_millis(900) });
    let later = async {
        house.wait(Duration::from_millis(300)).await;
        house.ask("c2", "t1", Tool::CreateAppointment, at("10:00")).await
    };
    let (first, second) = tokio::join!(book(&house, "t1", "10:00"), later);
    assert_eq!(first["code"], "BOOKED", "{first}");
    assert_eq!((&second["code"], &second["appointment"]), (&first["code"], &first["appointment"]));
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}

/// Law B-6: another life of the desk knows of the wish by the journal only.
#[tokio::test(start_paused = true)]
async fn a_wish_that_an_earlier_desk_still_carries_is_waited_for_and_answered_alike() {
    let (world, house) = house().await;
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    house.ask("c2", "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    once(world.emr("maple"), Op::Add, Fate::Answered { after: Duration::from_secs(2) });
    let later = async {
        house.wait(Duration::from_millis(300)).await;
        let maple = house.house.roster.load().clinics().next().unwrap().id.clone();
        let desk = house.house.directory.desk(&maple).unwrap();
        assert!(desk.post(DeskMsg::Die(Death::Error)).is_ok());
        house.wait(Duration::from_millis(300)).await;
        house.ask("c2", "t1", Tool::CreateAppointment, at("10:00")).await
    };
    let (first, second) = tokio::join!(book(&house, "t1", "10:00"), later);
    assert_eq!(first["code"], "BOOKED", "{first}");
    assert_eq!((&second["code"], &second["appointment"]), (&first["code"], &first["appointment"]));
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}
