//! Holds.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::HoldRow;
use crate::domain::booking::Slot;
use crate::domain::ids::CallKey;
use crate::domain::time::Ts;
use crate::ports::store::{HoldStore, StoreResult, Taken};

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
        tables.holds.retain(|hold| hold.call != *call);
        let mut granted: Vec<Slot> = Vec::new();
        for slot in slots {
            if granted.len() < limit && tables.is_free(call, &slot, None, now) {
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
        let mut taken: Vec<Slot> = slots.filter(|slot| asked(slot)).cloned().collect();
        taken.sort_by_key(|slot| (slot.date, slot.interval.start, slot.interval.end));
        Ok(taken)
    }
}
