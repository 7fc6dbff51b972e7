//! The schema: the same on both engines.

use std::collections::BTreeSet;

use sqlx::{ConnectOptions, Row, SqliteConnection};
use vitarad::store::{Engine, SqlStore, Tuning};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::ports::store::LifeStore;

use crate::fixture::{SqlHouse, keyring};
use crate::postgres;
use crate::samples::{NOW, later};

type Columns = BTreeSet<(String, String)>;

pub(crate) async fn sqlite(house: &SqlHouse) -> SqliteConnection {
    let Engine::Sqlite { file } = &house.engine else { panic!("not SQLite") };
    sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

async fn sqlite_columns(house: &SqlHouse) -> Columns {
    let sql = "SELECT m.name AS t, c.name AS c FROM sqlite_schema m, pragma_table_info(m.name) c
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_%' ESCAPE '\\'";
    let rows = sqlx::query(sql).fetch_all(&mut sqlite(house).await).await.unwrap();
    rows.iter().map(|row| (row.get("t"), row.get("c"))).collect()
}

async fn postgres_columns(house: &SqlHouse) -> Columns {
    let sql = "SELECT table_name::text AS t, column_name::text AS c FROM information_schema.columns
               WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";
    let mut connection = postgres::superuser(&house.engine).await;
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| (row.get("t"), row.get("c"))).collect()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let lite = SqlHouse::sqlite();
    lite.open().await.close().await;
    let columns = sqlite_columns(&lite).await;
    assert_eq!(columns, postgres_columns(&house).await);
    for table in columns.iter().map(|(table, _)| table).filter(|table| *table != "instance") {
        let carries = columns.contains(&(table.clone(), "clinic_id".to_owned()));
        assert_eq!(carries, table != "role_lease", "{table} names its clinic");
    }
}

#[tokio::test]
async fn sqlite_tables_are_strict_and_the_file_is_ours_alone() {
    use std::os::unix::fs::PermissionsExt;
    let house = SqlHouse::sqlite();
    house.open().await.close().await;
    let sql = "SELECT name FROM pragma_table_list WHERE NOT strict AND schema = 'main'
               AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%'";
    let lax = sqlx::query(sql).fetch_all(&mut sqlite(&house).await).await.unwrap();
    assert!(lax.is_empty());
    let Engine::Sqlite { file } = &house.engine else { panic!("not SQLite") };
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_says_so_without_saying_where() {
    let nowhere = Engine::Sqlite { file: "/nonexistent-directory/vitarad.db".into() };
    let error = SqlStore::open(&nowhere, keyring(), Tuning::default()).await.err().unwrap();
    assert_eq!(error.to_string(), "the database file cannot be created or opened: entity not found");
    let refused = Engine::Postgres { url: "postgres://nobody:secret@127.0.0.1:1/none".to_owned().into() };
    let error = SqlStore::open(&refused, keyring(), Tuning::default()).await.err().unwrap();
    assert_eq!(error.to_string(), "the database does not answer");
}

#[tokio::test]
async fn only_the_newest_generation_of_a_node_is_alive() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let first = store.begin_generation("a", NOW).await.unwrap();
    let elsewhere = store.begin_generation("b", NOW).await.unwrap();
    let second = store.begin_generation("a", later(2)).await.unwrap();
    assert!(first < elsewhere && elsewhere < second);
    let living: Vec<Generation> = store.lives().await.unwrap().iter().map(|life| life.generation).collect();
    assert_eq!(living, [elsewhere, second]);
}

#[tokio::test]
async fn of_processes_that_begin_at_once_on_a_node_one_is_active() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let (a, b) = (house.open().await, house.open().await);
    let begin = (0..16).map(|n| if n % 2 == 0 { &a } else { &b }.begin_generation("a", NOW));
    for begun in futures::future::join_all(begin).await {
        begun.unwrap();
    }
    let mut connection = postgres::superuser(&house.engine).await;
    let sql = "SELECT COUNT(*) FROM instance WHERE state = 'active'";
    let active: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(active, 1);
}
