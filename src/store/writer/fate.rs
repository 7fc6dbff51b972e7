//! What became of a batch whose COMMIT was sent and never answered: the server is asked, on another connection.
//!
//! The answer can be lost although everything was kept, when a session is killed or a server goes down between the two.
//! Saying "not done" then would be as wrong as saying "done" (law B-5 for our own database). The transaction's number says
//! only whether it is over: a server that crashed, or took over, gives the numbers that it never knew of to others.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vitarad_actors::ports::store::StoreResult;

use super::mark::Mark;
use crate::store::db::{Db, Session, TransactionId};
use crate::store::sql::args;
use crate::store::statements::STATUS;

/// How long a server may take to come back and say. Whoever asked for the commit has been told "pending" by then.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

pub(super) enum Fate {
    Kept,
    Undone,
    /// No server said so in time.
    Unknown,
}

pub(super) async fn of(db: &Db, transaction: TransactionId, mark: Mark) -> Fate {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match look(db, transaction, mark).await {
            Ok(Some(true)) => return Fate::Kept,
            Ok(Some(false)) => return Fate::Undone,
            // Its session is still at it: it has not noticed yet that nobody listens.
            Ok(None) | Err(_) if Instant::now() < give_up => sleep(PAUSE).await,
            Ok(None) | Err(_) => return Fate::Unknown,
        }
    }
}

/// `None`: it may still be committed. The mark is read only once it may not.
async fn look(db: &Db, transaction: TransactionId, mark: Mark) -> StoreResult<Option<bool>> {
    let mut session = db.session().await?;
    if is_in_progress(&mut session, transaction).await? {
        return Ok(None);
    }
    mark.is_kept(&mut session).await.map(Some)
}

async fn is_in_progress(session: &mut Session, transaction: TransactionId) -> StoreResult<bool> {
    match session.one::<(Option<String>,)>(STATUS, args![transaction.0]).await {
        Ok((status,)) => Ok(status.is_some_and(|status| status == "in progress")),
        Err(_) if session.beyond => Ok(false),
        Err(failure) => Err(failure),
    }
}
