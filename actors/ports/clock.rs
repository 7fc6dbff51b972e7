//! Time and luck, as arguments: a test holds the one still and replays the other.

use std::sync::Mutex;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use uuid::Uuid;

use crate::domain::time::Ts;

/// The wall clock. For durations use tokio's own clock, which tests can pause.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Ts;
}

/// Randomness for ids and jitter, from one seed.
pub struct Luck(Mutex<ChaCha12Rng>);

impl Luck {
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha12Rng::seed_from_u64(seed)))
    }

    /// For production: from the operating system.
    pub fn from_entropy(seed: [u8; 32]) -> Self {
        Self(Mutex::new(ChaCha12Rng::from_seed(seed)))
    }

    pub fn id(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.draw(|rng| rng.fill_bytes(&mut bytes));
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A number from `0.0` up to, not including, `1.0`.
    pub fn fraction(&self) -> f64 {
        self.draw(RngExt::random)
    }

    fn draw<T>(&self, from: impl FnOnce(&mut ChaCha12Rng) -> T) -> T {
        let mut rng = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        from(&mut rng)
    }
}
