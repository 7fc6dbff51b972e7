//! A secret's value is never told: not in a problem, not in what is shown, not by Debug.

use vitarad::config::{Problems, report};

use crate::fixture::{EXAMPLE, SECRETS, file, load};

const CANARY: &str = "canary0471";

fn shown(outcome: &Result<vitarad::config::Loaded, Problems>) -> String {
    match outcome {
        Ok(loaded) => format!(
            "{loaded:?} {:?} {} {} {:?} {:?} {:?} {:?}",
            loaded.origins,
            report::settings(&loaded.origins),
            report::problems(&loaded.warnings),
            loaded.settings.store,
            loaded.settings.crypto,
            loaded.settings.health,
            loaded.settings.voice,
        ),
        Err(problems) => format!("{problems} {problems:?}"),
    }
}

#[test]
fn secrets_that_are_taken_are_not_shown() {
    let key = "c0ffee0471".repeat(7)[..64].to_owned();
    let file = EXAMPLE
        .replace("change-me-webhook-secret", CANARY)
        .replace("change-me-emr-password", CANARY)
        .replace("username = \"vitarad\"", &format!("username = \"{CANARY}\""))
        .replace("emr.example.test", &format!("{CANARY}.example.test"))
        .replace("change-me-operator-token", CANARY)
        .replace(
            "sqlite:/var/lib/vitarad/vitarad.db",
            &format!("postgres://vitarad:{CANARY}@db.example.test/v"),
        );
    let environment = [
        ("VITARAD_PROFILE", "development"),
        ("VITARAD_CRYPTO__MASTER_KEY", &key),
        ("VITARAD_VOICE__API_KEY", CANARY),
    ];
    let outcome = load(&file, &environment);
    let shown = shown(&outcome);
    assert!(outcome.is_ok(), "{shown}");
    assert!(!shown.contains(CANARY) && !shown.contains("c0ffee0471"), "{shown}");
    assert!(shown.contains("clinics.riverside.emr.password") && shown.contains("(set)"));
}

#[test]
fn secrets_that_are_refused_are_not_quoted() {
    let pem = file(CANARY);
    let pem = pem.path().to_str().unwrap();
    let refused = [
        ("[crypto]\nmaster_key = \"canary0471\"", "VITARAD_X", ""),
        ("[crypto]\nmaster_key = [\"canary0471\"]", "", ""),
        ("[crypto]\nmaster_kye = \"canary0471\"", "", ""),
        ("[crypto]\nmaster_key = \"canary0471", "", ""),
        ("[crypto]\nmaster_key = canary0471", "", ""),
        ("[crypto]\nmaster_key = \"a\"\ncanary0471", "", ""),
        ("crypto = \"canary0471\"", "", ""),
        ("health.operator_token = { canary = \"canary0471\" }", "", ""),
        ("webhook.credentials = \"canary0471\"", "", ""),
        ("[[webhook.credentials]]\nscheme = \"hmac\"\nsecrets = \"canary0471\"", "", ""),
        ("[[webhook.credentials]]\nscheme = \"hmac\"\nsecrets = [{ a = \"canary0471\" }]", "", ""),
        ("[[webhook.credentials]]\nscheme = \"hmac\"\nsecrets = [\"canary0471\", \"b\", \"c\"]", "", ""),
        ("[store]\nurl = \"mysql://vitarad:canary0471@db\"", "", ""),
        ("", "VITARAD_STORE__URL", "postgres:canary0471"),
        ("", "VITARAD_CRYPTO__MASTER_KEY", "canary0471"),
        ("", "VITARAD_CRYPTO__MASTER_KEY_FILE", "canary0471"),
        ("", "VITARAD_CRYPTO__MASTER_KEY_FILE", pem),
        ("", "VITARAD_MASTER_KEY", "canary0471"),
        ("", "VITARAD_HTTP__MAX_CONNECTIONS", "canary0471"),
        ("", "VITARAD_HTTP__LISTEN", "canary0471"),
        ("", "VITARAD_HTTP__CORS_ORIGIN", "canary0471"),
        ("", "VITARAD_LOG__LEVEL", "canary0471=canary0471=x"),
        ("profile = \"production\"", "VITARAD_WEBHOOK_SECRET", "canary0471"),
    ];
    for (file, variable, value) in refused {
        let environment: Vec<_> =
            [(variable, value)].into_iter().filter(|(name, _)| !name.is_empty()).collect();
        let outcome = load(file, &environment);
        assert!(outcome.is_err(), "{file} {variable}");
        let shown = shown(&outcome);
        assert!(!shown.contains(CANARY), "{file} {variable}: {shown}");
    }
}

#[test]
fn a_clinics_refused_access_is_not_quoted() {
    let changes = [
        ("password = \"change-me-emr-password\"", "password = [\"canary0471\"]"),
        ("password = \"change-me-emr-password\"", "passwort = \"canary0471\""),
        ("url = \"https://emr.example.test:8443/oscar\"", "url = \"http://canary0471.example.test/oscar\""),
        ("url = \"https://emr.example.test:8443/oscar\"", "url = \"canary0471\""),
        (
            "url = \"https://emr.example.test:8443/oscar\"",
            "url = \"https://vitarad:canary0471@emr.example.test\"",
        ),
        ("url = \"https://emr.example.test:8443/oscar\"", "url = 3"),
        ("username = \"vitarad\"", "username = { canary0471 = 3 }"),
        ("[clinics.emr]", "[clinics.emr.canary]\na = \"canary0471\"\n[clinics.emr]"),
    ];
    for (from, to) in changes {
        let changed = EXAMPLE.replacen(from, to, 1);
        assert_ne!(changed, EXAMPLE);
        let environment =
            if to.contains("pass") && !to.contains("url") { &SECRETS[..3] } else { &SECRETS[..] };
        let outcome = load(&changed, environment);
        assert!(outcome.is_err(), "{to}");
        let shown = shown(&outcome);
        assert!(!shown.contains(CANARY), "{to}: {shown}");
    }
}
