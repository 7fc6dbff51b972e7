//! One face for two engines: a pool, and a session on it.
//!
//! SQLite for one node, PostgreSQL for several. What they say when something is wrong is reduced to what a reader of
//! logs may see: a database's own words can quote a row.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor, PgPool, Postgres, Row, Sqlite, SqlitePool};
use tokio::time::timeout;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::store::{Notice, StoreError, StoreResult};

use super::connect::{OpenError, unreached};
use super::notices::CHANNEL;
use super::sql::{self, Record, Sql, args, each};
use super::statements::{BEGIN, BEGIN_NUMBERED, COMMIT};

#[derive(Clone)]
pub(super) enum Db {
    Lite(SqlitePool),
    Pg(PgPool),
}

/// Whose rows a session may see; PostgreSQL enforces it again (law I-2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    Clinic(&'a ClinicId),
    /// No clinic's: generations, roles and the routing table, which stand outside the wall.
    House,
}

/// One connection, for as long as it is needed.
pub(super) struct Session {
    link: Link,
    /// The last error was a collision with another transaction: the same statements may succeed alone.
    pub collided: bool,
    /// There is no connection any more, or it cannot be trusted.
    pub lost: bool,
    /// A value that was asked about lies beyond what the server has.
    pub beyond: bool,
    /// The open transaction, where the engine can be asked later what became of it.
    pub transaction: Option<TransactionId>,
}

/// A transaction of a PostgreSQL server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TransactionId(pub i64);

enum Link {
    Lite(PoolConnection<Sqlite>),
    Pg(PoolConnection<Postgres>),
}

impl Db {
    pub(super) async fn session(&self) -> StoreResult<Session> {
        self.acquired().await.map_err(fault)
    }

    /// The same for who opens the store and has to say what is wrong with its address.
    pub(super) async fn reached(&self) -> Result<Session, OpenError> {
        self.acquired().await.map_err(|error| unreached(&error))
    }

    async fn acquired(&self) -> Result<Session, sqlx::Error> {
        let link = match self {
            Self::Lite(pool) => Link::Lite(pool.acquire().await?),
            Self::Pg(pool) => Link::Pg(pool.acquire().await?),
        };
        Ok(Session { link, collided: false, lost: false, beyond: false, transaction: None })
    }

    /// How many there are, and how many of them nobody uses.
    pub(super) fn connections(&self) -> (u64, u64) {
        let (size, idle) = match self {
            Self::Lite(pool) => (pool.size(), pool.num_idle()),
            Self::Pg(pool) => (pool.size(), pool.num_idle()),
        };
        (size.into(), idle as u64)
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Lite(pool) => pool.close().await,
            Self::Pg(pool) => pool.close().await,
        }
    }
}

impl Session {
    /// How many rows a statement changed.
    pub(super) async fn run(&mut self, sql: Sql, args: &[sql::Arg<'_>]) -> StoreResult<u64> {
        let done = match &mut self.link {
            Link::Lite(link) => {
                let query = sqlx::query_with(sql.lite, sql::lite(args).map_err(fault)?);
                query.execute(&mut **link).await.map(|done| done.rows_affected())
            }
            Link::Pg(link) => {
                let query = sqlx::query_with(sql.pg, sql::pg(args).map_err(fault)?);
                answered(query.execute(&mut **link)).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| self.failed(error))
    }

    pub(super) async fn all<T: Record>(&mut self, sql: Sql, args: &[sql::Arg<'_>]) -> StoreResult<Vec<T>> {
        let rows = match &mut self.link {
            Link::Lite(link) => {
                let query = sqlx::query_as_with::<_, T, _>(sql.lite, sql::lite(args).map_err(fault)?);
                query.fetch_all(&mut **link).await
            }
            Link::Pg(link) => {
                let query = sqlx::query_as_with::<_, T, _>(sql.pg, sql::pg(args).map_err(fault)?);
                answered(query.fetch_all(&mut **link)).await
            }
        };
        rows.map_err(|error| self.failed(error))
    }

    /// The first row, if there is one.
    pub(super) async fn maybe<T: Record>(
        &mut self,
        sql: Sql,
        args: &[sql::Arg<'_>],
    ) -> StoreResult<Option<T>> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// The one row of a statement that always gives one.
    pub(super) async fn one<T: Record>(&mut self, sql: Sql, args: &[sql::Arg<'_>]) -> StoreResult<T> {
        self.maybe(sql, args).await?.ok_or(StoreError::Unreadable("a row that must be there is not"))
    }

    /// Begins a transaction that writes. A client that dies on the way knows by its number what to ask for.
    pub(super) async fn begin(&mut self) -> StoreResult<()> {
        let Link::Pg(link) = &mut self.link else { return self.control(BEGIN).await };
        let begun = answered(sqlx::raw_sql(BEGIN_NUMBERED).fetch_one(&mut **link)).await;
        let number = begun.and_then(|row| row.try_get(0));
        self.transaction = Some(TransactionId(number.map_err(|error| self.failed(error))?));
        Ok(())
    }

    /// With the mark, where the answer may be lost: in one text, so that it is waited for once.
    pub(super) async fn commit(&mut self, mark: impl FnOnce() -> String) -> StoreResult<()> {
        let Link::Pg(link) = &mut self.link else { return self.control(COMMIT).await };
        let marked = sqlx::raw_sql(AssertSqlSafe(format!("{}; {}", mark(), COMMIT.pg)));
        answered(link.execute(marked)).await.map(drop).map_err(|error| self.failed(error))
    }

    /// Transaction control and nothing else: more than one statement at a time, without values.
    pub(super) async fn control(&mut self, sql: Sql) -> StoreResult<()> {
        let done = match &mut self.link {
            // As a query it stays prepared.
            Link::Lite(link) => link.execute(sqlx::query(sql.lite)).await.map(drop),
            Link::Pg(link) => answered(link.execute(sql.pg)).await.map(drop),
        };
        done.map_err(|error| self.failed(error))
    }

    /// Makes the engine show and take this scope's rows only, until the transaction ends.
    pub(super) async fn scope_transaction(&mut self, scope: Scope<'_>) -> StoreResult<()> {
        self.scope(scope, SCOPE_TRANSACTION).await
    }

    /// The same until the session's next scope.
    pub(super) async fn scope_session(&mut self, scope: Scope<'_>) -> StoreResult<()> {
        self.scope(scope, SCOPE_SESSION).await
    }

    async fn scope(&mut self, scope: Scope<'_>, sql: Sql) -> StoreResult<()> {
        if matches!(self.link, Link::Lite(_)) {
            return Ok(());
        }
        let name = match scope {
            Scope::Clinic(clinic) => clinic.as_str(),
            Scope::House => "",
        };
        self.run(sql, args![name]).await.map(drop)
    }

    /// Waits for the locks of these keys, in their order, until the transaction ends. On SQLite the transaction holds the
    /// whole file already.
    pub(super) async fn lock(&mut self, keys: &[i64]) -> StoreResult<()> {
        if keys.is_empty() || matches!(self.link, Link::Lite(_)) {
            return Ok(());
        }
        let listed = keys.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        self.run(LOCK, args![&listed]).await.map(drop)
    }

    /// Tells the other processes when this transaction is committed, and not if it is undone. A file carries no word.
    pub(super) async fn notify(&mut self, notice: Notice) -> StoreResult<()> {
        match &self.link {
            Link::Lite(_) => Ok(()),
            Link::Pg(_) => self.run(NOTIFY, args![CHANNEL, notice.name()]).await.map(drop),
        }
    }

    /// Never back to the pool: whatever is left open on it ends with it.
    pub(super) fn close_on_drop(&mut self) {
        match &mut self.link {
            Link::Lite(link) => link.close_on_drop(),
            Link::Pg(link) => link.close_on_drop(),
        }
    }

    fn failed(&mut self, error: sqlx::Error) -> StoreError {
        if is_lost(&error) {
            self.lost = true;
            self.close_on_drop();
        }
        self.collided = matches!(&error, sqlx::Error::Database(refusal)
            if refusal.code().is_some_and(|code| COLLISIONS.contains(&&*code)));
        self.beyond = matches!(&error, sqlx::Error::Database(refusal)
            if refusal.code().is_some_and(|code| code == BEYOND));
        fault(error)
    }
}

/// A server that has vanished from the network ends nothing: nobody would hear of it for a quarter of an hour. One that is
/// there ends a statement itself long before.
const SILENCE: Duration = Duration::from_secs(8);

async fn answered<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(SILENCE, asked).await.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
}

fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        // Ended by an administrator, a crash or a shutdown; and what the standard calls a connection exception.
        sqlx::Error::Database(refusal) => {
            refusal.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

/// PostgreSQL: serialisation failure, deadlock, lock timeout. SQLite: busy.
const COLLISIONS: [&str; 4] = ["40001", "40P01", "55P03", "5"];

/// PostgreSQL: invalid parameter value.
const BEYOND: &str = "22023";

const PG_ONLY: &str = "SELECT $1";
const SCOPE_TRANSACTION: Sql = each(PG_ONLY, "SELECT set_config('vitarad.clinic', $1, true)");
const SCOPE_SESSION: Sql = each(PG_ONLY, "SELECT set_config('vitarad.clinic', $1, false)");
const NOTIFY: Sql = each(PG_ONLY, "SELECT pg_notify($1, $2)");
const LOCK: Sql =
    each(PG_ONLY, "SELECT pg_advisory_xact_lock(key::bigint) FROM unnest(string_to_array($1, ',')) AS key");

/// What may be said of a database's error: its kind and code, never its words.
pub(super) fn fault(error: sqlx::Error) -> StoreError {
    let what = match error {
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
            return StoreError::Unreadable("a column is not of the form this release knows");
        }
        sqlx::Error::Database(error) => match error.code() {
            Some(code) => format!("the database refused with code {code}"),
            None => "the database refused".to_owned(),
        },
        sqlx::Error::PoolTimedOut => "no connection became free in time".to_owned(),
        sqlx::Error::PoolClosed => "it is closed".to_owned(),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
            "the connection was lost".to_owned()
        }
        _ => "the database's answer was not understood".to_owned(),
    };
    StoreError::Unavailable(what)
}
