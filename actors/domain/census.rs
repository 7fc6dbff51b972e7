//! Who lives on the store, as one look at its rows shows it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::domain::ids::{ClinicId, Generation};
use crate::domain::membership::Membership;
use crate::domain::node::Standing;

/// How fast hearts beat, all of it from how long one may be silent before it counts as dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub dead_after: Duration,
}

impl Pace {
    pub fn beat_every(self) -> Duration {
        self.dead_after / 10
    }

    /// Two beats may be lost before there is a gap. Who has one has missed what others did meanwhile.
    pub fn gap(self) -> Duration {
        self.dead_after * 3 / 10
    }
}

/// The generations that a process reckons with when it takes its part of what is shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted(BTreeSet<Generation>);

impl Counted {
    /// As its row has it; what is no number is nobody.
    pub fn read(text: &str) -> Self {
        Self(text.split_whitespace().filter_map(|number| number.parse().ok()).map(Generation).collect())
    }

    pub fn has(&self, generation: Generation) -> bool {
        self.0.contains(&generation)
    }

    /// Those whom a later count no longer has.
    #[must_use]
    pub fn gone_from(&self, later: &Self) -> Self {
        Self(self.0.difference(&later.0).copied().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(|generation| generation.0.to_string()).collect();
        f.write_str(&numbers.join(" "))
    }
}

/// Stands before a clinic in a row, where a number is a process.
const CLINIC: char = '@';

/// What a process says with each beat of how it shares the EMRs. Its row has it in words: `3 5 @maple`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    pub counts: Counted,
    /// Where more of its requests are in flight than its part, from when that was larger.
    pub crowds: BTreeSet<ClinicId>,
}

impl Said {
    pub fn read(text: &str) -> Self {
        let clinic = |word: &str| ClinicId::parse(word.strip_prefix(CLINIC)?).ok();
        Self { counts: Counted::read(text), crowds: text.split_whitespace().filter_map(clinic).collect() }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counts)?;
        self.crowds.iter().try_for_each(|clinic| write!(f, " {CLINIC}{clinic}"))
    }
}

/// A process that is at work: active, or draining.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    pub generation: Generation,
    pub node: String,
    pub standing: Standing,
    /// Since its last beat, by the store's clock.
    pub silent: Duration,
    pub says: Said,
}

/// What a beat brings back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    pub lives: Vec<Life>,
    /// Who was called dead by this very beat.
    pub buried: Vec<Generation>,
    /// How many are gone so lately that an EMR may still be at work for them: who died, or left a request behind.
    pub late: u32,
    /// Of the clinics' declarations.
    pub revision: i64,
}

impl Census {
    pub fn counted(&self) -> Counted {
        Counted(self.lives.iter().map(|life| life.generation).collect())
    }

    /// One that is silent is not waited for: it asks nothing of an EMR either, since it cannot reach the store. Nor does one
    /// that counts nobody yet, which has only begun, or begins again and again: this rule keeps it from taking its part.
    pub fn membership(&self, own: Generation, pace: Pace) -> Membership {
        let others = || self.lives.iter().filter(|life| life.generation != own);
        let counts_us = |life: &Life| life.says.counts.has(own);
        let is_silent = |life: &Life| life.silent > pace.gap();
        let asks_nothing = |life: &Life| is_silent(life) || life.says.counts.is_empty();
        let has_begun = self.lives.iter().any(|life| life.generation == own && counts_us(life));
        let crowds = others().filter(|life| !is_silent(life)).flat_map(|life| &life.says.crowds);
        let processes = u32::try_from(others().count()).unwrap_or(u32::MAX).saturating_add(1);
        Membership {
            processes,
            sharers: processes.saturating_add(self.late),
            is_counted: has_begun && others().all(|life| asks_nothing(life) || counts_us(life)),
            crowded: crowds.cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { dead_after: Duration::from_secs(10) };

    fn life(generation: i64, silent: u64, says: &str) -> Life {
        Life {
            generation: Generation(generation),
            node: format!("node-{generation}"),
            standing: Standing::Active,
            silent: Duration::from_secs(silent),
            says: Said::read(says),
        }
    }

    fn membership(lives: Vec<Life>) -> (u32, bool) {
        let census = Census { lives, ..Census::default() };
        let Membership { processes, is_counted, .. } = census.membership(Generation(5), PACE);
        (processes, is_counted)
    }

    fn crowded(lives: Vec<Life>) -> Vec<String> {
        let census = Census { lives, ..Census::default() };
        census.membership(Generation(5), PACE).crowded.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_process_is_counted_once_every_other_one_that_beats_says_so() {
        assert_eq!(membership(vec![life(5, 0, "5")]), (1, true));
        assert_eq!(membership(vec![life(3, 0, "3"), life(5, 0, "3 5")]), (2, false));
        assert_eq!(membership(vec![life(3, 0, "3 5"), life(5, 0, "5")]), (2, true));
        assert_eq!(membership(vec![life(3, 0, "3 5"), life(5, 0, "5"), life(7, 1, "3 7")]), (3, false));
        assert_eq!(
            membership(vec![life(3, 4, "3"), life(5, 0, "5")]),
            (2, true),
            "who is silent asks nobody"
        );
        assert_eq!(membership(vec![life(55, 0, "55"), life(5, 0, "5")]), (2, false));
    }

    #[test]
    fn who_counts_nobody_yet_takes_no_part_and_keeps_nobody_from_theirs() {
        assert_eq!(membership(vec![life(3, 0, "3 5"), life(5, 0, "")]), (2, false));
        assert_eq!(membership(vec![life(5, 0, "5"), life(7, 0, "")]), (2, true));
    }

    #[test]
    fn who_died_lately_has_its_part_of_the_places_and_none_of_the_rate() {
        let census =
            Census { lives: vec![life(5, 0, "5 7"), life(7, 0, "5 7")], late: 1, ..Census::default() };
        let Membership { processes, sharers, .. } = census.membership(Generation(5), PACE);
        assert_eq!((processes, sharers), (2, 3));
    }

    #[test]
    fn an_emr_is_crowded_where_another_process_that_beats_says_so() {
        assert_eq!(crowded(vec![life(3, 0, "3 5 @maple"), life(5, 0, "3 5 @cedar")]), ["maple"]);
        assert_eq!(crowded(vec![life(3, 4, "3 5 @maple"), life(5, 0, "3 5")]), [""; 0]);
        assert_eq!(crowded(vec![life(3, 0, "@42"), life(5, 0, "3 5")]), ["42"], "it begins again");
    }

    #[test]
    fn what_a_process_says_is_read_back_as_it_was_written() {
        let said = Said::read("4 30 @maple @42 no-clinic");
        assert_eq!(said.to_string(), "4 30 @42 @maple");
        assert_eq!((&Said::read(&said.to_string()), said.counts.to_string()), (&said, "4 30".to_owned()));
        assert_eq!(Said::default().to_string(), "");
    }

    #[test]
    fn what_a_process_counts_is_read_back_as_it_was_written() {
        let census = Census { lives: vec![life(30, 0, ""), life(4, 0, "")], ..Census::default() };
        assert_eq!(census.counted().to_string(), "4 30");
        assert_eq!(Counted::read("4 30"), census.counted());
        assert_eq!(Counted::read("4 x 30 31").gone_from(&census.counted()), Counted::read("31"));
        assert_eq!(Counted::read(""), Counted::default());
    }
}
