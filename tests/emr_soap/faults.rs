//! What each kind of trouble is called.

use vitarad::sandbox::oscar::{Fault, Profile};
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::Desk;
use crate::server::clinic;

#[tokio::test]
async fn each_trouble_of_a_server_has_its_own_name() {
    let desk = Desk::seeded().await;
    desk.emr.providers().await.unwrap();
    for (fault, failure) in [
        (Fault::Http500, EmrFailure::HttpError),
        (Fault::SoapFault { text: "Target must not be null".to_owned() }, EmrFailure::ServerFault),
        (Fault::SoapFault { text: "Invalid Username/Password".to_owned() }, EmrFailure::ServerFault),
        (Fault::WafPage, EmrFailure::Firewall),
        (Fault::DropBeforeCommit, EmrFailure::ConnectionLost),
        (Fault::Truncate, EmrFailure::ConnectionLost),
        (Fault::GarbageXml, EmrFailure::Unreadable),
    ] {
        desk.server.fail("getProviders2", fault.clone(), Some(1));
        assert_eq!(desk.emr.providers().await, Err(failure), "{fault:?}");
        assert!(desk.emr.providers().await.is_ok(), "after {fault:?}");
    }
    assert_eq!(desk.server.requests("login2"), 1, "no trouble but a refusal is a reason to log in again");
}

#[tokio::test]
async fn credentials_that_are_refused_for_good_are_tried_with_one_new_token_and_then_left_alone() {
    for profile in [Profile::Oscar19, Profile::OpenO] {
        let desk = Desk::at(clinic(profile)).await;
        desk.server.fail("getProviders2", Fault::AuthFault, None);
        for _ in 0..5 {
            assert_eq!(desk.emr.providers().await, Err(EmrFailure::Unauthorised));
        }
        assert_eq!((desk.server.requests("getProviders2"), desk.server.requests("login2")), (2, 2));
    }
}

#[tokio::test]
async fn a_server_that_hangs_keeps_the_caller_no_longer_than_the_caller_likes() {
    let desk = Desk::seeded().await;
    for operation in ["login2", "getProviders2"] {
        desk.server.fail(operation, Fault::Hang, None);
        tokio::select! {
            biased;
            answer = desk.emr.providers() => panic!("answered: {answer:?}"),
            () = until(|| desk.server.requests(operation) == 1) => {}
        }
        desk.server.oscar.clear_faults();
        desk.emr.providers().await.unwrap();
    }
}

/// Polls rather than waits: whoever is beside it gets to run in between.
async fn until(mut reached: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while !reached() {
        assert!(tokio::time::Instant::now() < deadline, "never reached");
        tokio::task::yield_now().await;
    }
}
