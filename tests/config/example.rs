//! The example file, which is a complete production configuration but for its secrets.

use vitarad::access::TlsMode;
use vitarad::config::{Problems, Profile};
use vitarad_actors::domain::clinic::Roster;

use crate::fixture::{EXAMPLE, SECRETS, lines, load, told};

#[test]
fn with_real_secrets_the_example_is_fit_for_production() {
    let loaded = load(EXAMPLE, &SECRETS).unwrap();
    let settings = loaded.settings;
    assert_eq!(settings.profile, Profile::Production);
    let (clinic, access) = &settings.clinics[0];
    assert_eq!(clinic.check(), Ok(()));
    assert!(Roster::of([clinic.clone()]).is_ok());
    assert!(matches!(&access.emr.tls, TlsMode::Pin { sha256 } if sha256.len() == 1));
    assert_eq!(
        lines(&loaded.warnings),
        [
            "voice.api_key | not set | is missing, so a call whose report is lost stays without one | \
             name a file that holds it in VITARAD_VOICE__API_KEY_FILE",
            "sms.gateway | default.toml | is \"log\", so no patient is sent a text | \
             let callers know that no text will come; this release has no other gateway"
        ]
    );
}

#[test]
fn with_its_own_secrets_the_example_is_refused() {
    let refused: Vec<String> = match load(EXAMPLE, &[]) {
        Err(Problems(problems)) => problems.into_iter().map(|p| format!("{}: {}", p.key, p.what)).collect(),
        Ok(_) => Vec::new(),
    };
    assert_eq!(
        refused,
        [
            "clinics.riverside.emr.password: is an example that everybody knows",
            "crypto.master_key: is an example that everybody knows",
            "webhook.credentials[0].secrets[0]: is an example that everybody knows",
            "health.operator_token: is an example that everybody knows",
        ]
    );
}

#[test]
fn for_trying_out_the_examples_secrets_will_do() {
    assert_eq!(told(load(EXAMPLE, &[("VITARAD_PROFILE", "development")])), [""; 0]);
}
