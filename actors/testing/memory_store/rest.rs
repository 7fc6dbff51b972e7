//! Roles, audit, outbox, the EMR's tokens and what it can do.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::MemoryStore;
use super::tables::{LeaseRow, TextRow, TextState};
use crate::domain::capabilities::{Capabilities, Discovered};
use crate::domain::ids::{ClinicId, Fence, Generation};
use crate::domain::time::Ts;
use crate::ports::store::{
    AuditEntry, AuditStore, CapabilityStore, EmrToken, OutboxStore, QueuedSms, RoleLease, RoleStore,
    SmsState, StoreError, StoreResult, TokenStore,
};

/// A text still marked as being sent after this was left so by a death.
const LOST_AFTER: Duration = Duration::from_mins(5);

#[async_trait]
impl RoleStore for MemoryStore {
    async fn hold_role(
        &self,
        role: &'static str,
        owner: Generation,
        lasts: Duration,
    ) -> StoreResult<Option<RoleLease>> {
        let now = Instant::now();
        let until = now + lasts * 2 / 3;
        let mut tables = self.tables()?;
        if !tables.is_active(owner) {
            return Ok(None);
        }
        let before = tables.roles.get(role);
        let taken = before.filter(|row| row.owner != owner && row.expires_at > now);
        if taken.is_some_and(|row| tables.is_active(row.owner)) {
            return Ok(None);
        }
        let fence = before.map_or(1, |row| row.fence.0 + i64::from(row.owner != owner));
        let row = LeaseRow { owner, fence: Fence(fence), expires_at: now + lasts };
        tables.roles.insert(role, row);
        Ok(Some(RoleLease { role, owner, fence: Fence(fence), until }))
    }

    async fn release(&self, owner: Generation, is_awaited: bool) -> StoreResult<()> {
        let now = Instant::now();
        let mut tables = self.tables()?;
        tables.release(owner, is_awaited);
        let tables = &mut *tables;
        for row in tables.roles.values_mut().chain(tables.days.values_mut()) {
            if row.owner == owner {
                row.expires_at = row.expires_at.min(now);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn append_audit(&self, entry: AuditEntry) -> StoreResult<()> {
        self.tables()?.audit.push(entry);
        Ok(())
    }

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
    async fn take_due_sms(&self, role: &RoleLease, now: Ts) -> StoreResult<Option<QueuedSms>> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        tables.texts.values_mut().for_each(|row| row.lose(role.fence, now));
        let due = tables.texts.iter_mut().filter_map(|(id, row)| Some((row.due()?, *id, row)));
        let next = due.filter(|(at, ..)| *at <= now).min_by_key(|(at, id, _)| (*at, *id));
        Ok(next.map(|(_, id, row)| row.take(id, role.fence, now)))
    }

    async fn record_sms(
        &self,
        role: &RoleLease,
        clinic: &ClinicId,
        id: i64,
        state: SmsState,
        now: Ts,
    ) -> StoreResult<()> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        let under_way =
            |row: &&mut TextRow| matches!(row.state, TextState::Sending { .. } | TextState::Unknown { .. });
        let row = tables.texts.get_mut(&id).filter(under_way).filter(|row| row.draft.clinic == *clinic);
        let row = row.ok_or(StoreError::Usurped)?;
        row.state = match state {
            SmsState::RetryAt(at) => TextState::Due(at),
            SmsState::Unknown => TextState::Unknown { since: now },
            SmsState::Refused => TextState::Refused { since: now },
            SmsState::Sent => TextState::Over { since: now },
        };
        Ok(())
    }
}

impl TextRow {
    const fn due(&self) -> Option<Ts> {
        match self.state {
            TextState::Due(at) => Some(at),
            TextState::Sending { .. }
            | TextState::Unknown { .. }
            | TextState::Refused { .. }
            | TextState::Over { .. } => None,
        }
    }

    fn lose(&mut self, fence: Fence, now: Ts) {
        if let TextState::Sending { fence: taken_under, since } = self.state
            && (taken_under != fence || since <= now.minus(LOST_AFTER))
        {
            self.state = TextState::Unknown { since: now };
        }
    }

    fn take(&mut self, id: i64, fence: Fence, now: Ts) -> QueuedSms {
        self.state = TextState::Sending { fence, since: now };
        self.attempt += 1;
        QueuedSms {
            id,
            clinic: self.draft.clinic.clone(),
            attempt: self.attempt,
            to: self.draft.to.clone(),
            body: self.draft.body.clone(),
        }
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn emr_tokens(&self) -> StoreResult<Vec<EmrToken>> {
        Ok(self.tables()?.emr_tokens.clone())
    }

    async fn note_token_watch(&self, role: &RoleLease, clinic: &ClinicId, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        for token in tables.emr_tokens.iter_mut().filter(|token| token.clinic == *clinic) {
            token.watched_at = Some(now);
        }
        Ok(())
    }
}

#[async_trait]
impl CapabilityStore for MemoryStore {
    async fn emr_capabilities(&self, clinic: &ClinicId) -> StoreResult<Capabilities> {
        Ok(self.tables()?.capabilities.get(clinic).cloned().unwrap_or_default())
    }

    async fn keep_capabilities(&self, clinic: &ClinicId, news: Discovered) -> StoreResult<()> {
        self.tables()?.capabilities.entry(clinic.clone()).or_default().learn(&news);
        Ok(())
    }
}
