//! The store in memory: the same promises as the real one, checked by the same contract tests, under a paused clock.

mod bookings;
mod calls;
mod rest;
mod tables;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::tables::{EffectRow, Tables};
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
    /// A process begins: every earlier generation is dead.
    pub fn begin_generation(&self) -> Generation {
        let mut tables = self.peek();
        tables.generation += 1;
        tables.active.clear();
        let generation = Generation(tables.generation);
        tables.active.insert(generation);
        generation
    }

    /// A second process that lives beside the others.
    pub fn begin_beside(&self) -> Generation {
        let mut tables = self.peek();
        tables.generation += 1;
        let generation = Generation(tables.generation);
        tables.active.insert(generation);
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
