//! The store in memory: the same promises as the real one, kept by the same contract tests, under a paused clock.

mod announcing;
mod calls;
mod handoff;
mod held;
mod holds;
mod journal;
mod lives;
mod offers;
mod registrations;
mod reports;
mod rest;
mod retention;
mod settling;
mod tables;
mod troubles;
mod waitlist;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use self::tables::{EffectRow, IntentRow, OfferEntry, Tables, TextRow, TextState};
use crate::domain::ids::Generation;
use crate::domain::mark::Mark;
use crate::domain::time::Ts;
use crate::ports::store::{StoreError, StoreResult};

/// One process's connection to the store. The tables are everybody's.
#[derive(Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    cut: AtomicBool,
    answers_held: watch::Sender<bool>,
}

#[derive(Default)]
struct Shared {
    tables: Mutex<Tables>,
    away: AtomicBool,
}

impl MemoryStore {
    /// Another process's connection to the same tables.
    #[must_use]
    pub fn connect(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), ..Self::default() }
    }

    /// From now on, or no longer, nothing goes through this connection. A process that was killed never speaks again.
    pub fn set_cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    /// From now on, or no longer, no beat and no adoption of a call is answered on this connection, though it is written: a
    /// network that swallows what comes back.
    pub fn hold_answers(&self, held: bool) {
        self.answers_held.send_replace(held);
    }

    async fn may_answer(&self) {
        // The sender is ours: it is never gone.
        let _ = self.answers_held.subscribe().wait_for(|held| !held).await;
    }

    /// A process begins its life on a node; the node's former one is dead by then.
    pub fn begin_generation(&self, node: &str) -> Generation {
        let mut tables = self.peek();
        let generation = tables.begin_life(node);
        tables.node(node).begin(generation);
        generation
    }

    /// From now on, or no longer, nothing can be read or committed by anybody.
    pub fn set_away(&self, away: bool) {
        self.shared.away.store(away, Ordering::SeqCst);
    }

    /// The tables as they stand, for a test's own eyes.
    pub fn peek(&self) -> MutexGuard<'_, Tables> {
        self.shared.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn announced_at(&self, mark: Mark) -> Option<Ts> {
        self.peek().effects.iter().find(|row| row.effect.mark() == mark).map(|row| row.announced_at)
    }

    fn tables(&self) -> StoreResult<MutexGuard<'_, Tables>> {
        if self.cut.load(Ordering::SeqCst) || self.shared.away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to be away".to_owned()));
        }
        Ok(self.peek())
    }
}
