//! A file of settings. Its list of clinics becomes a table by their ids, so that the layers above can reach one clinic.

use std::fs;
use std::path::Path;

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

use super::Layer;
use crate::config::key::Key;
use crate::config::problem::Problem;

pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Result<Layer, Problem> {
    let origin = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| Problem {
        key: "--config".to_owned(),
        origin: origin.clone(),
        what: format!("the file cannot be read: {error}"),
        fix: "name a file of settings that this user may read".to_owned(),
    })?;
    let mut values = parse(&text, &origin)?;
    let misplaced = key_clinics_by_id(&mut values);
    problems.extend(misplaced.into_iter().map(|wrong| Problem { origin: origin.clone(), ..wrong }));
    Ok(Layer { origin, values })
}

/// The error's own rendering quotes the line, which may hold a secret; so only its place and its message are told.
pub(super) fn parse(text: &str, origin: &str) -> Result<Dict, Problem> {
    Toml::from_str::<Dict>(text).map_err(|error| {
        let before = error.span().and_then(|span| text.as_bytes().get(..span.start)).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        Problem {
            key: format!("line {line}"),
            origin: origin.to_owned(),
            what: format!("not TOML: {}", error.message().replace('\n', ", ")),
            fix: "correct that line; texts stand in quotes".to_owned(),
        }
    })
}

pub(super) fn key_clinics_by_id(values: &mut Dict) -> Vec<Problem> {
    let Some(clinics) = values.remove("clinics") else { return Vec::new() };
    let Some(clinics) = clinics.into_array() else {
        return vec![misplaced(
            &Key::from("clinics"),
            "is not a list of tables",
            "begin each clinic with [[clinics]]",
        )];
    };
    let (mut by_id, mut problems) = (Dict::new(), Vec::new());
    for (index, clinic) in clinics.into_iter().enumerate() {
        match clinic.find_ref("id").and_then(Value::as_str).map(str::to_owned) {
            Some(id) if by_id.contains_key(&id) => {
                problems.push(misplaced(
                    &Key::clinic(&id),
                    "is declared twice",
                    "give each clinic an id of its own",
                ));
            }
            Some(id) => drop(by_id.insert(id, clinic)),
            None => {
                let place = Key::from("clinics").item(index);
                problems.push(misplaced(&place, "has no id", "add an id such as \"riverside\""));
            }
        }
    }
    values.insert("clinics".to_owned(), by_id.into());
    problems
}

/// Whoever reads the file adds which one it is.
fn misplaced(key: &Key, what: &str, fix: &str) -> Problem {
    Problem { key: key.to_string(), origin: String::new(), what: what.to_owned(), fix: fix.to_owned() }
}
