//! What we ask of a clinic's EMR at most, and how long we wait for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a clinic's EMR may be asked to bear, and how long we wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmrLimits {
    pub requests_per_second: u32,
    pub burst: u32,
    pub max_in_flight: u32,
    /// Requests that wait for one of those places; beyond it a request is refused at once.
    pub queue: u32,
    /// A reply slower than this counts as a failure for the breaker.
    pub slow_ms: u64,
    /// How long a write that may have left is waited for (never cut sooner: that would manufacture unknowns).
    pub write_timeout_ms: u64,
    pub breaker_error_percent: u32,
    /// Consecutive failures that open a breaker whatever the percentage, so that it works at one call a minute.
    pub breaker_consecutive: u32,
    pub breaker_open_ms: u64,
}

impl Default for EmrLimits {
    fn default() -> Self {
        Self {
            requests_per_second: 20,
            burst: 40,
            max_in_flight: 4,
            queue: 64,
            slow_ms: 4_000,
            write_timeout_ms: 15_000,
            breaker_error_percent: 50,
            breaker_consecutive: 3,
            breaker_open_ms: 30_000,
        }
    }
}

impl EmrLimits {
    pub fn slow(&self) -> Duration {
        Duration::from_millis(self.slow_ms)
    }

    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    pub fn breaker_open(&self) -> Duration {
        Duration::from_millis(self.breaker_open_ms)
    }
}
