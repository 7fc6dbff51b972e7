//! Asking the dependencies, all at once, and not more often than every few seconds however many ask us.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ractor::ActorRef;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use vitarad_actors::domain::capabilities::{Capabilities, Capability};
use vitarad_actors::domain::census::Life;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::hearsay::Resting;
use vitarad_actors::house::House;
use vitarad_actors::ports::emr::{Path, Service};
use vitarad_actors::ports::store::{BookingStore, LifeStore};
use vitarad_actors::supervisor::{SupervisorMsg, children_of};
use vitarad_actors::tree::Role;

use crate::store::SqlStore;

const FRESH: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Healthy,
    /// Calls are answered; something behind them is not as it should be.
    Degraded,
    Down,
}

/// What is told to the operator.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub status: Verdict,
    pub generation: i64,
    pub live_calls: usize,
    /// Roles under the root that are not running: between two lives, or in quarantine.
    pub resting: Vec<&'static str>,
    pub store: Dependency,
    /// The processes at work on the store.
    pub members: Vec<Member>,
    pub clinics: Vec<ClinicReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Dependency {
    pub up: bool,
    pub latency_ms: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Member {
    pub node: String,
    pub generation: i64,
    pub standing: &'static str,
    /// Since its last beat.
    pub silent_ms: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct ClinicReport {
    pub clinic: String,
    /// Roles of this clinic's cell that are not running.
    pub resting: Vec<&'static str>,
    /// Those that rest in other processes, and on which node.
    pub resting_elsewhere: Vec<String>,
    /// The ways into its EMR that stand open.
    pub paths: Vec<&'static str>,
    /// What each path was found to be able to do, and by what that is known.
    pub capabilities: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    /// Services, each by a path, whose breaker is not letting traffic flow; `None` when the connection itself is stopped.
    pub shut: Option<Vec<String>>,
    pub waiting: usize,
    pub in_flight: usize,
    pub unsettled: Option<u64>,
    pub handed_to_staff: Option<u64>,
    pub latency_ms: f64,
}

pub struct Probes {
    house: Arc<House>,
    store: Arc<SqlStore>,
    root: OnceLock<ActorRef<SupervisorMsg>>,
    latest: Mutex<Option<(Instant, Arc<Report>)>>,
}

impl Probes {
    pub fn new(house: Arc<House>, store: Arc<SqlStore>) -> Self {
        Self { house, store, root: OnceLock::new(), latest: Mutex::new(None) }
    }

    /// The tree to be asked from now on.
    pub fn watch(&self, root: ActorRef<SupervisorMsg>) {
        let _ = self.root.set(root);
    }

    /// The newest report. Those who ask while one is being made wait for it instead of asking again.
    pub async fn report(&self) -> Arc<Report> {
        let mut latest = self.latest.lock().await;
        match &*latest {
            Some((at, report)) if at.elapsed() < FRESH => Arc::clone(report),
            _ => {
                let report = Arc::new(self.probe().await);
                *latest = Some((Instant::now(), Arc::clone(&report)));
                report
            }
        }
    }

    async fn probe(&self) -> Report {
        let roster = self.house.roster.load_full();
        let clinics = roster.clinics().map(|clinic| self.probe_clinic(clinic));
        let (store, resting, members, mut clinics) = tokio::join!(
            self.probe_store(),
            self.probe_root(),
            self.probe_members(),
            futures::future::join_all(clinics)
        );
        clinics.sort_by(|a, b| a.clinic.cmp(&b.clinic));
        let ill = !resting.is_empty() || clinics.iter().any(ClinicReport::is_ill);
        let status = match (store.up, ill) {
            (false, _) => Verdict::Down,
            (true, true) => Verdict::Degraded,
            (true, false) => Verdict::Healthy,
        };
        let live_calls = self.house.directory.live_calls();
        Report { status, generation: self.house.generation.0, live_calls, resting, store, members, clinics }
    }

    fn resting(&self, clinic: &ClinicId) -> Vec<&'static str> {
        let directory = &self.house.directory;
        [
            (Role::EmrLink, directory.link(clinic).is_some()),
            (Role::Desk, directory.desk(clinic).is_some()),
            (Role::Calls, directory.calls(clinic).is_some()),
        ]
        .into_iter()
        .filter(|(_, runs)| !runs)
        .map(|(role, _)| role.name())
        .collect()
    }

    async fn probe_store(&self) -> Dependency {
        let asked = Instant::now();
        let up = matches!(timeout(PATIENCE, self.store.ping()).await, Ok(Ok(())));
        Dependency { up, latency_ms: millis(asked) }
    }

    async fn probe_members(&self) -> Vec<Member> {
        let lives = timeout(PATIENCE, self.store.lives()).await.ok().and_then(Result::ok).unwrap_or_default();
        lives.into_iter().map(Member::of).collect()
    }

    async fn probe_root(&self) -> Vec<&'static str> {
        let Some(root) = self.root.get() else { return Vec::new() };
        match children_of(root, PATIENCE).await {
            Some(children) => {
                children.iter().filter(|child| !child.alive).map(|child| child.id.role.name()).collect()
            }
            None => vec![Role::Root.name()],
        }
    }

    async fn probe_clinic(&self, clinic: &Clinic) -> ClinicReport {
        let asked = Instant::now();
        let link = async {
            let mailbox = self.house.directory.link(&clinic.id)?;
            mailbox.ask_even_if_full(asked + PATIENCE, EmrLinkMsg::GetHealth).await.ok()
        };
        let counts = timeout(PATIENCE, self.store.journal_counts(&clinic.id));
        let (link, counts) = tokio::join!(link, counts);
        let counts = counts.ok().and_then(Result::ok);
        ClinicReport {
            clinic: clinic.id.to_string(),
            resting: self.resting(&clinic.id),
            resting_elsewhere: self.house.hearsay.resting(&clinic.id).into_iter().map(elsewhere).collect(),
            paths: link.iter().flat_map(|link| &link.open).map(|path| path.name()).collect(),
            capabilities: link.as_ref().map(|link| shown(&link.table)).unwrap_or_default(),
            waiting: link.as_ref().map_or(0, |link| link.waiting),
            in_flight: link.as_ref().map_or(0, |link| link.in_flight),
            shut: link.map(|link| link.shut.into_iter().map(gate).collect()),
            unsettled: counts.map(|counts| counts.unsettled),
            handed_to_staff: counts.map(|counts| counts.handed_to_staff),
            latency_ms: millis(asked),
        }
    }
}

impl Member {
    fn of(life: Life) -> Self {
        Self {
            node: life.node,
            generation: life.generation.0,
            standing: life.standing.name(),
            silent_ms: u64::try_from(life.silent.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl ClinicReport {
    fn is_ill(&self) -> bool {
        !self.resting.is_empty() || self.shut.as_ref().is_none_or(|shut| !shut.is_empty())
    }
}

fn shown(table: &Capabilities) -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let mut shown: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for (path, Capability { operation, can, why }) in table.lines() {
        let line = format!("{}: {}", can.name(), why.name());
        shown.entry(path.name()).or_default().insert(operation.name(), line);
    }
    shown
}

fn elsewhere(Resting { role, node, .. }: Resting) -> String {
    format!("{role} on {node}")
}

fn gate((path, service): (Path, Service)) -> String {
    format!("{}.{}", path.name(), service.name())
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
