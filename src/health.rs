//! What the house says of itself: `/livez`, `/readyz`, `/health` and `/metrics`.
//!
//! Anybody may ask how it is; what is the matter, and the numbers, are for who shows the operator's token.

mod probes;
mod routes;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use prometheus_client::registry::Registry;
use ractor::ActorRef;
use secrecy::SecretString;
use vitarad_actors::house::House;
use vitarad_actors::supervisor::SupervisorMsg;

use self::probes::{Probes, Verdict};
use self::store::StoreCollector;
use crate::config::Settings;
use crate::store::SqlStore;

/// Where the process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    Starting,
    Serving,
    Draining,
}

pub struct Health {
    phase: AtomicU8,
    clinics_wait: AtomicBool,
    probes: Probes,
    registry: Registry,
    operator_token: Option<SecretString>,
    metrics_are_public: bool,
}

impl Health {
    pub fn new(
        house: &Arc<House>,
        store: &Arc<SqlStore>,
        mut registry: Registry,
        settings: &Settings,
    ) -> Self {
        registry.register_collector(Box::new(StoreCollector(Arc::clone(store))));
        Self {
            phase: AtomicU8::new(Phase::Starting as u8),
            clinics_wait: AtomicBool::new(false),
            probes: Probes::new(Arc::clone(house), Arc::clone(store)),
            registry,
            operator_token: settings.health.operator_token.clone(),
            metrics_are_public: settings.metrics.public,
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    /// Whether what the settings declare of clinics is not in the store yet: it would be answered as declared before.
    pub fn clinics_wait(&self, wait: bool) {
        self.clinics_wait.store(wait, Ordering::SeqCst);
    }

    /// The tree stands and the door is open.
    pub fn serve(&self, root: ActorRef<SupervisorMsg>) {
        self.probes.watch(root);
        self.enter(Phase::Serving);
    }

    /// Why nobody should send anything here now.
    pub async fn why_not_ready(&self) -> Option<&'static str> {
        match self.not_serving() {
            None if self.probes.report().await.status == Verdict::Down => Some("the store is away"),
            None if self.clinics_wait.load(Ordering::SeqCst) => Some("the clinics are not declared yet"),
            why => why,
        }
    }

    fn not_serving(&self) -> Option<&'static str> {
        match self.phase.load(Ordering::SeqCst) {
            phase if phase == Phase::Serving as u8 => None,
            phase if phase == Phase::Starting as u8 => Some("starting"),
            _ => Some("draining"),
        }
    }
}
