//! The settings as they may be shown, each with where it comes from.

use std::fmt;

use super::Loaded;
use super::report;
use super::tree::{Tree, written};

/// A setting that has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub key: String,
    /// `(set)` for a secret.
    pub value: String,
    pub origin: String,
}

/// In the order of their names.
#[derive(Debug, Clone)]
pub struct Origins(Vec<Effective>);

impl Origins {
    pub(super) fn of(tree: &Tree) -> Self {
        let effective = tree.leaves().into_iter().map(|(key, value)| Effective {
            value: if key.is_secret() { "(set)".to_owned() } else { written(value).unwrap_or_default() },
            origin: tree.origin(&key),
            key: key.to_string(),
        });
        Self(effective.collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Effective> {
        self.0.iter()
    }

    pub fn of_key(&self, key: &str) -> Option<&Effective> {
        self.0.iter().find(|effective| effective.key == key)
    }
}

/// So that nobody derives one that shows more.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&report::settings(&self.origins))
    }
}
