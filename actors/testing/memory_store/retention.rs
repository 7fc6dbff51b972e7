//! Retention: what is past its time goes, up to a limit of each kind.

use std::collections::HashSet;

use async_trait::async_trait;
use tokio::time::Instant;

use super::MemoryStore;
use super::tables::{HeldEntry, RegistrationEntry, Tables, TextRow, TextState};
use crate::domain::booking::IntentState;
use crate::domain::ids::IntentId;
use crate::domain::time::Ts;
use crate::ports::store::{Keep, RetentionStore, RoleLease, StoreResult};

/// Lets rows go, no more of a kind than it may.
struct Broom {
    limit: u64,
    of_kind: u64,
    gone: u64,
}

impl Broom {
    const fn next_kind(&mut self) {
        self.of_kind = 0;
    }

    fn leaves(&mut self, is_over: bool) -> bool {
        let goes = is_over && self.of_kind < self.limit;
        self.of_kind += u64::from(goes);
        self.gone += u64::from(goes);
        !goes
    }
}

#[async_trait]
impl RetentionStore for MemoryStore {
    async fn purge(&self, role: &RoleLease, keep: Keep, limit: u32, now: Ts) -> StoreResult<u64> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        let tables = &mut *tables;
        let (calls, tool_calls) = (now.minus(keep.ended_calls), now.minus(keep.tool_calls));
        let (events, closed) = (now.minus(keep.events), now.minus(keep.settled_effects));
        let texts = now.minus(keep.sent_sms);
        let over = tables.intents_over(closed);
        let mut broom = Broom { limit: limit.into(), of_kind: 0, gone: 0 };
        tables.calls.retain(|_, row| broom.leaves(row.ended_at.unwrap_or(row.touched_at) <= calls));
        broom.next_kind();
        tables.tool_calls.retain(|_, row| broom.leaves(row.touched_at <= tool_calls));
        broom.next_kind();
        tables.events.retain(|_, kept_at| broom.leaves(*kept_at <= events));
        broom.next_kind();
        tables.dead_letters.retain(|_, set_aside_at| broom.leaves(*set_aside_at <= events));
        broom.next_kind();
        tables.intents.retain(|id, _| broom.leaves(over.contains(id)));
        broom.next_kind();
        tables.texts.retain(|_, row| broom.leaves(row.ended_at().is_some_and(|at| at <= texts)));
        broom.next_kind();
        tables.records.retain(|_, row| broom.leaves(row.changed_at <= closed));
        broom.next_kind();
        tables.waitlist.retain(|row| broom.leaves(!row.status.is_waiting() && row.changed_at <= closed));
        broom.next_kind();
        let ended = |entry: &HeldEntry| !entry.row.state.is_waiting() && entry.changed_at <= closed;
        tables.held.retain(|entry| broom.leaves(ended(entry)));
        broom.next_kind();
        tables.freed.retain(|entry| broom.leaves(entry.freed_at <= closed));
        broom.next_kind();
        tables.offers.retain(|entry| broom.leaves(entry.changed_at <= closed));
        broom.next_kind();
        let settled = |entry: &RegistrationEntry| entry.closed_at.is_some_and(|at| at <= closed);
        tables.registrations.retain(|entry| broom.leaves(settled(entry)));
        broom.next_kind();
        tables.holds.retain(|hold| broom.leaves(hold.until <= now));
        broom.next_kind();
        // Their fences go with them, so only when nobody can remember one.
        tables.days.retain(|_, row| broom.leaves(row.expires_at + keep.settled_effects <= Instant::now()));
        let Tables { intents, effects, .. } = tables;
        effects.retain(|row| intents.contains_key(&row.effect.intent));
        Ok(broom.gone)
    }
}

impl Tables {
    /// Closed that long ago, with no write that is unsettled or watched. A look that was due that long ago is no watch.
    fn intents_over(&self, before: Ts) -> HashSet<IntentId> {
        let watched = |id| {
            self.effects_of(id).any(|row| {
                !row.state.is_settled() || row.may_turn_up() && row.due.is_some_and(|due| due > before)
            })
        };
        let closed = self.intents.values().filter(|row| row.state != IntentState::Open);
        let over = closed.filter(|row| row.closed_at.is_some_and(|at| at <= before));
        over.map(|row| row.intent.id).filter(|id| !watched(*id)).collect()
    }
}

impl TextRow {
    const fn ended_at(&self) -> Option<Ts> {
        match self.state {
            TextState::Over { since } | TextState::Refused { since } | TextState::Unknown { since } => {
                Some(since)
            }
            TextState::Due(_) | TextState::Sending { .. } => None,
        }
    }
}
