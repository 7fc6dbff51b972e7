//! Roles, audit, outbox and retention.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::MemoryStore;
use super::tables::{Tables, TextState};
use crate::domain::ids::Generation;
use crate::domain::time::Ts;
use crate::ports::store::{
    AuditStore, Keep, OutboxStore, QueuedSms, RetentionStore, RoleLease, RoleStore, SmsState, StoreResult,
};

#[async_trait]
impl RoleStore for MemoryStore {
    async fn hold_role(
        &self,
        role: &'static str,
        owner: Generation,
        lasts: Duration,
        now: Ts,
    ) -> StoreResult<Option<RoleLease>> {
        let until = Instant::now() + lasts * 2 / 3;
        let mut tables = self.tables()?;
        let Tables { roles, active, .. } = &mut *tables;
        let row = Tables::lease(roles, active, role, owner, now.plus(lasts), now);
        Ok(row.map(|row| RoleLease { role, owner, fence: row.fence, until }))
    }

    async fn release(&self, owner: Generation, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        tables.active.remove(&owner);
        let Tables { roles, days, .. } = &mut *tables;
        for row in roles.values_mut().chain(days.values_mut()).filter(|row| row.owner == owner) {
            row.expires_at = now;
        }
        Ok(())
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn seal_audit(&self, role: &RoleLease, limit: u32, _: Ts) -> StoreResult<u64> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        let batch = (tables.audit.len() - tables.sealed).min(limit as usize);
        tables.sealed += batch;
        Ok(batch as u64)
    }
}

#[async_trait]
impl OutboxStore for MemoryStore {
    async fn take_due_sms(&self, role: &RoleLease, limit: u32, now: Ts) -> StoreResult<Vec<QueuedSms>> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        let mut due = Vec::new();
        for (id, row) in tables.texts.iter_mut().enumerate() {
            match row.state {
                TextState::Sending(sender) if sender != role.owner => row.state = TextState::Over,
                TextState::Due(at) if at <= now && due.len() < limit as usize => {
                    row.state = TextState::Sending(role.owner);
                    row.attempt += 1;
                    due.push(QueuedSms {
                        id: i64::try_from(id).unwrap_or(i64::MAX),
                        clinic: row.draft.clinic.clone(),
                        attempt: row.attempt,
                        to: row.draft.to.clone(),
                        body: row.draft.body.clone(),
                    });
                }
                _ => {}
            }
        }
        Ok(due)
    }

    async fn record_sms(&self, role: &RoleLease, id: i64, state: SmsState, _: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        if let Some(row) = usize::try_from(id).ok().and_then(|id| tables.texts.get_mut(id)) {
            row.state = match state {
                SmsState::RetryAt(at) => TextState::Due(at),
                SmsState::Sent | SmsState::Refused | SmsState::Unknown => TextState::Over,
            };
        }
        Ok(())
    }
}

#[async_trait]
impl RetentionStore for MemoryStore {
    async fn purge(&self, role: &RoleLease, keep: Keep, limit: u32, now: Ts) -> StoreResult<u64> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        let old = now.minus(keep.ended_calls);
        let gone: Vec<_> = tables
            .calls
            .iter()
            .filter(|(_, row)| row.ended_at.is_some_and(|ended| ended < old))
            .map(|(key, _)| key.clone())
            .take(limit as usize)
            .collect();
        for key in &gone {
            tables.calls.remove(key);
            tables.tool_calls.retain(|tool_call, _| tool_call.call != *key);
        }
        tables.holds.retain(|hold| hold.until > now);
        Ok(gone.len() as u64)
    }
}
