//! Tool calls that went under between their claim and their announcement: with a process, an actor, or the queue of a desk.
//! Nothing of them has been written or will be, but whoever asked was told that the clinic will make sure, or heard
//! nothing. So a person calls them.

use std::time::Duration;

use crate::domain::answer::Answer;
use crate::domain::clinic::Clinic;
use crate::domain::ids::ToolCallKey;
use crate::domain::say::Situation;
use crate::domain::tool::Tool;
use crate::house::House;
use crate::ports::store::{AuditAction, AuditEntry, HandOver, Lacks};

/// Whoever is at it has announced something by then, or given up.
const FORSAKEN_AFTER: Duration = Duration::from_mins(1);
const AT_ONCE: u32 = 16;

pub async fn hand_over_forsaken(house: &House, clinic: &Clinic) {
    let claimed_by = house.now().minus(FORSAKEN_AFTER);
    let forsaken = house.store.forsaken(&clinic.id, claimed_by, AT_ONCE).await;
    for (key, tool) in forsaken.unwrap_or_default() {
        let line = Answer::new(Situation::HandedToStaff, clinic.language, &[]).line();
        if hand_over(house, &key, tool, Lacks::Answer { line, claimed_by }).await {
            tracing::warn!(
                clinic.id = %clinic.id, call.id = %key.call.call, tool = tool.name(),
                "a tool call went under before it was begun: staff have to call"
            );
        }
    }
}

/// Makes it a person's to call who asked for that. What it was about is not kept with it; the call's own record says who
/// called. Every process looks, and one of them finds that it was the first.
pub async fn hand_over(house: &House, key: &ToolCallKey, tool: Tool, lacks: Lacks) -> bool {
    let now = house.now();
    let audit =
        AuditEntry::about_call(&key.call, AuditAction::HandedToStaff, Situation::HandedToStaff.code(), now);
    let handed = HandOver { key: key.clone(), tool, lacks, audit };
    let is_ours = house.store.hand_over(handed, now).await.unwrap_or(false);
    if is_ours {
        house.meters.handed_to_staff(&key.call.clinic);
    }
    is_ours
}
