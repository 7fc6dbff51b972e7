//! What a run, or all runs, came to: one table.

use std::collections::BTreeMap;
use std::fmt;

/// The table's parts, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Calls,
    Answers,
    Intents,
    Held,
    Happened,
    Emr,
}

impl Part {
    const fn heading(self) -> &'static str {
        match self {
            Self::Calls => "calls ended",
            Self::Answers => "changes answered",
            Self::Intents => "intents",
            Self::Held => "held requests",
            Self::Happened => "happened",
            Self::Emr => "in the EMRs in the end",
        }
    }
}

#[derive(Debug, Default)]
pub struct Summary(BTreeMap<(Part, String), u64>);

impl Summary {
    pub fn count(&mut self, part: Part, what: &str, times: u64) {
        *self.0.entry((part, what.to_owned())).or_default() += times;
    }

    pub fn add(&mut self, other: &Self) {
        for ((part, what), times) in &other.0 {
            self.count(*part, what, *times);
        }
    }

    pub fn of(&self, part: Part, what: &str) -> u64 {
        self.0.get(&(part, what.to_owned())).copied().unwrap_or(0)
    }

    /// Changes that were asked for: what the long run counts.
    pub fn attempts(&self) -> u64 {
        self.of(Part::Happened, "changes attempted")
    }

    /// A simulation in which nothing happens proves nothing.
    pub fn must_have_seen_everything(&self) {
        const SEEN: [(Part, &[&str]); 4] = [
            (
                Part::Calls,
                &[
                    "booked, moved, cancelled or registered",
                    "handed to staff",
                    "held with a reference",
                    "message taken",
                    "plainly refused",
                    "sent to the emergency line",
                    "transferred",
                ],
            ),
            (
                Part::Answers,
                &[
                    "APPOINTMENT_CHANGED",
                    "BOOKED",
                    "CANCELLED",
                    "HELD",
                    "MOVED",
                    "PENDING",
                    "REGISTERED",
                    "SLOT_TAKEN",
                ],
            ),
            (Part::Held, &["done", "expired", "handed_to_staff"]),
            (
                Part::Happened,
                &[
                    "EMR outages up to a day",
                    "EMR outages up to a minute",
                    "attempts at what is not theirs",
                    "callers in a rush",
                    "changes delivered twice at once",
                    "processes held up and given up for dead",
                    "processes killed",
                    "runs with two processes",
                    "times a clock was set",
                    "times one process lost the store",
                    "times the clocks ran ahead of a write",
                ],
            ),
        ];
        for (part, whats) in SEEN {
            for what in whats {
                assert!(self.of(part, what) > 0, "none of {} was {what}", part.heading());
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for ((part, what), times) in &self.0 {
            if last.replace(*part) != Some(*part) {
                writeln!(f, "{}", part.heading())?;
            }
            writeln!(f, "  {times:>10}  {what}")?;
        }
        Ok(())
    }
}
