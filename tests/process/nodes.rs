//! Two daemons of different nodes on one PostgreSQL: what the one is told the other follows, and what the one cannot
//! finish the other does.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;

use crate::daemon::Daemon;
use crate::owners::ROLE_LASTS;
use crate::patience::until;
use crate::postgres;
use crate::premises::{OPERATOR_TOKEN, Premises};
use crate::town::{MAPLE_LINE, Town};

const EX_TEMPFAIL: i32 = 75;

/// `None`: there is no PostgreSQL here.
async fn two_nodes() -> Option<(Premises, Daemon, Daemon)> {
    let Some(Engine::Postgres { url }) = postgres::database().await else { return None };
    let mut premises = Premises::around(Town::open().await);
    premises.set("VITARAD_STORE__URL", url.expose_secret());
    premises.set("VITARAD_HOUSE__DEAD_AFTER_SECONDS", "3");
    let node = premises.environment["VITARAD_NODE__NAME"].clone();
    let a = Daemon::serve(&premises, &[]).await;
    premises.set("VITARAD_NODE__NAME", &format!("{node}-b"));
    let b = Daemon::serve(&premises, &[]).await;
    Some((premises, a, b))
}

async fn generation(daemon: &Daemon) -> i64 {
    let report = daemon.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
    report["generation"].as_i64().expect("a number")
}

/// The processes at work, as this one's operator is told.
async fn members(daemon: &Daemon) -> Vec<Value> {
    let report = daemon.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
    report["members"].as_array().cloned().expect("a list")
}

/// Of this life, each role and when its lease runs out.
async fn roles(premises: &Premises, generation: i64) -> BTreeMap<String, i64> {
    let mut store =
        PgConnection::connect(&premises.environment["VITARAD_STORE__URL"]).await.expect("a store");
    let held = "SELECT role, expires_at FROM role_lease WHERE owner = $1";
    let held = sqlx::query_as(held).bind(generation).fetch_all(&mut store).await;
    held.expect("rows").into_iter().collect()
}

async fn clinic_name(daemon: &Daemon) -> Value {
    let asked = daemon.platform.post("/clinics/maple/api/vapi/get-clinic-info", "{}").await;
    asked.expect("an answer").json()["clinic"]["name"].clone()
}

#[tokio::test]
async fn what_one_node_is_told_of_its_clinics_the_other_follows() {
    let Some((premises, a, b)) = two_nodes().await else { return };
    let reloads = |daemon: &Daemon| daemon.process.out().matches("\"reloaded\"").count();
    assert_eq!(clinic_name(&b).await, "Maple Family Practice");
    for (round, told, name) in [(1, &a, "Maple and Sons"), (2, &b, "Maple and Daughters")] {
        premises.write_config(&premises.config().replace("Maple Family Practice", name));
        told.process.signal("HUP");
        for node in [&a, &b] {
            until("the new name", async || (clinic_name(node).await == name).then_some(())).await;
            until("the line that says so", async || (reloads(node) >= round).then_some(())).await;
        }
        assert_eq!((reloads(&a), reloads(&b)), (round, round), "nobody follows itself, or back and forth");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_held_up_is_called_dead_and_ends_when_it_goes_on_and_nothing_is_doubled() {
    let Some((premises, a, b)) = two_nodes().await else { return };
    let emr = premises.town.maple();
    let at = |daemon: &Daemon| daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone));
    at(&a).verify(MARIE).await;
    let slot = json!({ "slotId": at(&a).earliest().await });
    until("two members", async || (members(&b).await.len() == 2).then_some(())).await;
    emr.fail("addAppointment", Fault::Latency { ms: 1_500 }, Some(1));
    let (call, wanted) = (at(&a), slot.clone());
    let waiting = tokio::spawn(async move { call.try_ask("book", "create_appointment", &wanted).await });
    until("the write at the EMR", async || emr.requests().contains_key("addAppointment").then_some(())).await;
    a.process.signal("STOP");

    until("its burial", async || b.process.out().contains("is called dead").then_some(())).await;
    let told = until("its booking, settled by the other", async || {
        let told = at(&b).ask("book", "create_appointment", slot.clone()).await;
        (told["code"] != "PENDING").then_some(told)
    })
    .await;
    assert_eq!(told["code"], "BOOKED", "{told}");
    let [only] = members(&b).await.try_into().expect("one member");
    assert_eq!(
        (&only["node"], &only["standing"]),
        (&json!(premises.environment["VITARAD_NODE__NAME"]), &json!("active"))
    );

    a.process.signal("CONT");
    let ended = a.process.ended().await;
    assert_eq!(ended.status.code(), Some(EX_TEMPFAIL), "{}", ended.out);
    assert!(ended.out.contains("this process was called dead by another and ends"), "{}", ended.out);
    let _ = waiting.await;
    assert_eq!(emr.marked().len(), 1);
    assert_eq!(b.health_of("maple").await["unsettled"], 0);
    assert!(b.metrics().await.contains("vitarad_called_dead_total 1"));
}

/// By the rows alone: however slow this machine is, they say when a role was taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_roles_of_a_process_that_died_are_held_again_by_when_its_leases_have_run_out() {
    let Some((premises, mut a, b)) = two_nodes().await else { return };
    let (first, second) = (generation(&a).await, generation(&b).await);
    let all = async |owner| Some(roles(&premises, owner).await).filter(|held| held.len() == 3);
    let left = until("the roles at the first", async || all(first).await).await;
    a.process.kill();
    let taken = until("the roles at the other", async || all(second).await).await;
    let lasts = i64::try_from(ROLE_LASTS.as_micros()).expect("a few seconds");
    for (role, until) in taken {
        let waited = until - lasts - left[&role];
        assert!(waited <= lasts / 2, "{role} was nobody's for {waited} us longer than its lease");
    }
}
