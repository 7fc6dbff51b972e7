//! The supervision tree as data: who is under whom, how each is restarted, and how long each may take to stop.
//!
//! Everything that starts a child asks [`policy`]; `supervision.md` is rendered from the same table and a test fails when
//! it is stale.

use std::fmt::Write as _;
use std::time::Duration;

use crate::retry::RetryPolicy;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Root,
    Node,
    Audit,
    Sms,
    Retention,
    Clinics,
    Clinic,
    EmrLink,
    Desk,
    Calls,
    Call,
    Front,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Node => "node",
            Self::Audit => "audit",
            Self::Sms => "sms",
            Self::Retention => "retention",
            Self::Clinics => "clinics",
            Self::Clinic => "clinic",
            Self::EmrLink => "emr_link",
            Self::Desk => "desk",
            Self::Calls => "calls",
            Self::Call => "call",
            Self::Front => "front",
        }
    }
}

/// OTP's restart kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// Only after a failure.
    Transient,
}

/// More than `failures` within `window`, counted when each is seen, exhaust the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub failures: usize,
    pub window: Duration,
}

/// What happens to an exhausted child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// The supervisor fails, upward.
    Escalate,
    /// The child rests, alone, and is tried again after this long: a broken clinic never takes the house down.
    Quarantine(Duration),
    /// The child is forgotten; what it owned is in the store, and its next message adopts it again.
    GiveUp,
}

/// The order in which a supervisor stops its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopOrder {
    LastStartedFirst,
    AllAtOnce,
}

/// One row of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub role: Role,
    pub parent: Option<Role>,
    /// One in all, or one per what.
    pub count: &'static str,
    pub restart: Restart,
    pub budget: Budget,
    pub backoff: RetryPolicy,
    pub exhausted: Exhausted,
    /// Then it is killed; what it had not finished is in the journal.
    pub stop_within: Duration,
    /// For supervisors.
    pub stops: StopOrder,
    pub job: &'static str,
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn budget(failures: usize, window: u64) -> Budget {
    Budget { failures, window: secs(window) }
}

const QUICK: RetryPolicy = RetryPolicy { base: millis(50), cap: secs(5) };
const PATIENT: RetryPolicy = RetryPolicy { base: secs(1), cap: secs(60) };

/// In start order; stop order is the reverse. The stop times along it add up to less than the ten seconds that SIGTERM
/// allows.
pub const TREE: [Policy; 12] = [
    Policy {
        role: Role::Root,
        parent: None,
        count: "one",
        restart: Restart::Permanent,
        budget: budget(3, 60),
        backoff: QUICK,
        exhausted: Exhausted::Escalate,
        stop_within: millis(9_500),
        stops: StopOrder::LastStartedFirst,
        job: "supervises the house; when it fails the process exits with 70 and the next start adopts",
    },
    Policy {
        role: Role::Node,
        parent: Some(Role::Root),
        count: "one",
        restart: Restart::Permanent,
        budget: budget(5, 30),
        backoff: QUICK,
        exhausted: Exhausted::Escalate,
        stop_within: millis(200),
        stops: StopOrder::LastStartedFirst,
        job: "says that this process lives, learns who else does on this store, calls dead who is silent",
    },
    Policy {
        role: Role::Audit,
        parent: Some(Role::Root),
        count: "one",
        restart: Restart::Permanent,
        budget: budget(5, 30),
        backoff: QUICK,
        exhausted: Exhausted::Escalate,
        stop_within: millis(1_000),
        stops: StopOrder::LastStartedFirst,
        job: "chains and seals the audit log under the role lease `audit`",
    },
    Policy {
        role: Role::Sms,
        parent: Some(Role::Root),
        count: "one",
        restart: Restart::Permanent,
        budget: budget(5, 30),
        backoff: QUICK,
        exhausted: Exhausted::Escalate,
        stop_within: millis(500),
        stops: StopOrder::LastStartedFirst,
        job: "sends what is in the SMS outbox, once, under the role lease `sms`",
    },
    Policy {
        role: Role::Retention,
        parent: Some(Role::Root),
        count: "one",
        restart: Restart::Permanent,
        budget: budget(3, 300),
        backoff: PATIENT,
        exhausted: Exhausted::Quarantine(secs(300)),
        stop_within: millis(300),
        stops: StopOrder::LastStartedFirst,
        job: "purges what is past its time, watches EMR tokens, asks for lost reports, under the role lease `retention`",
    },
    Policy {
        role: Role::Clinics,
        parent: Some(Role::Root),
        count: "one",
        restart: Restart::Permanent,
        budget: budget(3, 60),
        backoff: QUICK,
        exhausted: Exhausted::Escalate,
        stop_within: millis(3_400),
        stops: StopOrder::AllAtOnce,
        job: "supervises one cell per clinic",
    },
    Policy {
        role: Role::Clinic,
        parent: Some(Role::Clinics),
        count: "per clinic",
        restart: Restart::Permanent,
        budget: budget(5, 60),
        backoff: PATIENT,
        exhausted: Exhausted::Quarantine(secs(60)),
        stop_within: millis(3_200),
        stops: StopOrder::LastStartedFirst,
        job: "a cell: everything one clinic needs, so that its trouble stays inside",
    },
    Policy {
        role: Role::EmrLink,
        parent: Some(Role::Clinic),
        count: "per clinic",
        restart: Restart::Permanent,
        budget: budget(5, 60),
        backoff: PATIENT,
        exhausted: Exhausted::Quarantine(secs(300)),
        stop_within: millis(300),
        stops: StopOrder::LastStartedFirst,
        job: "EMR connection: paths, breakers, rate budget, bulkhead, queue, caches",
    },
    Policy {
        role: Role::Desk,
        parent: Some(Role::Clinic),
        count: "per clinic",
        restart: Restart::Permanent,
        budget: budget(5, 60),
        backoff: QUICK,
        exhausted: Exhausted::Quarantine(secs(60)),
        stop_within: millis(2_000),
        stops: StopOrder::LastStartedFirst,
        job: "drives the clinic's bookings: journal, sagas, reconciliation",
    },
    Policy {
        role: Role::Calls,
        parent: Some(Role::Clinic),
        count: "per clinic",
        restart: Restart::Permanent,
        budget: budget(5, 60),
        backoff: QUICK,
        exhausted: Exhausted::Quarantine(secs(60)),
        stop_within: millis(700),
        stops: StopOrder::AllAtOnce,
        job: "supervises the clinic's live calls and adopts them",
    },
    Policy {
        role: Role::Call,
        parent: Some(Role::Calls),
        count: "per phone call",
        restart: Restart::Transient,
        budget: budget(2, 60),
        backoff: QUICK,
        exhausted: Exhausted::GiveUp,
        stop_within: millis(500),
        stops: StopOrder::LastStartedFirst,
        job: "one live phone call: who is verified, what was offered, what was answered",
    },
    Policy {
        role: Role::Front,
        parent: Some(Role::Root),
        count: "one",
        restart: Restart::Permanent,
        budget: budget(3, 60),
        backoff: QUICK,
        exhausted: Exhausted::Escalate,
        stop_within: millis(4_000),
        stops: StopOrder::LastStartedFirst,
        job: "the door: accepts connections on a socket it does not own, drains when it stops",
    },
];

pub const fn policy(role: Role) -> &'static Policy {
    &TREE[role as usize]
}

/// The tree and its budgets as Markdown, for `supervision.md`.
pub fn render() -> String {
    let mut page = String::from("```text\n");
    draw(&mut page, Role::Root, "", "");
    page.push_str("```\n\n| role | count | restart | budget | pause between restarts | when exhausted | stops within |\n|---|---|---|---|---|---|---|\n");
    for row in &TREE {
        let restart = match row.restart {
            Restart::Permanent => "always",
            Restart::Transient => "after a failure",
        };
        let exhausted = match row.exhausted {
            Exhausted::Escalate if row.parent.is_none() => "the process exits with 70".to_owned(),
            Exhausted::Escalate => "its supervisor fails".to_owned(),
            Exhausted::Quarantine(rest) => format!("quarantine, tried again after {} s", rest.as_secs()),
            Exhausted::GiveUp => "forgotten; the next message adopts it".to_owned(),
        };
        let _ = writeln!(
            page,
            "| {} | {} | {restart} | {} in {} s | {:?} doubling to {:?}, full jitter | {exhausted} | {:?} |",
            row.role.name(),
            row.count,
            row.budget.failures,
            row.budget.window.as_secs(),
            row.backoff.base,
            row.backoff.cap,
            row.stop_within,
        );
    }
    page
}

fn draw(page: &mut String, role: Role, lead: &str, below: &str) {
    let row = policy(role);
    let name = match row.count {
        "one" => role.name().to_owned(),
        count => format!("{} ({count})", role.name()),
    };
    let width = 34_usize.saturating_sub(lead.chars().count());
    let _ = writeln!(page, "{lead}{name:<width$}{}", row.job);
    let children: Vec<Role> =
        TREE.iter().filter(|row| row.parent == Some(role)).map(|row| row.role).collect();
    for (index, child) in children.iter().enumerate() {
        let (branch, gap) =
            if index + 1 == children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        draw(page, *child, &format!("{below}{branch}"), &format!("{below}{gap}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_roles_and_every_parent_comes_first() {
        for (index, row) in TREE.iter().enumerate() {
            assert_eq!(row.role as usize, index);
            assert!(row.parent.is_none_or(|parent| (parent as usize) < index));
        }
    }

    #[test]
    fn a_supervisor_has_time_for_its_children_and_the_house_stops_within_ten_seconds() {
        for row in &TREE {
            let children = || TREE.iter().filter(|child| child.parent == Some(row.role));
            let needed = match row.stops {
                StopOrder::LastStartedFirst => children().map(|child| child.stop_within).sum(),
                StopOrder::AllAtOnce => children().map(|child| child.stop_within).max().unwrap_or_default(),
            };
            assert!(row.stop_within >= needed, "{} needs {needed:?}", row.role.name());
        }
        assert!(policy(Role::Root).stop_within < Duration::from_secs(10));
    }
}
