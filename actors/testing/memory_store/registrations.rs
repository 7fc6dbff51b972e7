//! Registrations.

use async_trait::async_trait;
use tokio::time::Instant;

use super::MemoryStore;
use super::tables::{RegistrationEntry, Tables};
use crate::domain::ids::{ClinicId, Fence, Generation, IntentId};
use crate::domain::new_patient::NewPatient;
use crate::domain::registration::RegistrationState;
use crate::domain::time::Ts;
use crate::ports::store::{
    AuditEntry, Lease, RegistrationAnnounced, RegistrationDraft, RegistrationEnd, RegistrationRow,
    RegistrationStore, StoreError, StoreResult,
};

impl RegistrationEntry {
    pub fn is_of(&self, clinic: &ClinicId) -> bool {
        self.row.note.tool_call.call.clinic == *clinic
    }
}

/// One name and birth date, or one health number.
fn is_same(one: &NewPatient, other: &NewPatient) -> bool {
    let number = one.health_number.reveal();
    one.person() == other.person() || number.is_some() && number == other.health_number.reveal()
}

impl Tables {
    fn announce_registration(
        &mut self,
        draft: RegistrationDraft,
        until: Instant,
        now: Ts,
    ) -> StoreResult<RegistrationAnnounced> {
        let call = &draft.note.tool_call.call;
        let of_clinic = || self.registrations.iter().filter(|entry| entry.is_of(&call.clinic));
        let underway =
            |entry: &&RegistrationEntry| !entry.row.state.is_settled() && is_same(&entry.row.who, &draft.who);
        if let Some(entry) = of_clinic().find(underway) {
            let same_call = entry.row.note.tool_call.call == *call;
            return Ok(RegistrationAnnounced::Underway { id: entry.row.id, same_call });
        }
        if !self.is_at_work(draft.sender) {
            return Err(StoreError::Usurped);
        }
        let earlier = of_clinic().rev().find_map(|entry| match entry.row.state {
            RegistrationState::Done(no)
                if entry.row.note.tool_call.call == *call && entry.row.who.person() == draft.who.person() =>
            {
                Some((entry.row.id, no))
            }
            _ => None,
        });
        let RegistrationDraft { id, who, note, sender, last_arrival, audit, .. } = draft;
        let state = RegistrationState::Announced;
        let row = RegistrationRow { id, who, note, state, announced_at: now, last_arrival };
        let due = Some(last_arrival);
        self.registrations.push(RegistrationEntry { row, owner: sender, sender, due, closed_at: None });
        self.audit.extend(audit);
        Ok(RegistrationAnnounced::Granted { lease: Lease { fence: Fence(1), until }, earlier })
    }

    fn settle_registration(&mut self, end: RegistrationEnd, now: Ts) -> StoreResult<()> {
        let RegistrationEnd { clinic, id, settler, state, answer, text, audit, look_again } = end;
        let entry = self.registrations.iter_mut().find(|entry| entry.row.id == id && entry.is_of(&clinic));
        let entitled = |entry: &&mut RegistrationEntry| {
            [entry.sender, entry.owner].contains(&settler) && entry.row.state.may_become(state)
        };
        let entry = entry.filter(entitled).ok_or(StoreError::Usurped)?;
        entry.row.state = state;
        entry.due = look_again.map(|look| look.due);
        entry.row.last_arrival = look_again.map_or(entry.row.last_arrival, |look| look.last_arrival);
        entry.closed_at = state.is_settled().then_some(now);
        if let Some((key, line)) = answer {
            self.store_answer(&key, line, now);
        }
        if let Some(draft) = text {
            self.queue(draft, now);
        }
        self.audit.extend(audit);
        Ok(())
    }

    pub(super) fn adopt_registrations(&mut self, clinic: &ClinicId, owner: Generation, now: Ts) -> u64 {
        let at_work: Vec<Generation> = self.at_work();
        let orphaned = self.registrations.iter_mut().filter(|entry| {
            entry.is_of(clinic) && !entry.row.state.is_settled() && !at_work.contains(&entry.owner)
        });
        orphaned.map(|entry| (entry.owner, entry.due) = (owner, Some(now))).count() as u64
    }
}

#[async_trait]
impl RegistrationStore for MemoryStore {
    async fn announce_registration(
        &self,
        draft: RegistrationDraft,
        now: Ts,
    ) -> StoreResult<RegistrationAnnounced> {
        let until = Instant::now() + draft.lease_for;
        self.tables()?.announce_registration(draft, until, now)
    }

    async fn settle_registration(&self, end: RegistrationEnd, now: Ts) -> StoreResult<()> {
        self.tables()?.settle_registration(end, now)
    }

    async fn due_registrations(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<RegistrationRow>> {
        let tables = self.tables()?;
        let due = |entry: &&RegistrationEntry| {
            entry.is_of(clinic)
                && entry.owner == owner
                && !entry.row.state.is_settled()
                && entry.due.is_some_and(|due| due <= now)
        };
        let due = tables.registrations.iter().filter(due).take(limit as usize);
        Ok(due.map(|entry| entry.row.clone()).collect())
    }

    async fn registration(&self, clinic: &ClinicId, id: IntentId) -> StoreResult<Option<RegistrationState>> {
        let tables = self.tables()?;
        let known = tables.registrations.iter().find(|entry| entry.row.id == id && entry.is_of(clinic));
        Ok(known.map(|entry| entry.row.state))
    }

    async fn registrations_for_staff(
        &self,
        clinic: &ClinicId,
        audit: AuditEntry,
    ) -> StoreResult<Vec<RegistrationRow>> {
        let mut tables = self.tables()?;
        tables.audit.push(audit);
        let for_staff = |entry: &&RegistrationEntry| {
            let state = entry.row.state;
            entry.is_of(clinic) && (!state.is_settled() || state == RegistrationState::HandedToStaff)
        };
        Ok(tables.registrations.iter().filter(for_staff).map(|entry| entry.row.clone()).collect())
    }
}
