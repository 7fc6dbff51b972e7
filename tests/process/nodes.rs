//! Two daemons of different nodes on one PostgreSQL: what the one is told the other follows, and what the one cannot
//! finish the other does.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;

use crate::daemon::Daemon;
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

/// The processes at work, as this one's operator is told.
async fn members(daemon: &Daemon) -> Vec<Value> {
    let report = daemon.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
    report["members"].as_array().cloned().expect("a list")
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
