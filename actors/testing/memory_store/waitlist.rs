//! The waiting list.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, WaitingRow};
use crate::domain::ids::{ClinicId, ToolCallKey};
use crate::domain::time::Ts;
use crate::domain::waitlist::{Waiting, WaitlistStatus};
use crate::ports::store::{AuditEntry, StoreResult, WaitlistRow, WaitlistStore};

impl Tables {
    pub(super) fn join_waitlist(&mut self, key: ToolCallKey, waiting: Waiting, now: Ts) {
        if self.waitlist.iter().any(|row| row.key == key) {
            return;
        }
        let same = |row: &&mut WaitingRow| {
            let waits = row.status.is_waiting() && row.key.call.clinic == key.call.clinic;
            waits && row.waiting.person() == waiting.person()
        };
        if let Some(row) = self.waitlist.iter_mut().find(same) {
            (row.key, row.waiting, row.changed_at) = (key, waiting, now);
            return;
        }
        let id = i64::try_from(self.waitlist.len()).unwrap_or(i64::MAX) + 1;
        let status = WaitlistStatus::Pending;
        self.waitlist.push(WaitingRow { id, key, waiting, status, added_at: now, changed_at: now });
    }
}

impl WaitingRow {
    pub(super) fn listed(&self) -> WaitlistRow {
        let Self { id, status, added_at, waiting, .. } = self;
        WaitlistRow { id: *id, status: *status, added_at: *added_at, waiting: waiting.clone() }
    }
}

#[async_trait]
impl WaitlistStore for MemoryStore {
    async fn waitlist(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<WaitlistRow>> {
        let mut tables = self.tables()?;
        tables.audit.push(audit);
        let of_clinic = tables.waitlist.iter().filter(|row| row.key.call.clinic == *clinic);
        Ok(of_clinic.map(WaitingRow::listed).collect())
    }

    async fn mark_waiting(
        &self,
        clinic: &ClinicId,
        id: i64,
        status: WaitlistStatus,
        audit: AuditEntry,
        now: Ts,
    ) -> StoreResult<bool> {
        let mut tables = self.tables()?;
        let waits =
            |row: &&mut WaitingRow| row.id == id && row.key.call.clinic == *clinic && row.status.is_waiting();
        let Some(row) = tables.waitlist.iter_mut().find(waits) else { return Ok(false) };
        (row.status, row.changed_at) = (status, now);
        tables.audit.push(audit);
        Ok(true)
    }
}
