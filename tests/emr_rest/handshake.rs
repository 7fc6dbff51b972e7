//! A clinic's approval: two steps of ours and, between them, a person's.

use std::sync::Arc;

use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use vitarad::access::{Credential, EmrAccess, OauthAccess, TlsMode};
use vitarad::emr::Clients;
use vitarad::emr::oauth::{Begun, Handshake, NotGranted};
use vitarad::sandbox::oscar::{Fault, Profile, demo};
use vitarad_actors::ports::{Emr, EmrFailure, Luck};

use crate::desk::{Desk, Wristwatch};
use crate::server::clinic;

const CALLBACK: &str = "http://localhost/emr/oauth/callback/5f2a";

fn handshake(desk: &Desk, secret: &str, url: &str) -> Handshake {
    let access = EmrAccess {
        url: url.to_owned(),
        username: String::new(),
        password: "".into(),
        tls: TlsMode::System,
        oauth: None,
        bridge: None,
    };
    let oauth = OauthAccess {
        consumer: Credential { key: demo::CONSUMER_KEY.to_owned(), secret: secret.into() },
        callback: String::new(),
        token_lifetime: None,
        signed_as: None,
    };
    let clock = Arc::new(Wristwatch(Arc::clone(&desk.ahead)));
    Handshake::new(&access, &oauth, &Clients::default(), clock, Arc::new(Luck::seeded(9))).unwrap()
}

fn ours(desk: &Desk) -> Handshake {
    handshake(desk, demo::CONSUMER_SECRET, &desk.server.url())
}

/// Logs in on the page and decides; tells the status and where the browser is sent on to.
async fn decide(begun: &Begun, password: &str, decision: &str) -> (u16, String) {
    let browser = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let page = browser.get(&begun.approval).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let token = &begun.request.key;
    assert!(page.text().await.unwrap().contains(token));
    let form = format!(
        "oauth_token={token}&username={}&password={}&oauthDecision={decision}",
        demo::LOGIN,
        password.replace(' ', "+")
    );
    let address = begun.approval.split('?').next().unwrap();
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let answered = browser.post(address).header(kind.0, kind.1).body(form).send().await.unwrap();
    let location = answered.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answered.status().as_u16(), location.unwrap_or_default())
}

fn verifier(location: &str) -> Option<&str> {
    location.split_once("oauth_verifier=").map(|(_, verifier)| verifier)
}

#[tokio::test]
async fn an_approved_request_becomes_a_token_that_acts_as_who_approved_and_only_once() {
    for profile in [Profile::Oscar19, Profile::OpenO] {
        let desk = Desk::at(clinic(profile)).await;
        let handshake = ours(&desk);
        let begun = handshake.begin(CALLBACK).await.unwrap();
        let (status, location) = decide(&begun, demo::PASSWORD, "allow").await;
        assert_eq!(status, 303);
        let back = format!("{CALLBACK}?oauth_token={}&", begun.request.key);
        assert!(location.starts_with(&back), "{location}");
        let verifier = verifier(&location).unwrap();

        let guessed = handshake.finish(&begun.request, "guess").await.err();
        assert_eq!(guessed, Some(NotGranted::BadStep));
        let token = handshake.finish(&begun.request, verifier).await.unwrap();
        assert!(token.key != begun.request.key && !token.secret.expose_secret().is_empty());
        desk.again(|access| access.token = Some(token)).probe().await.unwrap();
        let again = handshake.finish(&begun.request, verifier).await.err();
        assert_eq!(again, Some(NotGranted::BadStep));
    }
}

#[tokio::test]
async fn a_request_that_nobody_approved_brings_no_token() {
    let desk = Desk::seeded().await;
    let handshake = ours(&desk);
    let begun = handshake.begin(CALLBACK).await.unwrap();
    assert_eq!(decide(&begun, "wrong", "allow").await.0, 401);
    let (status, location) = decide(&begun, demo::PASSWORD, "deny").await;
    assert_eq!((status, verifier(&location)), (303, None));
    assert_eq!(handshake.finish(&begun.request, "").await.err(), Some(NotGranted::BadStep));
}

#[tokio::test]
async fn each_refusal_says_what_to_mend() {
    let desk = Desk::seeded().await;
    let url = desk.server.url();
    let elsewhere = ours(&desk).begin("http://elsewhere.example.test/callback").await.err();
    assert_eq!(elsewhere, Some(NotGranted::BadStep));
    let forged = handshake(&desk, "another", &url).begin(CALLBACK).await.err();
    assert_eq!(forged, Some(NotGranted::Refused));
    let without_rest =
        handshake(&desk, demo::CONSUMER_SECRET, &format!("{url}-15")).begin(CALLBACK).await.err();
    assert_eq!(without_rest, Some(NotGranted::NoRestModule));
    for (fault, failure) in [
        (Fault::WafPage, EmrFailure::Firewall),
        (Fault::Http500, EmrFailure::HttpError),
        (Fault::GarbageXml, EmrFailure::Unreadable),
        (Fault::CommitThenDrop, EmrFailure::ConnectionLost),
    ] {
        desk.server.fail("oauth/initiate", fault, Some(1));
        assert_eq!(ours(&desk).begin(CALLBACK).await.err(), Some(NotGranted::Emr(failure)));
    }
}
