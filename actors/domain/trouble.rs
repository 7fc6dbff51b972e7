//! Trouble that one process has met in a clinic's cell, and that the others should know of: a breaker that shut, a child
//! that rests.

use std::fmt;
use std::time::Duration;

use super::emr_path::{Path, Service};
use super::ids::Generation;

/// What is in trouble.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A service of the EMR, by a path.
    Service(Path, Service),
    /// An actor of the cell, by its role.
    Actor(String),
}

impl Part {
    pub fn named(name: &str) -> Self {
        let service = name
            .split_once('.')
            .and_then(|(path, service)| Some(Self::Service(Path::named(path)?, Service::named(service)?)));
        service.unwrap_or_else(|| Self::Actor(name.to_owned()))
    }
}

/// As it is stored, and shown.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(path, service) => write!(f, "{}.{}", path.name(), service.name()),
            Self::Actor(role) => f.write_str(role),
        }
    }
}

/// The last that was told of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub part: Part,
    /// For how much longer, by the store's clock; zero when that has passed and nobody said that it is over.
    pub lasts: Lasts,
    pub told_by: Generation,
    pub node: String,
    /// Grows with each telling.
    pub revision: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    For(Duration),
    /// Somebody has found it well again.
    IsOver,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read_back_by_its_name() {
        for path in Path::ALL {
            for service in Service::ALL {
                let part = Part::Service(path, service);
                assert_eq!(Part::named(&part.to_string()), part);
            }
        }
        for role in ["emr_link", "of.another", "soap.fax"] {
            assert_eq!(Part::named(role), Part::Actor(role.to_owned()));
        }
    }
}
