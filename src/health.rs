//! What the house says of itself: `/livez`, `/readyz`, `/health` and `/metrics`.
//!
//! Anybody may ask how it is; what is the matter, and the numbers, are for who shows the operator's token.

mod probes;
mod routes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use prometheus_client::registry::Registry;
use secrecy::SecretString;
use vitarad_actors::house::House;

use self::probes::Probes;
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
    probes: Probes,
    registry: Registry,
    operator_token: Option<SecretString>,
    metrics_are_public: bool,
}

impl Health {
    pub fn new(house: &Arc<House>, store: &Arc<SqlStore>, registry: Registry, settings: &Settings) -> Self {
        Self {
            phase: AtomicU8::new(Phase::Starting as u8),
            probes: Probes::new(Arc::clone(house), Arc::clone(store)),
            registry,
            operator_token: settings.health.operator_token.clone(),
            metrics_are_public: settings.metrics.public,
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    fn is_serving(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == Phase::Serving as u8
    }
}
