//! What a connection tells other processes of its breakers, and learns from theirs: an EMR that is ill costs all of them
//! one trip.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::State;
use super::breaker::Pass;
use crate::domain::trouble::{Lasts, Part, Trouble};
use crate::ports::emr::{Path, Service};

/// How much of its open time a breaker waits longer than the one it has heard of, at most: one of them goes first.
const SPREAD: f64 = 0.1;

/// The last that was heard of each breaker.
#[derive(Debug, Default)]
pub struct Words(BTreeMap<(Path, Service), Word>);

#[derive(Debug, Clone, Copy)]
struct Word {
    revision: i64,
    /// Another process gets through.
    others_are_well: bool,
}

impl Words {
    fn is_news(&self, at: (Path, Service), revision: i64) -> bool {
        self.0.get(&at).is_none_or(|word| word.revision < revision)
    }

    fn others_are_well(&self, at: (Path, Service)) -> bool {
        self.0.get(&at).is_some_and(|word| word.others_are_well)
    }
}

impl State {
    /// Whoever fails again where others get through has a trouble of its own, and keeps it to itself.
    pub(super) fn tell(&self, at: (Path, Service), pass: Pass, shut: bool) {
        if shut && pass == Pass::Probe && self.words.others_are_well(at) {
            return;
        }
        let lasts = if shut { Lasts::For(self.clinic.limits.breaker_open()) } else { Lasts::IsOver };
        self.house.tell(self.clinic.id.clone(), Part::Service(at.0, at.1), lasts);
    }

    /// Once at the start of a life: what its predecessors knew is all it knows.
    pub(super) fn begin_with(&mut self, troubles: Option<Vec<Trouble>>) {
        let Some(troubles) = troubles else { return self.paths.doubt_all(Instant::now()) };
        for trouble in troubles {
            self.learn(&trouble);
        }
    }

    /// What others have found out since; our own words come back, too.
    pub(super) fn hear(&mut self, troubles: Vec<Trouble>) {
        for trouble in troubles {
            if trouble.told_by == self.house.generation {
                self.note(&trouble, false);
            } else {
                self.learn(&trouble);
            }
        }
    }

    fn learn(&mut self, trouble: &Trouble) {
        let is_anothers = trouble.told_by != self.house.generation;
        if !self.note(trouble, is_anothers && trouble.lasts == Lasts::IsOver) {
            return;
        }
        let Part::Service(path, service) = trouble.part else { return };
        let now = Instant::now();
        let spread = self.clinic.limits.breaker_open().mul_f64(self.house.luck.fraction() * SPREAD);
        let until = match trouble.lasts {
            Lasts::For(time) => Some(now + time + spread),
            Lasts::IsOver => None,
        };
        if self.paths.learn((path, service), until, now) {
            self.house.meters.breaker(&self.clinic.id, (path, service), true);
            tracing::info!(
                clinic.id = %self.clinic.id, emr.path = path.name(), emr.service = service.name(),
                told_by = trouble.told_by.0, "an EMR breaker followed that of another process"
            );
        }
    }

    /// `false`: that, or something newer, is known already.
    fn note(&mut self, trouble: &Trouble, others_are_well: bool) -> bool {
        let Part::Service(path, service) = trouble.part else { return false };
        let is_news = self.words.is_news((path, service), trouble.revision);
        if is_news {
            let word = Word { revision: trouble.revision, others_are_well };
            self.words.0.insert((path, service), word);
        }
        is_news
    }
}
