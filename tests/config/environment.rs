//! What variables mean, and which are refused.

use secrecy::ExposeSecret;
use vitarad::access::WebhookScheme;

use crate::fixture::{SMALL_CLINIC, file, load, told};

#[test]
fn a_secret_keeps_its_leading_zero_and_is_no_number_or_truth() {
    for secret in ["0123456789", "true", "[1, 2]", " \"quoted\" ", "1e3", "{a=1}", "日本"] {
        let loaded = load("", &[("VITARAD_HEALTH__OPERATOR_TOKEN", secret)]).unwrap();
        assert_eq!(loaded.settings.health.operator_token.unwrap().expose_secret(), secret);
    }
}

#[test]
fn a_text_that_looks_like_a_number_stays_a_text() {
    let loaded = load("", &[("VITARAD_NODE__NAME", "007")]).unwrap();
    assert_eq!(loaded.settings.node.name, "007");
}

#[test]
fn numbers_truths_and_lists_are_read_as_what_they_are() {
    let environment = [
        ("VITARAD_HTTP__TOOL_DEADLINE_MS", "2500"),
        ("VITARAD_HTTP__LISTEN", "[::1]:9090"),
        ("VITARAD_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("VITARAD_METRICS__PUBLIC", "true"),
        ("VITARAD_HOUSE__CALL_IDLE_MINUTES", "5"),
        ("VITARAD_HOUSE__DEAD_AFTER_SECONDS", "20"),
        ("VITARAD_HOUSE__KEEP_DAYS__EVENTS", "7"),
        ("VITARAD_LOG__DIRECTORY", "/var/log/vitarad"),
        ("VITARAD_NODE__RUNTIME_DIRECTORY", "/run/vitarad"),
    ];
    let settings = load("", &environment).unwrap().settings;
    assert_eq!(settings.http.tool_deadline().as_millis(), 2500);
    assert_eq!(settings.http.listen.port(), 9090);
    let proxies: Vec<_> = settings.http.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32"]);
    assert!(settings.metrics.public);
    assert_eq!(settings.house.call_idle.as_secs(), 300);
    assert_eq!(settings.house.pace.dead_after.as_secs(), 20);
    assert_eq!(settings.house.keep.events.as_secs(), 7 * 86_400);
    assert_eq!(settings.log.directory.unwrap().to_str(), Some("/var/log/vitarad"));
    assert_eq!(settings.node.runtime_directory.unwrap().to_str(), Some("/run/vitarad"));
}

#[test]
fn a_variable_of_the_wrong_form_is_told_by_its_name() {
    let environment = [("VITARAD_HTTP__MAX_CONNECTIONS", "many"), ("VITARAD_LOG__STDOUT", "yes")];
    assert_eq!(
        told(load("", &environment)),
        [
            "http.max_connections | environment variable VITARAD_HTTP__MAX_CONNECTIONS | \
             is a text, but must be a whole number from 0 to 4294967295 | give it a value like 4096",
            "log.stdout | environment variable VITARAD_LOG__STDOUT | \
             is a text, but must be true or false | give it a value like true",
        ]
    );
}

#[test]
fn a_secret_is_read_from_the_file_a_variable_names_without_its_last_newline() {
    for (held, secret) in
        [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("0123\n\n", "0123\n"), ("s ", "s ")]
    {
        let held = file(held);
        let path = held.path().to_str().unwrap();
        let loaded = load("", &[("VITARAD_HEALTH__OPERATOR_TOKEN_FILE", path)]).unwrap();
        assert_eq!(loaded.settings.health.operator_token.unwrap().expose_secret(), secret);
        assert_eq!(
            loaded.origins.of_key("health.operator_token").unwrap().origin,
            format!("file {path} (named by VITARAD_HEALTH__OPERATOR_TOKEN_FILE)")
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_without_what_the_variable_held() {
    let told = told(load("", &[("VITARAD_CRYPTO__MASTER_KEY_FILE", "canary-4711")]));
    assert_eq!(
        told,
        [
            "crypto.master_key | environment variable VITARAD_CRYPTO__MASTER_KEY_FILE | names a file that cannot be \
          read: No such file or directory (os error 2) | name a file of text that this user may read"
        ]
    );
}

#[test]
fn a_secret_given_directly_and_by_file_is_refused() {
    let held = file("one\n");
    let environment = [
        ("VITARAD_HEALTH__OPERATOR_TOKEN", "two"),
        ("VITARAD_HEALTH__OPERATOR_TOKEN_FILE", held.path().to_str().unwrap()),
    ];
    assert_eq!(
        told(load("", &environment)),
        ["health.operator_token | environment variables VITARAD_HEALTH__OPERATOR_TOKEN and \
          VITARAD_HEALTH__OPERATOR_TOKEN_FILE | is set twice | unset one of the two"]
    );
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_known_one() {
    let environment = [
        ("VITARAD_HTTP_LISTEN", "127.0.0.1:1"),
        ("VITARAD_HTTP__LISTEN_FILE", "/tmp/x"),
        ("VITARAD_CLINIC_RIVERSID_EMR_PASSWORD", "x"),
        ("vitarad_node__name", "not ours: variables are in capitals"),
        ("PATH", "/bin"),
    ];
    assert_eq!(
        told(load(SMALL_CLINIC, &environment)),
        [
            "VITARAD_CLINIC_RIVERSID_EMR_PASSWORD | environment variable VITARAD_CLINIC_RIVERSID_EMR_PASSWORD | \
             no such setting | did you mean VITARAD_CLINIC_RIVERSIDE_EMR_PASSWORD?",
            "VITARAD_HTTP_LISTEN | environment variable VITARAD_HTTP_LISTEN | \
             no such setting | did you mean VITARAD_HTTP__LISTEN?",
            "VITARAD_HTTP__LISTEN_FILE | environment variable VITARAD_HTTP__LISTEN_FILE | \
             no such setting | did you mean VITARAD_HTTP__LISTEN?",
        ]
    );
}

#[test]
fn a_clinics_password_comes_from_the_environment_although_the_file_has_none() {
    let clinic = SMALL_CLINIC.replace(", password = \"p\"", "").replace("riverside", "river-side-2");
    let loaded = load(&clinic, &[("VITARAD_CLINIC_RIVER_SIDE_2_EMR_PASSWORD", "0042")]).unwrap();
    let (_, access) = &loaded.settings.clinics[0];
    assert_eq!(access.emr.password.expose_secret(), "0042");
    assert_eq!(access.emr.username, "vitarad");
}

#[test]
fn a_webhook_secret_makes_a_credential_where_the_file_has_none() {
    let environment = [("VITARAD_WEBHOOK_SECRET", "a"), ("VITARAD_CLINIC_RIVERSIDE_WEBHOOK_SECRET", "b\nc")];
    let settings = load(SMALL_CLINIC, &environment).unwrap().settings;
    let (_, access) = &settings.clinics[0];
    for (credentials, secrets) in [(&settings.webhook, vec!["a"]), (&access.webhook, vec!["b", "c"])] {
        assert_eq!(credentials.len(), 1);
        assert_eq!(credentials[0].scheme, WebhookScheme::Hmac(vitarad::access::HmacPlan::default()));
        let held: Vec<_> = credentials[0].secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(held, secrets);
    }
}

#[test]
fn a_webhook_secret_replaces_those_of_the_first_credential_only() {
    let credentials = "[[webhook.credentials]]\nscheme = \"api_key\"\nheader = \"x-vapi-secret\"\nsecrets = [\"old\"]\n\
                       [[webhook.credentials]]\nscheme = \"bearer\"\nsecrets = [\"kept\"]\n";
    let loaded = load(credentials, &[("VITARAD_WEBHOOK_SECRET", "new")]).unwrap();
    let [first, second] = &loaded.settings.webhook[..] else { unreachable!("two were declared") };
    assert_eq!(first.scheme, WebhookScheme::ApiKey { header: "x-vapi-secret".to_owned() });
    assert_eq!(first.secrets[0].expose_secret(), "new");
    assert_eq!(second.scheme, WebhookScheme::Bearer);
    assert_eq!(second.secrets[0].expose_secret(), "kept");
    let origin = |key: &str| loaded.origins.of_key(key).unwrap().origin.clone();
    assert_eq!(origin("webhook.credentials[0].secrets"), "environment variable VITARAD_WEBHOOK_SECRET");
    assert_ne!(origin("webhook.credentials[0].header"), "environment variable VITARAD_WEBHOOK_SECRET");
}
