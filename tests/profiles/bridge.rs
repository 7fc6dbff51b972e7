//! The legacy bridge's adapter against the pretend bridge over real sockets: whom it finds, what each failure means, and
//! that it claims nothing else.

use std::time::Duration;

use tokio::time::timeout;
use tracing::Level;
use vitarad::access::{BridgeAccess, EmrAccess, TlsMode};
use vitarad::emr::{Clients, Connector, OscarBridge};
use vitarad::sandbox::oscar::{Fault, Profile, demo};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo};
use vitarad_actors::domain::patient::{Patient, Standing};
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::emr::{EmrConnector, Operation, Path};
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::builds::access;
use crate::log::Log;
use crate::server::{EMPTY_DAY, Server, booking, clinic, provider};

struct Desk {
    server: Server,
    emr: OscarBridge,
}

impl Desk {
    /// Juno's, so that nothing of what is found comes by SOAP or REST.
    async fn seeded() -> Self {
        let server = Server::at(clinic(Profile::JunoLike)).await;
        let emr = connect(&server, demo::BRIDGE_KEY);
        Self { server, emr }
    }

    async fn by_phone(&self, number: &str) -> Vec<Patient> {
        self.emr.charts_by_phone(&PhoneNumber::parse(number).unwrap()).await.unwrap()
    }
}

fn bridge(server: &Server, key: &str) -> BridgeAccess {
    BridgeAccess { url: format!("{}/bridge/", server.url()), api_key: key.into(), tls: TlsMode::System }
}

fn connect(server: &Server, key: &str) -> OscarBridge {
    OscarBridge::new(&bridge(server, key), &Clients::default())
}

fn numbers(charts: &[Patient]) -> Vec<i32> {
    charts.iter().map(|chart| chart.no.reveal()).collect()
}

#[tokio::test]
async fn charts_are_found_by_any_of_their_numbers_however_it_was_typed() {
    let desk = Desk::seeded().await;
    for person in [demo::MARIE, demo::WEI, demo::OMAR] {
        let charts = desk.by_phone(person.phone).await;
        assert_eq!(numbers(&charts), [person.demographic_no]);
        let chart = &charts[0];
        assert!(
            chart.first_name.reveal() == person.first_name && chart.last_name.reveal() == person.last_name
        );
        assert!(chart.birth_date.is_some_and(|born| *born.reveal() == person.birth));
        assert!(PhoneNumber::parse(person.phone).unwrap().is_among(&chart.phones));
    }
    assert_eq!(
        numbers(&desk.by_phone(demo::TWINS[0].phone).await),
        demo::TWINS.map(|twin| twin.demographic_no)
    );
    assert!(desk.by_phone("604-555-0199").await.is_empty());
    let merged = desk.by_phone(demo::MERGED.phone).await;
    assert!(merged[0].merged_into.is_some_and(|head| head.reveal() == demo::MERGED_INTO.demographic_no));
    assert_eq!(desk.by_phone(demo::DECEASED.phone).await[0].standing, Standing::Deceased);
}

#[tokio::test]
async fn active_providers_are_listed_with_their_leading_zeros_and_without_the_system() {
    let desk = Desk::seeded().await;
    let listed = desk.emr.providers().await.unwrap();
    let mut numbers: Vec<&str> = listed.iter().map(|provider| provider.no.as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["007", "021", "101", "102", "188", "210"]);
    let doctor = listed.iter().find(|listed| listed.no == provider("101")).unwrap();
    assert_eq!((doctor.title.as_str(), doctor.kind.as_str()), ("Dr.", "doctor"));
    desk.emr.probe().await.unwrap();
}

#[tokio::test]
async fn each_failure_is_told_for_what_it_is() {
    let desk = Desk::seeded().await;
    for key in ["another", ""] {
        assert_eq!(connect(&desk.server, key).providers().await, Err(EmrFailure::Unauthorised));
    }
    assert_eq!(connect(&desk.server, "two\nlines").unusable(), Some(EmrFailure::NoConnection));
    for (fault, failure) in [
        (Fault::AuthFault, EmrFailure::Unauthorised),
        (Fault::Http500, EmrFailure::HttpError),
        (Fault::WafPage, EmrFailure::Firewall),
        (Fault::GarbageXml, EmrFailure::Unreadable),
        (Fault::Truncate, EmrFailure::ConnectionLost),
        (Fault::DropBeforeCommit, EmrFailure::ConnectionLost),
    ] {
        desk.server.fail("bridge/providers", fault.clone(), Some(1));
        assert_eq!(desk.emr.providers().await, Err(failure), "{fault:?}");
    }
    desk.server.oscar.with_world(|world| world.bridge_key = None);
    assert_eq!(desk.emr.providers().await, Err(EmrFailure::Unauthorised));
    desk.server.running.stop().await;
    assert_eq!(desk.emr.providers().await, Err(EmrFailure::NoConnection));
}

#[tokio::test]
async fn a_bridge_that_hangs_is_given_up_and_answers_again_when_it_can() {
    let desk = Desk::seeded().await;
    desk.server.fail("bridge/patients", Fault::Hang, None);
    let number = PhoneNumber::parse(demo::MARIE.phone).unwrap();
    let asking = desk.emr.charts_by_phone(&number);
    assert!(timeout(Duration::from_millis(300), asking).await.is_err());
    assert_eq!(desk.server.requests("bridge/patients"), 1);
    desk.server.oscar.clear_faults();
    assert_eq!(desk.by_phone(demo::MARIE.phone).await.len(), 1);
}

#[tokio::test]
async fn everything_else_is_unsupported_and_nothing_is_asked_for_it() {
    let desk = Desk::seeded().await;
    let emr = &desk.emr;
    let (day, end, marie) = (EMPTY_DAY, EMPTY_DAY.tomorrow().unwrap(), DemographicNo::new(4711));
    let refused = Some(EmrFailure::Unsupported);
    assert_eq!(emr.template_codes().await.err(), refused);
    assert_eq!(emr.day_schedule(&provider("101"), day).await.err(), refused);
    assert_eq!(emr.day_rows(&provider("101"), day, end, None).await.err(), refused);
    assert_eq!(emr.appointments_of(marie, 5).await.err(), refused);
    assert_eq!(emr.appointment(AppointmentNo(1)).await.err(), refused);
    assert_eq!(emr.charts_by_birth_date(demo::MARIE.birth).await.err(), refused);
    assert_eq!(emr.add_appointment(&booking()).await.err(), refused);
    assert!(desk.server.oscar.state().requests.is_empty());
    let offered: Vec<Operation> =
        Operation::ALL.iter().copied().filter(|operation| emr.offers(*operation)).collect();
    assert_eq!(offered, [Operation::Providers, Operation::ChartsByPhone, Operation::Discover]);
    assert_eq!(emr.discover().await, Ok(Vec::new()));
}

#[tokio::test]
async fn no_patient_and_no_key_is_in_the_log_and_each_exchange_is() {
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || sink.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let desk = Desk::seeded().await;
    desk.by_phone(demo::MARIE.phone).await;
    let text = log.text().to_lowercase();
    assert!(text.contains("hyper_util") && text.contains("emr.operation=\"bridge/patients\""));
    for secret in [demo::MARIE.last_name, "555-0142", "5550142", "1979-04-07", demo::BRIDGE_KEY] {
        assert!(!text.contains(&secret.to_lowercase()), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_clinic_is_connected_to_a_bridge_only_if_it_declares_one() {
    let desk = Desk::seeded().await;
    let declaration = serde_json::json!({
        "id": "maple", "name": "Maple", "phone": "604-555-0100", "timezone": "America/Vancouver", "hours": {},
        "providers": [],
    });
    let clinic: Clinic = serde_json::from_value(declaration).unwrap();
    let paths = |access: EmrAccess| {
        let ways = Connector::new(move |_| Some(access.clone())).connect(&clinic);
        ways.iter().map(|way| way.path()).collect::<Vec<_>>()
    };
    let without = access(&desk.server.url());
    let with = EmrAccess { bridge: Some(bridge(&desk.server, demo::BRIDGE_KEY)), ..without.clone() };
    assert_eq!(paths(without), [Path::Soap]);
    assert_eq!(paths(with), [Path::Soap, Path::Bridge]);
}
