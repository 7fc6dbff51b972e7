//! Which layer has the last word, and how it is told.

use vitarad::config::sections::log::LogFormat;
use vitarad::config::sections::store::{StoreAddress, Synchronous};
use vitarad::config::{Profile, Settings, report};
use vitarad_actors::domain::booking_rules::BookingRules;
use vitarad_actors::domain::clinic::EmrLimits;
use vitarad_actors::house::HouseSettings;

use crate::fixture::{file, load, owned};

#[test]
fn without_file_and_environment_everything_has_its_default() {
    let settings = Settings::load(None, owned(&[])).unwrap().settings;
    assert_eq!(settings.profile, Profile::Development);
    assert_eq!(settings.node.name, "node-1");
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.http.tool_deadline_ms, 4500);
    assert!(settings.http.trusted_proxies.is_empty() && settings.http.cors_origin.is_none());
    assert!(!settings.http.insecure_no_auth && !settings.metrics.public);
    assert!(matches!(&settings.store.address, StoreAddress::Sqlite(path) if path.ends_with("vitarad.db")));
    assert_eq!(settings.store.synchronous, Synchronous::Full);
    assert_eq!((settings.log.format, settings.log.keep_files), (LogFormat::Json, 14));
    assert!(settings.crypto.master_key.is_none() && settings.health.operator_token.is_none());
    assert!(settings.webhook.is_empty() && settings.clinics.is_empty());
}

#[test]
fn the_defaults_of_the_file_are_those_of_the_code() {
    let settings = Settings::load(None, owned(&[])).unwrap().settings;
    assert_eq!(settings.booking, BookingRules::default());
    assert_eq!(settings.limits, EmrLimits::default());
    assert_eq!(settings.house, HouseSettings::default());
}

#[test]
fn a_file_overrides_the_default_and_the_environment_overrides_the_file() {
    let file = file("[http]\nmax_connections = 10\nclinic_burst = 11");
    let environment = owned(&[("VITARAD_HTTP__CLINIC_BURST", "12")]);
    let loaded = Settings::load(Some(file.path()), environment).unwrap();
    let http = &loaded.settings.http;
    assert_eq!((http.max_connections, http.clinic_burst, http.clinic_per_minute), (10, 12, 300));
    let origin = |key: &str| loaded.origins.of_key(key).unwrap().origin.clone();
    assert_eq!(origin("http.max_connections"), file.path().to_str().unwrap());
    assert_eq!(origin("http.clinic_burst"), "environment variable VITARAD_HTTP__CLINIC_BURST");
    assert_eq!(origin("http.clinic_per_minute"), "default.toml");
}

#[test]
fn the_profile_can_come_from_the_environment() {
    assert!(load("profile = \"production\"", &[("VITARAD_PROFILE", "development")]).is_ok());
    assert!(load("", &[("VITARAD_PROFILE", "production")]).is_err());
}

#[test]
fn the_effective_settings_are_shown_in_columns_with_their_origins() {
    let loaded =
        load("", &[("VITARAD_NODE__NAME", "node-7"), ("VITARAD_HEALTH__OPERATOR_TOKEN", "t")]).unwrap();
    let shown = report::settings(&loaded.origins);
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    let words = |key: &str| {
        line(key).split("  ").map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words("node.name"), ["node.name", "\"node-7\"", "environment variable VITARAD_NODE__NAME"]);
    assert_eq!(words("http.max_connections"), ["http.max_connections", "4096", "default.toml"]);
    assert_eq!(
        words("health.operator_token"),
        ["health.operator_token", "(set)", "environment variable VITARAD_HEALTH__OPERATOR_TOKEN"]
    );
    assert_eq!(words("store.url"), ["store.url", "(set)", "default.toml"]);
    assert_eq!(
        words("booking.visit_types[0].template_codes"),
        ["booking.visit_types[0].template_codes", "[\"1\", \"2\", \"3\", \"6\"]", "default.toml"]
    );
    assert_eq!(line("node.name").find("environment"), line("health.operator_token").find("environment"));
}
