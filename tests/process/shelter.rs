//! A daemon that starts while its store is away: callers are put through all the same, and it comes to itself when the
//! store does.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;

use crate::daemon::{Daemon, Process, serve};
use crate::misfortunes::{ill_fated, is_booked, stopped};
use crate::partings::held_up;
use crate::patience::until;
use crate::postgres::cluster::Cluster;
use crate::postgres::{database_on, own_cluster};
use crate::premises::Premises;
use crate::systemd::Ear;
use crate::town::{MAPLE_LINE, Town};
use crate::voice::{PhoneCall, Platform};

const AWAY: &str = "the store is away: callers can only be put through";

/// A server that can be taken away, and premises with a database on it.
async fn beside_a_server() -> Option<(Cluster, Premises)> {
    let cluster = own_cluster(|| Cluster::start(&[]))?;
    let Engine::Postgres { url } = database_on(&cluster.admin, "ours").await else { unreachable!() };
    let mut premises = always_open(Premises::around(Town::open().await));
    premises.set("VITARAD_STORE__URL", url.expose_secret());
    Some((cluster, premises))
}

/// Somebody is always there to be put through to.
fn always_open(premises: Premises) -> Premises {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let always = days.map(|day| format!("{day} = [\"00:00-24:00\"]")).join(", ");
    let line = format!("transfers = {{ hours = {{ {always} }} }}\ntransfer = ");
    premises.write_config(&premises.config().replacen("transfer = ", &line, 1));
    premises
}

async fn platform_of(process: &Process, message: &str) -> Platform {
    let addr = until(message, async || {
        let lines = process.out();
        let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let said = lines.into_iter().find(|line| line["message"] == message)?;
        said["http.addr"].as_str()?.parse().ok()
    })
    .await;
    Platform::of(addr)
}

fn call(platform: &Platform) -> PhoneCall {
    platform.call("call-1", MAPLE_LINE, Some(MARIE.phone))
}

async fn is_put_through(platform: &Platform) {
    let person = call(platform).ask("t1", "transfer_call", json!({ "reason": "caller_request" })).await;
    assert_eq!(person["code"], "TRANSFER", "{person}");
}

#[tokio::test]
async fn a_start_without_the_store_puts_callers_through_until_it_is_there() {
    let Some((cluster, mut premises)) = beside_a_server().await else { return };
    let systemd = Ear::of(&mut premises);
    cluster.crash().expect("it goes down");
    let process = serve(&premises, &[]);
    let platform = platform_of(&process, AWAY).await;
    assert_eq!(systemd.hears_news().await, "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=waiting for the store");

    is_put_through(&platform).await;
    let pain = json!({ "reason": "chest pain" });
    let alarmed = call(&platform).ask("t2", "create_appointment", pain).await;
    assert_eq!(alarmed["code"], "EMERGENCY", "{alarmed}");
    let born = json!({ "dateOfBirth": MARIE.birth.to_string() });
    let other = call(&platform).ask("t3", "search_patient_by_phone", born).await;
    assert_eq!(other["code"], "INTERNAL_ERROR", "{other}");
    assert!(other["say"].as_str().is_some_and(|say| say.contains("604")), "whom to ring: {other}");
    let ended = platform.post("/api/vapi", call(&platform).ended().to_string()).await.expect("an answer");
    assert_eq!(ended.status, 503, "what cannot be kept is sent again: {ended:?}");
    let status = async |path: &str| platform.get(path, "").await.expect("an answer").status;
    assert_eq!((status("/livez").await, status("/readyz").await), (200, 503));

    cluster.begin().expect("it comes up");
    let serving = platform_of(&process, "serving").await;
    until("readiness", async || serving.get("/readyz", "").await.filter(|reply| reply.status == 200)).await;
    call(&serving).verify(MARIE).await;
    process.signal("TERM");
    assert_eq!(process.ended().await.status.code(), Some(0));
}

#[tokio::test]
async fn who_waits_for_the_store_ends_when_told_to() {
    let Some((cluster, premises)) = beside_a_server().await else { return };
    cluster.crash().expect("it goes down");
    let process = serve(&premises, &[]);
    drop(platform_of(&process, AWAY).await);
    process.signal("TERM");
    assert_eq!(process.ended().await.status.code(), Some(0));
    cluster.begin().expect("it comes up");
    drop(Daemon::serve(&premises, &[]).await);
}

/// Whoever is left of a node: it stopped at this step, and the one that had the node is dead.
async fn left_alone(premises: &Premises, step: &str) -> Process {
    let mut first = Daemon::serve(premises, &[]).await;
    call(&first.platform).verify(MARIE).await;
    let next = ill_fated(premises, step, "stop");
    stopped(&next, step).await;
    first.process.kill();
    first.process.left().await;
    next
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_claim_the_node_of_a_dead_process_puts_callers_through_until_it_can() {
    let premises = always_open(Premises::around(Town::open().await));
    let next = left_alone(&premises, "claim").await;
    let held = held_up(&premises).await;
    next.signal("CONT");
    let platform = platform_of(&next, AWAY).await;
    is_put_through(&platform).await;
    assert_eq!(platform.get("/readyz", "").await.expect("an answer").status, 503);
    held.let_go().await;
    is_booked(&Daemon::of(next).await, "the call goes on").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_begin_in_place_of_a_dead_process_puts_callers_through_until_it_can() {
    let Some((cluster, premises)) = beside_a_server().await else { return };
    let next = left_alone(&premises, "offer").await;
    cluster.crash().expect("it goes down");
    next.signal("CONT");
    let platform = platform_of(&next, AWAY).await;
    is_put_through(&platform).await;
    cluster.begin().expect("it comes up");
    is_booked(&Daemon::of(next).await, "the call goes on").await;
}
