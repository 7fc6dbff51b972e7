//! The store in memory: the same promises as the real one, kept by the same contract tests, under a paused clock.

mod announcing;
mod calls;
mod held;
mod holds;
mod journal;
mod offers;
mod registrations;
mod reports;
mod rest;
mod retention;
mod settling;
mod tables;
mod waitlist;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::tables::{EffectRow, OfferEntry, Tables};
use crate::domain::ids::Generation;
use crate::domain::mark::Mark;
use crate::domain::time::Ts;
use crate::ports::store::{StoreError, StoreResult};

#[derive(Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    away: AtomicBool,
}

impl MemoryStore {
    /// A process begins its life on a node; the node's former one is dead by then.
    pub fn begin_generation(&self, node: &str) -> Generation {
        let mut tables = self.peek();
        tables.generation += 1;
        let generation = Generation(tables.generation);
        tables.active.insert(node.to_owned(), generation);
        generation
    }

    /// From now on, or no longer, nothing can be read or committed.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// The tables as they stand, for a test's own eyes.
    pub fn peek(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn announced_at(&self, mark: Mark) -> Option<Ts> {
        self.peek().effects.iter().find(|row| row.effect.mark() == mark).map(|row| row.announced_at)
    }

    fn tables(&self) -> StoreResult<MutexGuard<'_, Tables>> {
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to be away".to_owned()));
        }
        Ok(self.peek())
    }
}
