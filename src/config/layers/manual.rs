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

pub(in crate::config) struct Manual {
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

#[cfg(test)]
pub(in crate::config) mod tests {
    use std::collections::BTreeSet;

    use figment::error::Kind;
    use figment::value::Dict;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::config::tree::at_mut;

    /// Fails unless each table of the manual's `shown` names every setting that `T` reads there, and no other.
    pub(in crate::config) fn assert_complete<T: DeserializeOwned>(shown: &Value) {
        for table in tables(shown) {
            let mut asked = shown.clone();
            let Some(Value::Dict(_, dict)) = at_mut(&mut asked, table.steps()) else { continue };
            let names: BTreeSet<String> = dict.keys().cloned().collect();
            dict.insert("unheard_of".to_owned(), true.into());
            let refusal = asked.deserialize::<T>().err().map(|error| error.kind);
            let Some(Kind::UnknownField(_, known)) = refusal else {
                unreachable!("{table} takes any setting: {refusal:?}")
            };
            let known = known.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(names, known, "{table}");
        }
    }

    /// Every table but those whose names the operator makes up: of holidays dates, of minutes visit types.
    fn tables(shown: &Value) -> Vec<Key> {
        fn gather(value: &Value, key: &Key, found: &mut Vec<Key>) {
            match value {
                Value::Dict(_, dict) => {
                    found.push(key.clone());
                    let settings = dict
                        .iter()
                        .filter(|(name, _)| !["holidays", "minutes", "handoffs"].contains(&name.as_str()));
                    settings.for_each(|(name, value)| gather(value, &key.child(name), found));
                }
                Value::Array(_, items) => {
                    items.iter().enumerate().for_each(|(index, item)| gather(item, &key.item(index), found));
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        gather(shown, &Key::root(), &mut found);
        found
    }

    #[test]
    fn a_commented_setting_is_uncommented_and_prose_is_not() {
        let text = "# prose = 1\na = 1\n#b = 2\n#[[c]]\n#\n## d = 3";
        assert_eq!(with_unset(text), "# prose = 1\na = 1\nb = 2\n[[c]]\n#\n## d = 3");
    }

    #[test]
    fn one_clinic_and_one_item_stand_for_all() {
        let manual = Manual::read().unwrap();
        let key = Key::clinic("another").child("providers").item(7).child("provider_no");
        assert_eq!(manual.specimen(&key).and_then(Value::as_str), Some("101"));
        assert!(manual.specimen(&Key::from("http.nothing")).is_none());
        assert_eq!(manual.specimen(&Key::root()).and_then(Value::as_dict).map(Dict::len), Some(16));
    }
}
