//! What each session of the store has agreed on with the server: how long it may hold others up, and what its word is worth.

use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::store::{CallStore, Claimant, ToolCallStore};

use crate::fixture::SqlHouse;
use crate::postgres;
use crate::samples::{NOW, call, tool_call};

/// Whoever comes upon a tool call's row, reading or writing, leaves a note of its session.
const WATCH: &str = "
    CREATE TABLE session_seen (pid INTEGER, statement TEXT, lock TEXT, idle TEXT, is_durable TEXT);
    CREATE FUNCTION see_session() RETURNS BOOLEAN LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO session_seen VALUES (
            pg_backend_pid(), current_setting('statement_timeout'), current_setting('lock_timeout'),
            current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit'));
        RETURN TRUE;
    END $$;
    CREATE POLICY session_seen ON tool_call AS RESTRICTIVE USING (see_session());";

#[tokio::test]
async fn no_session_holds_others_up_for_long_whether_it_reads_or_writes() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let store = house.open().await;
    let mut superuser = postgres::superuser(&house.engine).await;
    sqlx::raw_sql(WATCH).execute(&mut superuser).await.unwrap();
    let generation = store.begin_generation("a", NOW).await.unwrap();
    let fence = store.adopt_call(&call(1), generation, NOW).await.unwrap().fence;
    let key = tool_call(&call(1), 1);
    let seen = async |superuser: &mut _| -> Vec<i32> {
        let sessions = "SELECT DISTINCT pid FROM session_seen";
        sqlx::query_scalar(sessions).fetch_all(superuser).await.unwrap()
    };
    store.claim(&key, Tool::CreateAppointment, Claimant { generation, fence }, NOW).await.unwrap();
    assert_eq!(seen(&mut superuser).await.len(), 1, "one that writes");
    assert!(store.answer_of(&key).await.unwrap().is_none());
    assert_eq!(seen(&mut superuser).await.len(), 2, "and one that reads");
    let agreed = "SELECT DISTINCT statement, lock, idle, is_durable FROM session_seen";
    let agreed: Vec<(String, String, String, String)> =
        sqlx::query_as(agreed).fetch_all(&mut superuser).await.unwrap();
    assert_eq!(agreed, [("5s".into(), "1s".into(), "10s".into(), "on".into())]);
}
