//! Committing a batch: together when that works, one by one when members collide with another process's.

use std::time::Duration;

use tokio::time::timeout;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use super::member::{Member, Verdict};
use crate::store::db::{Db, Session};
use crate::store::statements::{BEGIN, COMMIT, NEXT_SAVEPOINT, ROLLBACK, SAVEPOINT, UNDO_SAVEPOINT};

/// A database that has not committed by then will be asked again on another connection; whether this commit happened is
/// not known, and nobody is told that it did.
const LIMIT: Duration = Duration::from_secs(10);

/// Holds the writing connection from batch to batch.
pub(super) struct Committer {
    db: Db,
    session: Option<Session>,
}

enum Failure {
    /// With another transaction, somewhere in the batch: once more, and alone, its members may succeed.
    Collided(StoreError),
    Failed(StoreError),
}

impl Committer {
    pub(super) const fn new(db: Db) -> Self {
        Self { db, session: None }
    }

    pub(super) async fn commit(&mut self, mut batch: Vec<Member>) {
        match self.attempt(&mut batch).await {
            Ok(()) => tell_all(batch, &Ok(())),
            Err(Failure::Failed(error)) => tell_all(batch, &Err(error)),
            Err(Failure::Collided(_)) => {
                for member in batch {
                    self.commit_alone(member).await;
                }
            }
        }
    }

    async fn commit_alone(&mut self, member: Member) {
        let mut alone = vec![member];
        let committed = match self.attempt(&mut alone).await {
            Ok(()) => Ok(()),
            Err(Failure::Collided(error) | Failure::Failed(error)) => Err(error),
        };
        tell_all(alone, &committed);
    }

    /// A connection on which anything failed but a member is not used again.
    async fn attempt(&mut self, batch: &mut [Member]) -> Result<(), Failure> {
        let attempt = async {
            let mut session = self.begun().await.map_err(Failure::Failed)?;
            let outcome = together(&mut session, batch).await;
            match outcome {
                Ok(()) => self.session = Some(session),
                Err(Failure::Collided(_)) if session.control(ROLLBACK).await.is_ok() => {
                    self.session = Some(session);
                }
                Err(_) => {}
            }
            outcome
        };
        let late = || Failure::Failed(StoreError::Unavailable("the commit took too long".to_owned()));
        timeout(LIMIT, attempt).await.unwrap_or_else(|_| Err(late()))
    }

    /// A connection may have died since the last batch. Nothing has been done on it yet, so a new one is tried.
    async fn begun(&mut self) -> StoreResult<Session> {
        if let Some(mut session) = self.session.take() {
            session.collided = false;
            match session.control(BEGIN).await {
                Ok(()) => return Ok(session),
                // The file is another process's for too long; a new connection would wait as long again.
                Err(error) if session.collided => return Err(error),
                Err(_) => {}
            }
        }
        let mut session = self.db.session().await?;
        session.close_on_drop();
        session.control(BEGIN).await?;
        Ok(session)
    }
}

fn tell_all(batch: Vec<Member>, committed: &StoreResult<()>) {
    for member in batch {
        member.tell(committed.clone());
    }
}

async fn together(session: &mut Session, batch: &mut [Member]) -> Result<(), Failure> {
    let mut locks: Vec<i64> = batch.iter().flat_map(|member| &member.locks).map(|key| key.0).collect();
    locks.sort_unstable();
    locks.dedup();
    // All at once and in order, before any row is touched: two batches never wait for each other in a circle.
    if let Err(error) = session.lock(&locks).await {
        return Err(failure(session, error));
    }
    let outcome = match batch {
        [only] => alone(session, only).await,
        many => each_in_its_savepoint(session, many).await,
    };
    outcome.map_err(|error| failure(session, error))
}

async fn alone(session: &mut Session, member: &mut Member) -> StoreResult<()> {
    match member.run(session).await? {
        Verdict::Keep => session.control(COMMIT).await,
        Verdict::Undo if session.collided => Err(collision()),
        Verdict::Undo => session.control(ROLLBACK).await,
    }
}

async fn each_in_its_savepoint(session: &mut Session, batch: &mut [Member]) -> StoreResult<()> {
    session.control(SAVEPOINT).await?;
    for member in batch {
        match member.run(session).await? {
            Verdict::Keep => session.control(NEXT_SAVEPOINT).await?,
            Verdict::Undo if session.collided => return Err(collision()),
            // The savepoint stays open for the next member.
            Verdict::Undo => session.control(UNDO_SAVEPOINT).await?,
        }
    }
    session.control(COMMIT).await
}

fn collision() -> StoreError {
    StoreError::Unavailable("it collided with another transaction".to_owned())
}

fn failure(session: &Session, error: StoreError) -> Failure {
    if session.collided { Failure::Collided(error) } else { Failure::Failed(error) }
}
