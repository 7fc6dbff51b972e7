//! A circuit breaker for one service of one EMR by one path; pure, with the time passed in.
//!
//! The words are a gate's: traffic *flows*, the gate is *shut*, one request is *probing*. It trips on a share of failures
//! among recent requests, and on failures in a row, so that it works at one call a minute as well as at a hundred a
//! second.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::clinic::EmrLimits;

/// Outcomes older than this say nothing about now.
const WINDOW: Duration = Duration::from_mins(1);
const REMEMBERED: usize = 20;
/// Fewer outcomes than this have no meaningful share.
const ENOUGH: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    pub error_percent: u32,
    pub consecutive: u32,
    pub open_for: Duration,
}

impl From<&EmrLimits> for BreakerSettings {
    fn from(limits: &EmrLimits) -> Self {
        Self {
            error_percent: limits.breaker_error_percent,
            consecutive: limits.breaker_consecutive,
            open_for: limits.breaker_open(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Flowing,
    Shut { until: Instant },
    Probing { since: Instant },
}

/// Leave to pass. It is handed back with the outcome, so that only the probe ends a probation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    Normal,
    Probe,
}

#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    gate: Gate,
    recent: VecDeque<(Instant, bool)>,
    failures_in_a_row: u32,
}

impl Breaker {
    pub const fn new(settings: BreakerSettings) -> Self {
        Self { settings, gate: Gate::Flowing, recent: VecDeque::new(), failures_in_a_row: 0 }
    }

    pub const fn gate(&self) -> Gate {
        self.gate
    }

    /// Whether nothing has failed since something last succeeded.
    pub fn is_well(&self) -> bool {
        self.gate == Gate::Flowing && self.failures_in_a_row == 0
    }

    /// Whether a request would be refused now, without taking the probe's place.
    pub fn refuses(&self, now: Instant) -> bool {
        match self.gate {
            Gate::Flowing => false,
            Gate::Shut { until } => now < until,
            Gate::Probing { since } => now < since + self.settings.open_for,
        }
    }

    /// A probe that never reports back, because its asker died, is given up after the open time.
    pub fn admit(&mut self, now: Instant) -> Option<Pass> {
        if self.refuses(now) {
            return None;
        }
        if self.gate == Gate::Flowing {
            return Some(Pass::Normal);
        }
        self.gate = Gate::Probing { since: now };
        Some(Pass::Probe)
    }

    /// What became of a request that was let pass. An outcome that says nothing about health only ends a probe.
    pub fn record(&mut self, pass: Pass, healthy: Option<bool>, now: Instant) {
        match (pass, self.gate, healthy) {
            (Pass::Probe, Gate::Probing { .. }, Some(true)) => self.open_up(),
            (Pass::Probe, Gate::Probing { .. }, _) => self.shut(now),
            (_, Gate::Flowing, Some(healthy)) => self.count(healthy, now),
            _ => {}
        }
    }

    /// What is known from elsewhere: until when it is shut there, or that traffic flows. A time that has passed leaves it to a
    /// probe, as does the word that all is well: here it may still be otherwise. A probe under way decides by itself.
    pub fn learn(&mut self, shut_until: Option<Instant>, now: Instant) {
        match (self.gate, shut_until) {
            (Gate::Probing { .. }, _) | (Gate::Flowing, None) => {}
            (Gate::Shut { .. }, None) => self.gate = Gate::Shut { until: now },
            (_, Some(until)) => self.shut_until(until),
        }
    }

    fn count(&mut self, healthy: bool, now: Instant) {
        self.failures_in_a_row = if healthy { 0 } else { self.failures_in_a_row + 1 };
        self.recent.push_back((now, healthy));
        while self.recent.len() > REMEMBERED
            || self.recent.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW)
        {
            self.recent.pop_front();
        }
        if !healthy && (self.failures_in_a_row >= self.settings.consecutive || self.share_is_bad()) {
            self.shut(now);
        }
    }

    fn share_is_bad(&self) -> bool {
        let failures = self.recent.iter().filter(|(_, healthy)| !healthy).count();
        let percent = u32::try_from(failures * 100 / self.recent.len().max(1)).unwrap_or(100);
        self.recent.len() >= ENOUGH && percent >= self.settings.error_percent
    }

    fn shut(&mut self, now: Instant) {
        self.shut_until(now + self.settings.open_for);
    }

    fn shut_until(&mut self, until: Instant) {
        self.gate = Gate::Shut { until };
        self.recent.clear();
        self.failures_in_a_row = 0;
    }

    fn open_up(&mut self) {
        self.gate = Gate::Flowing;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings =
        BreakerSettings { error_percent: 50, consecutive: 3, open_for: Duration::from_secs(30) };

    fn seconds(start: Instant, n: u64) -> Instant {
        start + Duration::from_secs(n)
    }

    #[test]
    fn three_failures_in_a_row_shut_it_at_one_call_a_minute() {
        let (mut breaker, start) = (Breaker::new(SETTINGS), Instant::now());
        for minute in 0..3 {
            let now = seconds(start, 60 * minute);
            assert_eq!(breaker.admit(now), Some(Pass::Normal));
            breaker.record(Pass::Normal, Some(false), now);
        }
        assert_eq!(breaker.admit(seconds(start, 121)), None);
        assert_eq!(breaker.admit(seconds(start, 149)), None);
        assert_eq!(breaker.admit(seconds(start, 150)), Some(Pass::Probe));
    }

    #[test]
    fn half_of_the_requests_failing_shuts_it_under_load() {
        let (mut breaker, now) = (Breaker::new(SETTINGS), Instant::now());
        for healthy in [true, false, true, false, true] {
            breaker.record(Pass::Normal, Some(healthy), now);
        }
        assert_eq!(breaker.gate(), Gate::Flowing);
        breaker.record(Pass::Normal, Some(false), now);
        assert!(matches!(breaker.gate(), Gate::Shut { .. }));
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let (mut breaker, start) = (Breaker::new(SETTINGS), Instant::now());
        (0..3).for_each(|_| breaker.record(Pass::Normal, Some(false), start));
        let now = seconds(start, 30);
        assert_eq!(breaker.admit(now), Some(Pass::Probe));
        assert_eq!(breaker.admit(now), None, "the second waits for the first");
        breaker.record(Pass::Normal, Some(true), now);
        assert_eq!(breaker.admit(now), None, "a straggler from before the trip decides nothing");
        breaker.record(Pass::Probe, Some(false), now);
        assert_eq!(breaker.admit(seconds(now, 29)), None);
        assert_eq!(breaker.admit(seconds(now, 30)), Some(Pass::Probe));
        breaker.record(Pass::Probe, Some(true), seconds(now, 30));
        assert_eq!(breaker.admit(seconds(now, 30)), Some(Pass::Normal));
    }

    #[test]
    fn a_probe_that_never_reports_does_not_shut_the_gate_for_ever() {
        let (mut breaker, start) = (Breaker::new(SETTINGS), Instant::now());
        (0..3).for_each(|_| breaker.record(Pass::Normal, Some(false), start));
        assert_eq!(breaker.admit(seconds(start, 30)), Some(Pass::Probe));
        assert_eq!(breaker.admit(seconds(start, 59)), None);
        assert_eq!(breaker.admit(seconds(start, 60)), Some(Pass::Probe));
    }

    #[test]
    fn it_follows_another_and_finds_out_for_itself_when_that_one_is_well() {
        let (mut breaker, start) = (Breaker::new(SETTINGS), Instant::now());
        breaker.learn(None, start);
        assert_eq!(breaker.admit(start), Some(Pass::Normal));
        breaker.learn(Some(seconds(start, 9)), start);
        assert_eq!(breaker.admit(seconds(start, 8)), None);
        breaker.learn(Some(seconds(start, 12)), start);
        assert_eq!(breaker.admit(seconds(start, 11)), None, "tried there in vain, and shut again");
        breaker.learn(None, seconds(start, 11));
        assert_eq!(breaker.admit(seconds(start, 11)), Some(Pass::Probe));
        breaker.learn(None, seconds(start, 11));
        breaker.learn(Some(seconds(start, 99)), seconds(start, 11));
        assert_eq!(breaker.admit(seconds(start, 11)), None, "the probe is under way");
        breaker.record(Pass::Probe, Some(true), seconds(start, 12));
        assert_eq!(breaker.admit(seconds(start, 12)), Some(Pass::Normal));
        breaker.learn(Some(start), seconds(start, 12));
        assert_eq!(breaker.admit(seconds(start, 12)), Some(Pass::Probe), "shut, and nobody has tried since");
    }

    proptest! {
        #[test]
        fn it_never_shuts_without_a_failure_and_always_lets_somebody_try_again(
            outcomes in prop::collection::vec((0u64..40, any::<bool>()), 1..200)
        ) {
            let (mut breaker, start) = (Breaker::new(SETTINGS), Instant::now());
            let (mut now, mut failed_since_flowing, mut refused_since) = (start, false, None);
            for (wait, healthy) in outcomes {
                now = seconds(now, wait);
                let Some(pass) = breaker.admit(now) else {
                    prop_assert!(failed_since_flowing);
                    let since = *refused_since.get_or_insert(now);
                    prop_assert!(now.duration_since(since) < SETTINGS.open_for);
                    continue;
                };
                refused_since = None;
                failed_since_flowing |= !healthy;
                breaker.record(pass, Some(healthy), now);
                if breaker.gate() == Gate::Flowing && pass == Pass::Probe {
                    failed_since_flowing = false;
                }
            }
        }
    }
}
