//! Tool calls that went under between their claim and their announcement: with a process, an actor, or the queue of a desk.
//! Nothing of them has been written or will be, but whoever asked was told that the clinic will make sure, or heard
//! nothing. So a person calls them.

use std::time::Duration;

use crate::domain::answer::Answer;
use crate::domain::clinic::Clinic;
use crate::domain::ids::ToolCallKey;
use crate::domain::phi::Phi;
use crate::domain::say::Situation;
use crate::domain::tool::Tool;
use crate::house::House;
use crate::ports::store::{AuditAction, AuditEntry};

/// Whoever is at it has announced something by then, or given up.
const FORSAKEN_AFTER: Duration = Duration::from_mins(1);
const AT_ONCE: u32 = 16;

pub async fn hand_over_forsaken(house: &House, clinic: &Clinic) {
    let claimed_by = house.now().minus(FORSAKEN_AFTER);
    let forsaken = house.store.forsaken(&clinic.id, claimed_by, AT_ONCE).await;
    for (key, tool) in forsaken.unwrap_or_default() {
        if hand_over(house, clinic, &key, tool).await {
            tracing::warn!(
                clinic.id = %clinic.id, call.id = %key.call.call, tool = tool.name(),
                "a tool call went under before it was begun: staff have to call"
            );
        }
    }
}

/// Makes it a person's to call who asked for that. What it was about is not kept with it; the call's own record says who
/// called. An answer that it has stays.
pub async fn hand_over(house: &House, clinic: &Clinic, key: &ToolCallKey, tool: Tool) -> bool {
    let now = house.now();
    if house.store.dead_letter(key, tool, Phi::new("{}".to_owned()), now).await.is_err() {
        return false;
    }
    let situation = Situation::HandedToStaff;
    let audit = AuditEntry {
        at: now,
        clinic: clinic.id.clone(),
        call: Some(key.call.call.clone()),
        action: AuditAction::HandedToStaff,
        patients: Vec::new(),
        outcome: situation.code(),
    };
    let line = Answer::new(situation, clinic.language, &[]).line();
    let entered = house.store.answer(key, line, vec![audit], now).await.is_ok();
    if entered {
        house.meters.handed_to_staff(&clinic.id);
    }
    entered
}
