//! What becomes of handoffs, in numbers: counted by either side, and the shut door measured by whoever opens it.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use vitarad_actors::handoff::Kept;

/// Around what is aimed at, 0.3 s, and up to what the steps allow.
const SECONDS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0, 8.0, 20.0];

/// Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct HandoffMeters {
    handoffs: Family<Labels, Counter>,
    door_shut: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    side: &'static str,
    outcome: &'static str,
}

impl HandoffMeters {
    pub fn register(registry: &mut Registry) -> Self {
        let meters = Self { handoffs: Family::default(), door_shut: Histogram::new(SECONDS) };
        registry.register("handoffs", "Handoffs by how they ended for this process", meters.handoffs.clone());
        registry.register(
            "handoff_door_shut_seconds",
            "From the freeze to the door that is open again, here or at the former process",
            meters.door_shut.clone(),
        );
        meters
    }

    pub fn gave(&self, kept: Kept) {
        let outcome = match kept {
            Kept::Kept => "kept",
            Kept::TakenBack => "taken_back",
            Kept::Given => "given",
            Kept::Left => "left",
        };
        self.handoffs.get_or_create(&Labels { side: "incumbent", outcome }).inc();
    }

    /// A successor that fails has nobody to tell.
    pub fn took(&self) {
        self.handoffs.get_or_create(&Labels { side: "successor", outcome: "taken" }).inc();
    }

    pub fn opened_after(&self, shut: Duration) {
        self.door_shut.observe(shut.as_secs_f64());
    }
}
