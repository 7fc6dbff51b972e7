//! Whether the house behind the door answers who calls: what a process on probation is judged by. A health check, a page
//! and whoever shows no credential are answered by the door itself, and say nothing of that; nor does a transfer, which is
//! answered by whoever still can.

use std::sync::Arc;

use tokio::sync::watch;

/// What webhooks have met so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Met {
    #[default]
    Nobody,
    /// Somebody who has not answered one of them.
    Failure,
    AnAnswer,
}

/// One for the life of a process.
#[derive(Clone, Default)]
pub struct Proof(Arc<watch::Sender<Met>>);

impl Proof {
    pub(super) fn note(&self, is_answered: bool) {
        self.0.send_if_modified(|met| {
            let now = match (*met, is_answered) {
                (_, true) | (Met::AnAnswer, false) => Met::AnAnswer,
                (_, false) => Met::Failure,
            };
            std::mem::replace(met, now) != now
        });
    }

    /// Resolves when the first webhook has been answered.
    pub async fn given(&self) {
        // The sender lives as long as we do.
        let _ = self.0.subscribe().wait_for(|met| *met == Met::AnAnswer).await;
    }

    /// Webhooks came, and none was answered.
    pub fn is_lacking(&self) -> bool {
        *self.0.borrow() == Met::Failure
    }
}
