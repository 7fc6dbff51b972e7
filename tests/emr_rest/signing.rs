//! How a token is kept alive, what kills it, and that nothing is tried twice.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use vitarad::emr::OscarRest;
use vitarad::sandbox::oscar::{Fault, Profile};
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::{Desk, forger, parrot};
use crate::server::{booking, clinic};

async fn refused(emr: &OscarRest) {
    let failure = emr.add_appointment(&booking()).await.unwrap_err();
    assert_eq!(failure, EmrFailure::Unauthorised);
    assert!(failure.nothing_done() && !failure.is_illness());
}

#[tokio::test]
async fn the_probe_asks_whether_the_token_still_stands() {
    let desk = Desk::seeded().await;
    desk.emr.probe().await.unwrap();
    assert_eq!(desk.server.requests("status/checkIfAuthed"), 1);
}

#[tokio::test]
async fn many_requests_at_once_are_each_signed_for_themselves() {
    let desk = Desk::seeded().await;
    let emr = Arc::new(desk.again(|_| {}));
    let asking: Vec<_> = (0..32)
        .map(|_| {
            let emr = Arc::clone(&emr);
            tokio::spawn(async move { emr.probe().await })
        })
        .collect();
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    assert!(desk.has_its_token());
}

#[tokio::test]
async fn a_wrong_signature_costs_the_older_generation_its_token_and_the_newer_one_nothing() {
    for (profile, survives) in [(Profile::Oscar19, false), (Profile::OpenO, true)] {
        let desk = Desk::at(clinic(profile)).await;
        let signer = forger(&desk);
        refused(&desk.again(|access| access.signer = signer)).await;
        assert_eq!(desk.has_its_token(), survives);
        assert_eq!(desk.emr.probe().await.is_ok(), survives);
    }
}

#[tokio::test]
async fn a_clock_off_by_more_than_five_minutes_is_refused_either_way() {
    for ahead in [-301, 301] {
        let desk = Desk::at(clinic(Profile::OpenO)).await;
        for fine in [-299, 299] {
            desk.ahead.store(fine, Ordering::Relaxed);
            desk.emr.probe().await.unwrap();
        }
        desk.ahead.store(ahead, Ordering::Relaxed);
        refused(&desk.emr).await;
    }
}

#[tokio::test]
async fn a_nonce_used_before_costs_the_older_generation_its_token() {
    let desk = Desk::seeded().await;
    desk.emr.probe().await.unwrap();
    let signer = parrot(&desk);
    refused(&desk.again(|access| access.signer = signer)).await;
    assert!(!desk.has_its_token());
}

#[tokio::test]
async fn after_a_refusal_nothing_is_sent_for_a_while() {
    let desk = Desk::seeded().await;
    desk.server.fail("schedule/add", Fault::AuthFault, None);
    for _ in 0..5 {
        refused(&desk.emr).await;
    }
    assert_eq!(desk.server.requests("schedule/add"), 1);
    assert_eq!(desk.emr.probe().await, Err(EmrFailure::Unauthorised));
    assert_eq!(desk.server.requests("status/checkIfAuthed"), 0);
}

#[tokio::test]
async fn a_signature_is_made_for_the_address_the_server_believes_in() {
    let desk = Desk::seeded().await;
    let outside = "https://emr.example.test/oscar";
    desk.server.oscar.with_world(|world| world.rest.seen_as = Some(outside.to_owned()));
    let emr = desk.again(|access| access.signed_as = Some(outside.to_owned()));
    emr.charts_by_name("Côté", "").await.unwrap();
    refused(&desk.emr).await;
}

#[tokio::test]
async fn an_address_that_is_none_fails_every_request_before_it_is_sent() {
    let desk = Desk::seeded().await;
    let emr = desk.again(|access| access.url = "nowhere".to_owned());
    assert_eq!(emr.unusable(), Some(EmrFailure::NoConnection));
    assert_eq!(emr.probe().await, Err(EmrFailure::NoConnection));
}
