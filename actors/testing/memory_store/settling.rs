//! Settling an EMR write, with everything that is true only because it ended so.

use tokio::time::Instant;

use super::tables::{EffectRow, HoldRow, Holder, IntentRow, Tables, TextRow, TextState};
use crate::domain::booking::{EffectState, IntentState};
use crate::domain::time::Ts;
use crate::ports::store::{Lease, Settlement, SmsDraft, StoreError, StoreResult};

impl Tables {
    pub(super) fn settle(&mut self, ask: Settlement, now: Ts) -> StoreResult<()> {
        let index = self.may_settle(&ask)?;
        let row = &mut self.effects[index];
        record(row, &ask);
        let (effect, done) = (row.effect.clone(), matches!(ask.state, EffectState::Done(_)));
        let intent = self.intents.get_mut(&effect.intent).ok_or(StoreError::Usurped)?;
        if let Some((_, state)) = ask.intent {
            close(intent, state, now);
        }
        let (call, patient) = (intent.order.tool_call.call.clone(), intent.intent.patient);
        if let Some((key, line)) = ask.answer {
            self.store_answer(&key, line, now);
        }
        if let Some(draft) = ask.text {
            self.queue(draft, now);
        }
        self.audit.extend(ask.audit);
        if done && effect.adds() {
            let holder = Holder::Call(call.call);
            let is_theirs = |hold: &HoldRow| {
                (&hold.clinic, &hold.holder, &hold.slot) == (&call.clinic, &holder, effect.slot())
            };
            self.holds.retain(|hold| !is_theirs(hold));
        }
        if ask.intent.is_some_and(|(_, state)| state != IntentState::Refused) {
            self.accept_offer(effect.intent, now);
        }
        if ask.frees {
            self.free(&effect.clinic, effect.slot(), patient, now);
        }
        if let Some(Lease { fence, .. }) = ask.release {
            let day = (effect.clinic.clone(), effect.slot().provider.clone(), effect.slot().date);
            let ours = self.days.get_mut(&day).filter(|row| row.owner == ask.settler && row.fence == fence);
            if let Some(row) = ours {
                row.expires_at = row.expires_at.min(Instant::now());
            }
        }
        Ok(())
    }

    /// The sender records its result whoever owns the intent by now; the owner may settle what another sent.
    fn may_settle(&self, ask: &Settlement) -> StoreResult<usize> {
        let of_clinic = |row: &EffectRow| row.effect.id == ask.effect && row.effect.clinic == ask.clinic;
        let index = self.effects.iter().position(of_clinic).ok_or(StoreError::Usurped)?;
        let row = &self.effects[index];
        let intent = self.intents.get(&row.effect.intent).ok_or(StoreError::Usurped)?;
        let entitled = [row.sender, intent.owner].contains(&ask.settler);
        let names_it = ask.intent.is_none_or(|(id, _)| id == row.effect.intent);
        if entitled && names_it && row.state.may_become(ask.state) {
            Ok(index)
        } else {
            Err(StoreError::Usurped)
        }
    }

    /// As a gateway might, for good.
    pub fn refuse_newest_text(&mut self, now: Ts) {
        if let Some(mut text) = self.texts.last_entry() {
            text.get_mut().state = TextState::Refused { since: now };
        }
    }

    /// A text about the same thing is queued once.
    pub(super) fn queue(&mut self, draft: SmsDraft, now: Ts) {
        let same = |row: &TextRow| row.draft.clinic == draft.clinic && row.draft.dedupe == draft.dedupe;
        if !self.texts.values().any(same) {
            let id = self.texts.last_key_value().map_or(1, |(last, _)| last + 1);
            self.texts.insert(id, TextRow { draft, attempt: 0, state: TextState::Due(now) });
        }
    }
}

fn record(row: &mut EffectRow, ask: &Settlement) {
    row.state = ask.state;
    match ask.look_again {
        Some(look) => (row.due, row.last_arrival) = (Some(look.due), look.last_arrival),
        None if ask.state.is_settled() => row.due = None,
        None => {}
    }
}

/// Only while it is open: what was closed before stays as it was told.
fn close(intent: &mut IntentRow, state: IntentState, now: Ts) {
    if intent.state == IntentState::Open && state != IntentState::Open {
        intent.state = state;
        intent.closed_at = Some(now);
    }
}
