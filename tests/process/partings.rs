//! Who has the node when a process is told to stop amid a handoff, when a successor dies with it, and while the store does
//! not answer.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::time::timeout;

use crate::daemon::{Daemon, Process, serve};
use crate::misfortunes::{EX_TEMPFAIL, SIGKILL, goes_on, ill_fated, is_booked, scene, stopped};
use crate::owners::owns_all;
use crate::patience::until;
use crate::premises::Premises;
use crate::voice::Platform;

/// Before a shut door nobody is told to wait no longer.
const A_WHILE: Duration = Duration::from_secs(1);
const A_QUESTION: &str = "/clinics/maple/api/vapi/get-clinic-info";

/// It is let in, and nobody has asked it anything.
async fn on_probation(process: Process) -> Process {
    until("an open door", async || process.out().contains("\"serving\"").then_some(())).await;
    process
}

/// A transaction that keeps all others from the rows that say whose the node is. They can be read.
pub(crate) enum Held {
    Lite(SqliteConnection),
    Pg(PgConnection),
}

impl Held {
    pub(crate) async fn let_go(self) {
        match self {
            Self::Lite(writing) => writing.close().await,
            Self::Pg(writing) => writing.close().await,
        }
        .expect("an end");
    }
}

/// As by a process that hangs amid its transaction.
pub(crate) async fn held_up(premises: &Premises) -> Held {
    let url = &premises.environment["VITARAD_STORE__URL"];
    if url.starts_with("sqlite:") {
        let mut writing = SqliteConnection::connect(url).await.expect("the file");
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut writing).await.expect("a transaction");
        Held::Lite(writing)
    } else {
        let mut writing = PgConnection::connect(url).await.expect("PostgreSQL answers");
        let begin = "BEGIN; LOCK TABLE instance IN EXCLUSIVE MODE";
        sqlx::raw_sql(begin).execute(&mut writing).await.expect("a transaction");
        Held::Pg(writing)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incumbent_that_is_told_to_stop_does_not_wait_for_its_successor_to_prove_itself() {
    let (premises, first) = scene(&[]).await;
    let next = on_probation(serve(&premises, &["--takeover"])).await;
    first.process.signal("TERM");
    let ended = first.process.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.out);
    assert!(ended.out.contains("\"Given\""), "{}", ended.out);
    let next = Daemon::of(next).await;
    is_booked(&next, "after all").await;
    owns_all(&premises, &next, "after all").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_the_node_left_to_a_dead_successor_is_to_be_started_again() {
    for blow in ["abort", "panic", "term-twice"] {
        let (premises, first) = scene(&[]).await;
        let next = on_probation(ill_fated(&premises, "over", blow)).await;
        // It dies of the proof, and may take the answer with it.
        let _ = first.platform.post(A_QUESTION, "{}").await;
        next.ended().await;
        let ended = first.process.ended().await;
        assert_eq!(ended.status.code(), Some(EX_TEMPFAIL), "{blow}: {}", ended.out);
        assert!(ended.out.contains("left to a successor that is dead"), "{blow}: {}", ended.out);
        let again = Daemon::serve(&premises, &[]).await;
        is_booked(&again, blow).await;
        owns_all(&premises, &again, blow).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_whose_settlement_waits_for_the_store_is_not_taken_for_dead() {
    let (premises, first) = scene(&[]).await;
    let next = on_probation(serve(&premises, &["--takeover"])).await;
    let held = held_up(&premises).await;
    let _ = first.platform.post(A_QUESTION, "{}").await;
    // Each is two seconds of silence and more, if it is one: five are not borne.
    let waits = || next.out().matches("the handoff waits for the store").count();
    until("a settlement that is late", async || (waits() >= 3).then_some(())).await;
    held.let_go().await;
    let ended = first.process.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.out);
    assert!(!ended.out.contains("\"take_back\""), "{}", ended.out);
    is_booked(&Daemon::of(next).await, "settled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_dead_successor_the_door_is_opened_before_the_rows_have_answered() {
    let (premises, first) = scene(&[]).await;
    let hung = ill_fated(&premises, "open", "stop");
    stopped(&hung, "after its claim").await;
    let held = held_up(&premises).await;
    // By a connection of its own: who is inside is served all the time.
    let knocks = async || timeout(A_WHILE, Platform::of(first.addr).get("/livez", "")).await.ok().flatten();
    until("an open door", async || knocks().await.filter(|reply| reply.status == 200)).await;
    assert!(!first.process.out().contains("the handoff is over"), "{}", first.process.out());
    assert_eq!(hung.ended().await.status.signal(), Some(SIGKILL));
    held.let_go().await;
    until("the node", async || first.process.out().contains("\"TakenBack\"").then_some(())).await;
    is_booked(&first, "after all").await;
    owns_all(&premises, &first, "after all").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_that_waits_for_the_store_leaves_when_it_is_told_to() {
    let (premises, first) = scene(&[]).await;
    let held = held_up(&premises).await;
    let next = serve(&premises, &["--takeover"]);
    until("a successor at work", async || next.out().contains("\"warm\"").then_some(())).await;
    next.signal("TERM");
    let ended = next.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.out);
    held.let_go().await;
    goes_on(&first, "all the time").await;
}
