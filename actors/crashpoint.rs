//! Named points of a booking at which a test may end the world.
//!
//! In the process test the armed point aborts the process, in the simulation it panics the saga. A release build never
//! arms one: the shell refuses to outside debug builds.

use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crashpoint {
    /// The tool call is claimed, nothing else is written.
    Claimed,
    /// The journal row is committed, nothing is sent.
    Announced,
    /// The EMR has answered the write; nothing is read back.
    Sent,
    /// Read back and in agreement; not settled.
    Verified,
    /// Settled and committed; the answer has not left.
    Settled,
    /// The new half of a move is settled, the old one stands.
    HalfMoved,
}

impl Crashpoint {
    pub const ALL: [Self; 6] =
        [Self::Claimed, Self::Announced, Self::Sent, Self::Verified, Self::Settled, Self::HalfMoved];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Announced => "announced",
            Self::Sent => "sent",
            Self::Verified => "verified",
            Self::Settled => "settled",
            Self::HalfMoved => "half_moved",
        }
    }

    pub fn named(name: &str) -> Result<Self, String> {
        let all = || Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|point| point.name() == name).ok_or_else(|| format!("there are {}", all()))
    }
}

type Hook = Arc<dyn Fn(Crashpoint) + Send + Sync>;
type StepHook = Arc<dyn Fn(&'static str) + Send + Sync>;

#[derive(Clone, Default)]
pub struct Crashpoints {
    hook: Option<Hook>,
    step_hook: Option<StepHook>,
}

impl Crashpoints {
    pub fn armed(hook: impl Fn(Crashpoint) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..Self::default() }
    }

    pub fn pass(&self, point: Crashpoint) {
        if let Some(hook) = &self.hook {
            hook(point);
        }
    }

    /// The same for the steps of a handoff, which are known by their names in the log.
    #[must_use]
    pub fn with_steps(self, hook: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self { step_hook: Some(Arc::new(hook)), ..self }
    }

    pub fn begin_step(&self, step: &'static str) {
        if let Some(hook) = &self.step_hook {
            hook(step);
        }
    }
}
