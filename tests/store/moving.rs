//! A grown store is moved from SQLite to PostgreSQL: all of it, as it was, or nothing.

use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};
use vitarad::access::Credential;
use vitarad::store::{AuditVerdict, Engine, NotMoved, SqlStore, copy};
use vitarad_actors::domain::call_record::{CallFacts, CallStage};
use vitarad_actors::domain::capabilities::Discovered;
use vitarad_actors::domain::emr_path::{Path, Service};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::trouble::{Lasts, Part};
use vitarad_actors::ports::store::{
    AuditStore, CallEvent, CallStore, CapabilityStore, HeldStore, HoldStore, RoleStore, ToolCallStore,
    TroubleStore, WaitlistStore,
};

use crate::contract::one_offer;
use crate::fixture::SqlHouse;
use crate::postgres;
use crate::samples::{CANARY, LEASE, NOW, audit, call, clinic, later, memory, slot, tool_call};
use crate::schema::sqlite;
use crate::sealed::fill;

/// Something in every table, written by the store itself. The last generation it gave out is long gone.
async fn grown() -> SqlHouse {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    fill(&store).await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    // The first process's right to that day is not waited out.
    store.release(Generation(1), false).await.unwrap();
    one_offer(&store, owner).await;
    let role = store.hold_role("audit", owner, LEASE).await.unwrap().unwrap();
    assert!(store.seal_audit(&role, 100, NOW).await.unwrap() > 0);
    let (digest, body) = ("ended".into(), memory("x"));
    let facts = CallFacts { stage: Some(CallStage::Ended), ..CallFacts::default() };
    let event = CallEvent { key: call(1), kind: "status".into(), digest, body, facts, audited: None };
    assert!(store.keep_event(event, NOW).await.unwrap());
    store.hold(&call(2), vec![slot(600)], 1, later(60), NOW).await.unwrap();
    let token = Credential { key: "key".to_owned(), secret: CANARY.to_owned().into() };
    store.await_approval(&clinic("maple"), "state", &token, later(60)).await.unwrap();
    store.keep_emr_token(&clinic("maple"), &token, NOW, None).await.unwrap();
    let discovered = Discovered { path: Path::Soap, at: NOW, found: vec![] };
    store.keep_capabilities(&clinic("maple"), discovered).await.unwrap();
    let part = Part::Service(Path::Soap, Service::Schedule);
    store.tell(&clinic("maple"), &part, Lasts::IsOver, owner).await.unwrap();
    store.begin_generation("gone", NOW).await.unwrap();
    sqlx::raw_sql("DELETE FROM instance WHERE node = 'gone'")
        .execute(&mut sqlite(&house).await)
        .await
        .unwrap();
    store.close().await;
    house
}

async fn tables(source: &mut SqliteConnection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name";
    sqlx::query_scalar(sql).fetch_all(source).await.unwrap()
}

async fn rows_of(target: &mut PgConnection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(target).await.unwrap()
}

async fn execute(house: &SqlHouse, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut postgres::superuser(&house.engine).await).await.unwrap();
}

/// Nothing is there, and the wall stands.
async fn assert_untouched(house: &SqlHouse) {
    let mut connection = postgres::superuser(&house.engine).await;
    for table in tables(&mut sqlite(&grown().await).await).await {
        assert_eq!(rows_of(&mut connection, &table).await, 0, "{table}");
    }
    let open = "SELECT COUNT(*) FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity";
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut connection).await.unwrap(), 0);
}

#[tokio::test]
async fn the_sample_has_a_row_in_every_table() {
    let house = grown().await;
    let mut source = sqlite(&house).await;
    let mut empty = Vec::new();
    for table in tables(&mut source).await {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut source).await.unwrap();
        empty.extend((rows == 0).then_some(table));
    }
    assert_eq!(empty, [""; 0], "whether these can be moved is not known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_moved_whole_and_goes_on_where_it_was() {
    let Some(new) = SqlHouse::empty_postgres().await else { return };
    let old = grown().await;
    let moved = copy(&old.engine, &new.engine).await.unwrap();
    let mut source = sqlite(&old).await;
    let mut names: Vec<_> = moved.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    assert_eq!(names, tables(&mut source).await);
    let mut connection = postgres::superuser(&new.engine).await;
    for (table, rows) in &moved {
        assert_eq!(rows_of(&mut connection, table).await, i64::try_from(*rows).unwrap(), "{table}");
    }

    let (before, after) = (old.open().await, new.open().await);
    assert_same(&before, &after).await;
    assert_eq!(
        after.begin_generation("a", later(1)).await.unwrap(),
        Generation(4),
        "never one that was given out"
    );
    let forced = "SELECT COUNT(*) FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity";
    assert_eq!(sqlx::query_scalar::<_, i64>(forced).fetch_one(&mut connection).await.unwrap(), 0);
}

/// What is sealed opens, and what was promised is remembered.
async fn assert_same(before: &SqlStore, after: &SqlStore) {
    let maple = clinic("maple");
    let answer = tool_call(&call(1), 2);
    let line = after.answer_of(&answer).await.unwrap().expect("an answer");
    assert_eq!(line.reveal(), before.answer_of(&answer).await.unwrap().expect("an answer").reveal());
    let memory = after.adopt_call(&call(1), Generation(1), NOW).await.unwrap().memory.expect("a memory");
    assert_eq!(memory.reveal(), CANARY.as_bytes());
    let verdict = after.verify_audit(&maple).await.unwrap();
    assert!(matches!(verdict, AuditVerdict::Intact { sealed } if sealed > 0), "{verdict:?}");
    assert_eq!(verdict, before.verify_audit(&maple).await.unwrap());
    let (held, waiting) = (
        async |store: &SqlStore| store.held_requests(&maple, audit(1)).await.unwrap().len(),
        async |store: &SqlStore| store.waitlist(&maple, audit(1)).await.unwrap().len(),
    );
    assert!(held(after).await > 0 && waiting(after).await > 0);
    assert_eq!((held(after).await, waiting(after).await), (held(before).await, waiting(before).await));
    assert!(after.emr_token(&maple).await.unwrap().is_some());
    assert!(after.take_approval("state", NOW).await.unwrap().is_some());
    assert_eq!(after.clinics().await.unwrap().read.len(), before.clinics().await.unwrap().read.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_not_empty_is_refused_and_so_is_one_of_another_kind() {
    let Some(new) = SqlHouse::empty_postgres().await else { return };
    let old = grown().await;
    let store = new.open().await;
    store.begin_generation("a", NOW).await.unwrap();
    assert!(matches!(copy(&old.engine, &new.engine).await, Err(NotMoved::NotEmpty)));
    execute(&new, "DELETE FROM instance").await;
    // One clinic's row, which a session sees only in that clinic's name.
    store.adopt_call(&call(1), Generation(1), NOW).await.unwrap();
    assert!(matches!(copy(&old.engine, &new.engine).await, Err(NotMoved::NotEmpty)));
    assert!(matches!(copy(&new.engine, &old.engine).await, Err(NotMoved::Direction)));
    assert!(matches!(copy(&old.engine, &old.engine).await, Err(NotMoved::Direction)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_under_way_leaves_the_target_empty() {
    let Some(new) = SqlHouse::empty_postgres().await else { return };
    let old = grown().await;
    // SQLite keeps a text with a zero in it, PostgreSQL does not take one.
    let bend = "UPDATE waitlist SET tool_call_id = tool_call_id || char(0)";
    sqlx::raw_sql(bend).execute(&mut sqlite(&old).await).await.unwrap();
    assert!(matches!(copy(&old.engine, &new.engine).await, Err(NotMoved::Failed)));
    assert_untouched(&new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_otherwise_than_it_was_sent_is_not_taken() {
    let Some(new) = SqlHouse::empty_postgres().await else { return };
    let old = grown().await;
    new.engine.migrate().await.unwrap();
    execute(
        &new,
        "CREATE FUNCTION bend() RETURNS trigger LANGUAGE plpgsql
             AS $$ BEGIN NEW.sms_consent := 1 - COALESCE(NEW.sms_consent, 0); RETURN NEW; END $$;
         CREATE TRIGGER bend BEFORE INSERT ON call_record FOR EACH ROW EXECUTE FUNCTION bend();",
    )
    .await;
    let outcome = copy(&old.engine, &new.engine).await;
    assert!(matches!(outcome, Err(NotMoved::Differs)), "{outcome:?}");
    assert_untouched(&new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_being_written_to_is_refused() {
    let Some(new) = SqlHouse::empty_postgres().await else { return };
    let old = grown().await;
    let mut writing = sqlite(&old).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut writing).await.unwrap();
    assert!(matches!(copy(&old.engine, &new.engine).await, Err(NotMoved::InUse)));
    let missing = Engine::Sqlite { file: "/nonexistent-directory/vitarad.db".into() };
    assert!(matches!(copy(&missing, &new.engine).await, Err(NotMoved::Source(_))));
}
