//! Clinics as the configuration declares them.

use sqlx::{AssertSqlSafe, Row};
use vitarad::store::SqlStore;
use vitarad_actors::domain::clinic::Clinic;

use crate::fixture::SqlHouse;
use crate::samples::{NOW, clinic, later};
use crate::schema::sqlite;
use crate::sealed::declared;

async fn stored(store: &SqlStore) -> Vec<Clinic> {
    store.clinics().await.unwrap().read.into_iter().map(|(clinic, _)| clinic).collect()
}

#[tokio::test]
async fn a_declared_clinic_comes_back_as_declared_and_is_written_only_when_it_changed() {
    let houses = [Some(SqlHouse::sqlite()), SqlHouse::postgres().await];
    for house in houses.into_iter().flatten() {
        let store = house.open().await;
        let (maple, access) = declared("maple", "Maple Clinic");
        assert!(store.seed_clinic(&maple, &access, NOW).await.unwrap());
        assert!(!store.seed_clinic(&maple, &access, NOW).await.unwrap());
        assert_eq!(stored(&store).await, std::slice::from_ref(&maple));
        let (_, read_back) = store.clinics().await.unwrap().read.remove(0);
        let json = |access| serde_json::to_value(access).unwrap();
        assert_eq!(json(read_back), json(access.clone()));

        let (renamed, mut access) = declared("maple", "Maple & Birch");
        assert!(store.seed_clinic(&renamed, &access, later(1)).await.unwrap());
        assert_eq!(stored(&store).await, std::slice::from_ref(&renamed));
        access.emr.username = "other".to_owned();
        assert!(store.seed_clinic(&renamed, &access, later(2)).await.unwrap(), "access counts too");
    }
}

#[tokio::test]
async fn a_clinic_no_longer_declared_is_deactivated_and_comes_back_when_declared_again() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    for id in ["birch", "maple"] {
        let (clinic, access) = declared(id, id);
        store.seed_clinic(&clinic, &access, NOW).await.unwrap();
    }
    assert_eq!(store.retire_undeclared(&[clinic("maple")], NOW).await.unwrap(), 1);
    assert_eq!(store.retire_undeclared(&[clinic("maple")], NOW).await.unwrap(), 0);
    assert_eq!(stored(&store).await.len(), 1);
    let sql = "SELECT COUNT(*) AS kept FROM clinic";
    let kept: i64 = sqlx::query(sql).fetch_one(&mut sqlite(&house).await).await.unwrap().get("kept");
    assert_eq!(kept, 2);
    let (birch, access) = declared("birch", "birch");
    assert!(store.seed_clinic(&birch, &access, NOW).await.unwrap());
    assert_eq!(stored(&store).await.len(), 2);
}

#[tokio::test]
async fn what_another_source_took_over_is_left_alone_and_a_broken_row_hides_no_other() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    for id in ["birch", "maple"] {
        let (clinic, access) = declared(id, id);
        store.seed_clinic(&clinic, &access, NOW).await.unwrap();
    }
    let mut connection = sqlite(&house).await;
    for change in
        ["source = 'console' WHERE clinic_id = 'maple'", "settings = '{}' WHERE clinic_id = 'birch'"]
    {
        let sql = format!("UPDATE clinic SET {change}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    let (changed, access) = declared("maple", "Changed");
    assert!(!store.seed_clinic(&changed, &access, NOW).await.unwrap());
    assert_eq!(store.retire_undeclared(&[clinic("birch")], NOW).await.unwrap(), 0);
    assert_eq!(stored(&store).await[0].name, "maple");
    assert_eq!(store.clinics().await.unwrap().unreadable, [clinic("birch")]);
}

#[tokio::test]
async fn a_clinic_of_a_later_release_is_read_without_what_that_has_added() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let (maple, access) = declared("maple", "Maple Clinic");
    store.seed_clinic(&maple, &access, NOW).await.unwrap();
    let added = "json_insert(settings, '$.added', 7, '$.sms.added', 7, '$.providers[0].added', json('{}'))";
    let sql = format!("UPDATE clinic SET settings = {added}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut sqlite(&house).await).await.unwrap();
    assert_eq!(stored(&store).await, [maple]);
}
