//! Each fault on demand, as a client feels it and as the database shows it.

use std::time::Duration;

use jiff::civil::time;
use vitarad::sandbox::oscar::{Appointment, Fault, FaultRule, Profile, demo};

use crate::house::{House, Reply, Xml, add, clinic, empty_day, envelope, username_token};

const FROM: &str = "2026-07-21T09:00:00";
const UNTIL: &str = "2026-07-21T09:15:00";

fn on_the_day(house: &House) -> Vec<Appointment> {
    let (from, until) = (empty_day(), empty_day().tomorrow().unwrap());
    house.oscar.with_world(|world| world.book.of_provider("101", from, until).cloned().collect())
}

/// Sends the booking of the tests and tells how the connection failed, if it did.
async fn try_to_book(house: &House) -> Result<Reply, reqwest::Error> {
    let body = envelope(&username_token("131", demo::PASSWORD), &add("101", FROM, UNTIL));
    let response = house.post("ScheduleService", body).send().await?;
    Ok(Reply { status: response.status().as_u16(), text: response.text().await? })
}

async fn update(house: &House, id: i32) -> Reply {
    let operation = format!(
        "<ws:updateAppointment><arg0><demographicNo>4711</demographicNo><id>{id}</id><providerNo>101</providerNo>\
         <status>T</status></arg0></ws:updateAppointment>"
    );
    house.call("ScheduleService", &operation).await
}

/// Looks again until it is so; a test that waits in vain fails.
async fn eventually(mut so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(tokio::time::Instant::now() < deadline, "it never came about");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn commit_then_drop_leaves_the_row_and_no_answer() {
    let house = House::seeded().await;
    house.fault("addAppointment", Fault::CommitThenDrop);
    let failed = try_to_book(&house).await.err().unwrap();
    assert!(failed.status().is_none() && !failed.is_timeout(), "{failed:?}");
    assert_eq!(on_the_day(&house).len(), 1);
    // Only once.
    assert_eq!(try_to_book(&house).await.unwrap().status, 200);
}

#[tokio::test]
async fn drop_before_commit_leaves_nothing() {
    let house = House::seeded().await;
    house.fault("addAppointment", Fault::DropBeforeCommit);
    assert!(try_to_book(&house).await.is_err());
    assert!(on_the_day(&house).is_empty());
}

#[tokio::test]
async fn a_delayed_commit_appears_after_the_connection_is_gone() {
    let house = House::seeded().await;
    house.fault("addAppointment", Fault::DelayedCommit { ms: 100 });
    assert!(try_to_book(&house).await.is_err());
    eventually(|| on_the_day(&house).len() == 1).await;
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_in_the_middle_after_the_write() {
    let house = House::seeded().await;
    house.fault("addAppointment", Fault::Truncate);
    let body = envelope(&username_token("131", demo::PASSWORD), &add("101", FROM, UNTIL));
    let mut response = house.post("ScheduleService", body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let announced = usize::try_from(response.content_length().unwrap()).unwrap();
    let mut arrived = Vec::new();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => arrived.extend_from_slice(&chunk),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && arrived.starts_with(b"<soap:Envelope") && arrived.len() == announced / 2);
    assert_eq!(on_the_day(&house).len(), 1);
}

#[tokio::test]
async fn a_garbled_answer_is_no_xml_and_the_write_is_done() {
    let house = House::seeded().await;
    house.fault("addAppointment", Fault::GarbageXml);
    let reply = try_to_book(&house).await.unwrap();
    assert_eq!(reply.status, 200);
    let mut reader = quick_xml::Reader::from_str(&reply.text);
    let ends_badly = loop {
        match reader.read_event() {
            Err(_) => break true,
            Ok(quick_xml::events::Event::Eof) => break false,
            Ok(_) => {}
        }
    };
    assert!(ends_badly, "{}", reply.text);
    assert_eq!(on_the_day(&house).len(), 1);
}

#[tokio::test]
async fn pages_of_tomcat_and_of_a_firewall_come_instead_of_an_answer() {
    let house = House::seeded().await;
    for (fault, status, words) in
        [(Fault::Http500, 500, "Apache Tomcat"), (Fault::WafPage, 403, "you have been blocked")]
    {
        house.fault("*", fault);
        let reply = try_to_book(&house).await.unwrap();
        assert!(reply.status == status && reply.text.contains(words), "{}", reply.text);
        assert!(reply.text.to_ascii_lowercase().starts_with("<!doctype html>"));
    }
    assert!(on_the_day(&house).is_empty());
}

#[tokio::test]
async fn a_soap_fault_and_an_authentication_fault_write_nothing() {
    for (profile, refusal) in [(Profile::Oscar19, "FailedAuthentication"), (Profile::OpenO, "SecurityError")]
    {
        let house = House::of(clinic(profile)).await;
        house.fault("addAppointment", Fault::SoapFault { text: "could not execute statement".to_owned() });
        let fault = try_to_book(&house).await.unwrap().fault();
        assert_eq!(fault, ("Server".to_owned(), "could not execute statement".to_owned()));
        house.fault("addAppointment", Fault::AuthFault);
        assert_eq!(try_to_book(&house).await.unwrap().fault().0, refusal);
        assert!(on_the_day(&house).is_empty());
    }
}

#[tokio::test]
async fn a_slow_request_is_carried_out_even_if_its_client_has_left() {
    let house = House::seeded().await;
    house.fault("addAppointment", Fault::Latency { ms: 200 });
    let body = envelope(&username_token("131", demo::PASSWORD), &add("101", FROM, UNTIL));
    let impatient = tokio::spawn(house.post("ScheduleService", body).send());
    eventually(|| house.oscar.state().requests.contains_key("addAppointment")).await;
    impatient.abort();
    eventually(|| on_the_day(&house).len() == 1).await;
}

#[tokio::test]
async fn a_hanging_request_goes_on_when_the_faults_are_cleared() {
    let house = House::seeded().await;
    let rule = FaultRule {
        operation: "addAppointment".to_owned(),
        fault: Fault::Hang,
        times: None,
        probability: None,
    };
    house.oscar.add_fault(rule).unwrap();
    let (first, second, ()) = tokio::join!(try_to_book(&house), try_to_book(&house), async {
        eventually(|| house.oscar.present() == 2).await;
        assert!(on_the_day(&house).is_empty());
        house.oscar.clear_faults();
    });
    assert_eq!((first.unwrap().status, second.unwrap().status), (200, 200));
    assert_eq!(on_the_day(&house).len(), 2);
    assert_eq!((house.oscar.state().most_concurrent, house.oscar.present()), (2, 0));
}

#[tokio::test]
async fn a_hanging_request_whose_client_left_is_never_carried_out() {
    let house = House::seeded().await;
    house
        .oscar
        .add_fault(FaultRule {
            operation: "*".to_owned(),
            fault: Fault::Hang,
            times: None,
            probability: None,
        })
        .unwrap();
    let body = envelope(&username_token("131", demo::PASSWORD), &add("101", FROM, UNTIL));
    let left = house.post("ScheduleService", body).timeout(Duration::from_millis(100)).send().await;
    assert!(left.err().unwrap().is_timeout());
    // The server has noticed when the next one is alone again.
    eventually(|| house.oscar.present() == 0).await;
    house.oscar.clear_faults();
    assert_eq!(house.call("ProviderService", "<ws:getProviders2/>").await.status, 200);
    assert!(on_the_day(&house).is_empty());
}

#[tokio::test]
async fn a_restart_in_the_middle_voids_the_token_that_was_good_a_moment_ago() {
    let house = House::seeded().await;
    let login = format!("<ws:login2><arg0>voicedesk</arg0><arg1>{}</arg1></ws:login2>", demo::PASSWORD);
    let reply = house.send("LoginService", &envelope("", &login)).await;
    let token = Xml::read(&reply.text).text("securityTokenKey").to_owned();
    let ask = async || {
        let body = envelope(&username_token("131", &token), "<ws:getProviders2/>");
        house.send("ProviderService", &body).await
    };
    assert_eq!(ask().await.status, 200);
    house.fault("getProviders2", Fault::Restart);
    assert_eq!(ask().await.fault().0, "FailedAuthentication");
    assert_eq!(house.oscar.state().token_generation, 1);
}

#[tokio::test]
async fn a_clerk_takes_the_slot_just_before_or_just_after_us() {
    for (fault, clerk_first) in [(Fault::ClerkTakesSlotBefore, true), (Fault::ClerkTakesSlotAfter, false)] {
        let house = House::seeded().await;
        house.fault("addAppointment", fault);
        let ours: i32 = Xml::read(&try_to_book(&house).await.unwrap().text).text("return").parse().unwrap();
        let rows = on_the_day(&house);
        let clerk = rows.iter().find(|row| row.creator.as_deref() == Some("desk, front")).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(clerk.id < ours, clerk_first);
        assert_eq!((clerk.start, clerk.end), (time(9, 0, 0, 0), time(9, 14, 0, 0)));
        assert_eq!(house.oscar.overlaps().len(), 1);
    }
}

#[tokio::test]
async fn a_clerk_cancels_just_before_our_update_overwrites_it() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    house.fault("updateAppointment", Fault::ClerkCancelsBeforeUpdate);
    assert_eq!(update(&house, id).await.status, 200);
    let archive: Vec<_> = house.oscar.with_world(|world| {
        world.book.archive().iter().map(|row| row.details.status.clone().unwrap_or_default()).collect()
    });
    assert_eq!(archive, ["t", "C"]);
    assert_eq!(on_the_day(&house)[0].details.status.as_deref(), Some("T"));
}

#[tokio::test]
async fn a_clerk_moves_the_appointment_right_after_we_read_or_wrote_it() {
    let house = House::seeded().await;
    let id = house.book("101", FROM, UNTIL).await;
    let day_of = |id| house.oscar.with_world(|world| world.book.get(id).map(|row| row.date)).unwrap();
    house.fault("getAppointment", Fault::ClerkMovesAfter);
    let read = format!("<ws:getAppointment><arg0>{id}</arg0></ws:getAppointment>");
    assert!(house.call("ScheduleService", &read).await.text.contains("2026-07-21T09:00:00"));
    assert_eq!(day_of(id), empty_day().tomorrow().unwrap());
    house.fault("updateAppointment", Fault::ClerkMovesAfter);
    assert_eq!(update(&house, id).await.status, 200);
    assert_eq!(day_of(id), empty_day().tomorrow().unwrap().tomorrow().unwrap());
}
