//! Moving a grown store: every row of an SQLite file into an empty PostgreSQL database, all of them or none.
//!
//! Nothing here knows a table by name. Tables, columns and what refers to what are read from the schemas, so that a table
//! of a later migration is moved, too. Rows go over as they are: envelopes stay sealed, under the same keys and for the
//! same clinic, table, column and row.

mod rows;
mod tables;

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::connect::{Engine, OpenError, alone};
use super::db::Db;
use super::schema::{Schema, Standing};

/// Why nothing was moved. The target is as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotMoved {
    #[error("the source: {0}")]
    Source(OpenError),
    #[error("the target: {0}")]
    Target(OpenError),
    #[error("a store is moved from an SQLite file to a PostgreSQL database")]
    Direction,
    #[error("the source is being written to: stop every vitarad on it")]
    InUse,
    #[error("the target is not empty")]
    NotEmpty,
    #[error(
        "source and target have not the same migrations: run vitarad migrate up on the source with this release"
    )]
    Uneven,
    #[error("the target's tables are another role's: give the address of the one that owns them")]
    NotTheOwner,
    #[error("a column is of a type that this release cannot move")]
    Type,
    #[error("what arrived is not what was sent")]
    Differs,
    #[error("a database failed under way")]
    Failed,
}

impl From<sqlx::Error> for NotMoved {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some("42501") => Self::NotTheOwner,
            _ => Self::Failed,
        }
    }
}

/// What was moved, table by table, and found again as it was sent.
pub type Moved = Vec<(String, u64)>;

/// Moves all of it. Whoever calls has made sure that no daemon lives on the source.
pub async fn copy(from: &Engine, to: &Engine) -> Result<Moved, NotMoved> {
    let (Engine::Sqlite { file }, Engine::Postgres { .. }) = (from, to) else {
        return Err(NotMoved::Direction);
    };
    even(from, file, to).await?;
    let (Db::Lite(source), Db::Pg(target)) =
        (alone(from).map_err(NotMoved::Source)?, alone(to).map_err(NotMoved::Target)?)
    else {
        return Err(NotMoved::Direction);
    };
    let mut source = source.acquire().await?;
    let mut target = target.acquire().await?;
    // Nobody writes to the file meanwhile; nobody sees the target before it is whole.
    let mut reading = source.begin_with("BEGIN IMMEDIATE").await.map_err(|_| NotMoved::InUse)?;
    let mut writing = target.begin().await?;
    let moved = move_all(&mut reading, &mut writing).await?;
    writing.commit().await?;
    reading.rollback().await?;
    Ok(moved)
}

/// Both know the same migrations. Those of the target are made: it is empty, or it will be refused.
async fn even(from: &Engine, file: &Path, to: &Engine) -> Result<(), NotMoved> {
    if !file.exists() {
        return Err(NotMoved::Source(OpenError::File(std::io::ErrorKind::NotFound)));
    }
    let done = |schema: &Schema| {
        let done = schema.migrations.iter().filter(|migration| migration.standing != Standing::Missing);
        done.map(|migration| migration.number).collect::<Vec<_>>()
    };
    let source = from.schema().await.map_err(NotMoved::Source)?;
    source.fits().map_err(NotMoved::Source)?;
    let target = to.migrate().await.map_err(NotMoved::Target)?;
    if done(&source) == done(&target) { Ok(()) } else { Err(NotMoved::Uneven) }
}

async fn move_all(source: &mut SqliteConnection, target: &mut PgConnection) -> Result<Moved, NotMoved> {
    let tables = tables::in_order(source, target).await?;
    for table in &tables {
        // The owner sees every clinic's rows until the wall stands again; the lock that this takes keeps others out.
        execute(target, format!("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY", table.quoted())).await?;
        if tables::count(target, table).await? > 0 {
            return Err(NotMoved::NotEmpty);
        }
    }
    let mut moved = Moved::new();
    for table in &tables {
        let sent = rows::send(source, target, table).await?;
        if sent != rows::tally(target, table).await? {
            return Err(NotMoved::Differs);
        }
        tables::continue_numbers(source, target, table).await?;
        moved.push((table.name.clone(), sent.rows));
    }
    for table in tables.iter().filter(|table| table.walled) {
        execute(target, format!("ALTER TABLE {} FORCE ROW LEVEL SECURITY", table.quoted())).await?;
    }
    Ok(moved)
}

async fn execute(target: &mut PgConnection, sql: String) -> Result<(), NotMoved> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(target).await?;
    Ok(())
}
