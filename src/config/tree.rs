//! The layers merged: every value, and the name of the layer it came from.

use figment::Figment;
use figment::value::{Dict, Num, Value};

use super::key::{Key, Step};

pub(super) struct Tree {
    root: Value,
    layers: Figment,
}

impl Tree {
    pub(super) fn of(layers: Figment) -> Self {
        let root = layers.find_value("").unwrap_or_else(|_| Dict::new().into());
        Self { root, layers }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Value> {
        at(&self.root, key.steps())
    }

    /// The names right below a table, in order.
    pub(super) fn names(&self, key: &Key) -> Vec<String> {
        self.get(key).and_then(Value::as_dict).into_iter().flat_map(Dict::keys).cloned().collect()
    }

    /// The layer that had the last word on a setting.
    pub(super) fn origin(&self, key: &Key) -> String {
        let layer = self.get(key).and_then(|value| self.layers.get_metadata(value.tag()));
        layer.map_or("not set", |layer| layer.name.as_ref()).to_owned()
    }

    /// Completes a table that every clinic may have with the house's own, key by key.
    pub(super) fn lay_under_clinics(&mut self, table: &str, under: &Value) {
        let Some(Value::Dict(_, clinics)) = at_mut(&mut self.root, Key::from("clinics").steps()) else {
            return;
        };
        for clinic in clinics.values_mut() {
            let Value::Dict(_, clinic) = clinic else { continue };
            let own = clinic.entry(table.to_owned()).or_insert_with(|| under.clone());
            if let (Value::Dict(_, own), Value::Dict(_, under)) = (own, under) {
                for (key, value) in under {
                    own.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
    }

    /// Every setting that has a value.
    pub(super) fn leaves(&self) -> Vec<(Key, &Value)> {
        leaves(&self.root)
    }
}

pub(super) fn at<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    let next = match (step, value) {
        (Step::Name(name), Value::Dict(_, dict)) => dict.get(name),
        (Step::Item(index), Value::Array(_, items)) => items.get(*index),
        _ => None,
    };
    at(next?, rest)
}

pub(super) fn at_mut<'a>(value: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    let next = match (step, value) {
        (Step::Name(name), Value::Dict(_, dict)) => dict.get_mut(name),
        (Step::Item(index), Value::Array(_, items)) => items.get_mut(*index),
        _ => None,
    };
    at_mut(next?, rest)
}

/// The values below this one that people write on one line, a list of plain values among them.
pub(super) fn leaves(value: &Value) -> Vec<(Key, &Value)> {
    let mut found = Vec::new();
    gather(value, &Key::root(), &mut found);
    found
}

fn gather<'a>(value: &'a Value, key: &Key, found: &mut Vec<(Key, &'a Value)>) {
    match value {
        Value::Dict(_, dict) => dict.iter().for_each(|(name, value)| gather(value, &key.child(name), found)),
        Value::Array(_, items) if items.iter().any(|item| item.as_dict().is_some()) => {
            items.iter().enumerate().for_each(|(index, item)| gather(item, &key.item(index), found));
        }
        _ => found.push((key.clone(), value)),
    }
}

/// A value as it would stand on one line of a file; `None` for a table and for a list of tables.
pub(super) fn written(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, one) => format!("\"{one}\""),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => plain(*number),
        Value::Array(_, items) => {
            let items: Option<Vec<String>> = items.iter().map(written).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Dict(..) | Value::Empty(..) => return None,
    })
}

fn plain(number: Num) -> String {
    if let Some(whole) = number.to_i128() {
        whole.to_string()
    } else if let Some(whole) = number.to_u128() {
        whole.to_string()
    } else {
        number.to_f64().unwrap_or_default().to_string()
    }
}
