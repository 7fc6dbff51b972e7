//! Three nodes on one PostgreSQL, each at an address of its own, as three machines have.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use secrecy::ExposeSecret;
use vitarad::store::Engine;

use crate::balancer::{Balancer, Kind, Tls};
use crate::daemon::{Daemon, Ended};
use crate::patience::until;
use crate::postgres;
use crate::premises::{OPERATOR_TOKEN, Premises};
use crate::town::Town;

pub(crate) const NODES: usize = 3;

static CLUSTERS: AtomicU16 = AtomicU16::new(0);

pub(crate) struct Nodes {
    pub(crate) premises: Premises,
    pub(crate) engine: Engine,
    addrs: [SocketAddr; NODES],
    /// `None`: it is away.
    running: [Option<Daemon>; NODES],
    /// Where nobody listens yet.
    doors: Vec<SocketAddr>,
}

impl Nodes {
    /// `None`: there is no PostgreSQL here, which has been said, and is allowed.
    pub(crate) async fn open(town: Town, settings: &[(&str, &str)]) -> Option<Self> {
        Some(Self::upon(postgres::database().await?, town, settings).await)
    }

    /// The same, on a database that the test looks after itself.
    pub(crate) async fn upon(engine: Engine, town: Town, settings: &[(&str, &str)]) -> Self {
        let Engine::Postgres { url } = &engine else { panic!("not PostgreSQL") };
        let mut premises = Premises::around(town);
        premises.set("VITARAD_STORE__URL", url.expose_secret());
        // From where a balancer on this machine comes to nodes on this machine.
        premises.set("VITARAD_HTTP__TRUSTED_PROXIES", "127.0.0.1");
        for (setting, value) in settings {
            premises.set(&format!("VITARAD_{setting}"), value);
        }
        let places = places();
        let addrs = [places[0], places[1], places[2]];
        let mut nodes =
            Self { premises, engine, addrs, running: [None, None, None], doors: places[3..].into() };
        for node in 0..NODES {
            nodes.start(node).await;
        }
        nodes
    }

    /// Those of the two programs that are here, before these nodes.
    pub(crate) async fn balancers(&self) -> Vec<Balancer> {
        self.balancers_with(&Tls::Nowhere).await
    }

    pub(crate) async fn balancers_with(&self, tls: &Tls) -> Vec<Balancer> {
        let mut balancers = Vec::new();
        for (kind, addr) in Kind::ALL.into_iter().zip(&self.doors) {
            balancers.extend(Balancer::before(&self.addrs, kind, *addr, tls).await);
        }
        balancers
    }

    pub(crate) async fn balancer(&self, kind: Kind) -> Option<Balancer> {
        Balancer::before(&self.addrs, kind, self.doors[0], &Tls::Nowhere).await
    }

    pub(crate) async fn start(&mut self, node: usize) {
        self.be(node);
        self.running[node] = Some(Daemon::serve(&self.premises, &[]).await);
    }

    /// By a new process beside the old one, which it returns.
    pub(crate) async fn take_over(&mut self, node: usize) -> Daemon {
        self.be(node);
        let successor = Daemon::take_over(&self.premises).await;
        self.running[node].replace(successor).expect("a node that runs")
    }

    pub(crate) async fn kill(&mut self, node: usize) -> Ended {
        let mut killed = self.running[node].take().expect("a node that runs");
        killed.process.kill();
        killed.process.ended().await
    }

    pub(crate) async fn stop(&mut self, node: usize) -> Ended {
        let stopped = self.running[node].take().expect("a node that runs");
        stopped.process.signal("TERM");
        stopped.process.ended().await
    }

    /// The number of a node's present life.
    pub(crate) async fn generation(&self, node: usize) -> i64 {
        let daemon = self.running[node].as_ref().expect("a node that runs");
        let report = daemon.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
        report["generation"].as_i64().expect("a number")
    }

    /// How many writes that this generation announced are not settled.
    pub(crate) async fn unsettled_of(&self, generation: i64) -> i64 {
        let mut superuser = postgres::superuser(&self.engine).await;
        let unsettled = "SELECT COUNT(*) FROM effect WHERE sender = $1 AND state IN ('announced', 'unknown')";
        let counted = sqlx::query_scalar(unsettled).bind(generation).fetch_one(&mut superuser).await;
        counted.expect("a count")
    }

    /// The calls that are this generation's, and under which ownership each.
    pub(crate) async fn calls_of(&self, generation: i64) -> HashMap<String, i64> {
        let mut superuser = postgres::superuser(&self.engine).await;
        let owned = "SELECT call_id, fence FROM call WHERE owner = $1 AND ended_at IS NULL";
        let rows = sqlx::query_as(owned).bind(generation).fetch_all(&mut superuser).await;
        rows.expect("rows").into_iter().collect()
    }

    /// While its node is away, another one says that this generation is dead.
    pub(crate) async fn called_dead(&self, generation: i64) {
        let is_it = |line: &str| {
            line.contains("is called dead") && line.contains(&format!("\"generation\":{generation},"))
        };
        until("its burial by another node", async || {
            self.running().any(|node| node.process.out().lines().any(is_it)).then_some(())
        })
        .await;
    }

    pub(crate) fn running(&self) -> impl Iterator<Item = &Daemon> {
        self.running.iter().flatten()
    }

    /// How many webhooks of a call each node has answered in its present life, once these are so many together.
    pub(crate) async fn answered(&self, call: &str, webhooks: usize) -> Vec<usize> {
        let of_call = format!("\"call.id\":\"{call}\"");
        let is_one = |line: &&str| line.contains("webhook answered") && line.contains(&of_call);
        let by = |node: &Daemon| node.process.out().lines().filter(is_one).count();
        until("what the nodes log", async || {
            let answered: Vec<usize> = self.running().map(by).collect();
            (answered.iter().sum::<usize>() >= webhooks).then_some(answered)
        })
        .await
    }

    /// Every node knows of every clinic that nothing is under way there any more.
    pub(crate) async fn settled(&self) {
        for (node, clinic) in self.running().flat_map(|node| ["maple", "cedar"].map(|clinic| (node, clinic)))
        {
            until("a settled journal", async || {
                (node.health_of(clinic).await["unsettled"] == 0).then_some(())
            })
            .await;
        }
    }

    /// Whom the next process that starts here takes itself for.
    fn be(&mut self, node: usize) {
        let (name, addr) = (format!("{}-{node}", self.doors[0]).replace(':', "-"), self.addrs[node]);
        self.premises.set("VITARAD_NODE__NAME", &name);
        self.premises.set("VITARAD_HTTP__LISTEN", &addr.to_string());
    }
}

/// Addresses of the loopback network that are nobody else's: one host for each node, so that no passing connection has its
/// port while it is away, and one for what stands before them.
fn places() -> Vec<SocketAddr> {
    let port = 8_000 + CLUSTERS.fetch_add(1, Ordering::Relaxed);
    // No more than 2^22 processes have a number at once.
    let hosts = std::process::id() << 2;
    let place = |host: u32| {
        let [_, a, b, c] = (hosts | host).to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, a, b, c)), port)
    };
    let mut places: Vec<SocketAddr> = (1..=3).map(place).collect();
    let before = place(0);
    places.extend([before, SocketAddr::new(before.ip(), 10_000 + port)]);
    places
}
