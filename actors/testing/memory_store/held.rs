//! Held requests.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{HeldEntry, Tables};
use crate::domain::held::{HELD_PER_CALL, HELD_PER_CLINIC, HeldState, Reference};
use crate::domain::ids::{ClinicId, DemographicNo, Fence};
use crate::domain::time::Ts;
use crate::ports::store::{
    AuditEntry, Held, HeldDraft, HeldEnd, HeldRow, HeldStore, StoreError, StoreResult, TakeHeld,
};

impl HeldEntry {
    fn is_of(&self, clinic: &ClinicId) -> bool {
        self.row.note.tool_call.call.clinic == *clinic
    }

    const fn waits(&self) -> bool {
        self.row.state.is_waiting()
    }
}

impl Tables {
    fn hold_request(&mut self, draft: HeldDraft, now: Ts) -> Held {
        let key = &draft.note.tool_call;
        let wanted = draft.wish.canonical();
        let of_clinic = || self.held.iter().filter(|entry| entry.is_of(&key.call.clinic));
        let same = |entry: &&HeldEntry| {
            entry.row.note.tool_call == *key || entry.waits() && entry.row.wish.canonical() == wanted
        };
        if let Some(known) = of_clinic().find(same) {
            return Held::Already(known.row.reference.clone());
        }
        let waiting = || of_clinic().filter(|entry| entry.waits());
        let of_call = waiting().filter(|entry| entry.row.note.tool_call.call == key.call).count();
        if waiting().count() >= HELD_PER_CLINIC as usize || of_call >= HELD_PER_CALL as usize {
            return Held::Full;
        }
        if waiting().any(|entry| entry.row.reference == draft.reference) {
            return Held::ReferenceTaken;
        }
        let row = HeldRow {
            id: self.held.last().map_or(1, |last| last.row.id + 1),
            reference: draft.reference,
            wish: draft.wish,
            note: draft.note,
            state: HeldState::Open,
            outcome: None,
            alternatives: Vec::new(),
            fence: Fence(0),
            intent: None,
            created_at: now,
            expires_at: draft.expires_at,
        };
        self.store_answer(&row.note.tool_call, draft.answer, now);
        self.audit.extend(draft.audit);
        self.held.push(HeldEntry { row, owner: None, due: now, changed_at: now });
        Held::Kept
    }

    fn held_of(&self, clinic: &ClinicId, wanted: impl Fn(&HeldEntry) -> bool) -> Vec<HeldRow> {
        let of_clinic = self.held.iter().filter(|entry| entry.is_of(clinic) && wanted(entry));
        let mut rows: Vec<HeldRow> = of_clinic.map(|entry| entry.row.clone()).collect();
        rows.sort_by_key(|row| (row.created_at, row.id));
        rows
    }

    fn is_due(&self, entry: &HeldEntry, now: Ts) -> bool {
        match entry.row.state {
            HeldState::Open => entry.due <= now || entry.row.expires_at <= now,
            HeldState::Executing => {
                entry.due <= now || entry.owner.is_none_or(|owner| !self.is_at_work(owner))
            }
            _ => false,
        }
    }
}

#[async_trait]
impl HeldStore for MemoryStore {
    async fn hold_request(&self, draft: HeldDraft, now: Ts) -> StoreResult<Held> {
        Ok(self.tables()?.hold_request(draft, now))
    }

    async fn held_requests(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<HeldRow>> {
        let mut tables = self.tables()?;
        tables.audit.push(audit);
        Ok(tables.held_of(clinic, |_| true))
    }

    async fn held_for(&self, clinic: &ClinicId, patient: DemographicNo) -> StoreResult<Vec<HeldRow>> {
        Ok(self.tables()?.held_of(clinic, |entry| entry.waits() && entry.row.wish.patient() == Some(patient)))
    }

    async fn due_held(&self, clinic: &ClinicId, now: Ts, limit: u32) -> StoreResult<Vec<HeldRow>> {
        let tables = self.tables()?;
        let mut due = tables.held_of(clinic, |entry| tables.is_due(entry, now));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn take_held(&self, take: TakeHeld, now: Ts) -> StoreResult<Option<Fence>> {
        let mut tables = self.tables()?;
        let entry = tables.held.iter_mut().find(|entry| entry.row.id == take.id && entry.is_of(&take.clinic));
        let Some(entry) = entry.filter(|entry| entry.waits() && entry.row.fence == take.seen) else {
            return Ok(None);
        };
        entry.row.state = HeldState::Executing;
        entry.row.fence = Fence(take.seen.0 + 1);
        entry.row.intent = Some(take.intent);
        (entry.owner, entry.due, entry.changed_at) = (Some(take.owner), take.until, now);
        Ok(Some(entry.row.fence))
    }

    async fn end_held(&self, end: HeldEnd, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let entry = tables.held.iter_mut().find(|entry| entry.row.id == end.id && entry.is_of(&end.clinic));
        let ours =
            |entry: &&mut HeldEntry| entry.row.state == HeldState::Executing && entry.row.fence == end.fence;
        let entry = entry.filter(ours).ok_or(StoreError::Usurped)?;
        entry.row.state = end.state;
        entry.row.outcome = Some(end.outcome.to_owned());
        entry.row.alternatives = end.alternatives;
        (entry.owner, entry.due, entry.changed_at) = (None, end.due, now);
        if let Some(draft) = end.text {
            tables.queue(draft, now);
        }
        tables.audit.extend(end.audit);
        Ok(())
    }

    async fn cancel_held(
        &self,
        clinic: &ClinicId,
        reference: &Reference,
        audit: AuditEntry,
        now: Ts,
    ) -> StoreResult<bool> {
        let mut tables = self.tables()?;
        let named = |entry: &&mut HeldEntry| {
            entry.is_of(clinic) && entry.row.reference == *reference && entry.row.state == HeldState::Open
        };
        let Some(entry) = tables.held.iter_mut().find(named) else { return Ok(false) };
        (entry.row.state, entry.changed_at) = (HeldState::Cancelled, now);
        tables.audit.push(audit);
        Ok(true)
    }
}
