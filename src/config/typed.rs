//! Reads a table of the settings as a Rust type and tells everything that is wrong with it, not only the first thing:
//! what cannot be read is noted, replaced by what the manual shows for it, and reading starts again.

use figment::error::{Actual, Error, Kind};
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::key::{Key, Step};
use super::layers::manual::Manual;
use super::nearest::nearest;
use super::problem::Findings;
use super::tree::{at_mut, written};

/// `value` is mended in place; what was read of a mended one is good for further checks, not for use.
pub(super) fn read<T: DeserializeOwned>(
    value: &mut Value,
    place: &Key,
    manual: &Manual,
    findings: &mut Findings,
) -> Option<T> {
    loop {
        match value.deserialize() {
            Ok(read) => return Some(read),
            Err(error) => {
                let fault = Fault::of(error, value, place);
                let (what, fix) = (fault.what(), fault.fix(manual));
                // A setting that is still wrong when mended would keep us here for ever.
                if !findings.misread(&fault.key, what, fix) || !fault.mend(value, place, manual) {
                    return None;
                }
            }
        }
    }
}

struct Fault {
    key: Key,
    kind: Kind,
}

impl Fault {
    fn of(error: Error, value: &Value, place: &Key) -> Self {
        let mut key = place.clone();
        let mut within = Some(value);
        for name in &error.path {
            let index = within.and_then(Value::as_array).and_then(|_| name.parse().ok());
            key = index.map_or_else(|| key.child(name), |index| key.item(index));
            within = match (within, index) {
                (Some(Value::Array(_, items)), Some(index)) => items.get(index),
                (Some(Value::Dict(_, dict)), _) => dict.get(name),
                _ => None,
            };
        }
        if let Kind::MissingField(name) = &error.kind {
            key = key.child(name);
        }
        Self { key, kind: error.kind }
    }

    /// Never quotes a secret. A value that is not one is quoted only where its own type does so.
    fn what(&self) -> String {
        match &self.kind {
            Kind::MissingField(_) => "is missing".to_owned(),
            Kind::UnknownField(..) => "no such setting".to_owned(),
            Kind::InvalidType(actual, expected) => {
                format!("is {}, but must be {}", described(actual), wanted(expected))
            }
            Kind::InvalidValue(_, expected) => format!("must be {}", wanted(expected)),
            Kind::UnknownVariant(found, known) if !self.key.is_secret() => {
                format!("is {found:?}, which is none of {}", known.join(", "))
            }
            Kind::Message(message) if !self.key.is_secret() => message.clone(),
            _ => "has the wrong form".to_owned(),
        }
    }

    fn fix(&self, manual: &Manual) -> String {
        match &self.kind {
            Kind::UnknownField(name, known) => match nearest(name, known.iter().copied()) {
                Some(known) => format!("did you mean {known}?"),
                None => "remove it".to_owned(),
            },
            Kind::UnknownVariant(_, known) => format!("choose {}", known.join(" or ")),
            _ => match manual.specimen(&self.key).and_then(written) {
                Some(specimen) => format!("give it a value like {specimen}"),
                None => "write it as default.toml shows".to_owned(),
            },
        }
    }

    /// `false` when that is not possible.
    fn mend(&self, value: &mut Value, place: &Key, manual: &Manual) -> bool {
        let specimen = match self.kind {
            Kind::UnknownField(..) => None,
            _ => manual.specimen(&self.key).cloned(),
        };
        let Some((last, above)) = self.key.steps()[place.steps().len()..].split_last() else {
            return specimen.map(|specimen| *value = specimen).is_some();
        };
        match (at_mut(value, above), last, specimen) {
            (Some(Value::Dict(_, dict)), Step::Name(name), Some(specimen)) => {
                dict.insert(name.clone(), specimen);
                true
            }
            (Some(Value::Dict(_, dict)), Step::Name(name), None) => dict.remove(name).is_some(),
            (Some(Value::Array(_, items)), Step::Item(index), Some(specimen)) => {
                items.get_mut(*index).map(|item| *item = specimen).is_some()
            }
            _ => false,
        }
    }
}

fn described(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number with a fraction",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

/// Serde's words for what it expected, in a reader's.
fn wanted(expected: &str) -> String {
    let whole = |most: u64| format!("a whole number from 0 to {most}");
    match expected {
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        "u64" | "usize" => "a whole number, not negative".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a character" => "a text of one character".to_owned(),
        _ if expected.starts_with("struct ") || expected == "a map" => "a table".to_owned(),
        _ => "a text in quotes".to_owned(),
    }
}

/// A section that no layer has is read as an empty one, so that what it lacks is told by name.
pub(super) fn or_empty(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or_else(|| Dict::new().into())
}
