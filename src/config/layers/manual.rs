//! `config/default.toml` read as what it is for people: the manual of every setting.
//!
//! With its commented settings included it shows each key with a value of the right form. So it says which names the
//! environment may use, how a variable's text is to be read, and what a wrong value should have looked like.

use figment::value::Value;

use super::file::{key_clinics_by_id, parse};
use crate::config::key::{Key, Step};
use crate::config::problem::Problem;
use crate::config::tree::leaves;

pub(super) const TEXT: &str = include_str!("../../../config/default.toml");

pub(crate) struct Manual {
    root: Value,
}

impl Manual {
    pub(in crate::config) fn read() -> Result<Self, Problem> {
        let mut root = parse(&with_unset(TEXT), super::BUILT_IN)?;
        key_clinics_by_id(&mut root);
        Ok(Self { root: root.into() })
    }

    /// How the value of a setting may look. One clinic stands for all, and so does the first item of any list.
    pub(in crate::config) fn specimen(&self, key: &Key) -> Option<&Value> {
        let mut value = &self.root;
        for (place, step) in key.steps().iter().enumerate() {
            let is_clinic = place == 1 && key.steps().first() == Some(&Step::Name("clinics".to_owned()));
            value = match (step, value) {
                (Step::Name(_), Value::Dict(_, clinics)) if is_clinic => clinics.values().next()?,
                (Step::Name(name), Value::Dict(_, dict)) => dict.get(name)?,
                (Step::Item(_), Value::Array(_, items)) => items.first()?,
                _ => return None,
            };
        }
        Some(value)
    }

    pub(in crate::config) fn sections(&self) -> impl Iterator<Item = &str> {
        self.root.as_dict().into_iter().flat_map(|sections| sections.keys().map(String::as_str))
    }

    /// The settings of the house that are neither inside a list nor of one clinic, with their specimens.
    pub(super) fn of_the_house(&self) -> impl Iterator<Item = (Key, &Value)> {
        leaves(&self.root).into_iter().filter(|(key, _)| {
            let listed = key.steps().iter().any(|step| matches!(step, Step::Item(_)));
            !listed && key.steps().first() != Some(&Step::Name("clinics".to_owned()))
        })
    }
}

/// The text with its commented settings: those whose `#` stands directly before the setting.
fn with_unset(text: &str) -> String {
    let setting = |line: &'_ str| line.starts_with(|first: char| first == '[' || first.is_ascii_lowercase());
    let uncommented = |line| match str::strip_prefix(line, '#') {
        Some(rest) if setting(rest) => rest,
        _ => line,
    };
    text.lines().map(uncommented).collect::<Vec<_>>().join("\n")
}
