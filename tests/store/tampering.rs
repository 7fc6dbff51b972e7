//! The audit chain shows every kind of tampering with what was sealed (law P-2).

use sqlx::AssertSqlSafe;
use vitarad::store::{AuditVerdict, SqlStore};
use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::ports::store::{AuditStore, CallSave, CallStore, RoleLease, RoleStore};

use crate::fixture::{SqlHouse, declare};
use crate::postgres;
use crate::samples::{LEASE, NOW, audit, call, clinic, memory};
use crate::schema::sqlite;

async fn record(store: &SqlStore, owner: Generation, entries: u64) {
    let fence = store.adopt_call(&call(1), owner, NOW).await.unwrap().fence;
    for version in 1..=entries {
        let save = CallSave {
            key: call(1),
            fence,
            version,
            memory: memory("x"),
            audit: vec![audit(1), audit(2)],
            facts: CallFacts::default(),
            joins: None,
        };
        store.save_call(save, NOW).await.unwrap();
    }
}

async fn sealer(store: &SqlStore) -> (Generation, RoleLease) {
    declare(store, "maple").await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    (owner, store.hold_role("audit", owner, LEASE).await.unwrap().unwrap())
}

/// Ten sealed entries, and what the check says after `tampering`.
async fn after(tampering: &'static str) -> AuditVerdict {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let (owner, role) = sealer(&store).await;
    record(&store, owner, 5).await;
    assert_eq!(store.seal_audit(&role, 100, NOW).await.unwrap(), 10);
    let mut connection = sqlite(&house).await;
    sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(tampering)).execute(&mut connection).await.unwrap();
    store.verify_audit(&clinic("maple")).await.unwrap()
}

#[tokio::test]
async fn an_untouched_log_is_intact_and_so_is_an_empty_one() {
    assert_eq!(after("SELECT 1").await, AuditVerdict::Intact { sealed: 10 });
    let house = SqlHouse::sqlite();
    let verdict = house.open().await.verify_audit(&clinic("maple")).await.unwrap();
    assert_eq!(verdict, AuditVerdict::Intact { sealed: 0 });
}

#[tokio::test]
async fn an_edited_entry_shows() {
    for edit in
        ["outcome = 'BOOKED'", "at = at + 1", "call_id = 'call-2'", "subjects = x'00'", "generation = 9"]
    {
        let sql = format!("UPDATE audit_entry SET {edit} WHERE seal_no = 4");
        assert_eq!(after(sql.leak()).await, AuditVerdict::Broken { seal_no: 4 }, "{edit}");
    }
}

#[tokio::test]
async fn a_deleted_entry_shows_as_a_gap() {
    let verdict = after("DELETE FROM audit_entry WHERE seal_no = 4").await;
    assert_eq!(verdict, AuditVerdict::Broken { seal_no: 4 });
}

#[tokio::test]
async fn a_deleted_entry_shows_even_when_the_gap_is_closed() {
    let verdict = after(
        "DELETE FROM audit_entry WHERE seal_no = 4;
         UPDATE audit_entry SET seal_no = -seal_no WHERE seal_no > 4;
         UPDATE audit_entry SET seal_no = -seal_no - 1 WHERE seal_no < 0;",
    )
    .await;
    assert_eq!(verdict, AuditVerdict::Broken { seal_no: 4 });
}

#[tokio::test]
async fn reordered_entries_show() {
    let verdict = after(
        "UPDATE audit_entry SET seal_no = 99 WHERE seal_no = 4;
         UPDATE audit_entry SET seal_no = 4 WHERE seal_no = 5;
         UPDATE audit_entry SET seal_no = 5 WHERE seal_no = 99;",
    )
    .await;
    assert_eq!(verdict, AuditVerdict::Broken { seal_no: 4 });
}

#[tokio::test]
async fn a_cut_tail_shows_whatever_is_done_to_the_head() {
    let cut = "DELETE FROM audit_entry WHERE seal_no > 7;";
    let forged = "UPDATE audit_head SET seal_no = 7,
                  chain = (SELECT chain FROM audit_entry WHERE seal_no = 7);";
    for head in ["", "DELETE FROM audit_head;", forged] {
        let verdict = after(format!("{cut}{head}").leak()).await;
        assert_eq!(verdict, AuditVerdict::Broken { seal_no: 8 }, "{head}");
    }
    let whole = after("DELETE FROM audit_entry; UPDATE audit_head SET proof = x'00'").await;
    assert_eq!(whole, AuditVerdict::Broken { seal_no: 1 });
}

#[tokio::test]
async fn the_chain_goes_on_where_it_ended_and_is_each_clinics_own() {
    let houses = [Some(SqlHouse::sqlite()), SqlHouse::postgres().await];
    for house in houses.into_iter().flatten() {
        let store = house.open().await;
        let (owner, role) = sealer(&store).await;
        for sealed in [80, 160] {
            record(&store, owner, 40).await;
            assert_eq!(store.seal_audit(&role, 1_000, NOW).await.unwrap(), 80);
            let verdict = store.verify_audit(&clinic("maple")).await.unwrap();
            assert_eq!(verdict, AuditVerdict::Intact { sealed });
        }
        let elsewhere = store.verify_audit(&clinic("birch")).await.unwrap();
        assert_eq!(elsewhere, AuditVerdict::Intact { sealed: 0 });
    }
}

#[tokio::test]
async fn an_edit_by_the_databases_own_superuser_shows() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let store = house.open().await;
    let (owner, role) = sealer(&store).await;
    record(&store, owner, 2).await;
    store.seal_audit(&role, 100, NOW).await.unwrap();
    let mut connection = postgres::superuser(&house.engine).await;
    let edit = "UPDATE audit_entry SET outcome = 'BOOKED' WHERE seal_no = 2";
    sqlx::raw_sql(edit).execute(&mut connection).await.unwrap();
    let verdict = store.verify_audit(&clinic("maple")).await.unwrap();
    assert_eq!(verdict, AuditVerdict::Broken { seal_no: 2 });
}
