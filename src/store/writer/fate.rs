//! What became of a transaction whose COMMIT was sent and never answered: the server is asked, on another connection.
//!
//! The answer can be lost although everything was kept, when a session is killed or a server goes down between the two.
//! Saying "not done" then would be as wrong as saying "done" (law B-5 for our own database).

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vitarad_actors::ports::store::StoreResult;

use crate::store::db::{Db, TransactionId};
use crate::store::sql::args;
use crate::store::statements::FATE;

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
            Ok((_, timeline)) if timeline != transaction.timeline => return Fate::Unknown,
            Ok((Some(status), _)) if status == "committed" => return Fate::Kept,
            Ok((Some(status), _)) if status == "aborted" => return Fate::Undone,
            // Its session is still at it: it has not noticed yet that nobody listens.
            Ok(_) | Err(_) if Instant::now() < give_up => sleep(PAUSE).await,
            Ok(_) | Err(_) => return Fate::Unknown,
        }
    }
}

async fn look(db: &Db, transaction: TransactionId) -> StoreResult<(Option<String>, i64)> {
    db.session().await?.one(FATE, args![transaction.number]).await
}
