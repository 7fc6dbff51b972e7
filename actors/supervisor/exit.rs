//! How an actor ended, read from ractor's events in one place: nobody else looks at reason texts.

use ractor::{ActorId, SupervisionEvent};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    Normal,
    /// By a signal, or its task was cancelled. ractor reports it as an end, not as a failure.
    Killed,
    /// A panic or an `Err`.
    Failed,
}

impl Exit {
    pub fn classify(event: &SupervisionEvent) -> Option<(ActorId, Self)> {
        match event {
            SupervisionEvent::ActorTerminated(cell, _, reason) => {
                let exit = match reason.as_deref() {
                    Some("killed" | "actor_task_cancelled") => Self::Killed,
                    _ => Self::Normal,
                };
                Some((cell.get_id(), exit))
            }
            SupervisionEvent::ActorFailed(cell, _) => Some((cell.get_id(), Self::Failed)),
            _ => None,
        }
    }

    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Killed | Self::Failed)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Killed => "killed",
            Self::Failed => "failed",
        }
    }
}
