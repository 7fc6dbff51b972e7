//! What a seed decides beforehand: how long things go wrong, which EMRs go away, how many processes there are, whether
//! somebody sets their clocks, and which days are booked.

use std::time::Duration;

use jiff::civil::{Date, date};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use vitarad_actors::ports::emr::Service;
use vitarad_actors::testing::visit_day;

use crate::town::CLINICS;

/// Without an outage that takes longer, trouble lasts so long; then the world behaves and everything must settle.
const TROUBLE: Duration = Duration::from_mins(4);
const SETTLE: Duration = Duration::from_mins(12);
const SHORTEST_OUTAGE: Duration = Duration::from_secs(1);
const LONGEST_OUTAGE: Duration = Duration::from_hours(24);
/// A clock is set so far ahead or back, at most.
const FARTHEST: Duration = Duration::from_hours(4);
const BETWEEN_RUSHES: Duration = Duration::from_secs(40);
/// Looks at the journal in a run: what takes a virtual day must not take minutes of a real one.
const TICKS: u32 = 480;

pub struct Plan {
    pub seed: u64,
    pub trouble: Duration,
    pub settle: Duration,
    /// How often the house looks at its journal, its outbox and the like.
    pub tick: Duration,
    /// Each clinic's, if it has one.
    pub outages: Vec<Option<Outage>>,
    pub nodes: usize,
    pub clocks_are_set: bool,
    /// The first of the days that are booked.
    pub visits: Date,
}

/// An EMR, or one service of it, that cannot be reached for a while.
#[derive(Clone, Copy)]
pub struct Outage {
    /// `None`: all of it.
    pub service: Option<Service>,
    /// After the beginning of the run.
    pub from: Duration,
    pub lasts: Duration,
}

pub fn dice(seed: u64, stream: u64) -> ChaCha12Rng {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

pub fn chance(rng: &mut ChaCha12Rng, percent: u32) -> bool {
    rng.random_range(0..100) < percent
}

/// As many short ones as long ones, whatever "long" means.
pub fn log_uniform(rng: &mut ChaCha12Rng, shortest: Duration, longest: Duration) -> Duration {
    let exponent = rng.random_range(shortest.as_secs_f64().ln()..longest.as_secs_f64().ln());
    Duration::from_secs_f64(exponent.exp())
}

impl Plan {
    pub fn of(seed: u64) -> Self {
        let mut rng = dice(seed, 1);
        let mut length =
            |_| chance(&mut rng, 60).then(|| log_uniform(&mut rng, SHORTEST_OUTAGE, LONGEST_OUTAGE));
        let lengths: Vec<Option<Duration>> = (0..CLINICS.len()).map(&mut length).collect();
        let longest = lengths.iter().flatten().max().copied().unwrap_or_default();
        let trouble = TROUBLE.max(longest.mul_f64(1.2) + TROUBLE / 2);
        let outages = lengths.into_iter().map(|lasts| {
            let lasts = lasts?;
            let service = chance(&mut rng, 40).then(|| Service::ALL[rng.random_range(0..Service::ALL.len())]);
            let from = trouble.saturating_sub(lasts).mul_f64(rng.random_range(0.1..0.8));
            Some(Outage { service, from, lasts })
        });
        let outages = outages.collect();
        let clocks_are_set = chance(&mut rng, 35);
        let settle = SETTLE + if clocks_are_set { FARTHEST } else { Duration::ZERO };
        let tick = ((trouble + settle) / TICKS).clamp(Duration::from_secs(2), Duration::from_mins(3));
        Self {
            seed,
            trouble,
            settle: settle + 90 * tick,
            tick,
            outages,
            nodes: if chance(&mut rng, 75) { 2 } else { 1 },
            clocks_are_set,
            visits: [visit_day(), visit_day(), visit_day(), date(2026, 11, 1), date(2027, 3, 14)]
                [rng.random_range(0..5)],
        }
    }

    /// How much longer than usual a run is: pauses are as much longer, so that as much happens in it.
    pub fn stretch(&self) -> f64 {
        self.trouble.as_secs_f64() / TROUBLE.as_secs_f64()
    }

    pub fn pause(&self, rng: &mut ChaCha12Rng, millis: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(rng.random_range(millis)).mul_f64(self.stretch())
    }

    /// The next moment at which all who want the same time ask for it at once, after the beginning, and its number.
    pub fn next_rush(&self, since: Duration) -> (Duration, u16) {
        let every = BETWEEN_RUSHES.mul_f64(self.stretch());
        let past = u16::try_from(since.as_millis() / every.as_millis()).unwrap_or(u16::MAX);
        (every * (u32::from(past) + 1), past)
    }

    /// How far a clock is off once somebody has set it.
    pub fn off(rng: &mut ChaCha12Rng) -> i64 {
        let by = log_uniform(rng, Duration::from_mins(1), FARTHEST);
        let seconds = i64::try_from(by.as_secs()).unwrap_or_default();
        if chance(rng, 50) { seconds } else { -seconds }
    }
}
