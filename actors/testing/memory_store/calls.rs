//! Calls, tool calls and holds.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{CallRow, HoldRow, ToolCallRow};
use crate::domain::answer::AnswerLine;
use crate::domain::booking::{IntentState, Slot};
use crate::domain::ids::{CallKey, Fence, Generation, ToolCallKey};
use crate::domain::laws::owns;
use crate::domain::phi::Phi;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::ports::store::{
    AdoptedCall, AuditEntry, CallEvent, CallSave, CallStore, Claimant, Claimed, HoldStore, StoreError,
    StoreResult, Taken, ToolCallStore,
};

#[async_trait]
impl CallStore for MemoryStore {
    async fn adopt_call(&self, key: &CallKey, owner: Generation, _: Ts) -> StoreResult<AdoptedCall> {
        let mut tables = self.tables()?;
        let row = tables.calls.entry(key.clone()).or_insert(CallRow {
            fence: Fence(0),
            owner,
            version: 0,
            memory: None,
            ended_at: None,
        });
        row.fence = Fence(row.fence.0 + 1);
        row.owner = owner;
        Ok(AdoptedCall { fence: row.fence, memory: row.memory.clone(), ended: row.ended_at.is_some() })
    }

    async fn save_call(&self, save: CallSave, _: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let row = tables.calls.get_mut(&save.key).ok_or(StoreError::Usurped)?;
        if !owns(row.fence, save.fence) {
            return Err(StoreError::Usurped);
        }
        if row.version < save.version {
            row.version = save.version;
            row.memory = Some(save.memory);
        }
        tables.audit.extend(save.audit);
        Ok(())
    }

    async fn end_call(&self, key: &CallKey, fence: Fence, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let row =
            tables.calls.get_mut(key).filter(|row| owns(row.fence, fence)).ok_or(StoreError::Usurped)?;
        row.ended_at = Some(now);
        tables.holds.retain(|hold| hold.call != *key);
        Ok(())
    }

    async fn keep_event(&self, event: CallEvent, _: Ts) -> StoreResult<bool> {
        Ok(self.tables()?.events.insert((event.key, event.digest)))
    }
}

#[async_trait]
impl ToolCallStore for MemoryStore {
    async fn claim(&self, key: &ToolCallKey, _: Tool, claimant: Claimant, _: Ts) -> StoreResult<Claimed> {
        let mut tables = self.tables()?;
        let intended = tables.intents.values().any(|row| row.order.tool_call == *key);
        let Some(row) = tables.tool_calls.get_mut(key) else {
            tables.tool_calls.insert(key.clone(), ToolCallRow { claimant, attempt: 1, answer: None });
            return Ok(Claimed::Ours { attempt: 1 });
        };
        if let Some(line) = &row.answer {
            return Ok(Claimed::Answered(line.clone()));
        }
        if intended || row.claimant == claimant {
            return Ok(Claimed::Underway);
        }
        row.claimant = claimant;
        row.attempt += 1;
        Ok(Claimed::Ours { attempt: row.attempt })
    }

    async fn answer(
        &self,
        key: &ToolCallKey,
        line: AnswerLine,
        audit: Vec<AuditEntry>,
        _: Ts,
    ) -> StoreResult<AnswerLine> {
        let mut tables = self.tables()?;
        tables.audit.extend(audit);
        let row = tables.tool_calls.get_mut(key).ok_or(StoreError::Usurped)?;
        Ok(row.answer.get_or_insert(line).clone())
    }

    async fn answer_of(&self, key: &ToolCallKey) -> StoreResult<Option<AnswerLine>> {
        Ok(self.tables()?.tool_calls.get(key).and_then(|row| row.answer.clone()))
    }

    async fn dead_letter(&self, key: &ToolCallKey, _: Tool, _: Phi<String>, _: Ts) -> StoreResult<()> {
        self.tables()?.dead_letters.push(key.clone());
        Ok(())
    }
}

#[async_trait]
impl HoldStore for MemoryStore {
    async fn hold(
        &self,
        call: &CallKey,
        slots: Vec<Slot>,
        limit: usize,
        until: Ts,
        now: Ts,
    ) -> StoreResult<Vec<Slot>> {
        let mut tables = self.tables()?;
        tables.holds.retain(|hold| hold.call != *call && hold.until > now);
        let mut granted: Vec<Slot> = Vec::new();
        for slot in slots {
            let held = tables.holds.iter().any(|hold| {
                hold.call.clinic == call.clinic && hold.call != *call && hold.slot.overlaps(&slot)
            });
            let unsettled = tables
                .unsettled_additions()
                .any(|row| row.effect.clinic == call.clinic && row.effect.slot().overlaps(&slot));
            if granted.len() < limit && !held && !unsettled {
                tables.holds.push(HoldRow { call: call.clone(), slot: slot.clone(), until });
                granted.push(slot);
            }
        }
        Ok(granted)
    }

    async fn taken(&self, query: Taken, now: Ts) -> StoreResult<Vec<Slot>> {
        let tables = self.tables()?;
        let asked =
            |slot: &Slot| slot.provider == query.provider && (query.first..=query.last).contains(&slot.date);
        let holds = tables.holds.iter().filter(|hold| {
            hold.call.clinic == query.clinic
                && hold.until > now
                && query.except_call.as_ref() != Some(&hold.call.call)
        });
        let unsettled = tables
            .unsettled_additions()
            .filter(|row| row.effect.clinic == query.clinic && query.except_effect != Some(row.effect.id));
        let slots = holds.map(|hold| &hold.slot).chain(unsettled.map(|row| row.effect.slot()));
        Ok(slots.filter(|slot| asked(slot)).cloned().collect())
    }
}

/// Whether an intent is being worked on; one that is occupies its patient.
pub(super) const fn is_open(state: IntentState) -> bool {
    matches!(state, IntentState::Open)
}
