//! What the adapter and everything below it write into the log, with every target at its most talkative (law P-1).

use tracing::Level;
use vitarad::sandbox::oscar::{Fault, demo};
use vitarad_actors::domain::ids::DemographicNo;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::Emr;
use vitarad_actors::testing::newcomer;

use crate::desk::Desk;
use crate::log::Log;
use crate::registration::new_chart;
use crate::server::{EMPTY_DAY, booking, provider};

/// Everything a receptionist does, and some of what goes wrong.
async fn a_working_day(desk: &Desk) {
    let marie = DemographicNo::new(demo::MARIE.demographic_no);
    let emr = &desk.emr;
    emr.charts_by_phone(&PhoneNumber::parse(demo::MARIE.phone).unwrap()).await.unwrap();
    emr.charts_by_birth_date(demo::MARIE.birth).await.unwrap();
    emr.charts_by_name(demo::MARIE.last_name, demo::MARIE.first_name).await.unwrap();
    emr.chart(marie).await.unwrap();
    emr.appointments_of(marie, 10).await.unwrap();
    let who = newcomer("Perpetua", "Newcomer");
    let chart = emr.add_patient(&new_chart(&who)).await.unwrap();
    emr.chart(chart).await.unwrap();
    emr.charts_by_health_number(who.health_number.reveal().as_ref().unwrap()).await.unwrap();
    let no = emr.add_appointment(&booking()).await.unwrap();
    emr.day_rows(&provider("101"), EMPTY_DAY, EMPTY_DAY.tomorrow().unwrap(), Some(marie)).await.unwrap();
    let seen = emr.appointment(no).await.unwrap().unwrap();
    emr.cancel_appointment(&seen).await.unwrap();
    desk.server.fail("*", Fault::SoapFault { text: "TREMBLAY,MARIE 604-555-0142".to_owned() }, Some(1));
    let _ = emr.add_appointment(&booking()).await;
    for fault in [Fault::Http500, Fault::Truncate, Fault::GarbageXml, Fault::CommitThenDrop, Fault::AuthFault]
    {
        desk.server.fail("*", fault, Some(1));
        let _ = emr.add_appointment(&booking()).await;
    }
}

#[tokio::test]
async fn no_patient_and_no_secret_is_in_the_log_and_each_exchange_is() {
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || sink.clone());
    // For the whole process: whether a log line exists is decided once for all threads. The tests beside this one are
    // listened to as well.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let desk = Desk::seeded().await;
    a_working_day(&desk).await;

    let text = log.text().to_lowercase();
    assert!(text.contains("hyper_util"), "every target speaks");
    assert!(text.contains("asked the emr") && text.contains("emr.operation=\"schedule/add\""));
    let marie = demo::MARIE;
    for secret in [
        marie.last_name,
        marie.first_name,
        "555-0142",
        "5550142",
        "555%0142",
        "1979-04-07",
        "/4711",
        "knee",
        "perpetua",
        "newcomer",
        "9999004755",
        "rue king",
        demo::CONSUMER_SECRET,
        &desk.grant.token,
        &desk.grant.secret,
        "oauth_signature",
    ] {
        assert!(!text.contains(&secret.to_lowercase()), "{secret} is in the log");
    }
}
