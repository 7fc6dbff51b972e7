//! The three steps as an operator and a person of the clinic take them.

use reqwest::redirect::Policy;
use vitarad::sandbox::oscar::{Fault, demo};

use crate::daemon::{Ended, Process};
use crate::house::House;
use crate::premises::Premises;
use crate::town::Town;

/// Maple's administrator has registered us, cedar's has not.
pub(crate) async fn premises(lifetime: i64) -> Premises {
    let premises = Premises::around(Town::open().await);
    let oauth = format!(
        "password = \"{}\", oauth = {{ consumer_key = \"{}\", consumer_secret = \"{}\", \
         callback = \"{}/emr/oauth/callback\", token_lifetime_seconds = {lifetime} }} }}",
        demo::PASSWORD,
        demo::CONSUMER_KEY,
        demo::CONSUMER_SECRET,
        demo::CALLBACK
    );
    let config = premises.config().replacen(&format!("password = \"{}\" }}", demo::PASSWORD), &oauth, 1);
    premises.write_config(&config);
    premises
}

async fn vitarad(premises: &Premises, arguments: &[&str]) -> Ended {
    let file = premises.config_file();
    let mut line = vec!["emr", "oauth"];
    line.extend(arguments);
    line.extend(["--config", file.to_str().unwrap()]);
    Process::start(&line, &premises.environment).ended().await
}

/// The address that `start` prints.
pub(crate) async fn started(premises: &Premises) -> String {
    let ended = vitarad(premises, &["start", "--clinic", "maple"]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    ended.out.lines().find(|line| line.starts_with("http")).unwrap().to_owned()
}

async fn status(premises: &Premises) -> String {
    let ended = vitarad(premises, &["status"]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    ended.out.lines().find(|line| line.starts_with("maple: ")).unwrap().to_owned()
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}

/// A person decides on the page; tells the path to which the browser is sent back.
pub(crate) async fn decided(approval: &str, decision: &str) -> String {
    let (address, token) = approval.split_once('?').unwrap();
    let password = demo::PASSWORD.replace(' ', "+");
    let form = format!("{token}&username={}&password={password}&oauthDecision={decision}", demo::LOGIN);
    let request = browser().post(address).header("content-type", "application/x-www-form-urlencoded");
    let answered = request.body(form).send().await.unwrap();
    assert_eq!(answered.status(), 303);
    let location = answered.headers().get("location").unwrap().to_str().unwrap();
    location.strip_prefix(demo::CALLBACK).unwrap().to_owned()
}

pub(crate) async fn comes_back(house: &House, path: &str) -> (u16, String) {
    let answered = browser().get(format!("http://{}{path}", house.app.addr())).send().await.unwrap();
    (answered.status().as_u16(), answered.text().await.unwrap())
}

#[tokio::test]
async fn a_set_up_goes_from_the_command_over_a_restart_to_a_token_and_its_state_is_used_once() {
    let premises = premises(-1).await;
    assert!(status(&premises).await.contains("not approved"));
    let first = House::open(&premises).await;
    let approval = started(&premises).await;
    assert!(status(&premises).await.contains("an approval is waited for until"));
    first.close().await;
    let back = decided(&approval, "allow").await;
    let house = House::open(&premises).await;
    let (code, page) = comes_back(&house, &back).await;
    assert_eq!(code, 200, "{page}");
    assert!(page.contains("maple"));
    assert!(status(&premises).await.ends_with(", for ever"));
    assert_eq!(comes_back(&house, &back).await.0, 404);
    house.close().await;
}

#[tokio::test]
async fn what_nothing_waits_for_changes_nothing() {
    let premises = premises(3600).await;
    let house = House::open(&premises).await;
    let replaced = decided(&started(&premises).await, "allow").await;
    let approval = started(&premises).await;
    for strange in
        ["/emr/oauth/callback/5f2a?oauth_token=x&oauth_verifier=y", "/emr/oauth/callback/5f2a", &replaced]
    {
        assert_eq!(comes_back(&house, strange).await.0, 404, "{strange}");
    }
    assert!(status(&premises).await.contains("not approved"));
    let back = decided(&approval, "allow").await;
    assert_eq!(comes_back(&house, &back).await.0, 200);
    let told = status(&premises).await;
    assert!(told.contains("approved on") && told.contains(", until "), "{told}");
    house.close().await;
}

#[tokio::test]
async fn a_denial_and_another_requests_token_and_an_emr_that_is_away_use_the_state_up() {
    let premises = premises(-1).await;
    let house = House::open(&premises).await;
    let denied = decided(&started(&premises).await, "deny").await;
    assert_eq!(comes_back(&house, &denied).await.0, 409);

    let foreign = decided(&started(&premises).await, "allow").await.replace("oauth_token=", "oauth_token=0");
    assert_eq!(comes_back(&house, &foreign).await.0, 404);

    let lost = decided(&started(&premises).await, "allow").await;
    premises.town.maple().fail("oauth/token", Fault::CommitThenDrop, Some(1));
    let (code, page) = comes_back(&house, &lost).await;
    assert_eq!(code, 502, "{page}");
    assert!(page.contains("vitarad emr oauth start") && !page.contains(&premises.town.url("maple")));
    assert_eq!(comes_back(&house, &lost).await.0, 404);
    assert!(status(&premises).await.contains("not approved"));
    house.close().await;
}

#[tokio::test]
async fn a_set_up_that_cannot_begin_says_what_to_mend() {
    let premises = premises(-1).await;
    for (clinic, code, says) in [("birch", 78, "declares no such clinic"), ("cedar", 78, "clinics.emr.oauth")]
    {
        let ended = vitarad(&premises, &["start", "--clinic", clinic]).await;
        assert_eq!(ended.status.code(), Some(code), "{}", ended.err);
        assert!(ended.err.contains(says), "{}", ended.err);
    }
    premises.town.maple().fail("oauth/initiate", Fault::AuthFault, Some(1));
    let refused = vitarad(&premises, &["start", "--clinic", "maple"]).await;
    assert_eq!(refused.status.code(), Some(1), "{}", refused.err);
    premises.town.maple().fail("oauth/initiate", Fault::WafPage, Some(1));
    let away = vitarad(&premises, &["start", "--clinic", "maple"]).await;
    assert_eq!(away.status.code(), Some(75), "{}", away.err);
    for secret in [demo::CONSUMER_SECRET, demo::PASSWORD, &premises.town.url("maple")] {
        assert!(!refused.err.contains(secret) && !away.err.contains(secret));
    }
    assert!(status(&premises).await.contains("not approved"));
}
