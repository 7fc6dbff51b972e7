//! Two misfortunes in one handoff: what befalls the one process while it still clears up after the other. Afterwards the
//! node has one owner all the same: whoever is left, or else whoever is started next.

use std::os::unix::process::ExitStatusExt;

use futures::stream::{self, StreamExt};

use crate::daemon::{Daemon, Process};
use crate::misfortunes::{EX_TEMPFAIL, SIGABRT, SIGKILL, ill_fated, is_booked, scene, stopped};
use crate::owners::owns_all;
use crate::premises::Premises;

/// The incumbent's and the successor's. `withdraw`, `take_back` and `alone` are what the one does once the other is struck,
/// `yield` what an incumbent does that is told to stop.
type Fates = (&'static str, &'static str);

const BOTH_DIE: [Fates; 12] = [
    ("warm:abort", "alone:abort"),
    ("offer:abort", "alone:abort"),
    ("freeze:abort", "alone:abort"),
    ("claim:abort", "alone:abort"),
    ("withdraw:abort", "claim:abort"),
    ("withdraw:abort", "claim:stop"),
    ("take_back:abort", "open:abort"),
    ("take_back:abort", "open:stop"),
    ("take_back:abort", "settle:abort"),
    ("yield:abort", "settle:stop"),
    ("open:abort", "over:abort"),
    ("settle:abort", "over:abort"),
];

const A_SUCCESSOR_IS_LEFT: [Fates; 4] = [
    ("withdraw:abort", "claim:stop"),
    ("withdraw:stop", "claim:stop"),
    ("yield:abort", "settle:stop"),
    ("yield:stop", "settle:stop"),
];

const AN_INCUMBENT_IS_LEFT: [Fates; 2] = [("take_back:stop", "open:abort"), ("take_back:stop", "open:stop")];

/// Each is two processes, and they have deadlines.
const AT_ONCE: usize = 3;

async fn each(fates: &[Fates], what_follows: impl AsyncFn(&str, Struck)) {
    let follow = async |fates: &Fates| {
        let (incumbent, successor) = *fates;
        what_follows(&format!("{incumbent} {successor}"), struck(incumbent, successor).await).await;
    };
    stream::iter(fates).for_each_concurrent(AT_ONCE, follow).await;
}

/// Two who have met their fates: each is dead, or hangs.
struct Struck {
    premises: Premises,
    incumbent: Daemon,
    successor: Process,
}

async fn struck(incumbents: &str, successors: &str) -> Struck {
    let (premises, mut incumbent) = scene(&["--crash-at-step", incumbents]).await;
    let (step, blow) = successors.split_once(':').expect("a step and a blow");
    let mut successor = ill_fated(&premises, step, blow);
    meets(&mut successor, successors).await;
    if incumbents.starts_with("yield") {
        incumbent.process.signal("TERM");
    }
    meets(&mut incumbent.process, incumbents).await;
    Struck { premises, incumbent, successor }
}

async fn meets(process: &mut Process, fate: &str) {
    if hangs(fate) {
        stopped(process, fate).await;
    } else {
        assert_eq!(process.left().await.signal(), Some(SIGABRT), "{fate}");
    }
}

fn hangs(fate: &str) -> bool {
    fate.ends_with(":stop")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_both_processes_die_the_next_one_has_the_node() {
    each(&BOTH_DIE, async |told, Struck { premises, mut successor, .. }| {
        if hangs(told) {
            successor.kill();
            assert_eq!(successor.ended().await.status.signal(), Some(SIGKILL), "{told}");
        }
        let next = Daemon::serve(&premises, &[]).await;
        is_booked(&next, told).await;
        owns_all(&premises, &next, told).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_that_wakes_behind_an_incumbent_that_parted_badly_has_the_node() {
    each(&A_SUCCESSOR_IS_LEFT, async |told, Struck { premises, incumbent, successor }| {
        successor.signal("CONT");
        let successor = Daemon::of(successor).await;
        successor.asked().await;
        if told.contains(":stop ") {
            incumbent.process.signal("CONT");
            let ended = incumbent.process.ended().await;
            assert_eq!(ended.status.code(), Some(0), "{told}: {}", ended.out);
        }
        is_booked(&successor, told).await;
        owns_all(&premises, &successor, told).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incumbent_that_hangs_as_it_takes_the_node_back_has_it_when_it_wakes() {
    each(&AN_INCUMBENT_IS_LEFT, async |told, Struck { premises, incumbent, successor }| {
        incumbent.process.signal("CONT");
        is_booked(&incumbent, told).await;
        if hangs(told) {
            successor.signal("CONT");
            let ended = successor.ended().await;
            // Unless it was killed: it might have held up the rows.
            let was_killed = ended.status.signal() == Some(SIGKILL);
            assert!(was_killed || ended.status.code() == Some(EX_TEMPFAIL), "{told}: {ended:?}");
        }
        owns_all(&premises, &incumbent, told).await;
    })
    .await;
}
