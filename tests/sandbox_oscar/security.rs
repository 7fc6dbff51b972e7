//! Logging in, the security header, and the faults of both generations.

use vitarad::sandbox::oscar::{Profile, demo};

use crate::house::{House, Reply, TODAY, Xml, clinic, envelope, username_token};

const PROVIDERS: &str = "<ws:getProviders2/>";

async fn with_header(house: &House, header: &str) -> Reply {
    house.send("ProviderService", &envelope(header, PROVIDERS)).await
}

fn login(password: &str) -> String {
    envelope("", &format!("<ws:login2><arg0>voicedesk</arg0><arg1>{password}</arg1></ws:login2>"))
}

async fn token(house: &House) -> String {
    let reply = house.send("LoginService", &login(demo::PASSWORD)).await;
    Xml::read(&reply.text).text("securityTokenKey").to_owned()
}

#[tokio::test]
async fn token_and_password_both_open_the_door_and_the_token_is_the_same_at_every_login() {
    let house = House::seeded().await;
    let key = token(&house).await;
    assert_eq!(token(&house).await, key);
    // Made from the time the server was started.
    let started: jiff::Timestamp = crate::house::NOW.parse().unwrap();
    assert!(key.parse::<i64>().unwrap() >= started.as_millisecond());
    for secret in [key.as_str(), demo::PASSWORD] {
        assert_eq!(with_header(&house, &username_token("131", secret)).await.status, 200);
    }
}

#[tokio::test]
async fn a_restart_voids_the_token_but_not_the_password() {
    let house = House::seeded().await;
    let key = token(&house).await;
    house.oscar.restart();
    assert_eq!(with_header(&house, &username_token("131", &key)).await.fault().0, "FailedAuthentication");
    assert_eq!(with_header(&house, &username_token("131", demo::PASSWORD)).await.status, 200);
    let renewed = token(&house).await;
    assert_ne!(renewed, key);
    assert_eq!(with_header(&house, &username_token("131", &renewed)).await.status, 200);
}

#[tokio::test]
async fn the_older_generation_tells_a_missing_header_from_a_wrong_one() {
    let house = House::seeded().await;
    let missing = with_header(&house, "").await;
    assert_eq!(
        missing.fault(),
        (
            "InvalidSecurity".to_owned(),
            "An error was discovered processing the <wsse:Security> header".to_owned()
        )
    );
    assert!(missing.text.contains("<faultcode xmlns:ns1=\"http://docs.oasis-open.org/wss/2004/01/"));
    let stamped = username_token("131", demo::PASSWORD)
        .replace("<wsse:Security>", "<wsse:Security><wsu:Timestamp xmlns:wsu=\"urn:wsu\"/>");
    assert_eq!(with_header(&house, &stamped).await.fault().0, "InvalidSecurity");
    let wrong_type = username_token("131", demo::PASSWORD).replace("wss-username", "wssecurity-username");
    for header in [
        username_token("131", "wrong"),
        username_token("132", demo::PASSWORD),
        username_token("voicedesk", demo::PASSWORD),
        wrong_type,
    ] {
        let (code, text) = with_header(&house, &header).await.fault();
        assert_eq!(code, "FailedAuthentication", "{header}");
        assert_eq!(text, "The security token could not be authenticated or authorized");
    }
}

#[tokio::test]
async fn the_newer_generation_says_the_same_to_both() {
    let house = House::of(clinic(Profile::OpenO)).await;
    for header in [String::new(), username_token("131", "wrong")] {
        let reply = with_header(&house, &header).await;
        let (code, text) = reply.fault();
        assert_eq!(code, "SecurityError");
        assert_eq!(text, "A security error was encountered when verifying the message");
        assert!(reply.text.contains("xmlns:ns1=\"http://ws.apache.org/wss4j\""), "{}", reply.text);
    }
}

#[tokio::test]
async fn an_expired_account_can_neither_log_in_nor_call() {
    let mut world = clinic(Profile::Oscar19);
    world.logins.users[0].expires = TODAY.yesterday().ok();
    let house = House::of(world).await;
    assert_eq!(
        house.send("LoginService", &login(demo::PASSWORD)).await.fault().1,
        "Invalid Username/Password"
    );
    let header = username_token("131", demo::PASSWORD);
    assert_eq!(with_header(&house, &header).await.fault().0, "FailedAuthentication");
}

#[tokio::test]
async fn the_deprecated_login_tells_no_provider() {
    let house = House::seeded().await;
    let operation = format!("<ws:login><arg0>voicedesk</arg0><arg1>{}</arg1></ws:login>", demo::PASSWORD);
    let reply = Xml::read(&house.send("LoginService", &envelope("", &operation)).await.text);
    assert_eq!(reply.text("securityId"), "131");
    assert_eq!(reply.get("provider"), None);
}

#[tokio::test]
async fn the_open_services_refuse_a_security_header_only_when_it_must_be_understood() {
    let house = House::seeded().await;
    let header = username_token("1", "x");
    let demanding = header.replace("<wsse:Security>", "<wsse:Security e:mustUnderstand=\"1\">");
    let alive = |header: &str| envelope(header, "<ws:isAlive/>");
    assert_eq!(house.send("SystemInfoService", &alive(&header)).await.status, 200);
    assert_eq!(house.send("SystemInfoService", &alive(&demanding)).await.fault().0, "MustUnderstand");
    let header = demanding.replace(">1<", ">131<").replace(">x<", ">correct horse<");
    assert_eq!(with_header(&house, &header).await.status, 200);
}

#[tokio::test]
async fn inactive_providers_are_listed_on_request() {
    let house = House::seeded().await;
    let count = async |operation| house.ask("ProviderService", operation).await.all("return").len();
    let all = count("<ws:getProviders2/>").await;
    let active = count("<ws:getProviders2><arg0>true</arg0></ws:getProviders2>").await;
    assert_eq!((all - active, count("<ws:getProviders><arg0>0</arg0></ws:getProviders>").await), (1, 1));
    // The older operation takes a primitive: leaving it out means false.
    assert_eq!(count("<ws:getProviders/>").await, 1);
}
