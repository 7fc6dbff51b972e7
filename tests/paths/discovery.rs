//! What each build says it can do, by either way; how the house takes it up, and who is shown it.

use serde_json::{Value, json};
use vitarad::access::{Credential, EmrAccess, TlsMode};
use vitarad::emr::oauth::Signer;
use vitarad::emr::{Clients, OscarRest, OscarSoap, RestAccess};
use vitarad::sandbox::oscar::demo::{self, MARIE};
use vitarad::sandbox::oscar::{Fault, Profile};
use vitarad_actors::domain::capabilities::{Can, Capability, Why};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::ports::Luck;
use vitarad_actors::ports::emr::{Emr, EmrFailure, Operation};

use crate::clinic::{BOTH, Ways, approve};
use crate::daemon::Process;
use crate::patience::until;
use crate::premises::{OPERATOR_TOKEN, Premises};
use crate::stage::{Stage, code};

fn of(found: &[Capability], operation: Operation) -> (Can, Why) {
    let line = found.iter().find(|line| line.operation == operation).expect("a line");
    (line.can, line.why)
}

fn soap(premises: &Premises) -> OscarSoap {
    let access = EmrAccess {
        url: premises.town.url("maple"),
        username: demo::LOGIN.to_owned(),
        password: demo::PASSWORD.into(),
        tls: TlsMode::System,
        oauth: None,
        bridge: None,
    };
    OscarSoap::new(Some(access), &Clients::default())
}

fn rest(premises: &Premises) -> OscarRest {
    let grant = premises.town.maple().0.with_world(|world| {
        world.rest.grant(demo::CONSUMER_KEY, demo::PROVIDER_NO, vitarad::clock::now()).expect("registered")
    });
    let credential = |key: &str, secret: &str| Credential { key: key.to_owned(), secret: secret.into() };
    let clock = std::sync::Arc::new(vitarad::clock::SystemClock);
    let luck = std::sync::Arc::new(Luck::from_entropy(rand::random()));
    let access = RestAccess {
        url: premises.town.url("maple"),
        signed_as: None,
        tls: TlsMode::System,
        signer: Signer::new(credential(demo::CONSUMER_KEY, demo::CONSUMER_SECRET), clock, luck),
        token: Some(credential(&grant.token, &grant.secret)),
    };
    OscarRest::new(access, &Clients::default())
}

#[tokio::test]
async fn soap_is_believed_by_its_descriptions_unless_a_firewall_stands_before_it() {
    for (profile, said) in
        [(Profile::Oscar19, (Can::Yes, Why::Described)), (Profile::KaiLike, (Can::No, Why::Firewall))]
    {
        let premises = Ways { profile, ..BOTH }.premises().await;
        let found = soap(&premises).discover().await.expect("an answer");
        assert_eq!(of(&found, Operation::DaySchedule), said, "{profile:?}");
        assert_eq!(of(&found, Operation::ChartsByPhone), said, "{profile:?}");
    }
    let premises = BOTH.premises().await;
    premises.town.maple().fail("isAlive", Fault::Http500, None);
    assert_eq!(
        soap(&premises).discover().await,
        Err(EmrFailure::HttpError),
        "away, and nothing is concluded"
    );
}

#[tokio::test]
async fn rest_is_believed_by_the_rights_of_who_approved() {
    let premises = BOTH.premises().await;
    let denied = [("_demographic".to_owned(), "r".to_owned())];
    premises.town.maple().0.with_world(|world| world.denied = denied.to_vec());
    let found = rest(&premises).discover().await.expect("an answer");
    assert_eq!(of(&found, Operation::AddAppointment), (Can::Yes, Why::Granted));
    assert_eq!(of(&found, Operation::ChartsByBirthDate), (Can::No, Why::NotGranted));
    assert_eq!(of(&found, Operation::DaySchedule), (Can::No, Why::Never));
    premises.town.maple().fail("persona/hasRights", Fault::Http500, None);
    let found = rest(&premises).discover().await.expect("an answer");
    assert_eq!(of(&found, Operation::AddAppointment), (Can::Unknown, Why::NotTold));
}

async fn shown(stage: &Stage) -> Value {
    let page = stage.platform().get("/health", OPERATOR_TOKEN).await.expect("a page").json();
    let clinics = page["clinics"].as_array().expect("clinics").iter();
    clinics.clone().find(|clinic| clinic["clinic"] == "maple").expect("maple").clone()
}

#[tokio::test]
async fn a_house_that_finds_soap_shut_out_goes_by_the_usual_hours_from_then_on() {
    let stage = Ways { profile: Profile::KaiLike, usual_hours: true, ..BOTH }.opened().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let wanted = json!({ "providerId": "101" });
    let before = call.ask("f1", "find_earliest_appointment", wanted.clone()).await;
    assert_eq!(code(&before), "EMR_UNAVAILABLE", "a firewall may be a bad hour: {before}");
    let link = stage.house.app.house().directory.link(&ClinicId::parse("maple").expect("an id"));
    assert!(link.expect("a connection").post(EmrLinkMsg::Survey).is_ok());
    let clinic = until("the discovery", async || {
        let clinic = shown(&stage).await;
        clinic["capabilities"]["soap"].is_object().then_some(clinic)
    })
    .await;
    assert_eq!(clinic["paths"], json!(["soap", "rest"]));
    assert_eq!(clinic["capabilities"]["soap"]["day_schedule"], "no: firewall");
    let after = call.ask("f2", "find_earliest_appointment", wanted).await;
    assert_eq!((code(&after), &after["certainty"]), ("SLOT_FOUND", &json!("assumed")), "{after}");
}

#[tokio::test]
async fn a_person_at_the_command_line_asks_and_is_shown_and_the_last_table_outlives_an_outage() {
    let premises = BOTH.premises().await;
    approve(&premises).await;
    let stage = Stage::on(premises).await;
    let file = stage.premises.config_file();
    let line = ["emr", "capabilities", "--clinic", "maple", "--config", file.to_str().expect("a path")];
    let run = async |more: &[&str]| {
        let line: Vec<&str> = line.iter().chain(more).copied().collect();
        Process::start(&line, &stage.premises.environment).ended().await
    };
    assert!(run(&[]).await.out.contains("nothing is known yet"));
    let asked = run(&["--refresh"]).await;
    assert_eq!(asked.status.code(), Some(0), "{}", asked.err);
    for row in ["soap (asked ", "day_schedule", "yes      described", "no       never", "yes      granted"] {
        assert!(asked.out.contains(row), "{row} in {}", asked.out);
    }
    stage.maple().fail("*", Fault::Http500, None);
    let away = run(&["--refresh"]).await;
    assert_eq!(away.status.code(), Some(75), "{}", away.err);
    assert!(away.out.contains("yes      described"), "{}", away.out);
    assert!(!away.err.contains(&stage.premises.town.url("maple")));
}
