//! An operator with a file and an environment.

use std::io::Write;

use tempfile::NamedTempFile;
use vitarad::config::{Loaded, Problem, Problems, Settings};

pub const EXAMPLE: &str = include_str!("../../config/example.toml");

/// The secrets that the example file wants, none of them an example.
pub const SECRETS: [(&str, &str); 4] = [
    ("VITARAD_CRYPTO__MASTER_KEY", "6f1d2c9be04a8375d3e86b10f7c295a4187e3bd60c5fa9427d81b3e60a94cf25"),
    ("VITARAD_HEALTH__OPERATOR_TOKEN", "rT7vQ2mXk9LpZ4sWc8Ha"),
    ("VITARAD_WEBHOOK_SECRET", "Jw5nYb3Ed6Ug1Kf0Ri7Ox"),
    ("VITARAD_CLINIC_RIVERSIDE_EMR_PASSWORD", "meadow-Lantern-41-ferry"),
];

/// A clinic in as few words as it can be declared.
pub const SMALL_CLINIC: &str = r#"
[[clinics]]
id = "riverside"
name = "Riverside"
phone = "604-555-0100"
timezone = "America/Vancouver"
hours = { monday = ["09:00-17:00"] }
providers = [{ provider_no = "101", name = "Dr. Chen" }]
emr = { url = "https://emr.example.test/oscar", username = "vitarad", password = "p" }
"#;

pub fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Loads a file that is called `my.toml` in what is told about it.
pub fn load(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let file = file(text);
    let named = file.path().display().to_string();
    Settings::load(Some(file.path()), owned(environment)).map_err(|Problems(problems)| {
        let renamed =
            |problem: Problem| Problem { origin: problem.origin.replace(&named, "my.toml"), ..problem };
        Problems(problems.into_iter().map(renamed).collect())
    })
}

pub fn owned(environment: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

/// Each problem in one line: `key | origin | what | fix`.
pub fn told(outcome: Result<Loaded, Problems>) -> Vec<String> {
    lines(&outcome.err().map(|problems| problems.0).unwrap_or_default())
}

pub fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|p| format!("{} | {} | {} | {}", p.key, p.origin, p.what, p.fix)).collect()
}
