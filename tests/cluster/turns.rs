//! Nodes that come and go in order: told to stop, replaced by a new process, away for a while. Nobody who calls notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tokio::task::JoinHandle;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;

use crate::balancer::{Balancer, Kind};
use crate::nodes::Nodes;
use crate::patience::until;
use crate::postgres;
use crate::town::{CEDAR_LINE, Emr, MAPLE_LINE, Town};
use crate::voice::{PhoneCall, Platform};

/// Several callers behind each balancer who ask without end.
struct Load {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    callers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn through(balancers: &[Balancer]) -> Self {
        let (over, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let each = balancers.iter().flat_map(|balancer| (0..2).map(move |nth| (balancer, nth)));
        let callers = each.map(|(balancer, nth)| {
            let (over, answered) = (Arc::clone(&over), Arc::clone(&answered));
            let (platform, kind) = (Platform::of(balancer.addr), balancer.kind);
            tokio::spawn(async move {
                let mut lost = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let number = answered.load(Ordering::Relaxed);
                    let call = platform.call(&format!("{kind:?}-{nth}-{}", number % 50), MAPLE_LINE, None);
                    let body = call.tool_calls(&[(&format!("t{number}"), "get_clinic_info", json!({}))]);
                    match platform.post("/api/vapi", body.to_string()).await {
                        Some(reply) if reply.status == 200 => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        other => lost.push(format!("{kind:?} {nth}: {other:?}")),
                    }
                }
                lost
            })
        });
        Self { callers: callers.collect(), over, answered }
    }

    async fn more(&self, requests: usize) {
        let aim = self.answered.load(Ordering::Relaxed) + requests;
        until("more answers", async || (self.answered.load(Ordering::Relaxed) >= aim).then_some(())).await;
    }

    async fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        let lost: Vec<String> = join_all(self.callers).await.into_iter().flat_map(Result::unwrap).collect();
        assert!(lost.is_empty(), "{lost:#?}");
    }
}

/// Marie, who holds a slot by now, at the one node that the call's id leads to.
async fn a_call(balancer: &Balancer) -> (PhoneCall, String, Value) {
    let (id, (_, line)) = (format!("marie-{:?}", balancer.kind), clinic_of(balancer.kind));
    let call = Platform::of(balancer.addr).with("x-call-id", &id).call(&id, line, Some(MARIE.phone));
    call.verify(MARIE).await;
    let slot = call.earliest().await;
    (call, id, json!({ "slotId": slot }))
}

/// The node that has answered what a call has asked so far.
async fn home(nodes: &Nodes, call: &str) -> usize {
    let answered = nodes.answered(call, 2).await;
    answered.iter().position(|times| *times == 2).expect("one node has answered")
}

/// Whom each balancer's callers ring up: no booking waits for what the other's left behind.
const fn clinic_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Nginx => ("maple", MAPLE_LINE),
        Kind::HaProxy => ("cedar", CEDAR_LINE),
    }
}

fn emr_of(nodes: &Nodes, kind: Kind) -> Emr {
    nodes.premises.town.emr(clinic_of(kind).0)
}

/// As many requests as come, from a machine that others use, too.
fn under_load() -> [(&'static str, &'static str); 3] {
    [
        ("HTTP__CLINIC_PER_MINUTE", "1000000"),
        ("HTTP__CLINIC_BURST", "1000000"),
        ("HTTP__TOOL_DEADLINE_MS", "10000"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_drains_or_hands_over_or_is_away_costs_no_request() {
    let Some(mut nodes) = Nodes::open(Town::open().await, &under_load()).await else { return };
    let balancers = nodes.balancers().await;
    let load = Load::through(&balancers);
    load.more(50).await;
    for balancer in &balancers {
        let (call, id, slot) = a_call(balancer).await;
        let (home, emr) = (home(&nodes, &id).await, emr_of(&nodes, balancer.kind));
        emr.fail("addAppointment", Fault::Latency { ms: 1_000 }, Some(1));
        let before = emr.requests().get("addAppointment").copied();
        let stop = async {
            until("the write at the EMR", async || {
                (emr.requests().get("addAppointment").copied() > before).then_some(())
            })
            .await;
            nodes.stop(home).await
        };
        let (told, stopped) = tokio::join!(call.ask("book", "create_appointment", slot.clone()), stop);
        assert_eq!(
            told["code"], "BOOKED",
            "{:?}: its node had time to hear the EMR out: {told}",
            balancer.kind
        );
        assert_eq!(stopped.status.code(), Some(0), "{}", stopped.out);
        load.more(50).await;
        assert_eq!(emr.marked().len(), 1, "{:?}: one write", balancer.kind);
        let again = call.ask("book", "create_appointment", slot).await;
        assert_eq!(again, told, "{:?}: another node knows what was said", balancer.kind);
        nodes.start(home).await;
        load.more(50).await;
        let former = nodes.take_over(home).await;
        load.more(50).await;
        assert_eq!(former.process.ended().await.status.code(), Some(0), "{:?}", balancer.kind);
    }
    load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_under_way_at_a_node_that_is_killed_has_one_outcome_and_its_call_goes_on() {
    let Some(mut nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    for balancer in nodes.balancers().await {
        let kind = balancer.kind;
        let (call, id, slot) = a_call(&balancer).await;
        let (home, emr) = (home(&nodes, &id).await, emr_of(&nodes, balancer.kind));
        emr.fail("addAppointment", Fault::Latency { ms: 1_000 }, Some(1));
        let died_of = nodes.generation(home).await;
        let kill = async {
            until("the write at the EMR", async || (emr.present() > 0).then_some(())).await;
            nodes.kill(home).await
        };
        let (told, _) = tokio::join!(call.ask("book", "create_appointment", slot.clone()), kill);
        assert_eq!(told["code"], "PENDING", "{kind:?}: the balancer asked another node: {told}");
        balancer.has_passed_one_on().await;
        let listed = call.ask("list", "check_appointments", json!({})).await;
        assert_eq!(listed["code"], "OK", "{kind:?}: it knows who calls: {listed}");
        // One comes back, the other is called dead: each leaves its write for whoever is there.
        if kind == Kind::Nginx {
            nodes.start(home).await;
        } else {
            nodes.called_dead(died_of).await;
        }
        let booked = until("an answer that stays", async || {
            let answer = call.ask("book", "create_appointment", slot.clone()).await;
            Some(answer).filter(|answer| answer["code"] != "PENDING")
        })
        .await;
        assert_eq!(booked["code"], "BOOKED", "{kind:?}: {booked}");
        let again = call.ask("again", "create_appointment", slot).await;
        assert_eq!(
            again["appointment"], booked["appointment"],
            "{kind:?}: the same wish, the same appointment"
        );
        assert_eq!(emr.marked().len(), 1, "{kind:?}: one write");
        nodes.settled().await;
    }
}

/// A call whose webhooks this balancer gives to the first node.
async fn at_the_first_node(nodes: &Nodes, balancer: &Balancer) -> PhoneCall {
    let mut number = 0;
    until("a call at the first node", async || {
        number += 1;
        let id = format!("{:?}-{number}", balancer.kind);
        let call = Platform::of(balancer.addr).with("x-call-id", &id).call(&id, MAPLE_LINE, None);
        call.ask("t1", "get_clinic_info", json!({})).await;
        let answered = nodes.answered(&id, 1).await;
        (answered[0] == 1).then_some(call)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_falls_silent_is_given_up_and_another_one_answers() {
    let Some(nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    let balancers = nodes.balancers().await;
    let mut calls = Vec::new();
    for balancer in &balancers {
        calls.push(at_the_first_node(&nodes, balancer).await);
    }
    let silent = nodes.running().next().expect("a node that runs");
    silent.process.signal("STOP");
    let asked = calls.iter().map(|call| call.ask("t2", "get_clinic_info", json!({})));
    for (answer, balancer) in join_all(asked).await.iter().zip(&balancers) {
        assert_eq!(answer["code"], "OK", "{:?}: {answer}", balancer.kind);
        balancer.has_passed_one_on().await;
    }
}

/// Nobody gets into the database any more.
async fn shut(engine: &Engine) {
    let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
    let name = url.expose_secret().rsplit('/').next().expect("a database");
    let shut = format!(
        "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    );
    let mut superuser = postgres::superuser(engine).await;
    sqlx::raw_sql(AssertSqlSafe(shut)).execute(&mut superuser).await.expect("PostgreSQL obeys");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_and_no_node_is_ready_callers_are_still_put_through() {
    let Some(nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    let balancers = nodes.balancers().await;
    shut(&nodes.engine).await;
    for node in nodes.running() {
        until("a node that says it is not ready", async || {
            node.platform.get("/readyz", "").await.filter(|reply| reply.status == 503)
        })
        .await;
    }
    for balancer in &balancers {
        if balancer.kind == Kind::HaProxy {
            let none_left = "backend ready has no server available";
            until(none_left, async || balancer.written().contains(none_left).then_some(())).await;
        }
        for turn in 0..6 {
            let call = Platform::of(balancer.addr).call(&format!("helped-{turn}"), MAPLE_LINE, None);
            let helped = call.ask("person", "transfer_call", json!({})).await;
            // By the hour, to a person or to the clinic's number.
            let code = helped["code"].as_str().unwrap_or_default();
            assert!(["TRANSFER", "TRANSFER_CLOSED"].contains(&code), "{:?}: {helped}", balancer.kind);
        }
    }
}
