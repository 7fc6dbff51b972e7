//! Successors that come to nothing, and an incumbent that dies, while the telephones ring: nobody notices whom the dead
//! process was not talking to.

use std::time::Duration;

use secrecy::SecretString;
use vitarad::store::Engine;

use crate::callers::{Callers, readers};
use crate::clients::Fate;
use crate::daemon::{Daemon, serve};
use crate::load::{Load, Tally};
use crate::patience::until;
use crate::premises::Premises;
use crate::{ALONE, Scale, postgres, premises, while_booking};

/// How far a successor comes, and what happens to it there. Before its door opens it has talked to nobody; told to stop
/// after it, it answers whom it has let in.
const UNNOTICED: [&str; 7] = [
    "warm:abort",
    "freeze:abort",
    "claim:abort",
    "open:abort",
    "open:stop",
    "settle:term",
    "claim:term-twice",
];
/// It has let somebody in.
const MAY_BE_NOTICED: &str = "settle:abort";
/// Of an incumbent. Its socket is the successor's, too, by then.
const DEATHS: [&str; 2] = ["freeze:abort", "open:abort"];

/// Who finds its line cut looks for 12 s whether the other one ends, before it gives up.
const SEEING_NOBODY_DIE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn successors_that_fail_on_sqlite_are_noticed_by_nobody() {
    let _alone = ALONE.lock().await;
    fail_again_and_again(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn successors_that_fail_on_postgresql_are_noticed_by_nobody() {
    let _alone = ALONE.lock().await;
    if let Some(Engine::Postgres { url }) = postgres::database().await {
        fail_again_and_again(Some(url)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incumbent_that_dies_takes_nobody_with_it_but_those_it_talks_to() {
    let _alone = ALONE.lock().await;
    for death in DEATHS {
        let premises = well_off(None).await;
        let first = Daemon::serve(&premises, &["--crash-at-step", death]).await;
        let load = load_on(&first).await;
        let next = Daemon::take_over(&premises).await;
        assert_eq!(first.process.ended().await.status.code(), None, "{death}: it was to die");
        load.more(usize::try_from(Scale::wanted().per_second).expect("a number")).await;
        nobody_else_was_met(death, &load.end().await);
        next.process.signal("TERM");
        assert_eq!(next.process.ended().await.status.code(), Some(0), "{death}");
    }
}

/// A door that was shut for as long as a successor hung finds many questions before it: they shall not wait for the budget.
async fn well_off(store: Option<SecretString>) -> Premises {
    let mut premises = premises(store).await;
    premises.set("VITARAD_LIMITS__REQUESTS_PER_SECOND", "200");
    premises.set("VITARAD_LIMITS__BURST", "200");
    premises
}

async fn load_on(daemon: &Daemon) -> Load {
    let scale = Scale::wanted();
    let load = Load::on(daemon.addr, scale.per_second, scale.live_calls, readers(daemon).await);
    load.more(scale.live_calls).await;
    load
}

async fn fail_again_and_again(store: Option<SecretString>) {
    let premises = well_off(store).await;
    let emr = premises.town.maple();
    let first = Daemon::serve(&premises, &[]).await;
    let mut callers = Callers::ring(&first).await;
    let load = load_on(&first).await;
    for (turn, fate) in UNNOTICED.into_iter().enumerate() {
        while_booking(&mut callers, &emr, turn, fails(&premises, &first, fate)).await;
    }
    let tally = load.end().await;
    assert!(tally.examples.is_empty(), "{:#?}", tally.examples);
    assert!(tally.of(Fate::Answered) > 0);

    let load = load_on(&first).await;
    while_booking(&mut callers, &emr, UNNOTICED.len(), fails(&premises, &first, MAY_BE_NOTICED)).await;
    nobody_else_was_met(MAY_BE_NOTICED, &load.end().await);

    let last = Daemon::take_over(&premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    assert_eq!(callers.lost_and_doubled(&emr), (0, 0));
    callers.hang_up(&last, &premises).await;
}

/// Until the incumbent has it behind it.
async fn fails(premises: &Premises, incumbent: &Daemon, fate: &str) {
    let handoffs = || incumbent.process.out().matches("the handoff is over").count();
    let before = handoffs();
    let successor = serve(premises, &["--takeover", "--crash-at-step", fate]);
    until(fate, async || (handoffs() > before).then_some(())).await;
    if successor.is_stopped() {
        successor.signal("CONT");
    }
    successor.ended_within(SEEING_NOBODY_DIE).await;
}

/// Connections end with their process. Nothing else may go wrong.
fn nobody_else_was_met(what: &str, tally: &Tally) {
    let otherwise: Vec<_> =
        tally.fates.iter().filter(|(fate, _)| ![Fate::Answered, Fate::Reset].contains(fate)).collect();
    assert!(otherwise.is_empty(), "{what}: {otherwise:?} {:#?}", tally.examples);
    let (answered, reset) = (tally.of(Fate::Answered), tally.of(Fate::Reset));
    assert!(answered > 20 * reset, "{what}: {answered} answered, {reset} reset");
}
