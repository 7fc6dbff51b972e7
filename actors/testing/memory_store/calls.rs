//! Calls and tool calls.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{CallRow, RecordRow, RegistrationEntry, Tables, ToolCallRow};
use crate::domain::answer::AnswerLine;
use crate::domain::call_record::{CallFacts, REPORT_WITHIN};
use crate::domain::ids::{CallKey, ClinicId, Fence, Generation, ToolCallKey};
use crate::domain::laws::owns;
use crate::domain::phi::Phi;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::ports::store::{
    AdoptedCall, AuditEntry, CallEvent, CallSave, CallStore, Claimant, Claimed, HandOver, Lacks, StoreError,
    StoreResult, ToolCallStore, WaitlistJoin,
};

#[async_trait]
impl CallStore for MemoryStore {
    async fn adopt_call(&self, key: &CallKey, owner: Generation, now: Ts) -> StoreResult<AdoptedCall> {
        let adopted = self.tables()?.adopt(key, owner, now);
        self.may_answer().await;
        Ok(adopted)
    }

    async fn save_call(&self, save: CallSave, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let row = tables.owned(&save.key, save.fence)?;
        if row.version < save.version {
            row.version = save.version;
            row.memory = Some(save.memory);
            row.touched_at = now;
        }
        tables.audit.extend(save.audit);
        tables.record(&save.key, save.facts, Some(now.plus(REPORT_WITHIN)), now);
        if let Some(WaitlistJoin { tool_call, waiting }) = save.joins {
            tables.join_waitlist(ToolCallKey { call: save.key, tool_call }, waiting, now);
        }
        Ok(())
    }

    async fn end_call(&self, key: &CallKey, fence: Fence, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let row = tables.owned(key, fence)?;
        row.ended_at.get_or_insert(now);
        row.touched_at = now;
        tables.drop_holds(key);
        Ok(())
    }

    async fn keep_event(&self, event: CallEvent, now: Ts) -> StoreResult<bool> {
        let mut tables = self.tables()?;
        let due = (!event.is_report()).then(|| now.plus(REPORT_WITHIN));
        let message = (event.key.clone(), event.digest);
        if tables.events.contains_key(&message) {
            return Ok(false);
        }
        tables.events.insert(message, now);
        tables.record(&event.key, event.facts, due, now);
        if let Some(action) = event.audited {
            tables.audit.push(AuditEntry::about_call(&event.key, action, "KEPT", now));
        }
        Ok(true)
    }

    async fn call_record(&self, key: &CallKey) -> StoreResult<Option<CallFacts>> {
        Ok(self.tables()?.records.get(key).map(|row| row.facts.clone()))
    }
}

impl Tables {
    fn adopt(&mut self, key: &CallKey, owner: Generation, now: Ts) -> AdoptedCall {
        let row = self.calls.entry(key.clone()).or_insert(CallRow {
            fence: Fence(0),
            owner,
            version: 0,
            memory: None,
            touched_at: now,
            ended_at: None,
        });
        row.fence = Fence(row.fence.0 + 1);
        row.owner = owner;
        row.touched_at = now;
        AdoptedCall { fence: row.fence, memory: row.memory.clone(), ended: row.ended_at.is_some() }
    }

    fn record(&mut self, key: &CallKey, facts: CallFacts, report_due: Option<Ts>, now: Ts) {
        if !facts.says_something() {
            return;
        }
        let new = || RecordRow { report_due, ..RecordRow::default() };
        let row = self.records.entry(key.clone()).or_insert_with(new);
        row.facts = std::mem::take(&mut row.facts).with(facts);
        row.changed_at = now;
        // It has come, or is not asked for any more.
        row.report_due = row.report_due.and(report_due);
    }

    fn owned(&mut self, key: &CallKey, fence: Fence) -> StoreResult<&mut CallRow> {
        self.calls.get_mut(key).filter(|row| owns(row.fence, fence)).ok_or(StoreError::Usurped)
    }
}

#[async_trait]
impl ToolCallStore for MemoryStore {
    async fn claim(
        &self,
        key: &ToolCallKey,
        tool: Tool,
        claimant: Claimant,
        now: Ts,
    ) -> StoreResult<Claimed> {
        let mut tables = self.tables()?;
        if let Some(line) = tables.tool_calls.get(key).and_then(|row| row.answer.clone()) {
            return Ok(Claimed::Answered(line));
        }
        tables.owned(&key.call, claimant.fence)?;
        let intended = tables.is_intended(key);
        let claimed_by = tables.tool_calls.get(key).map(|row| row.claimant.generation);
        let elsewhere = claimed_by.is_some_and(|by| by != claimant.generation && tables.is_at_work(by));
        let left = claimed_by.is_some_and(|by| tables.has_left(by));
        let Some(row) = tables.tool_calls.get_mut(key) else {
            let first = ToolCallRow { tool, claimant, attempt: 1, answer: None, touched_at: now };
            tables.tool_calls.insert(key.clone(), first);
            return Ok(Claimed::Ours { attempt: 1 });
        };
        if elsewhere || intended || row.claimant.fence == claimant.fence {
            return Ok(Claimed::Underway);
        }
        let attempt = if left && row.attempt > 0 { row.attempt } else { row.attempt + 1 };
        *row = ToolCallRow { tool, claimant, attempt, answer: None, touched_at: now };
        Ok(Claimed::Ours { attempt })
    }

    async fn absolve(&self, key: &ToolCallKey, claimant: Claimant) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let row = tables.tool_calls.get_mut(key);
        if let Some(row) = row.filter(|row| row.claimant == claimant && row.answer.is_none()) {
            row.attempt -= 1;
        }
        Ok(())
    }

    async fn answer(
        &self,
        key: &ToolCallKey,
        line: AnswerLine,
        audit: Vec<AuditEntry>,
        now: Ts,
    ) -> StoreResult<AnswerLine> {
        let mut tables = self.tables()?;
        let first = tables.store_answer(key, line, now).ok_or(StoreError::Usurped)?;
        tables.audit.extend(audit);
        Ok(first)
    }

    async fn answer_of(&self, key: &ToolCallKey) -> StoreResult<Option<AnswerLine>> {
        Ok(self.tables()?.tool_calls.get(key).and_then(|row| row.answer.clone()))
    }

    async fn forsaken(
        &self,
        clinic: &ClinicId,
        claimed_by: Ts,
        limit: u32,
    ) -> StoreResult<Vec<(ToolCallKey, Tool)>> {
        let tables = self.tables()?;
        let forsaken = tables.tool_calls.iter().filter(|(key, row)| {
            key.call.clinic == *clinic && row.touched_at <= claimed_by && tables.is_forsaken(key, row)
        });
        let mut rows: Vec<_> = forsaken.map(|(key, row)| (row.touched_at, (key.clone(), row.tool))).collect();
        rows.sort_by_key(|(claimed_at, _)| *claimed_at);
        rows.truncate(limit as usize);
        Ok(rows.into_iter().map(|(_, found)| found).collect())
    }

    async fn hand_over(&self, handed: HandOver, now: Ts) -> StoreResult<bool> {
        let mut tables = self.tables()?;
        let HandOver { key, lacks, audit, .. } = handed;
        match lacks {
            Lacks::Answer { line, claimed_by } => {
                let row = tables.tool_calls.get(&key);
                if !row.is_some_and(|row| row.touched_at <= claimed_by && tables.is_forsaken(&key, row)) {
                    return Ok(false);
                }
                tables.store_answer(&key, line, now);
            }
            Lacks::Hearer if tables.dead_letters.contains_key(&key) => return Ok(false),
            Lacks::Hearer => {}
        }
        tables.dead_letters.entry(key).or_insert(now);
        tables.audit.push(audit);
        Ok(true)
    }

    async fn dead_letter(&self, key: &ToolCallKey, _: Tool, _: Phi<String>, now: Ts) -> StoreResult<()> {
        self.tables()?.dead_letters.entry(key.clone()).or_insert(now);
        Ok(())
    }
}

impl Tables {
    /// Whether a booking or a registration came of it, which will bring its answer.
    fn is_intended(&self, key: &ToolCallKey) -> bool {
        let registers = |entry: &RegistrationEntry| entry.row.note.tool_call == *key;
        self.intents.values().any(|row| row.order.tool_call == *key)
            || self.registrations.iter().any(registers)
    }

    fn is_forsaken(&self, key: &ToolCallKey, row: &ToolCallRow) -> bool {
        row.answer.is_none() && !self.is_intended(key)
    }

    /// The first answer stays; `None` when nobody has claimed the tool call.
    pub(super) fn store_answer(
        &mut self,
        key: &ToolCallKey,
        line: AnswerLine,
        now: Ts,
    ) -> Option<AnswerLine> {
        let row = self.tool_calls.get_mut(key)?;
        if row.answer.is_none() {
            row.touched_at = now;
        }
        Some(row.answer.get_or_insert(line).clone())
    }
}
