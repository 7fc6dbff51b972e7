//! Waiting longer each time: the one file that knows the `backoff` crate.
//!
//! The crate is unmaintained (RUSTSEC-2025-0012), so it is confined here; `backon` is its named successor. It is used for
//! its progression only: its jitter cannot be seeded and its time limit reads a clock that tests cannot pause.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;

/// An exponential progression from `base`, doubling up to `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub base: Duration,
    pub cap: Duration,
}

impl RetryPolicy {
    /// The pause before attempt number `attempt` (from 1), with full jitter: `fraction` from 0 to 1 chooses within it.
    pub fn pause(self, attempt: u32, fraction: f64) -> Duration {
        let mut progression = ExponentialBackoff {
            initial_interval: self.base,
            current_interval: self.base,
            max_interval: self.cap,
            multiplier: 2.0,
            randomization_factor: 0.0,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        let steps = attempt.clamp(1, 64);
        let longest = (0..steps).fold(self.base, |_, _| progression.next_backoff().unwrap_or(self.cap));
        longest.mul_f64(fraction.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy { base: Duration::from_secs(1), cap: Duration::from_mins(1) };

    #[test]
    fn the_pause_doubles_up_to_its_cap() {
        let pauses: Vec<u64> = (1..=8).map(|attempt| POLICY.pause(attempt, 1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn jitter_stays_within_the_pause() {
        assert_eq!(POLICY.pause(3, 0.0), Duration::ZERO);
        assert_eq!(POLICY.pause(3, 0.5), Duration::from_secs(2));
        assert_eq!(POLICY.pause(u32::MAX, 1.0), POLICY.cap);
    }
}
