//! Time that a cancellation freed goes to those who wait for it, one after the other: who is next is texted, and it is kept
//! for them for a while.
//!
//! What came free and what became of it are rows, with the moment at which to look again; a death loses nothing but that
//! look. Offering books nothing: the patient calls and is booked as anybody is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::day::DayNow;
use super::saga::READ_BACK;
use super::wording;
use crate::domain::availability::Wish;
use crate::domain::booking::Slot;
use crate::domain::clinic::Clinic;
use crate::domain::ids::DemographicNo;
use crate::domain::phi::Phi;
use crate::domain::slot_offer::OfferState;
use crate::domain::time::Ts;
use crate::domain::waitlist::WantedTime;
use crate::house::House;
use crate::ports::store::{
    AuditAction, AuditEntry, FreedSlot, LastOffer, OfferDraft, OfferEnd, OfferMade, SmsDraft, WaitlistRow,
};

/// Freed times taken up in one look.
const AT_ONCE: u32 = 8;
/// Until it is looked at again when the EMR does not answer, or a caller weighs that very time.
const PAUSE: Duration = Duration::from_mins(1);

/// One clinic's freed time, as a task of its desk sees it.
pub struct Offers {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
}

#[derive(Clone, Copy)]
enum Next {
    Offered,
    LookAt(Ts),
    GivenAway,
    /// Too near, taken, or nobody waits for it: it is free for whoever calls.
    NobodysTurn,
}

impl Offers {
    pub async fn look(&self) {
        let due = self.house.store.due_freed(&self.clinic.id, self.house.now(), AT_ONCE).await;
        for freed in due.unwrap_or_default() {
            self.pass_on(&freed).await;
        }
    }

    async fn pass_on(&self, freed: &FreedSlot) {
        let now = self.house.now();
        let next = match &freed.last {
            Some(last) => self.after(last, freed, now).await,
            None => self.offer_to_next(freed, now).await,
        };
        let due = match next {
            Next::Offered => return,
            Next::LookAt(at) => Some(at),
            Next::GivenAway | Next::NobodysTurn => None,
        };
        // When this fails it is due as before.
        let noted = self.house.store.put_off_freed(&self.clinic.id, freed.id, due, now).await;
        if matches!((next, noted), (Next::GivenAway, Ok(true))) {
            self.house.meters.slot_offer(&self.clinic.id, OfferState::Accepted.name());
        }
    }

    async fn after(&self, last: &LastOffer, freed: &FreedSlot, now: Ts) -> Next {
        let ends_as = match last.state {
            OfferState::Accepted => return Next::GivenAway,
            OfferState::Offered if last.text_refused => OfferState::Withdrawn,
            OfferState::Offered if now < last.until => return Next::LookAt(last.until),
            OfferState::Offered => OfferState::Expired,
            _ => return self.offer_to_next(freed, now).await,
        };
        if end_offer(&self.house, &self.clinic, last.id, last.patient, ends_as).await {
            self.offer_to_next(freed, now).await
        } else {
            // Accepted this moment, or ended by another life: what it is now is seen next time.
            Next::LookAt(now)
        }
    }

    async fn offer_to_next(&self, freed: &FreedSlot, now: Ts) -> Next {
        let (clinic, slot) = (&*self.clinic, &freed.slot);
        let Some(starts) = clinic.timezone.instant(slot.interval.start.on(slot.date)) else {
            return Next::NobodysTurn;
        };
        let latest = starts.minus(clinic.slot_offers.least_notice());
        let morning = clinic.slot_offers.quiet_hours.end_after(&clinic.timezone, now);
        match morning.filter(|_| self.texts()) {
            _ if now >= latest => return Next::NobodysTurn,
            Some(morning) if morning >= latest => return Next::NobodysTurn,
            Some(morning) => return Next::LookAt(morning),
            None => {}
        }
        let Ok(waiting) = self.house.store.waiting_for(&clinic.id, freed.id).await else {
            return Next::LookAt(now.plus(PAUSE));
        };
        let in_line: Vec<(&WaitlistRow, &WantedTime)> =
            waiting.iter().filter_map(|row| Some((row, self.wants(row, slot)?))).collect();
        if in_line.is_empty() {
            return Next::NobodysTurn;
        }
        let soon = Instant::now() + READ_BACK;
        let Ok(day) = DayNow::read(&self.house, clinic, slot, None, soon).await else {
            return Next::LookAt(now.plus(PAUSE));
        };
        for (row, wanted) in in_line {
            let Some((provider, visit)) = wanted.suits(clinic, row.waiting.language, slot) else { continue };
            let wish = Wish { clinic, provider, visit, now };
            // Staff may have filled it, and a longer visit may not fit.
            let Ok(interval) = day.unbooked_at(wish, slot.interval.start) else { continue };
            if day.free_at(wish, slot.interval.start).is_err() {
                return Next::LookAt(now.plus(PAUSE));
            }
            let slot = Slot { interval, ..slot.clone() };
            let until = now.plus(clinic.slot_offers.kept_for());
            let until = until.min(starts.minus(clinic.policy_of(provider).notice()));
            match self.make(freed.id, row, wanted.patient(), slot, until, now).await {
                Some(OfferMade::Made) => return Next::Offered,
                // Another life of this desk may be at it, too.
                Some(OfferMade::Occupied | OfferMade::OutOfTurn) | None => {
                    return Next::LookAt(now.plus(PAUSE));
                }
            }
        }
        Next::NobodysTurn
    }

    /// Nobody is texted who did not agree to it.
    fn wants<'a>(&self, row: &'a WaitlistRow, slot: &Slot) -> Option<&'a WantedTime> {
        let wanted = row.waiting.wanted.as_ref()?;
        let suits = wanted.suits(&self.clinic, row.waiting.language, slot).is_some();
        (suits && (wanted.may_be_texted || !self.texts())).then_some(wanted)
    }

    /// Without texts the clinic's staff are to call.
    fn texts(&self) -> bool {
        self.clinic.sms.enabled && self.house.sms.delivers()
    }

    async fn make(
        &self,
        freed: i64,
        row: &WaitlistRow,
        patient: DemographicNo,
        slot: Slot,
        until: Ts,
        now: Ts,
    ) -> Option<OfferMade> {
        let state = if self.texts() { OfferState::Offered } else { OfferState::ToBeCalled };
        let text = self.texts().then(|| SmsDraft {
            clinic: self.clinic.id.clone(),
            dedupe: format!("offer:{freed}:{}", row.id),
            to: row.waiting.phone.clone(),
            body: self.text(row, &slot, until),
        });
        let draft = OfferDraft {
            clinic: self.clinic.id.clone(),
            freed,
            entry: row.id,
            slot,
            until,
            text,
            audit: vec![entry(&self.clinic, now, AuditAction::OfferMade, Some(patient), state)],
        };
        let made = self.house.store.make_offer(draft, now).await.ok()?;
        if made == OfferMade::Made {
            self.house.meters.slot_offer(&self.clinic.id, state.name());
        }
        Some(made)
    }

    fn text(&self, row: &WaitlistRow, slot: &Slot, until: Ts) -> Phi<String> {
        wording::offer(&self.clinic, row.waiting.language, slot, until)
    }
}

/// Ends an offer that nobody took up; `false` when it had ended before, or the store is away.
pub async fn end_offer(
    house: &House,
    clinic: &Clinic,
    id: i64,
    patient: Option<DemographicNo>,
    state: OfferState,
) -> bool {
    let now = house.now();
    let audit = vec![entry(clinic, now, AuditAction::OfferEnded, patient, state)];
    let end = OfferEnd { clinic: clinic.id.clone(), id, state, audit };
    let ended = house.store.end_offer(end, now).await == Ok(true);
    if ended {
        house.meters.slot_offer(&clinic.id, state.name());
    }
    ended
}

fn entry(
    clinic: &Clinic,
    at: Ts,
    action: AuditAction,
    patient: Option<DemographicNo>,
    state: OfferState,
) -> AuditEntry {
    let patients = patient.into_iter().collect();
    AuditEntry { at, clinic: clinic.id.clone(), call: None, action, patients, outcome: state.name() }
}
