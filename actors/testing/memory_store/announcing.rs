//! Announcing an EMR write: everything that forbids it is looked for first, so that a refusal has written nothing.

use tokio::time::Instant;

use super::tables::{EffectRow, IntentRow, LeaseRow, Tables};
use crate::domain::booking::{EffectState, IntentState};
use crate::domain::ids::Fence;
use crate::domain::time::Ts;
use crate::ports::store::{Announced, Announcement, KnownIntent, Lease, StoreError, StoreResult};

impl Tables {
    pub(super) fn announce(&mut self, ask: Announcement, until: Instant, now: Ts) -> StoreResult<Announced> {
        let refusal = if ask.continues { self.may_continue(&ask)? } else { self.may_begin(&ask) };
        if let Some(refusal) = refusal {
            return Ok(refusal);
        }
        let (call, slot) = (&ask.order.tool_call.call, ask.effect.slot());
        if ask.effect.adds()
            && !self.is_free(
                &call.clinic,
                Some(&call.call),
                slot,
                Some(ask.intent.id),
                Some(ask.intent.patient),
                now,
            )
        {
            return Ok(Announced::Occupied);
        }
        if !self.is_at_work(ask.sender) {
            return Err(StoreError::Usurped);
        }
        let Some(fence) = self.take_day(&ask) else { return Ok(Announced::LeaseHeld) };
        self.write_down(ask, now);
        Ok(Announced::Granted(Lease { fence, until }))
    }

    /// A later step of an intent that is open, ours, and has no write whose end is unknown (law B-2).
    fn may_continue(&self, ask: &Announcement) -> StoreResult<Option<Announced>> {
        let open = self.intents.get(&ask.intent.id).filter(|row| row.state == IntentState::Open);
        if open.is_none_or(|row| row.owner != ask.sender) {
            return Err(StoreError::Usurped);
        }
        let unsettled = self.effects_of(ask.intent.id).any(|row| !row.state.is_settled());
        Ok(unsettled.then_some(Announced::Occupied))
    }

    fn may_begin(&self, ask: &Announcement) -> Option<Announced> {
        let (clinic, patient) = (&ask.intent.clinic, ask.intent.patient);
        let wish = ask.intent.want.canonical(patient);
        let of_patient = || {
            self.intents.values().filter(|row| row.intent.clinic == *clinic && row.intent.patient == patient)
        };
        let makes_way =
            |row: &IntentRow| Some(row.intent.id) == ask.replaces && row.state != IntentState::Open;
        let live = |row: &&IntentRow| row.state.is_live() && !row.replaced && !makes_way(row);
        let same = |row: &&IntentRow| row.intent.want.canonical(patient) == wish;
        if let Some(row) = of_patient().filter(live).find(same) {
            return Some(Announced::Known(self.known(row)));
        }
        if of_patient().any(|row| row.state == IntentState::Open) {
            return Some(Announced::PatientBusy);
        }
        let tool_call = self.tool_calls.get(&ask.order.tool_call);
        let answered = ask.awaited && tool_call.is_some_and(|row| row.answer.is_some());
        answered.then_some(Announced::Answered)
    }

    fn known(&self, row: &IntentRow) -> KnownIntent {
        let added = self.newest_addition(row.intent.id);
        KnownIntent {
            id: row.intent.id,
            state: row.state,
            added: added.map(|added| (added.effect.id, added.effect.slot().clone())),
        }
    }

    /// The lease of a dead process is waited out: what it sent last may still be on its way.
    fn take_day(&mut self, ask: &Announcement) -> Option<Fence> {
        let slot = ask.effect.slot();
        let day = (ask.intent.clinic.clone(), slot.provider.clone(), slot.date);
        let now = Instant::now();
        let unheld = LeaseRow { owner: ask.sender, fence: Fence(0), expires_at: now };
        let row = self.days.entry(day).or_insert(unheld);
        if row.owner != ask.sender && row.expires_at > now {
            return None;
        }
        let fence = Fence(row.fence.0 + 1);
        *row = LeaseRow { owner: ask.sender, fence, expires_at: now + ask.lease_for };
        Some(fence)
    }

    fn write_down(&mut self, ask: Announcement, now: Ts) {
        let Announcement { intent, effect, order, sender, last_arrival, continues, replaces, audit, .. } =
            ask;
        if !continues {
            if let Some(replaced) = replaces.and_then(|id| self.intents.get_mut(&id)) {
                replaced.replaced = true;
            }
            let state = IntentState::Open;
            let row = IntentRow { intent, order, state, owner: sender, replaced: false, closed_at: None };
            self.intents.insert(row.intent.id, row);
        }
        self.effects.push(EffectRow {
            effect,
            state: EffectState::Announced,
            sender,
            announced_at: now,
            last_arrival,
            due: Some(last_arrival),
        });
        self.audit.extend(audit);
    }
}
