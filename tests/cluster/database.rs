//! The database of three nodes that are at work: it kills their sessions again and again, or crashes in the middle of their
//! writes and stays away for a while. What callers are told is true all the same, no node dies of it, and afterwards
//! everything goes on by itself.

use std::sync::Arc;

use futures::future::join_all;
use sqlx::{ConnectOptions, PgConnection};
use tokio::task::spawn_blocking;
use tokio::time::{Duration, sleep};
use vitarad::sandbox::oscar::demo::MARIE;

use crate::balancer::Kind;
use crate::callers::Lines;
use crate::kills::{ALONE, AT_ONCE, SETTINGS, busy_town};
use crate::nodes::{NODES, Nodes};
use crate::patience::until;
use crate::postgres::cluster::Cluster;
use crate::postgres::{database_on, own_cluster, say};
use crate::town::MAPLE_LINE;
use crate::verdict::judge;
use crate::voice::Platform;

const NAME: &str = "ours";
const KILLS: usize = 40;
/// Longer than a node may be silent before the others call it dead.
const AWAY: Duration = Duration::from_secs(5);

const UNDER_WAY: &str = "SELECT COUNT(*) FROM effect WHERE state = 'announced'";
/// Those of the nodes; whoever looks on goes on looking.
const KILL_ALL: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'vitarad'";
const UNSEALED: &str = "SELECT COUNT(*) FROM audit_entry WHERE seal_no IS NULL";

/// Three nodes, and the server that they depend on.
struct Ward {
    server: Arc<Cluster>,
    nodes: Nodes,
}

async fn count(sql: &'static str, database: &mut PgConnection) -> i64 {
    sqlx::query_scalar(sql).fetch_one(database).await.expect("a count")
}

/// After so many more callers have had their answer, at a moment when something is being written.
async fn amid_writes(lines: &Lines, more: usize, database: &mut PgConnection) {
    let served = || lines.visits.lock().unwrap().len();
    let aim = served() + more;
    until("callers who are served", async || (served() >= aim).then_some(())).await;
    until("a write under way", async || (count(UNDER_WAY, database).await > 0).then_some(())).await;
    lines.disturbed();
}

impl Ward {
    /// `None`: there is no PostgreSQL here, which has been said, and is allowed.
    async fn open() -> Option<Self> {
        let server = own_cluster(|| Cluster::start(&[]))?;
        let engine = database_on(&server.admin, NAME).await;
        let nodes = Nodes::upon(engine, busy_town().await, &SETTINGS).await;
        Some(Self { server: Arc::new(server), nodes })
    }

    async fn look(&self) -> PgConnection {
        self.server.admin.clone().database(NAME).connect().await.expect("PostgreSQL answers")
    }

    async fn server(&self, obeys: fn(&Cluster) -> Result<(), String>) {
        let server = Arc::clone(&self.server);
        spawn_blocking(move || obeys(&server)).await.expect("no panic").expect("it obeys");
    }

    /// Callers book for as long as the database is ill. Then everybody's word is compared, and all must be well again.
    async fn bears(&self, kind: Kind, illness: impl AsyncFnOnce(&Lines)) {
        let Some(balancer) = self.nodes.balancer(kind).await else { return };
        let before = self.generations().await;
        let platform = Platform::of(balancer.addr);
        let lines = Lines::open(platform.clone(), &self.nodes.premises.town);
        let ending = async {
            illness(&lines).await;
            lines.close();
        };
        tokio::join!(ending, join_all((0..AT_ONCE).map(|_| lines.serve())));
        let visits = std::mem::take(&mut *lines.visits.lock().unwrap());
        judge(&self.nodes, &platform, &visits).await;
        self.is_well().await;
        assert_eq!(self.generations().await, before, "nobody died of it");
        let told = |code: &str| visits.iter().filter(|visit| visit.told["code"] == code).count();
        let webhooks = std::mem::take(&mut *lines.webhooks.lock().unwrap());
        let slowest = webhooks.iter().map(|one| one.took.as_millis()).max().unwrap_or_default();
        say(&format!("{} webhooks, the slowest took {slowest} ms", webhooks.len()));
        say(&format!("  {} booked, {} with staff", told("BOOKED"), told("HANDED_TO_STAFF")));
        assert!(told("BOOKED") > AT_ONCE, "hardly anybody was served");
    }

    async fn generations(&self) -> [i64; NODES] {
        let mut generations = [0; NODES];
        for (node, generation) in generations.iter_mut().enumerate() {
            *generation = self.nodes.generation(node).await;
        }
        generations
    }

    /// Every node is ready, counts all of them and serves; the singletons have done what there was to do.
    async fn is_well(&self) {
        for (nth, node) in self.nodes.running().enumerate() {
            until("readiness", async || {
                node.platform.get("/readyz", "").await.filter(|reply| reply.status == 200)
            })
            .await;
            let members = format!("vitarad_members {NODES}\n");
            until("all members", async || node.metrics().await.contains(&members).then_some(())).await;
            assert!(node.metrics().await.contains("vitarad_called_dead_total 0\n"), "nobody was dead");
            let call = node.platform.call(&format!("after-{nth}"), MAPLE_LINE, Some(MARIE.phone));
            call.verify(MARIE).await;
            assert!(call.earliest().await.is_string());
        }
        let mut database = self.look().await;
        until("a sealed log", async || (count(UNSEALED, &mut database).await == 0).then_some(())).await;
    }

    /// How often each node has said so.
    fn said(&self, line: &str) -> Vec<usize> {
        self.nodes.running().map(|node| node.process.out().matches(line).count()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_killed_again_and_again_cost_nobody_a_call_or_a_booking() {
    let _alone = ALONE.lock().await;
    let Some(ward) = Ward::open().await else { return };
    let mut killer = ward.look().await;
    ward.bears(Kind::Nginx, async |lines| {
        for _ in 0..KILLS {
            amid_writes(lines, 1, &mut killer).await;
            // Those killed last may not be back yet, while what they announced is still under way.
            until("sessions to be killed", async || (count(KILL_ALL, &mut killer).await > 0).then_some(()))
                .await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_amid_writes_costs_nobody_a_call_or_a_booking() {
    let _alone = ALONE.lock().await;
    let Some(ward) = Ward::open().await else { return };
    ward.bears(Kind::HaProxy, async |lines| {
        amid_writes(lines, AT_ONCE, &mut ward.look().await).await;
        ward.server(Cluster::crash_and_restart).await;
        amid_writes(lines, AT_ONCE, &mut ward.look().await).await;
        ward.server(Cluster::crash).await;
        sleep(AWAY).await;
        ward.server(Cluster::begin).await;
        amid_writes(lines, AT_ONCE, &mut ward.look().await).await;
    })
    .await;
    let noticed = ward.said("the store does not hear that this process lives");
    assert!(noticed.iter().all(|times| *times > 0), "{noticed:?}");
}
