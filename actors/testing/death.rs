//! Ways for an actor to die from within.

use ractor::ActorProcessingErr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Panic,
    Error,
}

impl Death {
    #[expect(clippy::panic, reason = "dying is what it is for")]
    pub fn strike(self) -> Result<(), ActorProcessingErr> {
        match self {
            Self::Panic => panic!("told to"),
            Self::Error => Err("told to".into()),
        }
    }
}
