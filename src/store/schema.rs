//! The schema's migrations: which of them a database has, whether this release can work on it, and making those it lacks.

use std::collections::BTreeMap;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, SqlitePool};

use super::connect::{self, Engine, OpenError};
use super::db::Db;
use super::sql::args;
use super::statements::{MIGRATED, SCHEMA_BOOKS, SCHEMA_FLOOR};

/// Every migration that this release or the database knows, in order.
#[derive(Debug)]
pub struct Schema {
    pub migrations: Vec<Migration>,
    /// The newest migration that a release must know to work here.
    floor: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Migration {
    pub number: i64,
    pub name: String,
    pub standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Done,
    Missing,
    /// Of a later release: this one does not know it.
    Later,
    /// Not the one that this release has under the number.
    Differs,
}

impl Engine {
    /// Looks at the schema, and makes nothing: not even the file.
    pub async fn schema(&self) -> Result<Schema, OpenError> {
        if let Self::Sqlite { file } = self
            && !file.exists()
        {
            return Ok(Schema::of(&known(self), BTreeMap::new(), 0));
        }
        let alone = connect::alone(self)?;
        let schema = Schema::read(self, &alone).await;
        alone.close().await;
        schema
    }

    /// Makes what is missing. On a schema that this release cannot work with nothing is done.
    pub async fn migrate(&self) -> Result<Schema, OpenError> {
        let alone = connect::alone(self)?;
        let schema = make_missing(self, &alone).await;
        alone.close().await;
        schema
    }
}

impl Schema {
    /// Whether this release can work on it.
    pub fn fits(&self) -> Result<(), OpenError> {
        let any = |standing| self.migrations.iter().any(|migration| migration.standing == standing);
        let ours = self.migrations.iter().filter(|migration| migration.standing != Standing::Later);
        if any(Standing::Differs) {
            Err(OpenError::Diverged)
        } else if ours.map(|migration| migration.number).max().unwrap_or(0) < self.floor {
            Err(OpenError::Ahead)
        } else if any(Standing::Missing) {
            Err(OpenError::Behind)
        } else {
            Ok(())
        }
    }

    pub(super) async fn read(engine: &Engine, db: &Db) -> Result<Self, OpenError> {
        let mut session = db.reached().await?;
        let lost = |_| OpenError::Silent;
        let books: (i64,) = session.one(SCHEMA_BOOKS, args![]).await.map_err(lost)?;
        let done: Vec<(i64, String, Vec<u8>)> = match books {
            (0,) => Vec::new(),
            _ => session.all(MIGRATED, args![]).await.map_err(lost)?,
        };
        let floor = match books {
            (0 | 1,) => 0,
            _ => session.one::<(i64,)>(SCHEMA_FLOOR, args![]).await.map_err(lost)?.0,
        };
        let done = done.into_iter().map(|(number, name, checksum)| (number, (name, checksum))).collect();
        Ok(Self::of(&known(engine), done, floor))
    }

    fn of(known: &Migrator, mut done: BTreeMap<i64, (String, Vec<u8>)>, floor: i64) -> Self {
        let ours = known.iter().map(|ours| {
            let standing = match done.remove(&ours.version) {
                None => Standing::Missing,
                Some((_, checksum)) if checksum == *ours.checksum => Standing::Done,
                Some(_) => Standing::Differs,
            };
            Migration { number: ours.version, name: ours.description.to_string(), standing }
        });
        let mut migrations: Vec<_> = ours.collect();
        let later = |(number, (name, _))| Migration { number, name, standing: Standing::Later };
        migrations.extend(done.into_iter().map(later));
        migrations.sort_by_key(|migration| migration.number);
        Self { migrations, floor }
    }
}

/// The newest migration that this release brings.
pub(super) fn newest() -> i64 {
    sqlx::migrate!("migrations/sqlite").iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn known(engine: &Engine) -> Migrator {
    let mut migrations = match engine {
        Engine::Sqlite { .. } => sqlx::migrate!("migrations/sqlite"),
        Engine::Postgres { .. } => sqlx::migrate!("migrations/postgres"),
    };
    // Whether what a later release did can be borne is for `fits` to say.
    migrations.set_ignore_missing(true);
    migrations
}

async fn make_missing(engine: &Engine, db: &Db) -> Result<Schema, OpenError> {
    let found = Schema::read(engine, db).await?;
    match found.fits() {
        Ok(()) => return Ok(found),
        Err(OpenError::Behind) => {}
        Err(other) => return Err(other),
    }
    let migrations = known(engine);
    let made = match db {
        Db::Lite(pool) => in_one_transaction(&migrations, pool).await,
        // Each in its own, under a lock that other processes wait for.
        Db::Pg(pool) => migrations.run(pool).await,
    };
    made.map_err(|error| told(&error))?;
    Schema::read(engine, db).await
}

/// SQLite has no lock for this but the one that writing takes: whoever comes second finds everything made.
async fn in_one_transaction(migrations: &Migrator, pool: &SqlitePool) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await?;
    let mut all = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrations.run_direct(None, &mut *all, false).await?;
    Ok(all.commit().await?)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(standings: &[Standing], floor: i64) -> Schema {
        let migration = |(number, standing)| Migration { number, name: String::new(), standing };
        Schema { migrations: (1..).zip(standings.iter().copied()).map(migration).collect(), floor }
    }

    #[test]
    fn a_release_works_on_what_it_knows_and_on_what_later_ones_have_only_added_to() {
        use Standing::{Differs, Done, Later, Missing};
        assert!(schema(&[Done, Done], 2).fits().is_ok());
        assert!(schema(&[Done, Done, Later, Later], 2).fits().is_ok());
        assert!(matches!(schema(&[Done, Done, Later], 3).fits(), Err(OpenError::Ahead)));
        assert!(matches!(schema(&[Done, Missing], 0).fits(), Err(OpenError::Behind)));
        // Another release's number came in between, and ours is not there yet.
        assert!(matches!(schema(&[Done, Missing, Later], 1).fits(), Err(OpenError::Behind)));
        assert!(matches!(schema(&[Done, Differs, Missing], 0).fits(), Err(OpenError::Diverged)));
    }
}
