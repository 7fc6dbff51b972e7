//! Living on a store beside other processes: each says that it lives, learns who else does, and calls dead who is silent.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::census::{Census, Life, Pace, Said};
use crate::domain::ids::Generation;

/// What a process was committing when it was called dead is committed by so long after that, or never.
pub const LATEST_COMMIT: Duration = Duration::from_secs(30);
/// How long after the last beat of a process that is gone an EMR may be at work for it: no reading is given more than 30 s, and
/// it may have begun a little after that beat.
pub const AT_WORK_FOR_THE_GONE: Duration = Duration::from_secs(33);

/// What a process says of itself.
#[derive(Debug, Clone)]
pub struct Beat {
    pub generation: Generation,
    pub says: Said,
    /// The others should know at once.
    pub is_news: bool,
    pub pace: Pace,
}

/// A word to the other processes that something has changed, and nothing of what: whoever hears it looks. One that is lost
/// costs the time until the next beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A process has begun or ended, or says that it counts the others.
    Lives,
    /// A clinic was declared anew.
    Clinics,
    /// Something is in trouble, or no longer.
    Troubles,
}

impl Notice {
    pub const ALL: [Self; 3] = [Self::Lives, Self::Clinics, Self::Troubles];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Lives => "lives",
            Self::Clinics => "clinics",
            Self::Troubles => "troubles",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }
}

#[async_trait]
pub trait LifeStore: Send + Sync + 'static {
    /// Still here, and who else is. Whoever has been silent for too long is called dead, but only by a process that has itself
    /// beaten without a gap for as long: when the store was away, everybody gets the time to say that they live. All of
    /// it goes by the store's clock, never by the asker's. [`super::StoreError::Usurped`]: this process was called dead.
    async fn beat(&self, beat: Beat) -> StoreResult<Census>;

    /// Who is at work.
    async fn lives(&self) -> StoreResult<Vec<Life>>;

    /// Resolves when another process says that something has changed; never on a store that carries no word.
    async fn noticed(&self) -> Notice;
}
