//! The connections that read: so many and no more, given out in the order of asking, and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tokio::time::Instant;
use vitarad_actors::ports::store::StoreResult;

use super::db::{Db, Session};

#[derive(Clone)]
pub(super) struct Readers {
    db: Db,
    counts: Arc<ReaderCounts>,
}

/// How the connections are used, for metrics.
#[derive(Debug)]
pub struct ReaderCounts {
    waiting: AtomicU64,
    waits: Histogram,
}

/// What there is of connections at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderUse {
    pub in_use: u64,
    pub idle: u64,
    /// Who has asked for one and has none yet.
    pub waiting: u64,
}

impl ReaderCounts {
    /// From asking for a connection to having it, in seconds.
    pub const fn waits(&self) -> &Histogram {
        &self.waits
    }
}

/// Counts who waits, and also who goes away before it is their turn.
struct Waiting<'a>(&'a AtomicU64);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Readers {
    pub(super) fn of(db: Db) -> Self {
        let waits = Histogram::new(exponential_buckets(0.000_1, 4.0, 8));
        Self { db, counts: Arc::new(ReaderCounts { waiting: AtomicU64::new(0), waits }) }
    }

    pub(super) async fn session(&self) -> StoreResult<Session> {
        let asked = Instant::now();
        let waiting = Waiting::begin(&self.counts.waiting);
        let session = self.db.session().await;
        drop(waiting);
        self.counts.waits.observe(asked.elapsed().as_secs_f64());
        session
    }

    pub(super) fn counts(&self) -> Arc<ReaderCounts> {
        Arc::clone(&self.counts)
    }

    pub(super) fn in_use(&self) -> ReaderUse {
        let (size, idle) = self.db.connections();
        let waiting = self.counts.waiting.load(Ordering::Relaxed);
        ReaderUse { in_use: size.saturating_sub(idle), idle, waiting }
    }

    pub(super) async fn close(&self) {
        self.db.close().await;
    }
}

#[cfg(test)]
mod tests;
