//! Whatever stands in a file or the environment, loading ends with settings or with problems.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::fixture::{EXAMPLE, SMALL_CLINIC, load};

/// Values of every kind, good and bad, as they stand in a file.
fn values() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "[a-z0-9:./ -]{0,12}".prop_map(|text| format!("\"{text}\"")),
        Just("1.5".to_owned()),
        Just("nan".to_owned()),
        Just("1979-05-27".to_owned()),
        Just("\"09:00-17:00\"".to_owned()),
        Just("\"sqlite:x\"".to_owned()),
        Just("\"https://emr.example.test/oscar\"".to_owned()),
        Just("\"604-555-0100\"".to_owned()),
    ];
    plain.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            (names(), inner).prop_map(|(name, value)| format!("{{ {name} = {value} }}")),
        ]
    })
}

/// The names that mean something, and some that do not.
fn names() -> impl Strategy<Value = String> {
    let known: Vec<String> = include_str!("../../config/default.toml")
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once(" = "))
        .map(|(name, _)| name.trim().to_owned())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .collect();
    prop_oneof![8 => prop::sample::select(known), 1 => "[a-z]{1,6}"]
}

fn tables() -> impl Strategy<Value = String> {
    let known = [
        "http",
        "store",
        "crypto",
        "webhook",
        "log",
        "health",
        "metrics",
        "sms",
        "house",
        "house.keep_days",
        "booking",
        "limits",
        "slot_offers",
        "node",
        "clinics",
        "clinics.emr",
        "clinics.emr.tls",
        "clinics.hours",
        "clinics.booking",
        "other",
    ];
    let lists =
        ["clinics", "clinics.webhook", "clinics.providers", "webhook.credentials", "booking.visit_types"];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(|name| format!("[{name}]")),
        prop::sample::select(lists.to_vec()).prop_map(|name| format!("[[{name}]]")),
    ]
}

fn documents() -> impl Strategy<Value = String> {
    let line = prop_oneof![3 => (names(), values()).prop_map(|(name, value)| format!("{name} = {value}")), 1 => tables()];
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

/// A refusal gives reasons, and whatever is said can be said.
fn ends(file: &str, environment: &[(&str, &str)]) -> TestCaseResult {
    match load(file, environment) {
        Ok(loaded) => {
            let shown = format!("{loaded:?}");
            prop_assert!(shown.contains("default.toml"));
        }
        Err(problems) => {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                let said = [&problem.key, &problem.origin, &problem.what, &problem.fix];
                prop_assert!(said.iter().all(|text| !text.is_empty()), "{:?}", said);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_settings_are_taken_or_refused(file in documents()) {
        ends(&file, &[])?;
    }

    #[test]
    fn any_setting_of_a_good_file_may_become_anything(
        line in 0..EXAMPLE.lines().count(), value in values()
    ) {
        let change = |(index, text): (usize, &str)| match text.split_once(" = ") {
            Some((name, _)) if index == line && !text.starts_with('#') => format!("{name} = {value}\n"),
            _ => format!("{text}\n"),
        };
        let file: String = EXAMPLE.lines().enumerate().map(change).collect();
        ends(&file, &[("VITARAD_PROFILE", "development")])?;
    }

    #[test]
    fn any_text_is_taken_or_refused(file in "\\PC{0,200}") {
        ends(&file, &[])?;
    }

    #[test]
    fn any_variable_is_taken_or_refused(name in "[A-Z_]{0,20}", text in "\\PC{0,40}") {
        let unknown = format!("VITARAD_{name}");
        for variable in [&unknown, "VITARAD_CLINIC_RIVERSIDE_WEBHOOK_SECRET", "VITARAD_HTTP__LISTEN", "VITARAD_STORE__URL"] {
            ends(SMALL_CLINIC, &[(variable, &text)])?;
        }
    }
}
