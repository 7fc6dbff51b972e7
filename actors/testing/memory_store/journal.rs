//! The journal: written by announcing and settling, read by its owner, taken over from the dead.

use std::collections::HashSet;

use async_trait::async_trait;
use tokio::time::Instant;

use super::MemoryStore;
use super::tables::{EffectRow, Tables};
use crate::domain::booking::{EffectState, IntentState};
use crate::domain::ids::{ClinicId, Generation, IntentId};
use crate::domain::registration::RegistrationState;
use crate::domain::time::Ts;
use crate::ports::store::{
    Announced, Announcement, BookingStore, JournalCounts, JournalRow, Settlement, StoreResult,
};

#[async_trait]
impl BookingStore for MemoryStore {
    async fn announce(&self, announcement: Announcement, now: Ts) -> StoreResult<Announced> {
        let until = Instant::now() + announcement.lease_for;
        self.tables()?.announce(announcement, until, now)
    }

    async fn settle(&self, settlement: Settlement, now: Ts) -> StoreResult<()> {
        self.tables()?.settle(settlement, now)
    }

    async fn adopt_journal(&self, clinic: &ClinicId, owner: Generation, now: Ts) -> StoreResult<u64> {
        let mut tables = self.tables()?;
        let left: Vec<IntentId> = tables.left_behind(clinic, owner);
        let mut adopted = tables.adopt_registrations(clinic, owner, now);
        for id in left {
            let due = tables.due_at_once(id);
            if let Some(intent) = tables.intents.get_mut(&id) {
                intent.owner = owner;
            }
            for row in tables.effects.iter_mut().filter(|row| due.contains(&row.effect.id)) {
                row.due = Some(now);
                adopted += 1;
            }
        }
        Ok(adopted)
    }

    async fn due_effects(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<JournalRow>> {
        let tables = self.tables()?;
        let of_clinic = tables.effects.iter().filter(|row| row.effect.clinic == *clinic);
        let mut due: Vec<JournalRow> = of_clinic.filter_map(|row| tables.due_row(row, owner, now)).collect();
        due.sort_by_key(|row| (row.due, row.announced_at, row.effect.id));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn intent(&self, clinic: &ClinicId, id: IntentId) -> StoreResult<Option<IntentState>> {
        let tables = self.tables()?;
        Ok(tables.intents.get(&id).filter(|row| row.intent.clinic == *clinic).map(|row| row.state))
    }

    async fn journal_counts(&self, clinic: &ClinicId) -> StoreResult<JournalCounts> {
        let tables = self.tables()?;
        let effects = || tables.effects.iter().filter(|row| row.effect.clinic == *clinic);
        let intents = tables.intents.values().filter(|row| row.intent.clinic == *clinic);
        let closed = intents.filter(|row| row.state == IntentState::HandedToStaff).map(|row| row.intent.id);
        // A write may be handed over when its intent was closed long ago.
        let written = effects().filter(|row| row.state == EffectState::HandedToStaff);
        let handed: HashSet<IntentId> = closed.chain(written.map(|row| row.effect.intent)).collect();
        let registrations = || tables.registrations.iter().filter(|entry| entry.is_of(clinic));
        let with_staff = |state: RegistrationState| state == RegistrationState::HandedToStaff;
        let unsettled = registrations().filter(|entry| !entry.row.state.is_settled()).count()
            + effects().filter(|row| !row.state.is_settled()).count();
        let registered = registrations().filter(|entry| with_staff(entry.row.state)).count();
        Ok(JournalCounts { unsettled: unsettled as u64, handed_to_staff: (handed.len() + registered) as u64 })
    }
}

impl Tables {
    /// Open or watched intents of a generation that is no longer at work.
    fn left_behind(&self, clinic: &ClinicId, owner: Generation) -> Vec<IntentId> {
        let watched = |id| self.effects_of(id).any(|row| row.due.is_some() && row.may_turn_up());
        let left = self.intents.values().filter(|row| {
            row.intent.clinic == *clinic
                && row.owner != owner
                && !self.is_at_work(row.owner)
                && (row.state == IntentState::Open || watched(row.intent.id))
        });
        left.map(|row| row.intent.id).collect()
    }

    fn due_at_once(&self, id: IntentId) -> Vec<crate::domain::ids::EffectId> {
        let open = self.intents.get(&id).is_some_and(|row| row.state == IntentState::Open);
        let newest = self.effects_of(id).next_back().filter(|_| open);
        let watched = self.effects_of(id).filter(|row| !open && row.due.is_some() && row.may_turn_up());
        newest.into_iter().chain(watched).map(|row| row.effect.id).collect()
    }

    /// The newest write of an open intent, or what is watched of a closed one, if it is the owner's and due.
    fn due_row(&self, row: &EffectRow, owner: Generation, now: Ts) -> Option<JournalRow> {
        let intent = self.intents.get(&row.effect.intent).filter(|intent| intent.owner == owner)?;
        let due = row.due.is_some_and(|due| due <= now);
        let wanted = if intent.state == IntentState::Open {
            let newest = self.effects_of(intent.intent.id).next_back();
            newest.is_some_and(|newest| newest.effect.id == row.effect.id) && (due || row.due.is_none())
        } else {
            due && row.may_turn_up()
        };
        let added = self.newest_addition(intent.intent.id).filter(|_| !row.effect.adds());
        wanted.then(|| JournalRow {
            effect: row.effect.clone(),
            added: added.map(|added| added.effect.clone()),
            intent: intent.intent.clone(),
            intent_state: intent.state,
            state: row.state,
            order: intent.order.clone(),
            announced_at: row.announced_at,
            last_arrival: row.last_arrival,
            due: row.due.unwrap_or(row.announced_at),
        })
    }
}
