//! Opening the database: the engines' settings, and why it does not open.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Database, Postgres};

use super::db::Db;
use super::notices::Notices;
use super::schema::Schema;
use super::statements::FOLLOWS;
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
    File(ErrorKind),
    #[error("the address is not one of PostgreSQL's")]
    Address,
    #[error("the database does not answer")]
    Silent,
    #[error(
        "the certificate of the database's server is not accepted: see sslmode and sslrootcert in its address"
    )]
    Certificate,
    #[error("the database refuses the user, the password or the database name")]
    Login,
    #[error("the database holds a migration that differs from this release's of the same number")]
    Diverged,
    #[error(
        "the database lacks migrations of this release: run vitarad migrate up, or set store.migrate to \"auto\""
    )]
    Behind,
    #[error("the database has left this release behind: run one that knows its newest migrations")]
    Ahead,
    #[error("a migration failed")]
    Migration,
    #[error("the owner of the tables could not let the daemon's role work with them")]
    Grant,
    #[error("its role is a superuser's or bypasses row-level security: give the daemon one that does not")]
    Unbound,
    #[error(
        "its role owns the tables and could take down what keeps clinics apart: give the daemon one of its own, and this \
         one's address to store.owner_url"
    )]
    Owner,
}

pub(super) struct Pools {
    pub readers: Db,
    pub writers: Db,
    pub notices: Notices,
}

/// The pools of a store whose schema this release can work on.
pub(super) async fn open(engine: &Engine, tuning: Tuning) -> Result<Pools, OpenError> {
    if tuning.migrates {
        engine.migrate().await?;
    }
    let pools = match engine {
        Engine::Sqlite { file } => sqlite(file, tuning)?,
        Engine::Postgres { url } => postgres(url, tuning)?,
    };
    Schema::read(engine, &pools.readers).await?.fits()?;
    Ok(pools)
}

/// One connection for the schema's sake, which may take as long as a large table wants.
pub(super) fn alone(engine: &Engine) -> Result<Db, OpenError> {
    Ok(match engine {
        Engine::Sqlite { file } => {
            create_private(file).map_err(|error| OpenError::File(error.kind()))?;
            Db::Lite(pool(1).connect_lazy_with(sqlite_options(file, Durability::PowerFailure)))
        }
        Engine::Postgres { url } => {
            let settings = [("lock_timeout", "10s"), ("statement_timeout", "0")];
            Db::Pg(leading(1).connect_lazy_with(postgres_options(url)?.options(settings)))
        }
    })
}

fn sqlite(file: &Path, tuning: Tuning) -> Result<Pools, OpenError> {
    create_private(file).map_err(|error| OpenError::File(error.kind()))?;
    let options = sqlite_options(file, tuning.durability);
    // A file does not go away while a connection is idle; a server does, and is asked each time.
    let pool = |size| pool(size).test_before_acquire(false);
    let writers = pool(1).connect_lazy_with(options.clone());
    let readers = pool(tuning.readers).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools { readers: Db::Lite(readers), writers: Db::Lite(writers), notices: Notices::None })
}

fn sqlite_options(file: &Path, durability: Durability) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::PowerFailure => SqliteSynchronous::Full,
            Durability::ProcessDeath => SqliteSynchronous::Normal,
        })
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

fn postgres(url: &SecretString, tuning: Tuning) -> Result<Pools, OpenError> {
    let synchronous_commit = match tuning.durability {
        Durability::PowerFailure => "on",
        Durability::ProcessDeath => "off",
    };
    let options = postgres_options(url)?.options([
        ("synchronous_commit", synchronous_commit),
        ("statement_timeout", "5s"),
        ("lock_timeout", "1s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ]);
    let writers = leading(tuning.writers).connect_lazy_with(options.clone());
    let readers = leading(tuning.readers).connect_lazy_with(options.clone());
    // One, and one that may be lost on the way.
    let notices = Notices::of(leading(2).connect_lazy_with(options));
    Ok(Pools { readers: Db::Pg(readers), writers: Db::Pg(writers), notices })
}

fn postgres_options(url: &SecretString) -> Result<PgConnectOptions, OpenError> {
    Ok(PgConnectOptions::from_str(url.expose_secret())
        .map_err(|_| OpenError::Address)?
        .application_name("vitarad")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

fn pool<D: Database>(size: u32) -> PoolOptions<D> {
    PoolOptions::new().max_connections(size.max(1)).acquire_timeout(ACQUIRE)
}

/// Takes no server that follows another. When a standby takes over, the address may lead to it a moment too early, or to
/// one that has been relieved: what is read there is old, and a connection would be kept although nothing can be written.
fn leading(size: u32) -> PoolOptions<Postgres> {
    pool(size).after_connect(|connection, _| {
        Box::pin(async move {
            let follows: bool = sqlx::query_scalar(FOLLOWS.pg).fetch_one(connection).await?;
            if follows { Err(sqlx::Error::Protocol("the server follows another".to_owned())) } else { Ok(()) }
        })
    })
}

/// Who works at that address.
pub(super) fn role(url: &SecretString) -> Result<String, OpenError> {
    Ok(postgres_options(url)?.get_username().to_owned())
}

/// Why a first connection was not made.
pub(super) fn unreached(error: &sqlx::Error) -> OpenError {
    match error {
        sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
            Some(code) if code.starts_with("28") || code == "3D000" => OpenError::Login,
            _ => OpenError::Silent,
        },
        sqlx::Error::Tls(_) => OpenError::Certificate,
        // So rustls tells of a certificate, and sslrootcert of a file that is not there.
        sqlx::Error::Io(error) if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::NotFound) => {
            OpenError::Certificate
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
