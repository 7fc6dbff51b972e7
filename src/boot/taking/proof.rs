//! Whether a successor is fit to keep the node.

use std::future::pending;

use vitarad_actors::handoff::SuccessorEvent;

use super::super::App;

/// Proven once, it has only to stand.
pub async fn proving(app: &mut Option<App>, is_proven: bool) -> SuccessorEvent {
    match app {
        Some(app) if is_proven => {
            app.root.ended().await;
            SuccessorEvent::Fell
        }
        Some(app) => {
            if app.proven().await {
                SuccessorEvent::Proven
            } else {
                SuccessorEvent::Fell
            }
        }
        None => pending().await,
    }
}

/// Nobody has called for as long as it was on probation, or nobody who got an answer.
pub async fn judged(app: &App) -> SuccessorEvent {
    let Some(why) = app.unfit().await else { return SuccessorEvent::Late };
    tracing::error!(why, "not fit to keep the node: it is given back");
    SuccessorEvent::Fell
}
