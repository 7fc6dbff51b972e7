//! The wall between clinics as PostgreSQL keeps it, seen by raw SQL in the daemon's own role (law I-2).

use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use vitarad::store::{Engine, OpenError, SqlStore, Tuning};
use vitarad_actors::ports::store::{
    AuditAction, AuditEntry, AuditStore, HoldStore, RoleStore, WaitlistStore,
};

use crate::fixture::{SqlHouse, declare, keyring};
use crate::postgres;
use crate::samples::{LEASE, NOW, audit, call, clinic, later, slot};
use crate::sealed::fill;

/// What is no clinic's, or has to be asked before a clinic is known, or is the processes' own.
const OUTSIDE: [&str; 4] = ["clinic", "emr_approval", "known_clinic", "trouble"];

/// The clinics' tables behind the wall.
async fn walled(house: &SqlHouse) -> Vec<String> {
    let tables = "SELECT table_name::text FROM information_schema.columns
                  WHERE column_name = 'clinic_id' AND table_schema = 'public' ORDER BY table_name";
    let mut tables: Vec<String> =
        sqlx::query_scalar(tables).fetch_all(&mut postgres::superuser(&house.engine).await).await.unwrap();
    tables.retain(|table| !OUTSIDE.contains(&table.as_str()));
    tables
}

/// A session of the daemon's role, past the store.
async fn session(house: &SqlHouse) -> PgConnection {
    let Engine::Postgres { url } = &house.engine else { panic!("not PostgreSQL") };
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

async fn enter(session: &mut PgConnection, clinic: &str) {
    let set = "SELECT set_config('vitarad.clinic', $1, false)";
    session.execute(sqlx::query(set).bind(clinic)).await.unwrap();
}

async fn seen(session: &mut PgConnection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(session).await.unwrap()
}

/// SQLSTATE of a refusal; empty when it was not refused.
async fn refusal(session: &mut PgConnection, sql: &str) -> String {
    match session.execute(AssertSqlSafe(sql.to_owned())).await {
        Err(sqlx::Error::Database(refusal)) => refusal.code().unwrap_or_default().into_owned(),
        Err(other) => panic!("{other}"),
        Ok(_) => String::new(),
    }
}

async fn filled() -> Option<SqlHouse> {
    let house = SqlHouse::postgres().await?;
    let store = house.open().await;
    fill(&store).await;
    store.hold(&call(2), vec![slot(600)], 1, later(60), NOW).await.unwrap();
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let role = store.hold_role("audit", owner, LEASE).await.unwrap().unwrap();
    store.seal_audit(&role, 99, NOW).await.unwrap();
    store.close().await;
    Some(house)
}

#[tokio::test]
async fn every_table_of_the_clinics_is_behind_the_wall_for_its_owner_too() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let mut connection = postgres::superuser(&house.engine).await;
    let guarded = "SELECT c.relname::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
                   WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polcmd = '*' AND p.polpermissive
                     AND pg_get_expr(p.polqual, p.polrelid) = 'in_scope(clinic_id)' AND p.polwithcheck IS NULL
                     AND p.polroles = '{0}' AND (SELECT COUNT(*) FROM pg_policy WHERE polrelid = c.oid) = 1
                   ORDER BY c.relname";
    let guarded: Vec<String> = sqlx::query_scalar(guarded).fetch_all(&mut connection).await.unwrap();
    assert_eq!(guarded, walled(&house).await, "each has the one policy");
}

#[tokio::test]
async fn a_session_sees_its_own_clinics_rows_and_without_a_clinic_none() {
    let Some(house) = filled().await else { return };
    let mut session = session(&house).await;
    let mut own = 0;
    for table in walled(&house).await {
        assert_eq!(seen(&mut session, &table).await, 0, "{table}, before any clinic was named");
    }
    for table in walled(&house).await {
        enter(&mut session, "maple").await;
        own += seen(&mut session, &table).await;
        for nobody in ["birch", "", "*", "maple,birch", "%"] {
            enter(&mut session, nobody).await;
            assert_eq!(seen(&mut session, &table).await, 0, "{table} as {nobody:?}");
        }
    }
    assert!(own > 12, "there was something to see: {own}");
}

#[tokio::test]
async fn a_session_writes_no_row_of_another_clinic() {
    let Some(house) = filled().await else { return };
    let mut session = session(&house).await;
    for table in walled(&house).await {
        enter(&mut session, "maple").await;
        if seen(&mut session, &table).await > 0 {
            let given_away = refusal(&mut session, &format!("UPDATE {table} SET clinic_id = 'birch'")).await;
            assert_eq!(given_away, "42501", "{table}: given to another clinic");
        }
        enter(&mut session, "birch").await;
        for sql in [format!("UPDATE {table} SET clinic_id = clinic_id"), format!("DELETE FROM {table}")] {
            let touched = session.execute(AssertSqlSafe(sql.clone())).await.unwrap().rows_affected();
            assert_eq!(touched, 0, "{sql}");
        }
    }
    for scope in ["birch", ""] {
        enter(&mut session, scope).await;
        let smuggled =
            "INSERT INTO hold (clinic_id, provider, date, start_minute, end_minute, call_id, held_until)
                        VALUES ('maple', '021', '2026-11-23', 540, 555, 'c', 1)";
        assert_eq!(refusal(&mut session, smuggled).await, "42501", "as {scope:?}");
    }
}

#[tokio::test]
async fn the_daemons_role_cannot_take_the_wall_down() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let mut session = session(&house).await;
    for sql in [
        "ALTER TABLE call DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE call NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY one_clinic ON call",
        "CREATE OR REPLACE FUNCTION in_scope(clinic TEXT) RETURNS BOOLEAN LANGUAGE sql AS 'SELECT true'",
        "CREATE TABLE copies AS SELECT 1 AS one",
        "TRUNCATE call",
        "DROP TABLE call",
        "UPDATE _schema_floor SET floor = 0",
        "DELETE FROM _sqlx_migrations",
    ] {
        assert_eq!(refusal(&mut session, sql).await, "42501", "{sql}");
    }
    enter(&mut session, "maple").await;
    assert_eq!(refusal(&mut session, "SET row_security = off").await, "", "anybody may ask for it");
    assert_eq!(refusal(&mut session, "SELECT 1 FROM call").await, "42501", "and is then refused");
}

#[tokio::test]
async fn a_role_that_the_wall_does_not_bind_is_refused() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let standing = async |engine: &Engine| {
        let store = SqlStore::open(engine, keyring(), Tuning::default()).await.unwrap();
        let standing = store.check_wall().await;
        store.close().await;
        standing
    };
    standing(&house.engine).await.unwrap();
    assert!(matches!(standing(&postgres::owner(&house.engine)).await, Err(OpenError::Owner)));
    let superuser = postgres::superuser_engine(&house.engine);
    assert!(matches!(standing(&superuser).await, Err(OpenError::Unbound)));
    standing(&SqlHouse::sqlite().engine).await.unwrap();
}

#[tokio::test]
async fn the_singletons_rounds_begin_with_another_clinic_each_time() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let store = house.open().await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let role = store.hold_role("audit", owner, LEASE).await.unwrap().unwrap();
    for id in ["alder", "birch", "maple"] {
        declare(&store, id).await;
    }
    for _ in 0..3 {
        for id in ["alder", "birch", "maple"] {
            let looked = AuditEntry { clinic: clinic(id), action: AuditAction::WaitlistRead, ..audit(1) };
            store.waitlist(&clinic(id), looked).await.unwrap();
        }
        assert_eq!(store.seal_audit(&role, 1, NOW).await.unwrap(), 1);
    }
    let mut connection = postgres::superuser(&house.engine).await;
    let first: Vec<String> =
        sqlx::query_scalar("SELECT clinic_id FROM audit_entry WHERE seal_no = 1 ORDER BY 1")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(first, ["alder", "birch", "maple"], "each had its turn");
}
