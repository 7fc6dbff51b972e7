//! Freed time and its offers.

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{FreedEntry, HoldRow, Holder, OfferEntry, Tables, TextState, WaitingRow};
use crate::domain::booking::{EffectState, Slot};
use crate::domain::ids::{ClinicId, DemographicNo, IntentId};
use crate::domain::slot_offer::{OfferState, OpenOffer};
use crate::domain::time::Ts;
use crate::domain::waitlist::{WaitlistStatus, WantedTime};
use crate::ports::store::{
    AuditEntry, FreedSlot, LastOffer, OfferDraft, OfferEnd, OfferMade, OfferRow, OfferStore, StoreResult,
    WaitlistRow,
};

impl WaitingRow {
    pub fn patient(&self) -> Option<DemographicNo> {
        self.waiting.wanted.as_ref().map(WantedTime::patient)
    }
}

impl OfferEntry {
    const fn stands(&self) -> bool {
        matches!(self.row.state, OfferState::Offered)
    }
}

impl Tables {
    /// Once while it is open, however often it is cancelled.
    pub(super) fn free(&mut self, clinic: &ClinicId, slot: &Slot, by: DemographicNo, now: Ts) {
        let same = |entry: &FreedEntry| {
            entry.is_open
                && entry.clinic == *clinic
                && (&entry.slot.provider, entry.slot.date, entry.slot.interval.start)
                    == (&slot.provider, slot.date, slot.interval.start)
        };
        if !self.freed.iter().any(same) {
            let id = i64::try_from(self.freed.len()).unwrap_or(i64::MAX) + 1;
            let (clinic, slot) = (clinic.clone(), slot.clone());
            self.freed.push(FreedEntry { id, clinic, slot, by, is_open: true, due: now, freed_at: now });
        }
    }

    /// What a closed intent has added is at a time its patient was offered: they have what they waited for.
    pub(super) fn accept_offer(&mut self, intent: IntentId, now: Ts) {
        let Some(row) = self.intents.get(&intent) else { return };
        let patient = row.intent.patient;
        let done = |slot: &Slot| {
            self.effects_of(intent).any(|row| {
                let added = row.effect.slot();
                row.effect.adds()
                    && matches!(row.state, EffectState::Done(_))
                    && (&added.provider, added.date, added.interval.start)
                        == (&slot.provider, slot.date, slot.interval.start)
            })
        };
        let taken_up = |offer: &&OfferEntry| {
            offer.patient == patient
                && offer.clinic == row.intent.clinic
                && matches!(offer.row.state, OfferState::Offered | OfferState::Expired)
                && done(&offer.row.slot)
        };
        let Some(id) = self.offers.iter().find(taken_up).map(|offer| offer.row.id) else { return };
        self.close_offer(id, OfferState::Accepted, now);
    }

    fn close_offer(&mut self, id: i64, state: OfferState, now: Ts) {
        let Some(offer) = self.offers.iter_mut().find(|offer| offer.row.id == id) else { return };
        (offer.row.state, offer.changed_at) = (state, now);
        let (entry, freed, text) = (offer.row.entry, offer.freed, offer.text);
        self.holds.retain(|hold| hold.holder != Holder::Offer(id));
        for freed in self.freed.iter_mut().filter(|row| row.id == freed && row.is_open) {
            freed.due = now;
        }
        if state == OfferState::Accepted {
            for row in self.waitlist.iter_mut().filter(|row| row.id == entry && row.status.is_waiting()) {
                (row.status, row.changed_at) = (WaitlistStatus::Registered, now);
            }
        }
        if let Some(text) = text.and_then(|id| self.texts.get_mut(&id))
            && matches!(text.state, TextState::Due(_))
        {
            text.state = TextState::Refused { since: now };
        }
    }

    fn last_offer(&self, freed: i64) -> Option<LastOffer> {
        let offer = self.offers.iter().rev().find(|offer| offer.freed == freed)?;
        let text = offer.text.and_then(|id| self.texts.get(&id));
        Some(LastOffer {
            id: offer.row.id,
            state: offer.row.state,
            until: offer.row.until,
            patient: Some(offer.patient),
            text_refused: text.is_some_and(|text| matches!(text.state, TextState::Refused { .. })),
        })
    }

    fn make_offer(&mut self, draft: OfferDraft, now: Ts) -> OfferMade {
        if !self.is_free(&draft.clinic, None, &draft.slot, None, None, now) {
            return OfferMade::Occupied;
        }
        let waits = |row: &&WaitingRow| {
            row.id == draft.entry && row.key.call.clinic == draft.clinic && row.status.is_waiting()
        };
        let patient = self.waitlist.iter().find(waits).and_then(WaitingRow::patient);
        let in_turn = self.freed.iter().any(|row| row.id == draft.freed && row.is_open)
            && !self.offers.iter().any(|offer| {
                offer.stands() && (offer.freed == draft.freed || offer.row.entry == draft.entry)
                    || (offer.freed, offer.row.entry) == (draft.freed, draft.entry)
            });
        let (Some(patient), true) = (patient, in_turn) else { return OfferMade::OutOfTurn };
        let id = i64::try_from(self.offers.len()).unwrap_or(i64::MAX) + 1;
        let OfferDraft { clinic, freed, entry, slot, until, text, audit } = draft;
        let (state, due) = match &text {
            Some(_) => (OfferState::Offered, Some(until)),
            None => (OfferState::ToBeCalled, None),
        };
        let text = text.and_then(|draft| {
            let (holder, slot) = (Holder::Offer(id), slot.clone());
            self.holds.push(HoldRow { holder, clinic: clinic.clone(), slot, until, patient: Some(patient) });
            self.queue(draft, now);
            self.texts.last_key_value().map(|(id, _)| *id)
        });
        let row = OfferRow { id, entry, slot, state, made_at: now, until };
        self.offers.push(OfferEntry { row, clinic: clinic.clone(), freed, patient, text, changed_at: now });
        self.audit.extend(audit);
        self.put_off_freed(&clinic, freed, due);
        OfferMade::Made
    }

    fn put_off_freed(&mut self, clinic: &ClinicId, id: i64, due: Option<Ts>) -> bool {
        if due.is_none() && self.offers.iter().any(|offer| offer.freed == id && offer.stands()) {
            return false;
        }
        let open = |row: &&mut FreedEntry| row.id == id && row.clinic == *clinic && row.is_open;
        let Some(row) = self.freed.iter_mut().find(open) else { return false };
        row.is_open = due.is_some();
        row.due = due.unwrap_or(row.due);
        true
    }
}

#[async_trait]
impl OfferStore for MemoryStore {
    async fn due_freed(&self, clinic: &ClinicId, now: Ts, limit: u32) -> StoreResult<Vec<FreedSlot>> {
        let tables = self.tables()?;
        let mut due: Vec<(Ts, FreedSlot)> = Vec::new();
        for row in tables.freed.iter().filter(|row| row.is_open && row.clinic == *clinic) {
            let last = tables.last_offer(row.id);
            let lost = |last: &LastOffer| last.state == OfferState::Offered && last.text_refused;
            if row.due <= now || last.as_ref().is_some_and(lost) {
                due.push((row.due, FreedSlot { id: row.id, slot: row.slot.clone(), last }));
            }
        }
        due.sort_by_key(|(at, row)| (*at, row.id));
        due.truncate(limit as usize);
        Ok(due.into_iter().map(|(_, row)| row).collect())
    }

    async fn waiting_for(&self, clinic: &ClinicId, freed: i64) -> StoreResult<Vec<WaitlistRow>> {
        let tables = self.tables()?;
        let by = tables.freed.iter().find(|row| row.id == freed).map(|row| row.by);
        let next = |row: &&WaitingRow| {
            row.key.call.clinic == *clinic
                && row.status.is_waiting()
                && row.patient().is_some_and(|patient| Some(patient) != by)
                && !tables
                    .offers
                    .iter()
                    .any(|offer| offer.row.entry == row.id && (offer.stands() || offer.freed == freed))
        };
        Ok(tables.waitlist.iter().filter(next).map(WaitingRow::listed).collect())
    }

    async fn make_offer(&self, draft: OfferDraft, now: Ts) -> StoreResult<OfferMade> {
        Ok(self.tables()?.make_offer(draft, now))
    }

    async fn end_offer(&self, end: OfferEnd, now: Ts) -> StoreResult<bool> {
        let mut tables = self.tables()?;
        let stands =
            |offer: &OfferEntry| offer.row.id == end.id && offer.clinic == end.clinic && offer.stands();
        if !tables.offers.iter().any(stands) {
            return Ok(false);
        }
        tables.close_offer(end.id, end.state, now);
        tables.audit.extend(end.audit);
        Ok(true)
    }

    async fn put_off_freed(
        &self,
        clinic: &ClinicId,
        freed: i64,
        due: Option<Ts>,
        _: Ts,
    ) -> StoreResult<bool> {
        Ok(self.tables()?.put_off_freed(clinic, freed, due))
    }

    async fn open_offers(
        &self,
        clinic: &ClinicId,
        patients: &[DemographicNo],
        now: Ts,
    ) -> StoreResult<Vec<OpenOffer>> {
        let tables = self.tables()?;
        let open = |offer: &&OfferEntry| {
            offer.clinic == *clinic
                && offer.stands()
                && offer.row.until > now
                && patients.contains(&offer.patient)
        };
        let told = |offer: &OfferEntry| {
            let entry = tables.waitlist.iter().find(|row| row.id == offer.row.entry)?;
            Some(OpenOffer {
                id: offer.row.id,
                patient: offer.patient,
                slot: offer.row.slot.clone(),
                visit: entry.waiting.wanted.as_ref()?.visit.clone(),
                until: offer.row.until,
            })
        };
        Ok(tables.offers.iter().filter(open).filter_map(told).collect())
    }

    async fn offers(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<OfferRow>> {
        let mut tables = self.tables()?;
        tables.audit.push(audit);
        let of_clinic = tables.offers.iter().rev().filter(|offer| offer.clinic == *clinic);
        Ok(of_clinic.map(|offer| offer.row.clone()).collect())
    }
}
