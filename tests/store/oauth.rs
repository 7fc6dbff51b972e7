//! Set-ups that wait for a clinic's approval, and the tokens that came of it.

use std::time::Duration;

use secrecy::ExposeSecret;
use vitarad::access::Credential;
use vitarad::store::SqlStore;
use vitarad_actors::ports::store::{EmrToken, RoleLease, RoleStore, StoreError, TokenStore};

use crate::fixture::{SqlHouse, declare};
use crate::samples::{CANARY, NOW, clinic, later};
use crate::schema::sqlite;

fn pair(key: &str) -> Credential {
    Credential { key: key.to_owned(), secret: format!("{CANARY} {key}").into() }
}

async fn houses() -> impl Iterator<Item = SqlHouse> {
    [Some(SqlHouse::sqlite()), SqlHouse::postgres().await].into_iter().flatten()
}

async fn wait(store: &SqlStore, id: &str, state: &str, until: u64) {
    store.await_approval(&clinic(id), state, &pair(state), later(until)).await.unwrap();
}

/// Whose approval the state was, if anything waited for it.
async fn taken(store: &SqlStore, state: &str, at: u64) -> Option<String> {
    let (clinic, request) = store.take_approval(state, later(at)).await.unwrap()?;
    assert_eq!(request.key, state);
    assert_eq!(request.secret.expose_secret(), pair(state).secret.expose_secret());
    Some(clinic.to_string())
}

#[tokio::test]
async fn an_approval_is_taken_once_within_its_time_by_whichever_process_the_browser_comes_to() {
    for house in houses().await {
        let (a, b) = (house.open().await, house.open().await);
        wait(&a, "maple", "one", 600).await;
        a.close().await;
        assert_eq!(taken(&b, "another", 1).await, None);
        assert_eq!(taken(&b, "one", 599).await.as_deref(), Some("maple"));
        assert_eq!(taken(&b, "one", 599).await, None);
        wait(&b, "maple", "two", 600).await;
        assert_eq!(taken(&b, "two", 600).await, None, "too late");
        assert_eq!(taken(&b, "two", 1).await, None, "and used up by that");
    }
}

#[tokio::test]
async fn a_clinic_has_one_set_up_waiting_and_a_new_one_takes_its_place() {
    for house in houses().await {
        let store = house.open().await;
        wait(&store, "maple", "one", 600).await;
        wait(&store, "birch", "other", 600).await;
        wait(&store, "maple", "two", 700).await;
        let awaited = store.awaited_approvals().await.unwrap();
        assert_eq!(awaited, [(clinic("birch"), later(600)), (clinic("maple"), later(700))]);
        assert_eq!(taken(&store, "one", 1).await, None);
        assert_eq!(taken(&store, "two", 1).await.as_deref(), Some("maple"));
        assert_eq!(taken(&store, "other", 1).await.as_deref(), Some("birch"));
    }
}

#[tokio::test]
async fn of_many_who_bring_the_same_state_one_gets_the_request() {
    for house in houses().await {
        let store = house.open().await;
        wait(&store, "maple", "one", 600).await;
        let all = futures::future::join_all((0..16).map(|_| store.take_approval("one", NOW))).await;
        assert_eq!(all.into_iter().filter(|taken| matches!(taken, Ok(Some(_)))).count(), 1);
    }
}

async fn role(store: &SqlStore) -> RoleLease {
    let owner = store.begin_generation("a", NOW).await.unwrap();
    store.hold_role("retention", owner, Duration::from_secs(10)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_token_is_kept_for_its_clinic_and_a_new_one_is_watched_anew() {
    for house in houses().await {
        let store = house.open().await;
        let (maple, birch) = (clinic("maple"), clinic("birch"));
        declare(&store, "maple").await;
        declare(&store, "birch").await;
        store.keep_emr_token(&maple, &pair("old"), NOW, Some(later(3600))).await.unwrap();
        store.keep_emr_token(&birch, &pair("birch"), NOW, None).await.unwrap();
        let lease = role(&store).await;
        store.note_token_watch(&lease, &maple, later(5)).await.unwrap();
        let told = |id: &str, granted_at, expires_at, watched_at| EmrToken {
            clinic: clinic(id),
            granted_at,
            expires_at,
            watched_at,
        };
        let of_birch = told("birch", NOW, None, None);
        let of_maple = told("maple", NOW, Some(later(3600)), Some(later(5)));
        assert_eq!(store.emr_tokens().await.unwrap(), [of_birch.clone(), of_maple]);

        store.keep_emr_token(&maple, &pair("new"), later(9), Some(later(7200))).await.unwrap();
        let of_maple = told("maple", later(9), Some(later(7200)), None);
        assert_eq!(store.emr_tokens().await.unwrap(), [of_birch, of_maple]);
        let (token, expires_at) = store.emr_token(&maple).await.unwrap().unwrap();
        assert_eq!((token.key.as_str(), expires_at), ("new", Some(later(7200))));
        assert!(store.emr_token(&clinic("cedar")).await.unwrap().is_none());

        let usurped = RoleLease { fence: vitarad_actors::domain::ids::Fence(lease.fence.0 - 1), ..lease };
        assert_eq!(store.note_token_watch(&usurped, &maple, NOW).await, Err(StoreError::Usurped));
    }
}

#[tokio::test]
async fn a_token_moved_to_another_clinic_does_not_open_and_none_is_in_clear() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    for id in ["maple", "birch"] {
        store.keep_emr_token(&clinic(id), &pair(id), NOW, None).await.unwrap();
        wait(&store, id, id, 600).await;
    }
    let swap = "UPDATE emr_token SET token = (SELECT token FROM emr_token WHERE clinic_id = 'birch')
                WHERE clinic_id = 'maple'";
    sqlx::raw_sql(swap).execute(&mut sqlite(&house).await).await.unwrap();
    assert_eq!(store.emr_token(&clinic("maple")).await.err(), Some(StoreError::Unreadable("emr_token")));
    store.close().await;
    let vitarad::store::Engine::Sqlite { file } = &house.engine else { panic!("not SQLite") };
    let bytes = std::fs::read(file).unwrap();
    assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
}
