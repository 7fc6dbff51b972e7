//! What has to wait for the store, and is made good by itself: what a successor leaves alone until the node is its own for
//! good (the clinics as it declares them, and their keys), journals, and the singletons' work.

use secrecy::ExposeSecret;
use sqlx::PgConnection;
use vitarad::store::Engine;

use crate::daemon::Daemon;
use crate::engine::around;
use crate::misfortunes::{goes_on, ill_fated, scene_in};
use crate::patience::until;
use crate::postgres;
use crate::premises::Premises;
use crate::town::Town;

const WAITS: &str = "what the settings declare of clinics waits for the store";
const KEPT_WAITING: &str = "a singleton's work waits for the store";
const NOT_ADOPTED: &str = "the journal could not be adopted yet";

/// On a store of which one table can be held up. `None`: there is no PostgreSQL here.
async fn on_postgres() -> Option<(Premises, PgConnection)> {
    let engine = postgres::database().await?;
    let Engine::Postgres { url } = &engine else { unreachable!() };
    let mut premises = Premises::around(Town::open().await);
    premises.set("VITARAD_STORE__URL", url.expose_secret());
    Some((premises, postgres::superuser(&engine).await))
}

async fn told(store: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(store).await.expect("PostgreSQL obeys");
}

/// Somebody waits for what this connection holds.
async fn is_waited_for(store: &mut PgConnection) -> bool {
    let waiting =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))";
    let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(store).await.expect("a number");
    waiting > 0
}

fn says(daemon: &Daemon, message: &str) -> usize {
    daemon.process.out().matches(message).count()
}

async fn name_of_maple(daemon: &Daemon) -> String {
    let asked = daemon.platform.post("/clinics/maple/api/vapi/get-clinic-info", "{}").await;
    asked.expect("an answer").json()["clinic"]["name"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_successor_cannot_declare_at_once_it_declares_by_itself() {
    let Some((premises, mut store)) = on_postgres().await else { return };
    let (premises, first) = scene_in(premises, &[]).await;
    premises.write_config(&premises.config().replace("Maple Family Practice", "Maple and Birch"));
    told(&mut store, "BEGIN; LOCK TABLE clinic IN EXCLUSIVE MODE").await;
    let next = Daemon::take_over(&premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    until("trouble", async || (says(&next, WAITS) > 0).then_some(())).await;
    until("another try", async || is_waited_for(&mut store).await.then_some(())).await;
    let unready = next.platform.get("/readyz", "").await.expect("an answer");
    assert_eq!((unready.status, unready.text.as_str()), (503, "the clinics are not declared yet"));
    assert_eq!(name_of_maple(&next).await, "Maple Family Practice");

    told(&mut store, "ROLLBACK").await;
    until("the new name", async || (name_of_maple(&next).await == "Maple and Birch").then_some(())).await;
    until("readiness", async || next.platform.get("/readyz", "").await.filter(|reply| reply.status == 200))
        .await;
    assert_eq!((says(&next, WAITS), says(&next, "\"reloaded\""), says(&next, "not reloaded")), (1, 1, 0));
}

async fn metric(daemon: &Daemon, name: &str) -> Option<u32> {
    let page = daemon.metrics().await;
    page.lines().find(|line| line.starts_with(name))?.rsplit(' ').next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn singletons_that_wait_for_the_store_say_so_once() {
    let Some((premises, mut store)) = on_postgres().await else { return };
    let daemon = Daemon::serve(&premises, &[]).await;
    told(&mut store, "BEGIN; LOCK TABLE role_lease IN EXCLUSIVE MODE").await;
    for role in ["audit", "retention", "sms"] {
        let name = format!("vitarad_singletons_kept_waiting_total{{role=\"{role}\"}}");
        until("the third try", async || metric(&daemon, &name).await.filter(|tries| *tries >= 3)).await;
    }
    assert_eq!(says(&daemon, KEPT_WAITING), 3, "one for each");
    told(&mut store, "ROLLBACK").await;
    until("its end", async || (says(&daemon, "a singleton's work goes on") == 3).then_some(())).await;
    assert_eq!(says(&daemon, KEPT_WAITING), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_adopted_is_complained_of_once() {
    let Some((premises, mut store)) = on_postgres().await else { return };
    told(&mut store, "BEGIN; LOCK TABLE intent IN EXCLUSIVE MODE").await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let tries = "vitarad_journals_not_adopted_total{clinic=\"maple\"}";
    until("the third try", async || metric(&daemon, tries).await.filter(|tries| *tries >= 3)).await;
    assert_eq!(says(&daemon, NOT_ADOPTED), 2, "maple's and cedar's");
    told(&mut store, "ROLLBACK").await;
    until("its end", async || (says(&daemon, "adopted unsettled lines of the journal") == 2).then_some(()))
        .await;
    assert_eq!(says(&daemon, NOT_ADOPTED), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clinics_keys_are_wrapped_anew_by_who_has_settled_and_not_before() {
    const MASTER: &str = "VITARAD_CRYPTO__MASTER_KEY";
    const PREVIOUS: &str = "VITARAD_CRYPTO__PREVIOUS_MASTER_KEY";
    let (mut premises, first) = scene_in(around(Town::open().await).await, &[]).await;
    let (former, new) = (premises.environment[MASTER].clone(), "0f".repeat(32));
    premises.set(MASTER, &new);
    premises.set(PREVIOUS, &former);
    ill_fated(&premises, "settle", "abort").ended().await;
    first.process.signal("TERM");
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    premises.set(MASTER, &former);
    premises.environment.remove(PREVIOUS);
    let again = Daemon::serve(&premises, &[]).await;
    goes_on(&again, "by the former key alone").await;

    premises.set(MASTER, &new);
    premises.set(PREVIOUS, &former);
    let next = Daemon::take_over(&premises).await;
    assert_eq!(again.process.ended().await.status.code(), Some(0));
    until("what it declares", async || (says(&next, "\"reloaded\"") > 0).then_some(())).await;
    next.process.signal("TERM");
    assert_eq!(next.process.ended().await.status.code(), Some(0));
    premises.environment.remove(PREVIOUS);
    goes_on(&Daemon::serve(&premises, &[]).await, "by the new key alone").await;
}
