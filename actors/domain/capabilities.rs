//! What each way into one clinic's EMR can do, as far as anybody has found out. What nobody knows is tried.

use std::collections::BTreeMap;
use std::time::Duration;

use super::emr_path::{Operation, Path};
use super::time::Ts;

/// What is known of one operation on one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    pub operation: Operation,
    pub can: Can,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Can {
    Yes,
    No,
    Unknown,
}

impl Can {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        [Self::Yes, Self::No, Self::Unknown].into_iter().find(|can| can.name() == text)
    }
}

/// By what it is known. No text of a server is kept: it could say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The path does not have it on any server.
    Never,
    /// The service's description names it.
    Described,
    NotDescribed,
    /// The list of services does not name its service.
    NoService,
    /// Our account has the right to it.
    Granted,
    NotGranted,
    /// A web firewall keeps us out.
    Firewall,
    /// The server does not say.
    NotTold,
}

impl Why {
    pub const ALL: [Self; 8] = [
        Self::Never,
        Self::Described,
        Self::NotDescribed,
        Self::NoService,
        Self::Granted,
        Self::NotGranted,
        Self::Firewall,
        Self::NotTold,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Described => "described",
            Self::NotDescribed => "not_described",
            Self::NoService => "no_service",
            Self::Granted => "granted",
            Self::NotGranted => "not_granted",
            Self::Firewall => "firewall",
            Self::NotTold => "not_told",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.name() == text)
    }
}

/// What one path was found to be able to do, all of it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    pub path: Path,
    pub at: Ts,
    pub found: Vec<Capability>,
}

/// How long a discovery is good for, and one that a firewall cut short: it may have been a bad hour.
const GOOD_FOR: Duration = Duration::from_hours(24);
const GOOD_FOR_BEHIND_A_FIREWALL: Duration = Duration::from_hours(1);

/// One clinic's table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    known: BTreeMap<(Operation, Path), (Can, Why)>,
    discovered: BTreeMap<Path, Ts>,
}

impl Capabilities {
    /// Takes the place of everything known of that path.
    pub fn learn(&mut self, news: &Discovered) {
        self.known.retain(|(_, path), _| *path != news.path);
        let found = news.found.iter().map(|line| ((line.operation, news.path), (line.can, line.why)));
        self.known.extend(found);
        self.discovered.insert(news.path, news.at);
    }

    pub fn of(&self, operation: Operation, path: Path) -> (Can, Why) {
        self.known.get(&(operation, path)).copied().unwrap_or((Can::Unknown, Why::NotTold))
    }

    /// All that is known.
    pub fn lines(&self) -> impl Iterator<Item = (Path, Capability)> {
        let line = |(&(operation, path), &(can, why)): (&(Operation, Path), &(Can, Why))| {
            (path, Capability { operation, can, why })
        };
        self.known.iter().map(line)
    }

    pub fn rules_out(&self, operation: Operation, path: Path) -> bool {
        self.of(operation, path).0 == Can::No
    }

    pub fn discovered_at(&self, path: Path) -> Option<Ts> {
        self.discovered.get(&path).copied()
    }

    /// Whether a path should be asked anew what it can do.
    pub fn is_old(&self, path: Path, now: Ts) -> bool {
        let behind_a_firewall =
            self.known.iter().any(|((_, of), (_, why))| *of == path && *why == Why::Firewall);
        let good_for = if behind_a_firewall { GOOD_FOR_BEHIND_A_FIREWALL } else { GOOD_FOR };
        self.discovered_at(path).is_none_or(|at| now.since(at) >= good_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(path: Path, at: i64, found: &[(Operation, Can, Why)]) -> Discovered {
        let line = |&(operation, can, why): &_| Capability { operation, can, why };
        Discovered { path, at: Ts(at), found: found.iter().map(line).collect() }
    }

    #[test]
    fn what_nobody_has_found_out_is_unknown_and_rules_nothing_out() {
        let table = Capabilities::default();
        assert_eq!(table.of(Operation::DaySchedule, Path::Rest), (Can::Unknown, Why::NotTold));
        assert!(!table.rules_out(Operation::DaySchedule, Path::Rest));
        assert!(table.is_old(Path::Rest, Ts(0)));
    }

    #[test]
    fn a_discovery_replaces_what_was_known_of_its_path_and_nothing_else() {
        let mut table = Capabilities::default();
        table.learn(&news(Path::Soap, 0, &[(Operation::DayRows, Can::No, Why::NotDescribed)]));
        table.learn(&news(Path::Rest, 0, &[(Operation::DayRows, Can::No, Why::NotGranted)]));
        table.learn(&news(Path::Soap, 1, &[(Operation::Providers, Can::Yes, Why::Described)]));
        assert!(!table.rules_out(Operation::DayRows, Path::Soap));
        assert!(table.rules_out(Operation::DayRows, Path::Rest));
        assert_eq!(table.of(Operation::Providers, Path::Soap), (Can::Yes, Why::Described));
    }

    #[test]
    fn a_table_is_good_for_a_day_and_behind_a_firewall_for_an_hour() {
        let hours = |hours: u64| Ts(0).plus(Duration::from_hours(hours));
        let mut table = Capabilities::default();
        table.learn(&news(Path::Soap, 0, &[(Operation::DayRows, Can::Yes, Why::Described)]));
        assert!(!table.is_old(Path::Soap, hours(23)));
        assert!(table.is_old(Path::Soap, hours(24)));
        table.learn(&news(Path::Soap, 0, &[(Operation::DayRows, Can::No, Why::Firewall)]));
        assert!(table.is_old(Path::Soap, hours(1)));
    }

    #[test]
    fn every_reason_is_read_back_by_its_name() {
        assert!(Why::ALL.iter().all(|why| Why::named(why.name()) == Some(*why)));
    }
}
