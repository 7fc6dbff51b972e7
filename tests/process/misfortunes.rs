//! Whatever happens to one of two processes that pass a node on, and at whatever step: afterwards one of them has it, and
//! its roles, and the phone call goes on there.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::daemon::{Daemon, Process, serve};
use crate::engine::around;
use crate::owners::owns_all;
use crate::patience::until;
use crate::premises::Premises;
use crate::town::{MAPLE_LINE, Town};
use crate::voice::PhoneCall;

pub(crate) const SIGABRT: i32 = 6;
pub(crate) const SIGKILL: i32 = 9;
const PANICKED: i32 = 101;
pub(crate) const EX_TEMPFAIL: i32 = 75;
const EX_AT_ONCE: i32 = 130;

/// Who finds its line cut looks for 12 s whether the other one ends, before it gives up.
const SEEING_NOBODY_DIE: Duration = Duration::from_secs(20);

/// As the log names them. A successor owns the node from its claim on, and for good when it has settled.
const OF_A_SUCCESSOR: [&str; 7] = ["hello", "warm", "offer", "freeze", "claim", "open", "settle"];
const OF_AN_INCUMBENT: [&str; 7] = ["warm", "offer", "freeze", "claim", "open", "settle", "over"];

fn call(daemon: &Daemon) -> PhoneCall {
    daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone))
}

/// A node with a phone call under way, and the process that has it.
pub(crate) async fn scene(arguments: &[&str]) -> (Premises, Daemon) {
    scene_in(around(Town::open().await).await, arguments).await
}

pub(crate) async fn scene_in(premises: Premises, arguments: &[&str]) -> (Premises, Daemon) {
    let first = Daemon::serve(&premises, arguments).await;
    call(&first).verify(MARIE).await;
    (premises, first)
}

/// A successor that meets this fate.
pub(crate) fn ill_fated(premises: &Premises, step: &str, blow: &str) -> Process {
    serve(premises, &["--takeover", "--crash-at-step", &format!("{step}:{blow}")])
}

/// Whoever answers knows who was verified.
pub(crate) async fn goes_on(daemon: &Daemon, told: &str) {
    assert!(call(daemon).earliest().await.is_string(), "{told}");
}

/// One that is stopped amid a transaction holds rows up until the server ends that. For so long the other may not hear who
/// shares the EMRs with it, and asks none.
async fn goes_on_beside_it(daemon: &Daemon, told: &str) {
    let mut tries = 0;
    until(told, async || {
        tries += 1;
        let found =
            call(daemon).ask(&format!("beside-{tries}"), "find_earliest_appointment", json!({})).await;
        (found["code"] == "SLOT_FOUND").then_some(())
    })
    .await;
}

pub(crate) async fn is_booked(daemon: &Daemon, told: &str) {
    let slot = call(daemon).earliest().await;
    let answer = call(daemon).ask("book", "create_appointment", json!({ "slotId": slot })).await;
    assert_eq!(answer["code"], "BOOKED", "{told}: {answer}");
}

async fn hands_over_at_last(premises: &Premises, first: Daemon) {
    let next = Daemon::take_over(premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    is_booked(&next, "after all").await;
}

/// At each step a successor ends like this; the incumbent serves on, and the next one takes over.
async fn the_incumbent_serves_on(blow: &str, is_so: impl Fn(ExitStatus) -> bool) {
    let (premises, first) = scene(&[]).await;
    for step in OF_A_SUCCESSOR {
        let ended = ill_fated(&premises, step, blow).ended().await;
        assert!(is_so(ended.status), "{step}: {ended:?}");
        goes_on(&first, step).await;
        owns_all(&premises, &first, step).await;
    }
    hands_over_at_last(&premises, first).await;
}

/// At each step an incumbent ends like this; the successor serves.
async fn the_successor_serves(blow: &str, is_so: impl Fn(ExitStatus) -> bool) {
    for step in OF_AN_INCUMBENT {
        let (premises, first) = scene(&["--crash-at-step", &format!("{step}:{blow}")]).await;
        let next = Daemon::take_over(&premises).await;
        let ended = first.process.ended().await;
        assert!(is_so(ended.status), "{step}: {ended:?}");
        is_booked(&next, step).await;
        owns_all(&premises, &next, step).await;
        next.process.signal("TERM");
        assert_eq!(next.process.ended().await.status.code(), Some(0), "{step}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_successor_dies_the_incumbent_serves_on() {
    the_incumbent_serves_on("abort", |status| status.signal() == Some(SIGABRT)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_successor_panics_the_incumbent_serves_on() {
    the_incumbent_serves_on("panic", |status| status.code() == Some(PANICKED)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_successor_is_told_to_stop_the_incumbent_serves_on() {
    the_incumbent_serves_on("term", |status| status.code() == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_successor_is_told_twice_the_incumbent_serves_on() {
    the_incumbent_serves_on("term-twice", |status| status.code() == Some(EX_AT_ONCE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_an_incumbent_dies_the_successor_serves() {
    the_successor_serves("abort", |status| status.signal() == Some(SIGABRT)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_an_incumbent_panics_the_successor_serves() {
    the_successor_serves("panic", |status| status.code() == Some(PANICKED)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_an_incumbent_is_told_to_stop_the_successor_serves() {
    the_successor_serves("term", |status| status.code() == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_an_incumbent_is_told_twice_the_successor_serves() {
    the_successor_serves("term-twice", |status| status.code() == Some(EX_AT_ONCE)).await;
}

pub(crate) async fn stopped(process: &Process, told: &str) {
    until(told, async || process.is_stopped().then_some(())).await;
}

/// Before its claim it is nobody's concern that it hangs. After it the incumbent takes the node back: when the other one
/// wakes it learns of that from the rows, unless it was killed because it held them up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_successor_hangs_the_incumbent_serves_on() {
    let hangs = async |step: &str| {
        let (premises, first) = scene(&[]).await;
        let mut hung = ill_fated(&premises, step, "stop");
        stopped(&hung, step).await;
        goes_on_beside_it(&first, step).await;
        if ["claim", "open", "settle"].contains(&step) {
            until("what became of it", async || {
                first.process.out().contains("the handoff is over").then_some(())
            })
            .await;
            hung.signal("CONT");
            let ended = hung.ended_within(SEEING_NOBODY_DIE).await;
            let was_killed = ended.status.signal() == Some(SIGKILL);
            assert!(was_killed || ended.status.code() == Some(EX_TEMPFAIL), "{step}: {ended:?}");
        } else {
            hung.kill();
            assert_eq!(hung.ended().await.status.signal(), Some(SIGKILL), "{step}");
        }
        goes_on(&first, step).await;
        owns_all(&premises, &first, step).await;
        hands_over_at_last(&premises, first).await;
    };
    join_all(OF_A_SUCCESSOR.map(hangs)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incumbent_that_hangs_before_the_freeze_keeps_the_node() {
    let (premises, first) = scene(&["--crash-at-step", "offer:stop"]).await;
    let refused = serve(&premises, &["--takeover"]).ended().await;
    assert_eq!(refused.status.code(), Some(EX_TEMPFAIL), "{refused:?}");
    first.process.signal("CONT");
    goes_on(&first, "awake").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incumbent_that_hangs_after_the_claim_is_not_waited_for() {
    let (premises, first) = scene(&["--crash-at-step", "open:stop"]).await;
    let next = Daemon::take_over(&premises).await;
    goes_on_beside_it(&next, "without the former process").await;
    first.process.signal("CONT");
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    is_booked(&next, "after it").await;
}

#[tokio::test]
async fn a_successor_that_cannot_read_the_clinics_is_not_given_the_node() {
    let (mut premises, first) = scene(&[]).await;
    let ours = premises.environment["VITARAD_CRYPTO__MASTER_KEY"].clone();
    premises.set("VITARAD_CRYPTO__MASTER_KEY", &"0f".repeat(32));
    let unfit = serve(&premises, &["--takeover"]).ended().await;
    assert_eq!(unfit.status.code(), Some(EX_TEMPFAIL), "{unfit:?}");
    goes_on(&first, "unfit").await;
    premises.set("VITARAD_CRYPTO__MASTER_KEY", &ours);
    hands_over_at_last(&premises, first).await;
}

/// The clinics as the store has them: every process on it follows.
async fn is_declared(premises: &Premises, clinic: &str) -> bool {
    let file = premises.config_file();
    let config = file.to_str().expect("a path in UTF-8");
    let line = ["emr", "capabilities", "--clinic", clinic, "--config", config];
    Process::start(&line, &premises.environment).ended().await.status.code() == Some(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_successor_declares_counts_from_its_settlement_on() {
    let (premises, first) = scene(&[]).await;
    let all = premises.config();
    let (without_cedar, _) = all.rsplit_once("[[clinics]]").expect("two clinics");
    premises.write_config(&without_cedar.replace("Maple Family Practice", "Maple and Birch"));
    for step in OF_A_SUCCESSOR {
        ill_fated(&premises, step, "abort").ended().await;
        assert!(is_declared(&premises, "cedar").await, "{step}");
        goes_on(&first, step).await;
    }
    let next = Daemon::take_over(&premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    until("the new declarations", async || (!is_declared(&premises, "cedar").await).then_some(())).await;
    let name = async || {
        let asked = next.platform.post("/clinics/maple/api/vapi/get-clinic-info", "{}").await;
        asked.expect("an answer").json()["clinic"]["name"].clone()
    };
    until("the new name", async || (name().await == "Maple and Birch").then_some(())).await;
}

/// Answers that say nothing of whether the house behind the door does its work.
async fn looked_at(daemon: &Daemon) {
    let strangers = daemon.platform.with("x-api-key", "not ours");
    for _ in 0..8 {
        for page in ["/livez", "/readyz", "/health", "/nowhere"] {
            assert!(daemon.platform.get(page, "").await.is_some(), "{page}");
        }
        let refused = strangers.post("/api/vapi", "{}").await.expect("an answer");
        assert!([401, 429].contains(&refused.status), "{}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_an_answered_webhook_proves_a_successor() {
    let (premises, first) = scene(&[]).await;
    let unproven = Daemon::serve(&premises, &["--takeover"]).await;
    looked_at(&unproven).await;
    unproven.process.signal("TERM");
    assert_eq!(unproven.process.ended().await.status.code(), Some(0), "the node was not its own yet");
    assert!(first.process.out().contains("\"handoff.kept\":\"TakenBack\""));
    goes_on(&first, "taken back").await;
    hands_over_at_last(&premises, first).await;
}
