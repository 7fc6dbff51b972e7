//! Making a chart, reading it back, and finding it when the answer is lost.

use vitarad::sandbox::oscar::{Fault, demo};
use vitarad_actors::domain::health_number::{HealthNumber, Province};
use vitarad_actors::domain::new_patient::NewPatient;
use vitarad_actors::domain::patient::Standing;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::registration::NewChart;
use vitarad_actors::domain::say::Language;
use vitarad_actors::ports::{Emr, EmrFailure};
use vitarad_actors::testing::newcomer;

use crate::desk::{Desk, every_server};
use crate::patience::until;

fn zoe() -> NewPatient {
    newcomer("Zoé", "Côté <\"& Fils>")
}

pub(crate) fn new_chart(who: &NewPatient) -> NewChart {
    NewChart { who: who.clone(), program: 10_034, roster_status: "NR".to_owned() }
}

fn number(who: &NewPatient) -> HealthNumber {
    who.health_number.reveal().clone().unwrap()
}

fn patients(desk: &Desk) -> usize {
    desk.server.oscar.with_world(|world| world.patients.iter().count())
}

#[tokio::test]
async fn a_chart_is_made_of_everything_that_was_said_and_reads_back_as_it_was_sent() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let mut who = zoe();
        who.health_number = Phi::new(HealthNumber::parse("9999004717AB", Province::On).ok());
        who.language = Language::Zh;
        let no = desk.emr.add_patient(&new_chart(&who)).await.unwrap();
        let stored = desk.server.oscar.with_world(|world| world.patients.get(no.reveal()).cloned().unwrap());
        assert_eq!((stored.first_name.as_str(), stored.last_name.as_str()), ("ZOÉ", "CÔTÉ <\"& FILS>"));
        let texts = [stored.hin, stored.ver, stored.hc_type, stored.roster_status, stored.spoken_language];
        let texts = texts.map(Option::unwrap);
        assert_eq!(texts, ["9999004717", "AB", "ON", "NR", "Mandarin"]);
        assert_eq!(stored.updated_by.as_deref(), Some(demo::PROVIDER_NO));

        let chart = desk.emr.chart(no).await.unwrap().unwrap();
        assert!(who.is_written_in(&chart) && chart.patient.standing == Standing::Active);
        let found = desk.emr.charts_by_health_number(&number(&who)).await.unwrap();
        assert!(found.len() == 1 && found[0].no == no && who.has_the_names_of(&found[0]));
        let born = desk.emr.charts_by_birth_date(*who.born.reveal()).await.unwrap();
        assert!(born.iter().any(|chart| chart.no == no));
    }
}

#[tokio::test]
async fn who_has_no_health_number_has_an_empty_one_in_the_chart() {
    let desk = Desk::seeded().await;
    let mut who = zoe();
    who.health_number = Phi::new(None);
    who.provider = None;
    who.email = Phi::default();
    let no = desk.emr.add_patient(&new_chart(&who)).await.unwrap();
    assert!(who.is_written_in(&desk.emr.chart(no).await.unwrap().unwrap()));
}

/// Law B-5.
#[tokio::test]
async fn a_chart_whose_answer_is_lost_proves_nothing_and_is_found_by_searching() {
    for (fault, failure) in [
        (Fault::CommitThenFail, EmrFailure::HttpError),
        (Fault::CommitThenDrop, EmrFailure::ConnectionLost),
        (Fault::Truncate, EmrFailure::ConnectionLost),
        (Fault::GarbageXml, EmrFailure::Firewall),
    ] {
        let desk = Desk::seeded().await;
        let before = patients(&desk);
        desk.server.fail("demographics", fault, Some(1));
        assert!(desk.emr.add_patient(&new_chart(&zoe())).await == Err(failure));
        assert!(!failure.nothing_done());
        assert_eq!((patients(&desk), desk.server.requests("demographics")), (before + 1, 1));
        let found = desk.emr.charts_by_health_number(&number(&zoe())).await.unwrap();
        let [chart] = found.as_slice() else { panic!("one, not {}", found.len()) };
        assert!(zoe().is_written_in(&desk.emr.chart(chart.no).await.unwrap().unwrap()));
    }
}

#[tokio::test]
async fn a_chart_made_by_a_server_that_then_falls_silent_is_found_by_searching() {
    let desk = Desk::seeded().await;
    desk.server.fail("demographics", Fault::CommitThenHang, Some(1));
    let silent = desk.again(|_| {});
    let waiting = tokio::spawn(async move { silent.add_patient(&new_chart(&zoe())).await });
    let found = until("the chart", async || {
        let found = desk.emr.charts_by_health_number(&number(&zoe())).await.unwrap();
        (found.len() == 1).then_some(())
    });
    found.await;
    assert!(!waiting.is_finished(), "nobody has answered");
    waiting.abort();
}

#[tokio::test]
async fn a_health_number_is_found_in_former_patients_too_and_never_in_part() {
    let desk = Desk::seeded().await;
    let no = desk.emr.add_patient(&new_chart(&zoe())).await.unwrap();
    let other = desk.emr.add_patient(&new_chart(&newcomer("Ann", "Other"))).await.unwrap();
    desk.server.oscar.with_world(|world| {
        let mut former = world.patients.get(no.reveal()).cloned().unwrap();
        former.patient_status = Some("DE".to_owned());
        former.hin = Some("9999 004 755".to_owned());
        world.patients.insert(former);
        let mut longer = world.patients.get(other.reveal()).cloned().unwrap();
        longer.hin = Some("19999004755".to_owned());
        world.patients.insert(longer);
    });
    let found = desk.emr.charts_by_health_number(&number(&zoe())).await.unwrap();
    assert!(found.len() == 1 && found[0].no == no && found[0].standing == Standing::Deceased);
}
