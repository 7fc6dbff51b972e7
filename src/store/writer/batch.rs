//! Committing a batch: together when that works, one by one when members collide with another process's, and again when
//! the connection died under it and nothing of it can have been kept.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use vitarad_actors::ports::store::{LATEST_COMMIT, StoreError, StoreResult};

use super::fate::{self, Fate};
use super::mark::Mark;
use super::member::{Member, Verdict};
use crate::store::db::{Db, Session, TransactionId};
use crate::store::statements::{NEXT_SAVEPOINT, ROLLBACK, SAVEPOINT, UNDO_SAVEPOINT};

/// A database that has not committed by then is asked on another connection what became of it.
const LIMIT: Duration = Duration::from_secs(10);
/// A process that was stopped just before its COMMIT may send it when it goes on, as long as the server has not ended its
/// transaction, which it does after 10 s (`idle_in_transaction_session_timeout`). The rest is for the server's disk.
const _: () = assert!(LIMIT.as_secs() + 10 < LATEST_COMMIT.as_secs());

/// How long a batch is tried again on new connections: a server that restarts is back within it, and whoever asked still
/// waits.
const PERSISTENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Holds the writing connection from batch to batch.
pub(super) struct Committer {
    db: Db,
    session: Option<Session>,
    sending: Sending,
}

/// The batch that is being written.
struct Sending {
    mark: Mark,
    /// Its transaction, while a COMMIT was sent and is not answered yet.
    unanswered: Option<TransactionId>,
}

enum Failure {
    /// With another transaction, somewhere in the batch: once more, and alone, its members may succeed.
    Collided(StoreError),
    /// The connection, before any COMMIT: nothing was kept.
    Lost(StoreError),
    Failed(StoreError),
}

impl Committer {
    pub(super) fn new(db: Db) -> Self {
        let sending = Sending { mark: Mark::of_a_new_writer(), unanswered: None };
        Self { db, session: None, sending }
    }

    pub(super) async fn commit(&mut self, mut batch: Vec<Member>) {
        match self.persist(&mut batch).await {
            Ok(()) => tell_all(batch, &Ok(())),
            Err(Failure::Lost(error) | Failure::Failed(error)) => tell_all(batch, &Err(error)),
            Err(Failure::Collided(_)) => {
                for member in batch {
                    self.commit_alone(member).await;
                }
            }
        }
    }

    async fn commit_alone(&mut self, member: Member) {
        let mut alone = vec![member];
        let committed = match self.persist(&mut alone).await {
            Ok(()) => Ok(()),
            Err(Failure::Collided(error) | Failure::Lost(error) | Failure::Failed(error)) => Err(error),
        };
        tell_all(alone, &committed);
    }

    /// Until it is kept, refused, or the database has been away for too long.
    async fn persist(&mut self, batch: &mut [Member]) -> Result<(), Failure> {
        let give_up = Instant::now() + PERSISTENCE;
        loop {
            match self.attempt(batch).await {
                Err(Failure::Lost(_)) if Instant::now() < give_up => sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    /// A connection on which anything failed but a member is not used again.
    async fn attempt(&mut self, batch: &mut [Member]) -> Result<(), Failure> {
        self.sending.mark = self.sending.mark.next();
        let attempt = async {
            let mut session = self.begun().await?;
            let outcome = together(&mut session, batch, &mut self.sending).await;
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
        let outcome = timeout(LIMIT, attempt).await.unwrap_or_else(|_| Err(late()));
        match (self.sending.unanswered.take(), outcome) {
            (_, Ok(())) => Ok(()),
            (None, failure) => failure,
            (Some(transaction), Err(_)) => self.found_out(transaction).await,
        }
    }

    /// A COMMIT without an answer is neither: it is looked up.
    async fn found_out(&self, transaction: TransactionId) -> Result<(), Failure> {
        let error = |what: &str| StoreError::Unavailable(what.to_owned());
        match fate::of(&self.db, transaction, self.sending.mark).await {
            Fate::Kept => Ok(()),
            Fate::Undone => Err(Failure::Lost(error("the connection was lost"))),
            Fate::Unknown => Err(Failure::Failed(error("whether it was committed is not known"))),
        }
    }

    /// A connection may have died since the last batch. Nothing has been done on it yet, so a new one is tried.
    async fn begun(&mut self) -> Result<Session, Failure> {
        if let Some(mut session) = self.session.take() {
            session.collided = false;
            match session.begin().await {
                Ok(()) => return Ok(session),
                // The file is another process's for too long; a new connection would wait as long again.
                Err(error) if session.collided => return Err(Failure::Failed(error)),
                Err(_) => {}
            }
        }
        let mut session = self.db.session().await.map_err(|error| self.unreached(error))?;
        session.close_on_drop();
        match session.begin().await {
            Ok(()) => Ok(session),
            Err(error) if session.collided => Err(Failure::Failed(error)),
            Err(error) => Err(self.unreached(error)),
        }
    }

    /// A server may come back; a file that cannot be opened stays so.
    const fn unreached(&self, error: StoreError) -> Failure {
        match self.db {
            Db::Lite(_) => Failure::Failed(error),
            Db::Pg(_) => Failure::Lost(error),
        }
    }
}

fn tell_all(batch: Vec<Member>, committed: &StoreResult<()>) {
    for member in batch {
        member.tell(committed.clone());
    }
}

async fn together(session: &mut Session, batch: &mut [Member], sending: &mut Sending) -> Result<(), Failure> {
    let mut locks: Vec<i64> = batch.iter().flat_map(|member| &member.locks).map(|key| key.0).collect();
    locks.sort_unstable();
    locks.dedup();
    // All at once and in order, before any row is touched: two batches never wait for each other in a circle.
    if let Err(error) = session.lock(&locks).await {
        return Err(failure(session, error));
    }
    let outcome = match batch {
        [only] => alone(session, only, sending).await,
        many => each_in_its_savepoint(session, many, sending).await,
    };
    outcome.map_err(|error| failure(session, error))
}

async fn alone(session: &mut Session, member: &mut Member, sending: &mut Sending) -> StoreResult<()> {
    match member.run(session).await? {
        Verdict::Keep => keep(session, sending).await,
        Verdict::Undo if session.collided => Err(collision()),
        Verdict::Undo if session.lost => Err(loss()),
        Verdict::Undo => session.control(ROLLBACK).await,
    }
}

async fn each_in_its_savepoint(
    session: &mut Session,
    batch: &mut [Member],
    sending: &mut Sending,
) -> StoreResult<()> {
    session.control(SAVEPOINT).await?;
    for member in batch {
        match member.run(session).await? {
            Verdict::Keep => session.control(NEXT_SAVEPOINT).await?,
            Verdict::Undo if session.collided => return Err(collision()),
            Verdict::Undo if session.lost => return Err(loss()),
            // The savepoint stays open for the next member.
            Verdict::Undo => session.control(UNDO_SAVEPOINT).await?,
        }
    }
    keep(session, sending).await
}

async fn keep(session: &mut Session, sending: &mut Sending) -> StoreResult<()> {
    sending.unanswered = session.transaction;
    let kept = session.commit(|| sending.mark.text()).await;
    // A refusal is an answer.
    if !session.lost {
        sending.unanswered = None;
    }
    kept
}

fn collision() -> StoreError {
    StoreError::Unavailable("it collided with another transaction".to_owned())
}

fn loss() -> StoreError {
    StoreError::Unavailable("the connection was lost".to_owned())
}

fn failure(session: &Session, error: StoreError) -> Failure {
    match (session.collided, session.lost) {
        (true, _) => Failure::Collided(error),
        (_, true) => Failure::Lost(error),
        _ => Failure::Failed(error),
    }
}
