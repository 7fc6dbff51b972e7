//! Who is let in.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use vitarad::access::{HmacAlgorithm, HmacPlan, SignatureEncoding, WebhookScheme};
use vitarad::front::DoorSettings;

use super::house::{
    CEDAR_KEY, House, NOW, PLATFORM_KEY, Plan, api_key, credential, gatebook, signed, tool_call, tool_calls,
};

fn body() -> String {
    tool_calls(&json!([tool_call("a", "get_providers")])).to_string()
}

fn with(platform: Vec<vitarad::access::WebhookCredential>) -> House {
    House::open(Plan { platform, ..Plan::default() })
}

fn hex_sha256(secret: &[u8], payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(payload.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn status(house: &House, headers: &[(&str, &str)], body: &str) -> u16 {
    house.post("/api/vapi", headers, body.to_owned()).await.status
}

#[tokio::test]
async fn a_signature_made_elsewhere_is_understood() {
    let by_default = with(vec![signed(HmacPlan::default(), &["signing-key"])]);
    let hex = "5d09e4311e7248a2c1c51ddd23d9e4e01783fbf64e332b63a33bf8808ce3f67c";
    let headers = [("x-signature", hex), ("x-timestamp", "1800000000")];
    assert_eq!(
        status(&by_default, &headers, r#"{"message":{}}"#).await,
        400,
        "let in, and then found to be empty"
    );

    let otherwise = with(vec![signed(
        HmacPlan {
            algorithm: HmacAlgorithm::Sha512,
            signature_header: "X-Clinic-Signature".to_owned(),
            timestamp_header: "X-Clinic-Time".to_owned(),
            signature_prefix: "sha512=".to_owned(),
            encoding: SignatureEncoding::Base64,
            payload_format: "{timestamp}:{body}".to_owned(),
            secret_is_base64: true,
        },
        &["c2lnbmluZy1rZXk="],
    )]);
    let base64 =
        "sha512=IZpcTBLF9ybb13mhvhrYnrFJPkWkmU0bzn2Bd/IS2fl6u9fZBceLmurCvLZDVlYdFJlzMFgKyXKn1sKVGh9wUg==";
    let headers = [("x-clinic-signature", base64), ("x-clinic-time", "1800000000000")];
    assert_eq!(status(&otherwise, &headers, r#"{"message":{}}"#).await, 400);
    let unprefixed = [("x-clinic-signature", &base64[7..]), ("x-clinic-time", "1800000000000")];
    assert_eq!(status(&otherwise, &unprefixed, r#"{"message":{}}"#).await, 401);
}

#[tokio::test]
async fn a_signed_request_is_let_in_within_five_minutes_and_not_outside() {
    let house = with(vec![signed(HmacPlan::default(), &["signing-key"])]);
    let body = body();
    for (offset, wanted) in [(0, 200), (-300, 200), (300, 200), (-301, 401), (301, 401)] {
        let timestamp = (i64::try_from(NOW).unwrap() + offset).to_string();
        let signature = hex_sha256(b"signing-key", &format!("{timestamp}.{body}"));
        let headers = [("x-signature", signature.as_str()), ("x-timestamp", timestamp.as_str())];
        assert_eq!(status(&house, &headers, &body).await, wanted, "{offset}");
    }
    assert_eq!(house.count(r#"door_authentication_failures_total{scheme="hmac",reason="stale"}"#), 2);
}

#[tokio::test]
async fn a_body_or_a_time_that_was_changed_after_signing_is_refused() {
    let house = with(vec![signed(HmacPlan::default(), &["signing-key"])]);
    let (body, timestamp, later) = (body(), NOW.to_string(), (NOW + 1).to_string());
    let signature = hex_sha256(b"signing-key", &format!("{timestamp}.{body}"));
    let headers = |timestamp| [("x-signature", signature.as_str()), ("x-timestamp", timestamp)];
    assert_eq!(status(&house, &headers(&timestamp), &body).await, 200);
    assert_eq!(status(&house, &headers(&timestamp), &format!("{body} ")).await, 401);
    assert_eq!(status(&house, &headers(&later), &body).await, 401);
    assert_eq!(status(&house, &[("x-signature", &signature)], &body).await, 401, "no time at all");
    for nonsense in ["", "zz", "é", &signature[..62]] {
        assert_eq!(
            status(&house, &[("x-signature", nonsense), ("x-timestamp", &timestamp)], &body).await,
            401
        );
    }
    assert_eq!(house.heard().len(), 1);
}

#[tokio::test]
async fn a_signature_over_the_body_alone_has_no_time_to_be_judged_by() {
    let plan = HmacPlan { payload_format: "{body}".to_owned(), ..HmacPlan::default() };
    let house = with(vec![signed(plan, &["signing-key"])]);
    let body = body();
    assert_eq!(status(&house, &[("x-signature", &hex_sha256(b"signing-key", &body))], &body).await, 200);
}

#[tokio::test]
async fn keys_and_bearer_tokens_are_let_in_by_the_headers_that_carry_them() {
    let legacy = WebhookScheme::ApiKey { header: "X-Vapi-Secret".to_owned() };
    let house = with(vec![
        api_key("a-key"),
        credential(WebhookScheme::Bearer, &["a-token"]),
        credential(legacy, &["a-secret"]),
    ]);
    let body = body();
    for right in [
        ("x-api-key", "a-key"),
        ("authorization", "Bearer a-token"),
        ("authorization", "bearer  a-token"),
        ("x-vapi-secret", "a-secret"),
    ] {
        assert_eq!(status(&house, &[right], &body).await, 200, "{right:?}");
    }
    for wrong in [
        ("x-api-key", "a-token"),
        ("x-api-key", "a-ke"),
        ("x-api-key", ""),
        ("authorization", "a-token"),
        ("authorization", "Basic a-token"),
        ("authorization", "Bearer "),
        ("x-vapi-secret", "a-key"),
    ] {
        assert_eq!(status(&house, &[wrong], &body).await, 401, "{wrong:?}");
    }
}

#[tokio::test]
async fn two_secrets_are_good_while_one_replaces_the_other() {
    let old_and_new =
        [credential(WebhookScheme::Bearer, &["old", "new"]), signed(HmacPlan::default(), &["old", "new"])];
    let house = with(old_and_new.to_vec());
    let (body, timestamp) = (body(), NOW.to_string());
    let try_both = async |secret: &str| {
        let signature = hex_sha256(secret.as_bytes(), &format!("{timestamp}.{body}"));
        let headers = [("x-signature", signature.as_str()), ("x-timestamp", timestamp.as_str())];
        let token = format!("Bearer {secret}");
        (status(&house, &headers, &body).await, status(&house, &[("authorization", &token)], &body).await)
    };
    assert_eq!(try_both("old").await, (200, 200));
    assert_eq!(try_both("new").await, (200, 200));
    assert_eq!(try_both("older").await, (401, 401));

    let new_only = [credential(WebhookScheme::Bearer, &["new"]), signed(HmacPlan::default(), &["new"])];
    house.gatebook.store(gatebook(&new_only, &[]).into());
    assert_eq!(try_both("old").await, (401, 401), "a new gatebook counts from the next request");
    assert_eq!(try_both("new").await, (200, 200));
}

#[tokio::test]
async fn a_wrong_credential_does_not_spoil_a_right_one_beside_it() {
    let house = with(vec![signed(HmacPlan::default(), &["signing-key"]), api_key("a-key")]);
    let headers = [("x-signature", "00"), ("x-timestamp", "1"), ("x-api-key", "a-key")];
    assert_eq!(status(&house, &headers, &body()).await, 200);
}

#[tokio::test]
async fn an_unsigned_request_learns_nothing_but_that_it_is_not_let_in() {
    let house = House::open(Plan::default());
    let known = house.post("/clinics/cedar/api/vapi", &[], body()).await;
    let unknown = house.post("/clinics/nobody/api/vapi", &[], body()).await;
    let broken = house.post("/api/vapi", &[], "{").await;
    for reply in [&known, &unknown, &broken] {
        assert_eq!((reply.status, &reply.body), (401, &known.body));
    }
    assert!(house.heard().is_empty());
    assert_eq!(house.count(r#"door_authentication_failures_total{scheme="none",reason="nothing_shown"}"#), 3);
    assert_eq!(house.count(r#"door_refusals_total{reason="unauthenticated"}"#), 3);
}

#[tokio::test]
async fn a_door_without_any_credential_is_closed_unless_it_is_told_to_be_open() {
    let shut = with(Vec::new());
    assert_eq!(status(&shut, &[("x-api-key", "")], &body()).await, 401);
    let open = House::open(Plan {
        platform: Vec::new(),
        door: DoorSettings { insecure_no_auth: true, ..DoorSettings::default() },
        ..Plan::default()
    });
    assert_eq!(status(&open, &[], &body()).await, 200);
    let cedar = open.post("/clinics/cedar/api/vapi", &[], body()).await;
    assert_eq!(cedar.status, 401, "a clinic that has a credential still asks for it");
}

#[tokio::test]
async fn each_clinic_is_let_in_by_its_own_credential_and_no_other() {
    let house = House::open(Plan::default());
    let body = json!({"x": 1}).to_string();
    let get = async |clinic: &str, key: &str| -> (u16, Value) {
        let path = format!("/clinics/{clinic}/api/vapi/get-providers");
        let reply = house.post(&path, &[("x-api-key", key)], body.clone()).await;
        (reply.status, reply.body["code"].clone())
    };
    assert_eq!(get("cedar", CEDAR_KEY).await, (200, json!("OK")));
    assert_eq!(get("cedar", PLATFORM_KEY).await.0, 401);
    assert_eq!(get("maple", PLATFORM_KEY).await, (200, json!("OK")));
    assert_eq!(get("maple", CEDAR_KEY).await.0, 401);
    assert_eq!(get("nobody", PLATFORM_KEY).await, (200, json!("CLINIC_UNKNOWN")));
    let clinics: Vec<_> = house.heard().into_iter().map(|one| one.clinic).collect();
    assert_eq!(clinics, ["cedar", "maple"]);
}
