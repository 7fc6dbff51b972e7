//! The journal.

use async_trait::async_trait;
use tokio::time::Instant;

use super::MemoryStore;
use super::calls::is_open;
use super::tables::{EffectRow, IntentRow, Tables, TextRow, TextState};
use crate::domain::booking::{EffectState, IntentState};
use crate::domain::ids::{ClinicId, Generation, IntentId};
use crate::domain::time::Ts;
use crate::ports::store::{
    Announced, Announcement, BookingStore, JournalCounts, JournalRow, KnownIntent, Lease, Settlement,
    StoreError, StoreResult,
};

#[async_trait]
impl BookingStore for MemoryStore {
    async fn announce(&self, announcement: Announcement, now: Ts) -> StoreResult<Announced> {
        let until = Instant::now() + announcement.lease_for;
        let mut tables = self.tables()?;
        let ours = |row: &IntentRow| is_open(row.state) && row.owner == announcement.sender;
        if announcement.continues && !tables.intents.get(&announcement.intent.id).is_some_and(ours) {
            return Err(StoreError::Usurped);
        }
        if let Some(refusal) = tables.refuses(&announcement, now) {
            return Ok(refusal);
        }
        let slot = announcement.effect.slot();
        let day = (announcement.intent.clinic.clone(), slot.provider.clone(), slot.date);
        let expires_at = now.plus(announcement.lease_for);
        let Tables { days, active, .. } = &mut *tables;
        let Some(row) = Tables::lease(days, active, day, announcement.sender, expires_at, now) else {
            return Ok(Announced::LeaseHeld);
        };
        let lease = Lease { fence: row.fence, until };
        tables.write_down(announcement, now);
        Ok(Announced::Granted(lease))
    }

    async fn settle(&self, settlement: Settlement, now: Ts) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let tables = &mut *tables;
        let effect = tables
            .effects
            .iter_mut()
            .find(|row| row.effect.id == settlement.effect)
            .ok_or(StoreError::Usurped)?;
        let intent = tables.intents.get_mut(&effect.effect.intent).ok_or(StoreError::Usurped)?;
        let may = effect.sender == settlement.settler || intent.owner == settlement.settler;
        if !may || !effect.state.may_become(settlement.state) {
            return Err(StoreError::Usurped);
        }
        effect.state = settlement.state;
        effect.due = settlement.look_again.map(|look| look.due);
        if let Some(look) = settlement.look_again {
            effect.last_arrival = look.last_arrival;
        }
        if let Some((_, state)) = settlement.intent
            && is_open(intent.state)
        {
            intent.state = state;
        }
        let call = intent.order.tool_call.call.clone();
        let slot = effect.effect.slot().clone();
        if matches!(settlement.state, EffectState::Done(_)) {
            tables.holds.retain(|hold| hold.call != call || hold.slot != slot);
        }
        if settlement.release.is_some() {
            let day = (effect.effect.clinic.clone(), slot.provider, slot.date);
            tables.days.entry(day).and_modify(|row| row.expires_at = now);
        }
        if let Some((key, line)) = settlement.answer
            && let Some(row) = tables.tool_calls.get_mut(&key)
        {
            row.answer.get_or_insert(line);
        }
        if let Some(draft) = settlement.text
            && !tables.texts.iter().any(|row| row.draft.dedupe == draft.dedupe)
        {
            tables.texts.push(TextRow { draft, attempt: 0, state: TextState::Due(now) });
        }
        tables.audit.extend(settlement.audit);
        Ok(())
    }

    async fn adopt_journal(&self, clinic: &ClinicId, owner: Generation, now: Ts) -> StoreResult<u64> {
        let mut tables = self.tables()?;
        let Tables { intents, effects, active, .. } = &mut *tables;
        let mut adopted = 0;
        for row in effects.iter_mut().filter(|row| row.effect.clinic == *clinic) {
            let Some(intent) = intents.get_mut(&row.effect.intent) else { continue };
            let wanted = is_open(intent.state) || row.due.is_some();
            if !wanted || active.contains(&intent.owner) && intent.owner != owner {
                continue;
            }
            intent.owner = owner;
            row.due = Some(now);
            adopted += 1;
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
        let newest = |row: &EffectRow| {
            tables
                .effects
                .iter()
                .rev()
                .find(|other| other.effect.intent == row.effect.intent)
                .map(|e| e.effect.id)
                == Some(row.effect.id)
        };
        let mut due: Vec<JournalRow> = tables
            .effects
            .iter()
            .filter(|row| {
                row.effect.clinic == *clinic && row.due.is_some_and(|due| due <= now) && newest(row)
            })
            .filter_map(|row| {
                let intent = tables.intents.get(&row.effect.intent).filter(|intent| intent.owner == owner)?;
                let added = tables.added(intent.intent.id).filter(|added| added.effect.id != row.effect.id);
                Some(JournalRow {
                    effect: row.effect.clone(),
                    added: added.map(|added| added.effect.clone()),
                    intent: intent.intent.clone(),
                    intent_state: intent.state,
                    state: row.state,
                    order: intent.order.clone(),
                    announced_at: row.announced_at,
                    last_arrival: row.last_arrival,
                    due: row.due?,
                })
            })
            .collect();
        due.sort_by_key(|row| row.due);
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn intent(&self, _: &ClinicId, id: IntentId) -> StoreResult<Option<IntentState>> {
        Ok(self.tables()?.intents.get(&id).map(|row| row.state))
    }

    async fn journal_counts(&self, clinic: &ClinicId) -> StoreResult<JournalCounts> {
        let tables = self.tables()?;
        let of_clinic = |row: &&IntentRow| row.intent.clinic == *clinic;
        let count = |wanted: fn(IntentState) -> bool| {
            tables.intents.values().filter(of_clinic).filter(|row| wanted(row.state)).count() as u64
        };
        Ok(JournalCounts {
            unsettled: count(is_open),
            handed_to_staff: count(|state| state == IntentState::HandedToStaff),
        })
    }
}

impl Tables {
    fn refuses(&mut self, announcement: &Announcement, now: Ts) -> Option<Announced> {
        if let Some(replaced) = announcement.replaces.and_then(|id| self.intents.get_mut(&id))
            && replaced.state.is_live()
            && !is_open(replaced.state)
        {
            replaced.state = IntentState::Refused;
        }
        let intent = &announcement.intent;
        let of_patient =
            |row: &&IntentRow| row.intent.clinic == intent.clinic && row.intent.patient == intent.patient;
        if !announcement.continues {
            let wish = intent.want.canonical(intent.patient);
            let same =
                |row: &&IntentRow| row.state.is_live() && row.intent.want.canonical(intent.patient) == wish;
            if let Some(known) = self.intents.values().filter(of_patient).find(same) {
                return Some(Announced::Known(self.known(known)));
            }
            if self.intents.values().filter(of_patient).any(|row| is_open(row.state)) {
                return Some(Announced::PatientBusy);
            }
        }
        let effect = &announcement.effect;
        if !effect.adds() {
            return None;
        }
        let in_the_way = self.unsettled_additions().any(|row| {
            row.effect.clinic == effect.clinic
                && row.effect.intent != effect.intent
                && row.effect.slot().overlaps(effect.slot())
        });
        let held = self.holds.iter().any(|hold| {
            hold.until > now
                && hold.call.clinic == effect.clinic
                && hold.call != announcement.order.tool_call.call
                && hold.slot.overlaps(effect.slot())
        });
        (in_the_way || held).then_some(Announced::Occupied)
    }

    fn added(&self, intent: IntentId) -> Option<&EffectRow> {
        self.effects.iter().rev().find(|row| row.effect.intent == intent && row.effect.adds())
    }

    fn known(&self, row: &IntentRow) -> KnownIntent {
        let added = self.added(row.intent.id);
        KnownIntent {
            id: row.intent.id,
            state: row.state,
            added: added.map(|added| (added.effect.id, added.effect.slot().clone())),
        }
    }

    fn write_down(&mut self, announcement: Announcement, now: Ts) {
        let Announcement { intent, effect, order, sender, last_arrival, audit, .. } = announcement;
        let row = IntentRow { intent, order, state: IntentState::Open, owner: sender };
        self.intents.entry(row.intent.id).or_insert(row);
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
