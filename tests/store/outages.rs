//! A PostgreSQL that kills our sessions, goes down, is relieved or runs out of room, while bookings are under way: what was
//! acknowledged is there, what was refused is not, and nothing is there twice (laws B-1 to B-6 at the store).

mod bookings;
mod cut;
mod failover;

use std::process::Command;
use std::sync::Arc;

use sqlx::{ConnectOptions, Executor, PgConnection};
use tokio::task::spawn_blocking;
use vitarad::store::{Engine, SqlStore, Tuning};

use self::bookings::Bookings;
use self::cut::{Cut, Wire};
use crate::fixture::{SqlHouse, keyring};
use crate::patience::until;
use crate::postgres::cluster::{Cluster, finished, is_root};
use crate::postgres::{self, database_on, own_cluster};
use crate::samples::NOW;

async fn opened(engine: &Engine) -> Arc<SqlStore> {
    let tuning = Tuning { readers: 4, writers: 2, lane: 256, ..Tuning::default() };
    let store = SqlStore::open(engine, keyring(), tuning).await.expect("the store opens");
    store.begin_generation("a", NOW).await.expect("a process that is at work");
    Arc::new(store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_killed_lose_and_double_nothing() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let bookings = Bookings::begin(opened(&house.engine).await);
    let mut killer = postgres::superuser(&house.engine).await;
    let kill_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for round in 1..=40 {
        bookings.until(round * 5).await;
        sqlx::query(kill_all).execute(&mut killer).await.unwrap();
    }
    bookings.end(&mut killer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_starts_again_loses_and_doubles_nothing() {
    let Some(cluster) = own_cluster(|| Cluster::start(&[])) else { return };
    let cluster = Arc::new(cluster);
    let bookings = Bookings::begin(opened(&database_on(&cluster.admin, "crashing").await).await);
    for round in 1..=3 {
        bookings.until(round * 20).await;
        let cluster = Arc::clone(&cluster);
        spawn_blocking(move || cluster.crash_and_restart()).await.unwrap().expect("it starts again");
    }
    bookings.until(80).await;
    bookings.end(&mut cluster.admin.clone().database("crashing").connect().await.unwrap()).await;
}

/// 96 MiB, of which a fresh cluster takes half.
fn on_a_small_disk() -> Result<Cluster, String> {
    let home = Cluster::home()?;
    finished(Command::new("mount").args(["-t", "tmpfs", "-o", "size=96m", "tmpfs"]).arg(&home))?;
    Cluster::start_in(home, &["max_wal_size=8MB", "min_wal_size=2MB", "autovacuum=off"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_loses_and_doubles_nothing() {
    if !is_root() {
        return postgres::say("SKIPPED: a small disk can only be mounted by root");
    }
    // Where mounting is forbidden to root, too, this says so.
    let Ok(cluster) =
        on_a_small_disk().map_err(|reason| postgres::say(&format!("SKIPPED: no small disk: {reason}")))
    else {
        return;
    };
    let engine = database_on(&cluster.admin, "cramped").await;
    let bookings = Bookings::begin(opened(&engine).await);
    let ballast = cluster.home.join("ballast");
    for round in 1..=3 {
        bookings.until(round * 20).await;
        let filled = std::fs::File::create(&ballast)
            .and_then(|mut file| std::io::copy(&mut std::io::repeat(0), &mut file).map(drop));
        assert_eq!(filled.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        // It may go down over its journal, and then nobody is told anything until it is back.
        bookings.until_refused_or(async || cluster.admin.connect().await.is_err()).await;
        std::fs::remove_file(&ballast).unwrap();
        // Whoever runs it makes room, and starts it if it is down.
        let _ = cluster.begin();
    }
    bookings.until(80).await;
    bookings.end(&mut cluster.admin.clone().database("cramped").connect().await.unwrap()).await;
}

/// By whoever writes something, until that number is behind it. Says which was given first.
async fn give_numbers_up_to(number: i64, admin: &mut PgConnection) -> i64 {
    let next = async |admin: &mut PgConnection| -> i64 {
        let next = "SELECT pg_current_xact_id()::text::bigint";
        sqlx::query_scalar(next).fetch_one(admin).await.unwrap()
    };
    let first = next(admin).await;
    while next(admin).await < number {}
    first
}

/// A server that crashed gives the number of a transaction again of which nothing was on its disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_was_forgotten_and_given_to_another_is_not_taken_for_ours() {
    let settings = ["wal_level=minimal", "max_wal_senders=0", "wal_writer_delay=10s"];
    let Some(cluster) = own_cluster(|| Cluster::start(&settings)) else { return };
    let cluster = Arc::new(cluster);
    let engine = database_on(&cluster.admin, "forgetful").await;
    let wire = Arc::new(Wire::before(&engine).await);
    let bookings = Bookings::new(opened(&wire.engine).await);
    bookings.make(1, || {}).await;
    wire.arm_for_long(Cut::Swallow);
    let making = tokio::spawn({
        let bookings = bookings.clone();
        async move { bookings.make(2, || {}).await }
    });
    until("a COMMIT that does not arrive", async || (!wire.is_armed()).then_some(())).await;
    let open = "SELECT MAX(backend_xid::text::bigint) FROM pg_stat_activity WHERE datname = 'forgetful'";
    let number: i64 =
        sqlx::query_scalar(open).fetch_one(&mut cluster.admin.connect().await.unwrap()).await.unwrap();
    let crashing = Arc::clone(&cluster);
    spawn_blocking(move || crashing.crash_and_restart()).await.unwrap().expect("it starts again");
    let mut admin = cluster.admin.connect().await.unwrap();
    let first = give_numbers_up_to(number, &mut admin).await;
    assert!(first <= number, "the server remembers {number}: it gave {first}");
    let status: String = sqlx::query_scalar("SELECT pg_xact_status($1::text::xid8)")
        .bind(number)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(status, "committed", "another's");
    wire.mend();
    making.await.unwrap();
    bookings.assert_kept(2, &mut cluster.admin.clone().database("forgetful").connect().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_looked_up_and_one_that_never_arrived_is_made_again() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let wire = Wire::before(&house.engine).await;
    let bookings = Bookings::new(opened(&wire.engine).await);
    for (no, cut) in (1..).zip([Cut::Answer, Cut::Commit, Cut::Answer, Cut::Commit]) {
        bookings.make(no, || wire.arm(cut)).await;
        assert!(!wire.is_armed(), "the connection was cut");
    }
    assert_eq!(bookings.refusals(), [""; 0], "nobody was told of it");
    bookings.assert_kept(4, &mut postgres::superuser(&house.engine).await).await;
}

/// From now on each COMMIT waits for this lock.
const WAITS: &str = "
    CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(555); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER waits AFTER INSERT OR UPDATE ON _last_batch DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION waits();
    SELECT pg_advisory_lock(555)";

/// From now on each COMMIT is refused.
const REFUSES: &str = "
    CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53400'; END $$;
    CREATE CONSTRAINT TRIGGER refuses AFTER INSERT OR UPDATE ON _last_batch DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuses()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_refused_is_an_answer_and_not_asked_after() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let bookings = Bookings::new(opened(&house.engine).await);
    let mut admin = postgres::superuser(&house.engine).await;
    admin.execute(REFUSES).await.unwrap();
    let going_on = bookings.clone();
    let making = tokio::spawn(async move { going_on.make(1, || {}).await });
    until("a refusal", async || bookings.refusals().first().cloned()).await;
    admin.execute("DROP FUNCTION refuses CASCADE").await.unwrap();
    making.await.unwrap();
    assert_eq!(bookings.refusals()[0], "the database refused with code 53400");
    bookings.assert_kept(1, &mut admin).await;
}

/// Of the store's sessions, by what it asked last.
const ASKED: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                     AND (query LIKE '%pg_xact_status%' OR query LIKE 'SELECT batch FROM _last_batch%')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_server_is_still_at_is_waited_for() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let wire = Wire::before(&house.engine).await;
    let bookings = Bookings::new(opened(&wire.engine).await);
    let mut admin = postgres::superuser(&house.engine).await;
    admin.execute(WAITS).await.unwrap();
    wire.arm(Cut::Leave);
    let going_on = bookings.clone();
    let making = tokio::spawn(async move { going_on.make(1, || {}).await });
    until("a question what became of it", async || {
        let asked: i64 = sqlx::query_scalar(ASKED).fetch_one(&mut admin).await.unwrap();
        (asked > 0).then_some(())
    })
    .await;
    admin.execute("SELECT pg_advisory_unlock(555)").await.unwrap();
    making.await.unwrap();
    assert_eq!(bookings.refusals(), [""; 0], "nobody was told of it");
    bookings.assert_kept(1, &mut admin).await;
}
