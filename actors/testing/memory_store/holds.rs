//! Holds.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{HoldRow, Holder, Tables};
use crate::domain::booking::Slot;
use crate::domain::ids::CallKey;
use crate::domain::time::Ts;
use crate::ports::store::{HoldStore, StoreResult, Taken, TakenSlot};

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
        tables.drop_holds(call);
        let mut granted: Vec<Slot> = Vec::new();
        for slot in slots {
            if granted.len() < limit && tables.is_free(&call.clinic, Some(&call.call), &slot, None, None, now)
            {
                tables.holds.push(HoldRow {
                    holder: Holder::Call(call.call.clone()),
                    clinic: call.clinic.clone(),
                    slot: slot.clone(),
                    until,
                    patient: None,
                });
                granted.push(slot);
            }
        }
        Ok(granted)
    }

    async fn taken(&self, query: Taken, now: Ts) -> StoreResult<Vec<TakenSlot>> {
        let tables = self.tables()?;
        let asked =
            |slot: &Slot| slot.provider == query.provider && (query.first..=query.last).contains(&slot.date);
        let holds = tables.holds.iter().filter(|hold| {
            hold.clinic == query.clinic
                && hold.until > now
                && !hold.is_of(query.except_call.as_ref(), query.except_patient)
        });
        let unsettled = tables
            .unsettled_additions()
            .filter(|row| row.effect.clinic == query.clinic && query.except_effect != Some(row.effect.id));
        let held = holds.map(|hold| TakenSlot { slot: hold.slot.clone(), mark: None });
        let announced =
            unsettled.map(|row| TakenSlot { slot: row.effect.slot().clone(), mark: Some(row.effect.mark()) });
        let mut taken: Vec<TakenSlot> = held.chain(announced).filter(|taken| asked(&taken.slot)).collect();
        taken.sort_by_key(|TakenSlot { slot, .. }| (slot.date, slot.interval.start, slot.interval.end));
        Ok(taken)
    }
}

impl Tables {
    pub(super) fn drop_holds(&mut self, call: &CallKey) {
        let holder = Holder::Call(call.call.clone());
        self.holds.retain(|hold| hold.clinic != call.clinic || hold.holder != holder);
    }
}
