//! An EMR that restarts, hides behind a firewall, or is away: callers go on, or hear honestly that they cannot.

use std::time::Duration;

use serde_json::json;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::stage::{Stage, code};

#[tokio::test]
async fn a_caller_does_not_notice_that_the_emr_restarts_and_forgets_our_key() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    stage.maple().restart();
    let slot = json!({ "slotId": call.earliest().await });
    stage.maple().restart();
    assert_eq!(code(&call.ask("book", "create_appointment", slot).await), "BOOKED");
    assert_eq!(stage.maple().marked().len(), 1);
    assert_eq!(stage.maple().requests()["login2"], 3, "one key for each life of the server");
}

#[tokio::test]
async fn a_firewalls_page_or_a_broken_server_is_told_with_the_clinics_number_and_not_taken_for_an_answer() {
    for fault in [Fault::WafPage, Fault::Http500, Fault::DropBeforeCommit, Fault::GarbageXml] {
        let stage = Stage::open().await;
        let call = stage.rings("call-1", MARIE);
        stage.maple().fail("searchDemographicsByAttributes", fault.clone(), Some(1));
        let born = json!({ "dateOfBirth": MARIE.birth.to_string() });
        let refused = call.ask("a", "search_patient_by_phone", born).await;
        assert_eq!(code(&refused), "EMR_UNAVAILABLE", "{fault:?}: {refused}");
        assert!(refused["say"].as_str().is_some_and(|say| say.contains("604-555-0100")), "{refused}");
        call.verify(MARIE).await;
    }
}

#[tokio::test]
async fn a_caller_who_could_not_be_verified_for_an_outage_has_not_guessed_wrong() {
    let stage = Stage::with(&[("VITARAD_LIMITS__BREAKER_CONSECUTIVE", "100")]).await;
    stage.maple().fail("searchDemographicsByAttributes", Fault::Http500, Some(4));
    let call = stage.rings("call-1", MARIE);
    for id in ["a", "b", "c", "d"] {
        let born = json!({ "dateOfBirth": MARIE.birth.to_string() });
        assert_eq!(code(&call.ask(id, "search_patient_by_phone", born).await), "EMR_UNAVAILABLE");
    }
    call.verify(MARIE).await;
}

/// What is remembered is fresh for five minutes; those pass on tokio's clock, between two requests.
#[tokio::test]
async fn the_providers_are_named_from_memory_while_the_emr_is_away_and_it_is_said_since_when() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    let fresh = call.ask("a", "get_providers", json!({})).await;
    assert_eq!((code(&fresh), fresh.get("asOf")), ("OK", None), "{fresh}");
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(6)).await;
    tokio::time::resume();
    stage.maple().fail("*", Fault::Http500, None);
    let stale = call.ask("b", "get_providers", json!({})).await;
    assert_eq!((code(&stale), &stale["providers"]), ("OK", &fresh["providers"]), "{stale}");
    let as_of = stale["asOf"].as_str().expect("a time");
    assert!(as_of.starts_with(&crate::town::today().to_string()), "{as_of}");
}

#[tokio::test]
async fn while_one_clinics_emr_is_away_the_others_callers_book() {
    let stage = Stage::open().await;
    stage.maple().fail("*", Fault::Http500, None);
    for call in ["c1", "c2", "c3", "c4"] {
        let refused = stage.rings(call, MARIE).ask("a", "search_patient_by_phone", json!({})).await;
        assert_eq!(code(&refused), "EMR_UNAVAILABLE", "{refused}");
    }
    assert_eq!(code(&stage.rings("c5", MARIE).ask("a", "get_clinic_info", json!({})).await), "OK");
    let call = stage.rings_cedar("c6", MARIE);
    call.verify(MARIE).await;
    let slot = json!({ "slotId": call.earliest().await });
    assert_eq!(code(&call.ask("book", "create_appointment", slot).await), "BOOKED");
}
