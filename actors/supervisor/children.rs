//! The children of one supervisor: who is alive, who waits, and what the end of one means. No actor in here, only data.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorCell, ActorId};
use tokio::time::Instant;

use super::{Child, Exit};
use crate::tree::{Budget, Exhausted, Policy, Restart, Role, policy};

/// A child's place: its role and, where a role has many, its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChildId {
    pub role: Role,
    pub name: Option<Arc<str>>,
}

impl ChildId {
    pub const fn only(role: Role) -> Self {
        Self { role, name: None }
    }

    pub fn named(role: Role, name: &str) -> Self {
        Self { role, name: Some(name.into()) }
    }
}

/// What an end of life means for the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Forget,
    RestartIn { pause: Duration, life: u64 },
    Quarantine { rest: Duration, life: u64 },
    GiveUp,
    Escalate,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forget => "forget",
            Self::RestartIn { .. } => "restart",
            Self::Quarantine { .. } => "quarantine",
            Self::GiveUp => "give_up",
            Self::Escalate => "escalate",
        }
    }
}

/// A child as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildState {
    pub id: ChildId,
    pub alive: bool,
    pub quarantined: bool,
    pub recent_failures: usize,
    pub lives: u64,
}

#[derive(Default)]
pub struct Children {
    kids: HashMap<ChildId, Kid>,
    actors: HashMap<ActorId, ChildId>,
    /// Numbers lives across all children, so that none is ever used twice.
    lives: u64,
}

struct Kid {
    child: Child,
    /// Grows with each life and each restart timer: what carries an older number is late and ignored.
    life: u64,
    born: u64,
    cell: Option<ActorCell>,
    failures: VecDeque<Instant>,
    quarantined: bool,
}

impl Children {
    pub fn len(&self) -> usize {
        self.kids.len()
    }

    pub fn knows(&self, id: &ChildId) -> bool {
        self.kids.contains_key(id)
    }

    pub fn is_alive(&self, id: &ChildId) -> bool {
        self.kids.get(id).is_some_and(|kid| kid.cell.is_some())
    }

    /// Enters a child that is about to start. One that is known keeps its failures: being asked for is no absolution.
    pub fn expect(&mut self, child: Child) {
        self.lives += 1;
        let life = self.lives;
        self.kids
            .entry(child.id.clone())
            .and_modify(|kid| {
                kid.life = life;
                kid.child = child.clone();
            })
            .or_insert_with(|| Kid {
                child,
                life,
                born: life,
                cell: None,
                failures: VecDeque::new(),
                quarantined: false,
            });
    }

    pub fn started(&mut self, id: &ChildId, cell: ActorCell) {
        if let Some(kid) = self.kids.get_mut(id) {
            self.actors.insert(cell.get_id(), id.clone());
            kid.cell = Some(cell);
            kid.quarantined = false;
        }
    }

    /// The child whose restart timer has run out, if that timer is still the one that counts.
    pub fn due(&mut self, id: &ChildId, life: u64) -> Option<Child> {
        let kid = self.kids.get_mut(id).filter(|kid| kid.life == life && kid.cell.is_none())?;
        if kid.quarantined {
            kid.failures.clear();
        }
        Some(kid.child.clone())
    }

    pub fn of(&self, actor: ActorId) -> Option<&ChildId> {
        self.actors.get(&actor)
    }

    /// `None`: not one of ours, or one already forgotten. `rests`: it does so elsewhere.
    pub fn ended(
        &mut self,
        actor: ActorId,
        exit: Exit,
        now: Instant,
        fraction: f64,
        rests: bool,
    ) -> Option<(Child, Verdict)> {
        let id = self.actors.remove(&actor)?;
        let kid = self.kids.get_mut(&id)?;
        kid.cell = None;
        let child = kid.child.clone();
        let verdict = if exit.is_failure() {
            self.failed(&id, now, fraction, rests)
        } else if exit == Exit::Normal && policy(id.role).restart == Restart::Permanent {
            self.again(&id, 1, fraction)
        } else {
            Verdict::Forget
        };
        if matches!(verdict, Verdict::Forget | Verdict::GiveUp) {
            self.kids.remove(&id);
        }
        Some((child, verdict))
    }

    pub fn failed_to_start(&mut self, id: &ChildId, now: Instant, fraction: f64, rests: bool) -> Verdict {
        let verdict = self.failed(id, now, fraction, rests);
        if verdict == Verdict::GiveUp {
            self.kids.remove(id);
        }
        verdict
    }

    fn failed(&mut self, id: &ChildId, now: Instant, fraction: f64, rests: bool) -> Verdict {
        let Policy { budget, exhausted, .. } = *policy(id.role);
        let Some(kid) = self.kids.get_mut(id) else { return Verdict::Forget };
        let recent = kid.count_failure(budget, now);
        // What broke elsewhere as often as it may breaks here once; nobody falls for it who does not rest.
        let has_company = rests && matches!(exhausted, Exhausted::Quarantine(_));
        if recent <= budget.failures && !has_company {
            return self.again(id, u32::try_from(recent).unwrap_or(u32::MAX), fraction);
        }
        match exhausted {
            Exhausted::Escalate => Verdict::Escalate,
            Exhausted::GiveUp => Verdict::GiveUp,
            Exhausted::Quarantine(rest) => {
                kid.quarantined = true;
                let life = self.renew(id);
                Verdict::Quarantine { rest, life }
            }
        }
    }

    fn again(&mut self, id: &ChildId, attempt: u32, fraction: f64) -> Verdict {
        let life = self.renew(id);
        Verdict::RestartIn { pause: policy(id.role).backoff.pause(attempt, fraction), life }
    }

    fn renew(&mut self, id: &ChildId) -> u64 {
        self.lives += 1;
        if let Some(kid) = self.kids.get_mut(id) {
            kid.life = self.lives;
        }
        self.lives
    }

    /// Drops a child and every timer of it; gives back its actor if it is alive.
    pub fn forget(&mut self, id: &ChildId) -> Option<(Child, ActorCell)> {
        let kid = self.kids.remove(id)?;
        let cell = kid.cell?;
        self.actors.remove(&cell.get_id());
        Some((kid.child, cell))
    }

    /// Last started first.
    pub fn alive(&self) -> Vec<(Child, ActorCell)> {
        let mut kids: Vec<&Kid> = self.kids.values().collect();
        kids.sort_by_key(|kid| std::cmp::Reverse(kid.born));
        kids.into_iter().filter_map(|kid| Some((kid.child.clone(), kid.cell.clone()?))).collect()
    }

    pub fn states(&self) -> Vec<ChildState> {
        let mut states: Vec<ChildState> = self
            .kids
            .values()
            .map(|kid| ChildState {
                id: kid.child.id.clone(),
                alive: kid.cell.is_some(),
                quarantined: kid.quarantined,
                recent_failures: kid.failures.len(),
                lives: kid.life,
            })
            .collect();
        states.sort_by(|a, b| a.id.cmp(&b.id));
        states
    }
}

impl Kid {
    fn count_failure(&mut self, budget: Budget, now: Instant) -> usize {
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.duration_since(*first) > budget.window) {
            self.failures.pop_front();
        }
        self.failures.len()
    }
}
