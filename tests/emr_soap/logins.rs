//! One login for everybody, made again when the server forgets it, and not pressed on a server that refuses it.

use std::time::Duration;

use futures::future::join_all;
use vitarad::sandbox::oscar::Fault;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::{Desk, access, connect};

/// Longer than a refusal stands.
const A_WHILE: Duration = Duration::from_secs(6);

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_login() {
    let desk = Desk::seeded().await;
    let answers = join_all((0..16).map(|_| desk.emr.providers())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((desk.server.requests("login2"), desk.server.requests("getProviders2")), (1, 16));
}

#[tokio::test]
async fn a_restarted_server_is_logged_in_to_once_more_by_whoever_notices_first() {
    let desk = Desk::seeded().await;
    desk.emr.providers().await.unwrap();
    desk.server.oscar.restart();
    let answers = join_all((0..16).map(|_| desk.emr.providers())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(desk.server.requests("login2"), 2);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_tried_again_for_a_while() {
    let desk = Desk::seeded().await;
    let mut wrong = access(&desk.server.url());
    wrong.password = "a guess".into();
    let emr = connect(wrong);
    for _ in 0..3 {
        assert_eq!(emr.providers().await, Err(EmrFailure::Unauthorised));
    }
    assert_eq!(desk.server.requests("login2"), 1);
    pass(A_WHILE).await;
    assert_eq!(emr.providers().await, Err(EmrFailure::Unauthorised));
    assert_eq!(desk.server.requests("login2"), 2);
}

#[tokio::test]
async fn a_changed_password_is_noticed_and_forgiven_when_it_is_changed_back() {
    let desk = Desk::seeded().await;
    desk.emr.providers().await.unwrap();
    let change = |password: &str| {
        desk.server.oscar.with_world(|world| {
            for user in &mut world.logins.users {
                password.clone_into(&mut user.password);
            }
        });
    };
    change("another");
    assert_eq!(desk.emr.providers().await, Err(EmrFailure::Unauthorised));
    change(vitarad::sandbox::oscar::demo::PASSWORD);
    assert_eq!(desk.emr.providers().await, Err(EmrFailure::Unauthorised), "the refusal still stands");
    pass(A_WHILE).await;
    assert!(desk.emr.providers().await.is_ok());
}

#[tokio::test]
async fn everybody_who_waited_for_a_login_that_failed_learns_it_from_that_one() {
    let desk = Desk::seeded().await;
    desk.server.fail("login2", Fault::Http500, None);
    let answers = join_all((0..16).map(|_| desk.emr.providers())).await;
    assert!(answers.iter().all(|answer| *answer == Err(EmrFailure::HttpError)));
    assert_eq!(desk.server.requests("login2"), 1);
    desk.server.oscar.clear_faults();
    assert!(desk.emr.providers().await.is_ok(), "a fault is no refusal: the next one tries again");
}

#[tokio::test]
async fn two_adapters_do_not_share_a_login() {
    let desk = Desk::seeded().await;
    let other = connect(access(&desk.server.url()));
    desk.emr.providers().await.unwrap();
    other.providers().await.unwrap();
    assert_eq!(desk.server.requests("login2"), 2);
}
