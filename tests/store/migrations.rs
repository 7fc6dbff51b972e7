//! Which schema a release works on, and how it gets there.

use futures::future::join_all;
use secrecy::ExposeSecret;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use vitarad::store::{Engine, OpenError, SqlStore, Standing, Tuning};

use crate::fixture::{SqlHouse, keyring};
use crate::postgres;
use crate::schema::sqlite;

const CHECK_ONLY: Tuning = Tuning {
    readers: 2,
    writers: 1,
    lane: 8,
    durability: vitarad::store::Durability::PowerFailure,
    migrates: false,
};

async fn opened(engine: &Engine, tuning: Tuning) -> Result<(), OpenError> {
    SqlStore::open(engine, keyring(), tuning).await?.close().await;
    Ok(())
}

async fn execute(house: &SqlHouse, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match &house.engine {
        Engine::Sqlite { .. } => drop(sqlx::raw_sql(sql).execute(&mut sqlite(house).await).await.unwrap()),
        Engine::Postgres { .. } => {
            let mut connection = postgres::superuser(&house.engine).await;
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }
}

async fn both() -> impl Iterator<Item = SqlHouse> {
    [Some(SqlHouse::sqlite()), SqlHouse::postgres().await].into_iter().flatten()
}

const LATER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (9999, 'of a later release', TRUE, '', 0)";

#[tokio::test]
async fn a_release_works_beside_a_later_one_until_that_takes_away_what_it_needs() {
    for house in both().await {
        opened(&house.engine, Tuning::default()).await.unwrap();
        execute(&house, LATER).await;
        opened(&house.engine, CHECK_ONLY).await.unwrap();
        let schema = house.engine.schema().await.unwrap();
        assert_eq!(
            schema.migrations.last().map(|last| (last.number, last.standing)),
            Some((9999, Standing::Later))
        );

        execute(&house, "UPDATE _schema_floor SET floor = 9999").await;
        assert!(matches!(opened(&house.engine, CHECK_ONLY).await, Err(OpenError::Ahead)));
        assert!(matches!(opened(&house.engine, Tuning::default()).await, Err(OpenError::Ahead)));
        assert!(matches!(house.engine.migrate().await, Err(OpenError::Ahead)));
    }
}

#[tokio::test]
async fn a_migration_that_is_not_ours_under_our_number_is_refused() {
    for house in both().await {
        opened(&house.engine, Tuning::default()).await.unwrap();
        execute(&house, "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1").await;
        assert!(matches!(opened(&house.engine, CHECK_ONLY).await, Err(OpenError::Diverged)));
        assert!(matches!(house.engine.migrate().await, Err(OpenError::Diverged)));
    }
}

#[tokio::test]
async fn a_schema_that_lacks_migrations_is_left_alone_unless_somebody_asks() {
    let house = SqlHouse::sqlite();
    let Engine::Sqlite { file } = &house.engine else { panic!("not SQLite") };
    let seen = house.engine.schema().await.unwrap();
    assert!(seen.migrations.iter().all(|migration| migration.standing == Standing::Missing));
    assert!(!file.exists(), "looking makes nothing");

    let refusal = opened(&house.engine, CHECK_ONLY).await.unwrap_err();
    assert!(matches!(refusal, OpenError::Behind));
    assert!(refusal.to_string().contains("vitarad migrate up"), "{refusal}");
    assert!(matches!(house.engine.schema().await.unwrap().fits(), Err(OpenError::Behind)));

    house.engine.migrate().await.unwrap().fits().unwrap();
    opened(&house.engine, CHECK_ONLY).await.unwrap();
}

#[tokio::test]
async fn the_schema_of_the_release_before_is_brought_up_to_date() {
    let empty = SqlHouse::empty_postgres().await;
    for house in [Some(SqlHouse::sqlite()), empty].into_iter().flatten() {
        let newest = house.engine.schema().await.unwrap().migrations.last().unwrap().number;
        match &house.engine {
            Engine::Sqlite { file } => {
                let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
                let migrations = sqlx::migrate!("migrations/sqlite");
                migrations.run_to(newest - 1, &mut options.connect().await.unwrap()).await.unwrap();
            }
            Engine::Postgres { url } => {
                let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
                sqlx::migrate!("migrations/postgres").run_to(newest - 1, &mut connection).await.unwrap();
            }
        }
        assert!(matches!(opened(&house.engine, CHECK_ONLY).await, Err(OpenError::Behind)));
        house.engine.migrate().await.unwrap().fits().unwrap();
        opened(&house.engine, CHECK_ONLY).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_migrate_an_empty_database_at_once_all_find_it_done() {
    let empty = SqlHouse::empty_postgres().await;
    for house in [Some(SqlHouse::sqlite()), empty].into_iter().flatten() {
        for made in join_all((0..6).map(|_| house.engine.migrate())).await {
            made.unwrap().fits().unwrap();
        }
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_database_are_told_from_a_server_that_is_away() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let Engine::Postgres { url } = &house.engine else { panic!("not PostgreSQL") };
    let url = url.expose_secret();
    let missing = Engine::Postgres { url: format!("{url}_missing").into() };
    let refusal = opened(&missing, CHECK_ONLY).await.unwrap_err();
    assert!(matches!(refusal, OpenError::Login), "{refusal}");
}
