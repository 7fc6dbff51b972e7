//! The store on SQLite or PostgreSQL: every trait of `ports::store`, one SQL text for both.
//!
//! ```text
//! a write:  seal, in the asking task -> its clinic's lane -> a batch, one COMMIT -> the answer
//! a read:   a reader connection, scoped to the clinic -> open the envelopes
//! ```
//!
//! | file | what it knows |
//! |---|---|
//! | `connect`, `schema` | the engines, and which migrations a database has |
//! | `copy` | moving all of it from one engine to the other |
//! | `db`, `sql`, `statements` | one face for both, and every SQL text |
//! | `notices` | the word that processes send each other |
//! | `pages` | reading on past what cannot be read |
//! | `readers`, `pages` | the connections that read and who waits for one; reading on past what cannot be read |
//! | `walls` | what keeps clinics apart on PostgreSQL, and the way round it that there is not |
//! | `writer`, `locks` | group commit, and what two processes must not decide at once |
//! | `keys`, `known`, `records`, `states` | how a row hides, reads and writes what the domain says |
//! | the others | one trait of the port each |

mod audit;
mod bookings;
mod call_records;
mod calls;
mod capabilities;
mod clinics;
mod connect;
mod copy;
mod db;
mod handoff;
mod held;
mod holds;
mod instances;
mod keys;
mod known;
mod lives;
mod locks;
mod notices;
mod oauth;
mod offers;
mod outbox;
mod pages;
mod readers;
mod records;
mod registrations;
mod reports;
mod retention;
mod roles;
mod schema;
mod sql;
mod statements;
mod states;
mod tool_calls;
mod troubles;
mod waitlist;
mod walls;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::ports::store::StoreResult;

use crate::seal::Keyring;
use db::{Db, Scope, Session};
use notices::Notices;
use readers::Readers;
use walls::Turns;
use writer::Writer;

pub use audit::AuditVerdict;
pub use clinics::Clinics;
pub use connect::{Engine, OpenError};
pub use copy::{Moved, NotMoved, copy};
pub use handoff::schema_range;
pub use readers::{ReaderCounts, ReaderUse};
pub use schema::{Migration, Schema, Standing};
pub use writer::WriterCounts;

/// How much of the machine and of the database the store may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    pub readers: u32,
    /// On PostgreSQL; SQLite has one writer.
    pub writers: u32,
    /// How many writes of one clinic may wait; the next is refused as busy.
    pub lane: usize,
    pub durability: Durability,
    /// Whether opening makes the migrations that are missing, or refuses.
    pub migrates: bool,
}

/// What an acknowledged commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    PowerFailure,
    /// The death of this process, and nothing worse: for development.
    ProcessDeath,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { readers: 8, writers: 4, lane: 256, durability: Durability::PowerFailure, migrates: true }
    }
}

/// The store of one process. Several may share a database; that is what generations and fences are for.
pub struct SqlStore {
    readers: Readers,
    writers: Db,
    writer: Writer,
    notices: Notices,
    keyring: Keyring,
    /// Whether keys are stored as only our own master key opens them.
    rewraps: AtomicBool,
    /// Ours, once begun: the audit log names the process that wrote it.
    generation: AtomicI64,
    turns: Turns,
}

/// Every statement: its name, and what it says to SQLite and to PostgreSQL. That is all that a schema has to bear of a
/// release.
pub fn statements() -> impl Iterator<Item = [&'static str; 3]> {
    statements::all().map(|(name, sql)| [*name, sql.lite, sql.pg])
}

impl SqlStore {
    /// Opens the database and starts the writer. Must be called inside a tokio runtime.
    pub async fn open(engine: &Engine, keyring: Keyring, tuning: Tuning) -> Result<Self, OpenError> {
        let pools = connect::open(engine, tuning).await?;
        let writers = match &pools.writers {
            Db::Lite(_) => 1,
            Db::Pg(_) => tuning.writers,
        };
        Ok(Self {
            writer: Writer::start(&pools.writers, writers, tuning.lane),
            readers: Readers::of(pools.readers),
            writers: pools.writers,
            notices: pools.notices,
            keyring,
            rewraps: AtomicBool::new(false),
            generation: AtomicI64::new(0),
            turns: Turns::default(),
        })
    }

    /// Takes no more writes, commits those it has taken, and closes the database.
    pub async fn close(&self) {
        self.writer.close().await;
        self.notices.close().await;
        self.writers.close().await;
        self.readers.close().await;
    }

    pub fn counts(&self) -> Arc<WriterCounts> {
        Arc::clone(self.writer.counts())
    }

    pub fn reader_counts(&self) -> Arc<ReaderCounts> {
        self.readers.counts()
    }

    pub fn readers_in_use(&self) -> ReaderUse {
        self.readers.in_use()
    }

    /// Asks the database whether it is there.
    pub async fn ping(&self) -> StoreResult<()> {
        self.read(Scope::House).await?.maybe::<()>(statements::PING, sql::args![]).await.map(drop)
    }

    async fn read(&self, scope: Scope<'_>) -> StoreResult<Session> {
        let mut session = self.readers.session().await?;
        session.scope_session(scope).await?;
        Ok(session)
    }

    /// From now on this process writes under this number.
    fn begun(&self, generation: Generation) -> Generation {
        self.generation.store(generation.0, Ordering::Relaxed);
        generation
    }

    fn own_generation(&self) -> Option<Generation> {
        Some(self.generation.load(Ordering::Relaxed)).filter(|number| *number > 0).map(Generation)
    }
}
