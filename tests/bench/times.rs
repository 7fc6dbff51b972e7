//! How long things took.

use std::time::Duration;

/// Times in the order they were taken, sorted when they are asked for.
#[derive(Default, Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that this share of all does not exceed.
    pub fn quantile(&mut self, per_mille: usize) -> Duration {
        self.0.sort_unstable();
        let rank = (self.0.len() * per_mille).div_ceil(1000);
        self.0.get(rank.max(1) - 1).copied().unwrap_or_default()
    }

    pub fn median(&mut self) -> Duration {
        self.quantile(500)
    }

    pub fn merge(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        Self(times.into_iter().collect())
    }
}
