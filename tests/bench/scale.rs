//! How much of everything a run takes.

use std::time::Duration;

pub struct Scale {
    pub clinics: usize,
    pub calls_per_clinic: usize,
    /// Tool calls a second of a scheduled run.
    pub rate: u32,
    /// Not measured: caches fill, the connections stand.
    pub warm_up: Duration,
    pub measured: Duration,
    /// Connections of a run that asks as fast as it is answered.
    pub connections: usize,
    pub starts: usize,
    /// Quiet and troubled runs of the isolation.
    pub pairs: usize,
}

impl Scale {
    pub const FULL: Self = Self {
        clinics: 100,
        calls_per_clinic: 100,
        rate: 1_000,
        warm_up: Duration::from_secs(1),
        measured: Duration::from_secs(8),
        connections: 64,
        starts: 20,
        pairs: 5,
    };

    pub const QUICK: Self = Self {
        clinics: 10,
        calls_per_clinic: 20,
        rate: 100,
        warm_up: Duration::from_millis(200),
        measured: Duration::from_secs(1),
        connections: 8,
        starts: 2,
        pairs: 1,
    };

    pub const fn calls(&self) -> usize {
        self.clinics * self.calls_per_clinic
    }
}
