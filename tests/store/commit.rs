//! Group commit as the store's callers see it: what is acknowledged is kept, a flood is refused to its clinic alone, and
//! everybody else's turn comes.

use std::sync::Arc;

use futures::future::join_all;
use sqlx::Connection;
use vitarad::store::{SqlStore, Tuning};
use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::ids::{CallId, CallKey, Fence, IntentId};
use vitarad_actors::ports::store::{BookingStore, CallSave, CallStore, OutboxStore, RoleStore, StoreError};

use crate::contract::queue;
use crate::fixture::SqlHouse;
use crate::patience::until;
use crate::postgres;
use crate::samples::{LEASE, NOW, clinic, memory};
use crate::schema::sqlite;

fn call_of(id: &str, n: u32) -> CallKey {
    CallKey { clinic: clinic(id), call: CallId::parse(&format!("call-{n}")).unwrap() }
}

fn save(key: &CallKey, fence: Fence, version: u64) -> CallSave {
    CallSave {
        key: key.clone(),
        fence,
        version,
        memory: memory("what a call knows"),
        audit: vec![],
        facts: CallFacts::default(),
        joins: None,
    }
}

/// An adopted call of a clinic whose keys are open: what follows is nothing but commits.
async fn adopted(store: &SqlStore, key: &CallKey) -> Fence {
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let fence = store.adopt_call(key, owner, NOW).await.unwrap().fence;
    store.save_call(save(key, fence, 0), NOW).await.unwrap();
    fence
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_the_process_is_gone() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let key = call_of("maple", 1);
    let fence = adopted(&store, &key).await;
    for version in 1..=20 {
        store.save_call(save(&key, fence, version), NOW).await.unwrap();
    }
    // Not closed: dropped, as a death drops it.
    drop(store);
    let next = house.open().await;
    let owner = next.begin_generation("a", NOW).await.unwrap();
    let found = next.adopt_call(&key, owner, NOW).await.unwrap();
    assert_eq!(found.fence, Fence(fence.0 + 1));
    assert_eq!(found.memory.unwrap().reveal(), b"what a call knows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_only_those_that_may_not_fail() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let keys: Vec<_> = (0..64).map(|n| call_of("maple", n)).collect();
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let adopted = join_all(keys.iter().map(|key| store.adopt_call(key, owner, NOW))).await;
    let fences: Vec<_> = adopted.into_iter().map(|found| found.unwrap().fence).collect();
    let saves = keys.iter().zip(&fences).enumerate().map(|(n, (key, fence))| {
        let believed = if n % 3 == 0 { Fence(fence.0 + 1) } else { *fence };
        store.save_call(save(key, believed, 1), NOW)
    });
    for (n, outcome) in join_all(saves).await.into_iter().enumerate() {
        let expected = if n % 3 == 0 { Err(StoreError::Usurped) } else { Ok(()) };
        assert_eq!(outcome, expected, "{n}");
        let found = store.adopt_call(&keys[n], owner, NOW).await.unwrap();
        assert_eq!(found.memory.is_some(), n % 3 != 0, "{n}");
    }
}

#[tokio::test]
async fn a_full_lane_is_an_answer_and_only_its_clinics() {
    let house = SqlHouse::sqlite();
    let store = house.open_tuned(Tuning { readers: 2, writers: 1, lane: 8, ..Tuning::default() }).await;
    let (maple, birch) = (call_of("maple", 1), call_of("birch", 1));
    let fence = adopted(&store, &maple).await;
    adopted(&store, &birch).await;
    let flood: Vec<_> = (1..=100).map(|version| store.save_call(save(&maple, fence, version), NOW)).collect();
    // One thread: all of the flood has asked before the writer runs again.
    let (flood, other) = futures::join!(join_all(flood), store.save_call(save(&birch, fence, 1), NOW));
    let refused = flood.iter().filter(|outcome| **outcome == Err(StoreError::Busy)).count();
    assert_eq!(refused, 100 - 8);
    assert_eq!(flood.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    assert_eq!(store.counts().refused(), 92);
    assert_eq!(other, Ok(()));
}

#[tokio::test]
async fn a_clinic_whose_lane_is_full_does_not_keep_another_clinics_text_back() {
    let house = SqlHouse::sqlite();
    let store =
        Arc::new(house.open_tuned(Tuning { readers: 2, writers: 1, lane: 2, ..Tuning::default() }).await);
    let birch = call_of("birch", 1);
    let fence = adopted(&store, &birch).await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    queue(&*store, 1, "first", owner, NOW).await;
    let mut beside = sqlite(&house).await;
    let of_birch = "INSERT INTO sms (clinic_id, dedupe, recipient, body, state, due)
                    VALUES ('birch', 'another', x'00', x'00', 'queued', 0)";
    sqlx::raw_sql(of_birch).execute(&mut beside).await.unwrap();
    let role = store.hold_role("sms", owner, LEASE).await.unwrap().unwrap();

    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut beside).await.unwrap();
    let refused = || store.counts().refused();
    until("a full lane", async || {
        let (store, save) = (Arc::clone(&store), save(&birch, fence, 1));
        tokio::spawn(async move { store.save_call(save, NOW).await });
        (refused() > 0).then_some(())
    })
    .await;
    let before = refused();
    let let_go = async {
        until("another refusal", async || (refused() > before).then_some(())).await;
        sqlx::raw_sql("COMMIT").execute(&mut beside).await.unwrap();
    };
    let (taken, ()) = futures::join!(store.take_due_sms(&role, NOW), let_go);
    assert_eq!(taken.unwrap().map(|sms| sms.clinic), Some(clinic("maple")));
}

#[tokio::test]
async fn a_clinic_that_asks_10000_times_delays_anothers_commit_by_two_batches_at_most() {
    let house = SqlHouse::sqlite();
    let store = Arc::new(
        house.open_tuned(Tuning { readers: 2, writers: 1, lane: 10_000, ..Tuning::default() }).await,
    );
    let (maple, birch) = (call_of("maple", 1), call_of("birch", 1));
    let fence = adopted(&store, &maple).await;
    adopted(&store, &birch).await;
    let flood: Vec<_> = (1..=10_000)
        .map(|version| {
            let (store, save) = (Arc::clone(&store), save(&maple, fence, version));
            tokio::spawn(async move { store.save_call(save, NOW).await })
        })
        .collect();
    let counts = store.counts();
    while counts.batches() < 10 {
        tokio::task::yield_now().await;
    }
    let before = counts.batches();
    store.save_call(save(&birch, fence, 1), NOW).await.unwrap();
    let waited = counts.batches() - before;
    assert!(waited <= 2, "{waited} batches");
    let at_that_time = counts.members();
    assert!(at_that_time < 9_000, "the flood was still there: {at_that_time}");
    for asked in flood {
        asked.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_another_process_holds_up_fails_without_its_company() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let store = house.open_tuned(Tuning { readers: 2, writers: 1, lane: 256, ..Tuning::default() }).await;
    let (maple, birch) = (call_of("maple", 1), call_of("birch", 1));
    let fence = adopted(&store, &maple).await;
    adopted(&store, &birch).await;
    let mut stranger = postgres::superuser(&house.engine).await;
    let mut holding = stranger.begin().await.unwrap();
    let lock = "SELECT 1 FROM call WHERE clinic_id = 'maple' FOR UPDATE";
    sqlx::query(lock).execute(&mut *holding).await.unwrap();
    let saves = [&maple, &birch].map(|key| store.save_call(save(key, fence, 1), NOW));
    let [held_up, bystander] = join_all(saves).await.try_into().unwrap();
    assert_eq!(held_up, Err(StoreError::Unavailable("the database refused with code 55P03".to_owned())));
    assert_eq!(bystander, Ok(()));
    holding.rollback().await.unwrap();
    assert_eq!(store.save_call(save(&maple, fence, 1), NOW).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_dropped_its_connections_is_connected_again() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let store = house.open().await;
    let maple = call_of("maple", 1);
    let fence = adopted(&store, &maple).await;
    let drop_all = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(drop_all).execute(&mut postgres::superuser(&house.engine).await).await.unwrap();
    assert_eq!(store.save_call(save(&maple, fence, 1), NOW).await, Ok(()));
    assert_eq!(store.intent(&maple.clinic, IntentId(uuid::Uuid::nil())).await, Ok(None));
}

/// `cargo test --release --test store -- --ignored --nocapture how_many`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn how_many_commits_a_second() {
    for (engine, house) in [("SQLite", Some(SqlHouse::sqlite())), ("PostgreSQL", SqlHouse::postgres().await)]
    {
        let Some(house) = house else { continue };
        let tuning = Tuning { readers: 4, writers: 2, lane: 256, ..Tuning::default() };
        let store = Arc::new(house.open_tuned(tuning).await);
        for submitters in [1, 16, 64, 256] {
            measure(engine, &store, submitters).await;
        }
    }
}

async fn measure(engine: &str, store: &Arc<SqlStore>, submitters: u32) {
    const EACH: u64 = 500;
    let clinics = ["maple", "birch", "cedar", "aspen", "alder", "larch", "hazel", "rowan"];
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let keys: Vec<_> =
        (0..submitters).zip(clinics.into_iter().cycle()).map(|(n, id)| call_of(id, n)).collect();
    let adopted = join_all(keys.iter().map(|key| store.adopt_call(key, owner, NOW))).await;
    let (batches, members) = (store.counts().batches(), store.counts().members());
    let begun = tokio::time::Instant::now();
    let tasks = keys.into_iter().zip(adopted).map(|(key, found)| {
        let (store, fence) = (Arc::clone(store), found.unwrap().fence);
        tokio::spawn(async move {
            for version in 1..=EACH {
                store.save_call(save(&key, fence, version), NOW).await.unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let members = store.counts().members() - members;
    let batches = store.counts().batches() - batches;
    println!(
        "{engine}: {submitters} at once: {:.0} commits/s, {:.1} in a batch, {:.0} batches/s",
        f64::from(u32::try_from(members).unwrap()) / seconds,
        f64::from(u32::try_from(members).unwrap()) / f64::from(u32::try_from(batches).unwrap()),
        f64::from(u32::try_from(batches).unwrap()) / seconds,
    );
}
