//! What became of a transaction whose COMMIT was sent and never answered: the server is asked, on another connection.
//!
//! The answer can be lost although everything was kept, when a session is killed or a server goes down between the two.
//! Saying "not done" then would be as wrong as saying "done" (law B-5 for our own database).

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vitarad_actors::ports::store::StoreResult;

use crate::store::db::{Db, TransactionId};
use crate::store::sql::args;
use crate::store::statements::{FATE, TIMELINE};

/// How long a server may take to come back and say. Whoever asked for the commit has been told "pending" by then.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

pub(super) enum Fate {
    Kept,
    Undone,
    /// The server did not come back in time, or another one took its place, which numbers transactions anew.
    Unknown,
}

pub(super) async fn of(db: &Db, transaction: TransactionId) -> Fate {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match look(db, transaction).await {
            Ok(Seen::Elsewhere) => return Fate::Unknown,
            Ok(Seen::Never) => return Fate::Undone,
            Ok(Seen::As(Some(status))) if status == "committed" => return Fate::Kept,
            Ok(Seen::As(Some(status))) if status == "aborted" => return Fate::Undone,
            // Its session is still at it: it has not noticed yet that nobody listens.
            Ok(_) | Err(_) if Instant::now() < give_up => sleep(PAUSE).await,
            Ok(_) | Err(_) => return Fate::Unknown,
        }
    }
}

enum Seen {
    As(Option<String>),
    /// A server that crashed has forgotten whom it numbered last, if nothing of them was on its disk.
    Never,
    /// By a server with another history.
    Elsewhere,
}

async fn look(db: &Db, transaction: TransactionId) -> StoreResult<Seen> {
    let mut session = db.session().await?;
    let (timeline,): (i64,) = session.one(TIMELINE, args![]).await?;
    if timeline != transaction.timeline {
        return Ok(Seen::Elsewhere);
    }
    match session.one(FATE, args![transaction.number]).await {
        Ok((status,)) => Ok(Seen::As(status)),
        Err(_) if session.beyond => Ok(Seen::Never),
        Err(failure) => Err(failure),
    }
}
