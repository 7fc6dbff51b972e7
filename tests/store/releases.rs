//! A schema that an older release can live on: what the code of a release is to the schema is its SQL, so the statements of
//! each are kept, and asked of today's schema. `UPDATE=1 cargo test --test store releases` writes this release's; those of
//! older ones stay as they were released.

mod catalogue;

use std::collections::BTreeSet;
use std::path::PathBuf;

use secrecy::ExposeSecret;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqlSafeStr};
use vitarad::store::{Engine, statements};

use self::catalogue::{Catalogue, Db};
use crate::fixture::SqlHouse;

const THIS: &str = env!("CARGO_PKG_VERSION");
const NEWEST: &str = "-- The newest migration is ";

/// One release as it is kept.
struct Release {
    version: String,
    /// The migration that it brings itself up to.
    newest: i64,
    statements: Vec<Statement>,
}

struct Statement {
    name: String,
    /// `None`: the same text for both.
    engine: Option<&'static str>,
    text: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/releases")
}

fn file_of(version: &str) -> PathBuf {
    folder().join(version).join("statements.sql")
}

fn newest() -> i64 {
    sqlx::migrate!("migrations/sqlite").iter().map(|migration| migration.version).max().unwrap()
}

fn this_release() -> String {
    let head = format!(
        "-- Every statement of release {THIS}. Written by a test; once it is released, never again.\n{NEWEST}{}.\n",
        newest()
    );
    let blocks = statements().map(|[name, lite, pg]| {
        if lite == pg {
            format!("\n-- {name}\n{lite};\n")
        } else {
            format!("\n-- {name} on sqlite\n{lite};\n\n-- {name} on postgres\n{pg};\n")
        }
    });
    head + &blocks.collect::<String>()
}

impl Release {
    fn this() -> Self {
        Self::kept(THIS, &this_release())
    }

    fn kept(version: &str, text: &str) -> Self {
        let mut blocks = text.split("\n\n");
        let head = blocks.next().expect("a head");
        let newest = head.split_once(NEWEST).and_then(|(_, rest)| rest.trim_end_matches('.').parse().ok());
        let statement = |block: &str| {
            let (head, text) = block.strip_prefix("-- ")?.split_once('\n')?;
            let (name, engine) = match head.split_once(" on ") {
                Some((name, "sqlite")) => (name, Some("sqlite")),
                Some((name, _)) => (name, Some("postgres")),
                None => (head, None),
            };
            let text = text.trim_end().trim_end_matches(';').to_owned();
            Some(Statement { name: name.to_owned(), engine, text })
        };
        Self {
            version: version.to_owned(),
            newest: newest.expect("its newest migration"),
            statements: blocks.map(|block| statement(block).expect("a statement")).collect(),
        }
    }

    /// Oldest migration first.
    fn all() -> Vec<Self> {
        let folders = std::fs::read_dir(folder()).expect("releases are kept");
        let versions = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
        let earlier = versions.filter(|version| version != THIS).map(|version| {
            let text = std::fs::read_to_string(file_of(&version)).expect("a release has its statements");
            Self::kept(&version, &text)
        });
        let mut releases: Vec<Self> = earlier.chain([Self::this()]).collect();
        releases.sort_by_key(|release| release.newest);
        releases
    }

    fn of(&self, engine: &'static str) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |statement| statement.engine.is_none_or(|only| only == engine))
    }
}

/// Each engine's database, with the migrations up to that one; past the wall.
async fn databases(newest: i64) -> Vec<(Db, SqlHouse)> {
    let lite = SqlHouse::sqlite();
    let Engine::Sqlite { file } = &lite.engine else { panic!("not SQLite") };
    let mut connection =
        SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap();
    sqlx::migrate!("migrations/sqlite").run_to(newest, &mut connection).await.unwrap();
    let mut databases = vec![(Db::Lite(connection), lite)];
    if let Some(house) = SqlHouse::empty_postgres().await {
        let Engine::Postgres { url } = &house.engine else { panic!("not PostgreSQL") };
        let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
        sqlx::migrate!("migrations/postgres").run_to(newest, &mut connection).await.unwrap();
        databases.push((Db::Pg(connection), house));
    }
    databases
}

/// The statements of a release that this schema does not bear.
async fn not_understood(db: &mut Db, release: &Release) -> Vec<String> {
    let mut failed = Vec::new();
    for Statement { name, text, .. } in release.of(db.engine()) {
        let sql = AssertSqlSafe(text.clone()).into_sql_str();
        let prepared = match db {
            Db::Lite(connection) => connection.prepare(sql).await.map(drop),
            Db::Pg(connection) => connection.prepare(sql).await.map(drop),
        };
        if prepared.is_err() {
            failed.push(name.clone());
        }
    }
    failed
}

/// A table and the columns that are given.
fn inserted(text: &str) -> Option<(&str, BTreeSet<&str>)> {
    let (table, rest) = text.strip_prefix("INSERT INTO ")?.split_once(" (")?;
    let (columns, _) = rest.split_once(')')?;
    Some((table, columns.split(',').map(str::trim).collect()))
}

#[test]
fn what_is_kept_of_this_release_is_what_it_says() {
    let (file, wanted) = (file_of(THIS), this_release());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &wanted).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let stale = "the statements have changed: UPDATE=1 cargo test --test store releases keeps them";
    assert!(kept == wanted, "{stale}");
}

#[tokio::test]
async fn every_statement_of_every_kept_release_is_understood_by_both_engines() {
    for (mut db, _house) in databases(newest()).await {
        let floor = db.floor().await;
        for release in Release::all().iter().filter(|release| release.newest >= floor) {
            let failed = not_understood(&mut db, release).await;
            assert_eq!(failed, [""; 0], "of {} on {}", release.version, db.engine());
        }
        db.run("DROP TABLE dead_letter").await;
        let without = not_understood(&mut db, &Release::this()).await;
        assert_eq!(without, ["PURGE_DEAD_LETTERS", "DEAD_LETTER"], "on {}", db.engine());
    }
}

#[tokio::test]
async fn what_every_kept_release_inserts_is_all_that_must_be_given() {
    for (mut db, _house) in databases(newest()).await {
        let (floor, catalogue) = (db.floor().await, Catalogue::read(&mut db).await);
        for release in Release::all().iter().filter(|release| release.newest >= floor) {
            let mut inserts = 0;
            for Statement { name, text, .. } in release.of(db.engine()) {
                let Some((table, given)) = inserted(text) else { continue };
                let lacks = catalogue.demanded(table).filter(|column| !given.contains(column));
                let lacks: Vec<&str> = lacks.collect();
                assert_eq!(lacks, [""; 0], "{name} of {} on {}", release.version, db.engine());
                inserts += 1;
            }
            assert!(inserts > 20, "its inserts were found");
        }
    }
}

/// Since the oldest release that is kept; but one that raises the floor leaves some behind, and says so.
#[tokio::test]
async fn every_migration_only_adds() {
    let oldest = Release::all().first().expect("a release is kept").newest;
    for (mut db, _house) in databases(oldest).await {
        let mut before = (db.floor().await, Catalogue::read(&mut db).await);
        for number in oldest + 1..=newest() {
            db.migrate_to(number).await;
            let after = (db.floor().await, Catalogue::read(&mut db).await);
            if after.0 == before.0 {
                let taken = before.1.against(&after.1);
                assert_eq!(taken, [""; 0], "migration {number} on {}", db.engine());
            }
            before = after;
        }
    }
}

#[tokio::test]
async fn a_migration_that_takes_away_or_demands_more_is_seen() {
    for (mut db, _house) in databases(newest()).await {
        let before = Catalogue::read(&mut db).await;
        let both = [
            ("ALTER TABLE sms DROP COLUMN attempt", "sms.attempt is gone"),
            ("ALTER TABLE sms RENAME COLUMN attempt TO tries", "sms.attempt is gone"),
            ("ALTER TABLE sms RENAME TO texts", "sms is gone"),
            ("CREATE UNIQUE INDEX one_each ON sms (clinic_id, state)", "sms has a new rule"),
        ];
        let postgres = [
            ("ALTER TABLE sms ADD COLUMN sender TEXT NOT NULL", "sms.sender must be given"),
            ("ALTER TABLE sms ALTER COLUMN ended_at SET NOT NULL", "sms.ended_at must be given"),
            ("ALTER TABLE sms ALTER COLUMN attempt TYPE TEXT", "sms.attempt is of another type"),
            ("ALTER TABLE sms ADD CHECK (due > 0)", "sms has a new rule"),
            ("ALTER TABLE sms ADD COLUMN a BIGINT CHECK (a > due)", "sms has a new rule"),
        ];
        let harmless = [
            "ALTER TABLE sms ADD COLUMN sender TEXT",
            "ALTER TABLE sms ADD COLUMN sender TEXT NOT NULL DEFAULT 'us'",
            "ALTER TABLE sms ADD COLUMN sender TEXT CHECK (sender <> '')",
            "CREATE INDEX sms_state ON sms (state)",
            "CREATE TABLE letter (id BIGINT NOT NULL, clinic_id TEXT NOT NULL, UNIQUE (clinic_id))",
        ];
        let of_engine = postgres.into_iter().filter(|_| db.engine() == "postgres");
        let harmful: Vec<_> = both.into_iter().chain(of_engine).collect();
        let cases = harmful.into_iter().map(|(sql, seen)| (sql, Some(seen)));
        for (sql, seen) in cases.chain(harmless.map(|sql| (sql, None))) {
            db.run("BEGIN").await;
            db.run(sql).await;
            let taken = before.against(&Catalogue::read(&mut db).await);
            db.run("ROLLBACK").await;
            assert_eq!(taken.first().map(String::as_str), seen, "{sql} on {}", db.engine());
        }
    }
}
