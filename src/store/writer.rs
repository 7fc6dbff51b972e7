//! Group commit: small transactions share one COMMIT, and one clinic's flood cannot starve another.
//!
//! A member is one transaction somebody asked for. The writer takes what is there, up to [`BATCH`] members, gives each a
//! savepoint, commits once, and only then tells each its own result. A member that fails is undone alone; a commit that
//! fails is everybody's failure. Whoever asked may go away meanwhile: what was asked is done. A connection that dies is
//! replaced; whether what was on it is done again depends on whether it was kept.

mod batch;
mod fate;
mod lanes;
mod mark;
mod member;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use super::db::{Db, Session};
use super::locks::LockKey;
use batch::Committer;
use lanes::Lanes;
use member::Member;

/// Members of one commit. More would not make the sync cheaper, only the first of them wait longer.
const BATCH: usize = 64;

/// Whose turn a member waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lane<'a> {
    /// Roles and generations: few, and everything else rests on them.
    House,
    Clinic(&'a ClinicId),
    /// What can wait: after everything else.
    Retention(&'a ClinicId),
}

/// What the writers have done since they began, for metrics and for tests that count instead of timing.
#[derive(Debug, Default)]
pub struct WriterCounts {
    batches: AtomicU64,
    members: AtomicU64,
    refused: AtomicU64,
    restarts: AtomicU64,
}

impl WriterCounts {
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    pub fn members(&self) -> u64 {
        self.members.load(Ordering::Relaxed)
    }

    /// Members that found their clinic's lane full.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How often a writer died and was started again.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }
}

/// The way to the writers. They end, after what is queued, when it is dropped or closed.
pub(super) struct Writer {
    lanes: Vec<Arc<Lanes>>,
    counts: Arc<WriterCounts>,
    tasks: std::sync::Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Writer {
    /// `writers` of them, each with its own connection. A clinic always has the same one: its order is kept.
    pub(super) fn start(db: &Db, writers: u32, bound: usize) -> Self {
        let counts = Arc::new(WriterCounts::default());
        let lanes: Vec<_> = (0..writers.max(1)).map(|_| Arc::new(Lanes::bounded(bound))).collect();
        let tasks = lanes
            .iter()
            .map(|lanes| tokio::spawn(keep_writing(Arc::clone(lanes), db.clone(), Arc::clone(&counts))));
        Self { tasks: std::sync::Mutex::new(tasks.collect()), lanes, counts }
    }

    pub(super) fn counts(&self) -> &Arc<WriterCounts> {
        &self.counts
    }

    /// Runs `work` in a transaction and answers when it is committed. `work` may run more than once, each time after
    /// everything it did before was undone.
    pub(super) async fn submit<I, T, W>(&self, lane: Lane<'_>, input: I, work: W) -> StoreResult<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t I, &'t mut Session) -> BoxFuture<'t, StoreResult<T>> + Send + Sync + 'static,
    {
        self.submit_locked(lane, Vec::new(), input, work).await
    }

    /// The same, under locks that hold between processes until the commit.
    pub(super) async fn submit_locked<I, T, W>(
        &self,
        lane: Lane<'_>,
        locks: Vec<LockKey>,
        input: I,
        work: W,
    ) -> StoreResult<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t I, &'t mut Session) -> BoxFuture<'t, StoreResult<T>> + Send + Sync + 'static,
    {
        let (reply, told) = oneshot::channel();
        let scope = match lane {
            Lane::Clinic(clinic) | Lane::Retention(clinic) => Some(clinic.clone()),
            Lane::House => None,
        };
        let member = Member::new(scope, locks, input, work, reply);
        if let Err(refusal) = self.lanes_of(lane).push(lane, member) {
            self.counts.refused.fetch_add(u64::from(refusal == StoreError::Busy), Ordering::Relaxed);
            return Err(refusal);
        }
        told.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer stopped".to_owned())))
    }

    /// Takes nothing more, finishes what is queued, and ends.
    pub(super) async fn close(&self) {
        self.lanes.iter().for_each(|lanes| lanes.close());
        let tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        futures::future::join_all(tasks).await;
    }

    fn lanes_of(&self, lane: Lane<'_>) -> &Arc<Lanes> {
        let index = match lane {
            Lane::House | Lane::Retention(_) => 0,
            Lane::Clinic(clinic) => {
                let mut hash = DefaultHasher::new();
                clinic.hash(&mut hash);
                usize::try_from(hash.finish() % self.lanes.len() as u64).unwrap_or(0)
            }
        };
        &self.lanes[index]
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lanes.iter().for_each(|lanes| lanes.close());
    }
}

/// Owns one writer task: when it dies, whoever waited on it has been told, and the next one goes on with what is queued.
async fn keep_writing(lanes: Arc<Lanes>, db: Db, counts: Arc<WriterCounts>) {
    loop {
        let writer = write_batches(Arc::clone(&lanes), db.clone(), Arc::clone(&counts));
        match tokio::spawn(writer).await {
            Err(death) if death.is_panic() => {
                counts.restarts.fetch_add(1, Ordering::Relaxed);
                tracing::error!("a store writer died and is started again");
            }
            Ok(()) | Err(_) => return,
        }
    }
}

async fn write_batches(lanes: Arc<Lanes>, db: Db, counts: Arc<WriterCounts>) {
    let mut committer = Committer::new(db);
    while let Some(batch) = lanes.next(BATCH).await {
        counts.batches.fetch_add(1, Ordering::Relaxed);
        counts.members.fetch_add(batch.len() as u64, Ordering::Relaxed);
        committer.commit(batch).await;
    }
}

#[cfg(test)]
mod tests;
