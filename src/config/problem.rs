//! What is wrong with the settings: which one, where its value comes from, and what to do about it.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use super::key::Key;
use super::report;
use super::tree::Tree;

/// Says nothing of a secret but its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub key: String,
    pub origin: String,
    pub what: String,
    pub fix: String,
}

/// Everything that keeps the program from starting with these settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&report::problems(&self.0))
    }
}

impl std::error::Error for Problems {}

/// What reading and checking the settings has brought to light so far.
#[derive(Default)]
pub(super) struct Findings {
    refused: Vec<Finding>,
    warned: Vec<Finding>,
    /// Settings that could not be read. Others stand in for them, so nothing else that is found there is worth telling.
    misread: BTreeSet<Key>,
}

struct Finding {
    key: Key,
    what: String,
    fix: String,
}

impl Findings {
    /// `false` when this one was misread before.
    pub(super) fn misread(&mut self, key: &Key, what: String, fix: String) -> bool {
        let first = self.misread.insert(key.clone());
        if first {
            self.refused.push(Finding { key: key.clone(), what, fix });
        }
        first
    }

    /// Whether this setting, or one below it, was misread.
    pub(super) fn is_misread(&self, key: &Key) -> bool {
        self.misread.iter().any(|misread| misread.steps().starts_with(key.steps()))
    }

    pub(super) fn refuse(&mut self, key: impl Into<Key>, what: impl Into<String>, fix: impl Into<String>) {
        let key = key.into();
        if !self.is_misread(&key) {
            self.refused.push(Finding { key, what: what.into(), fix: fix.into() });
        }
    }

    pub(super) fn warn(&mut self, key: impl Into<Key>, what: impl Into<String>, fix: impl Into<String>) {
        self.warned.push(Finding { key: key.into(), what: what.into(), fix: fix.into() });
    }

    pub(super) fn within(&mut self, key: impl Into<Key>, value: u64, allowed: RangeInclusive<u64>) {
        if !allowed.contains(&value) {
            let (least, most) = allowed.into_inner();
            self.refuse(key, format!("is {value}"), format!("choose from {least} to {most}"));
        }
    }

    /// The refusals and the warnings.
    pub(super) fn traced(self, tree: &Tree) -> (Vec<Problem>, Vec<Problem>) {
        let traced = |found: Vec<Finding>| found.into_iter().map(|finding| finding.traced(tree)).collect();
        (traced(self.refused), traced(self.warned))
    }
}

impl Finding {
    fn traced(self, tree: &Tree) -> Problem {
        let origin = tree.origin(&self.key);
        Problem { key: self.key.to_string(), origin, what: self.what, fix: self.fix }
    }
}
