//! The word that processes send each other through PostgreSQL (LISTEN and NOTIFY), on a connection of its own.
//!
//! It is a hint: what is lost while the connection is made anew is found by the next beat. So nothing is said of what goes
//! wrong here, and the listener only ever tries again.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use vitarad_actors::ports::store::Notice;

/// One for the whole database, which is one house's.
pub(super) const CHANNEL: &str = "vitarad";

/// A server that vanished from the network never says so.
const QUIET: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(1);

pub(super) enum Notices {
    /// A file tells nobody; who shares it looks.
    None,
    Of {
        pool: PgPool,
        listener: Mutex<Option<PgListener>>,
    },
}

impl Notices {
    pub(super) const fn of(pool: PgPool) -> Self {
        Self::Of { pool, listener: Mutex::const_new(None) }
    }

    /// The next word from another process, or from this one.
    pub(super) async fn next(&self) -> Notice {
        let Self::Of { pool, listener } = self else { return std::future::pending().await };
        let mut listener = listener.lock().await;
        loop {
            match timeout(QUIET, heard(pool, &mut listener)).await {
                Ok(Ok(Some(notice))) => return notice,
                // Of a later release.
                Ok(Ok(None)) => {}
                Ok(Err(_)) => {
                    *listener = None;
                    sleep(PAUSE).await;
                }
                Err(_) => *listener = None,
            }
        }
    }

    pub(super) async fn close(&self) {
        if let Self::Of { pool, listener } = self {
            // Who listens at this moment lets go of it by itself.
            if let Ok(mut listener) = listener.try_lock() {
                *listener = None;
            }
            pool.close().await;
        }
    }
}

async fn heard(pool: &PgPool, listener: &mut Option<PgListener>) -> Result<Option<Notice>, sqlx::Error> {
    if listener.is_none() {
        let mut fresh = PgListener::connect_with(pool).await?;
        fresh.listen(CHANNEL).await?;
        *listener = Some(fresh);
    }
    let Some(listener) = listener else { return Ok(None) };
    Ok(Notice::named(listener.recv().await?.payload()))
}
