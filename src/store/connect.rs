//! Opening the database: the engines' settings, and the migrations.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Database, PgPool, SqlitePool};

use super::db::Db;
use super::{Durability, Tuning};

/// How long a reader or the writer waits for a connection before it says "unavailable".
const ACQUIRE: Duration = Duration::from_secs(1);
const BUSY: Duration = Duration::from_secs(5);

/// More than there are statements: each is prepared once per connection.
const STATEMENTS: usize = 256;

/// Which database, and where.
#[derive(Clone)]
pub enum Engine {
    Sqlite { file: PathBuf },
    Postgres { url: SecretString },
}

/// Why the store did not open. What is named here is never the address or a credential.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database file cannot be created or opened: {0}")]
    File(std::io::ErrorKind),
    #[error("the database address is not one of PostgreSQL's")]
    Address,
    #[error("the database does not answer")]
    Silent,
    #[error("the database holds a migration that differs from this release's of the same number")]
    Diverged,
    #[error("a migration failed")]
    Migration,
}

pub(super) struct Pools {
    pub readers: Db,
    pub writers: Db,
}

pub(super) async fn open(engine: &Engine, tuning: Tuning) -> Result<Pools, OpenError> {
    match engine {
        Engine::Sqlite { file } => sqlite(file, tuning).await,
        Engine::Postgres { url } => postgres(url, tuning).await,
    }
}

async fn sqlite(file: &Path, tuning: Tuning) -> Result<Pools, OpenError> {
    create_private(file).map_err(|error| OpenError::File(error.kind()))?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match tuning.durability {
            Durability::PowerFailure => SqliteSynchronous::Full,
            Durability::ProcessDeath => SqliteSynchronous::Normal,
        })
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    // A file does not go away while a connection is idle; a server does, and is asked each time.
    let pool = |size| pool(size).test_before_acquire(false);
    let writers = pool(1).connect_lazy_with(options.clone());
    migrate(sqlx::migrate!("migrations/sqlite")).run(&writers).await.map_err(|error| told(&error))?;
    let readers: SqlitePool = pool(tuning.readers).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools { readers: Db::Lite(readers), writers: Db::Lite(writers) })
}

async fn postgres(url: &SecretString, tuning: Tuning) -> Result<Pools, OpenError> {
    let synchronous_commit = match tuning.durability {
        Durability::PowerFailure => "on",
        Durability::ProcessDeath => "off",
    };
    let options = PgConnectOptions::from_str(url.expose_secret())
        .map_err(|_| OpenError::Address)?
        .application_name("vitarad")
        .statement_cache_capacity(STATEMENTS)
        .options([
            ("synchronous_commit", synchronous_commit),
            ("statement_timeout", "5s"),
            ("lock_timeout", "1s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ])
        .disable_statement_logging();
    let writers: PgPool = pool(tuning.writers).connect_lazy_with(options.clone());
    migrate(sqlx::migrate!("migrations/postgres")).run(&writers).await.map_err(|error| told(&error))?;
    let readers = pool(tuning.readers).connect_lazy_with(options);
    Ok(Pools { readers: Db::Pg(readers), writers: Db::Pg(writers) })
}

fn pool<D: Database>(size: u32) -> PoolOptions<D> {
    PoolOptions::new().max_connections(size.max(1)).acquire_timeout(ACQUIRE)
}

fn migrate(mut migrations: Migrator) -> Migrator {
    // A later release may have been here: its migrations only ever add (migrations/README.md).
    migrations.set_ignore_missing(true);
    migrations
}

fn told(error: &MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMismatch(_) => OpenError::Diverged,
        MigrateError::Execute(sqlx::Error::Database(_)) | MigrateError::ExecuteMigration(..) => {
            OpenError::Migration
        }
        _ => OpenError::Silent,
    }
}

/// The file holds envelopes, and still is nobody else's to read.
fn create_private(file: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}
