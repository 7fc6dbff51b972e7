//! What the adapter and everything below it write into the log, with every target at its most talkative (law P-1).

use tracing::Level;
use vitarad::sandbox::oscar::{Fault, demo};
use vitarad_actors::domain::ids::DemographicNo;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::Emr;

use crate::desk::Desk;
use crate::log::Log;
use crate::server::{EMPTY_DAY, booking, provider};

/// Everything a receptionist does, and some of what goes wrong.
async fn a_working_day(desk: &Desk) {
    let marie = DemographicNo::new(demo::MARIE.demographic_no);
    let emr = &desk.emr;
    emr.charts_by_phone(&PhoneNumber::parse(demo::MARIE.phone).unwrap()).await.unwrap();
    emr.charts_by_birth_date(demo::MARIE.birth).await.unwrap();
    emr.appointments_of(marie, 10).await.unwrap();
    emr.day_rows(&provider("101"), EMPTY_DAY, EMPTY_DAY.tomorrow().unwrap(), Some(marie)).await.unwrap();
    let no = emr.add_appointment(&booking()).await.unwrap();
    let seen = emr.appointment(no).await.unwrap().unwrap();
    emr.cancel_appointment(&seen).await.unwrap();
    for fault in [Fault::Http500, Fault::Truncate, Fault::GarbageXml, Fault::CommitThenDrop, Fault::AuthFault]
    {
        desk.server.fail("*", fault, Some(1));
        let _ = emr.add_appointment(&booking()).await;
    }
    desk.server.fail("*", Fault::SoapFault { text: "TREMBLAY,MARIE 604-555-0142".to_owned() }, Some(1));
    let _ = emr.add_appointment(&booking()).await;
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

    let log = log.text();
    let (login, number) = (demo::LOGIN, demo::MARIE.demographic_no.to_string());
    let secrets = [
        "remblay",
        "REMBLAY",
        "arie",
        "ARIE",
        "555-0142",
        "555%0142",
        "6045550142",
        "1979-04-07",
        "knee",
        "vr#",
        demo::PASSWORD,
        login,
        &format!("[{number}]"),
        &format!("\"{number}\""),
        &format!(">{number}<"),
        "<arg",
        "Envelope",
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in {line:?}");
    }
    assert!(log.contains("hyper_util"), "every target speaks");
    let ours: Vec<&str> = log.lines().filter(|line| line.contains("vitarad::emr")).collect();
    let address = desk.server.running.emr_addr.to_string();
    assert!(ours.iter().all(|line| !line.contains(&address) && !line.contains("maple")));
    for (operation, outcome) in [
        ("login2", "ok"),
        ("addAppointment", "ok"),
        ("addAppointment", "connection_lost"),
        ("updateAppointment", "ok"),
    ] {
        let said = |line: &&&str| {
            line.contains(&format!("emr.operation=\"{operation}\""))
                && line.contains(&format!("emr.outcome=\"{outcome}\""))
        };
        assert!(ours.iter().any(|line| said(&line)), "{operation} {outcome}");
    }
}
