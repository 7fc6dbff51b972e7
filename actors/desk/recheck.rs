//! Whether the slot is still free, by the very rules that would have offered it, read afresh for that day.

use std::sync::Arc;

use jiff::civil::Date;
use tokio::time::Instant;

use super::saga::{Saga, situation_of};
use crate::domain::availability::{Day, Filled, NoOpening, Wish, free_at};
use crate::domain::booking::{Effect, Slot};
use crate::domain::ids::AppointmentNo;
use crate::domain::say::Situation;
use crate::ports::emr::{EmrFailure, EmrResult, Operation};
use crate::ports::store::{Taken, TakenSlot};

impl Saga {
    /// Everything the EMR and the journal know about that day, but for `effect` itself, what is held for this call or kept for
    /// this patient, and the appointment that is being moved away.
    pub async fn still_free(
        &self,
        effect: &Effect,
        slot: &Slot,
        beside: Option<AppointmentNo>,
    ) -> Result<(), Situation> {
        let provider = self.clinic.provider(&slot.provider).ok_or(Situation::ProviderUnknown)?;
        let visit = self.clinic.visit_type(Some(&self.order.visit)).ok_or(Situation::VisitTypeUnknown)?;
        if !self.clinic.policy_of(provider).takes(visit, self.order.asker) {
            return Err(Situation::ProviderUnknown);
        }
        // Room for saying so: nothing has been sent yet, and the caller must hear that in time.
        let deadline =
            self.order.deadline.checked_sub(self.house.settings.answer_margin).unwrap_or_else(Instant::now);
        let link = self.link();
        let (schedule, codes, rows, taken) = tokio::join!(
            link.day_schedule(&slot.provider, slot.date, deadline),
            link.template_codes(deadline),
            self.occupied(slot, slot.date, beside, deadline),
            self.house.store.taken(self.taken_by_others(effect, slot), self.house.now()),
        );
        let (work, codes) = (unstale(schedule)?, unstale(codes)?);
        let mut filled = rows.map_err(situation_of)?;
        for TakenSlot { slot, mark } in taken.map_err(|_| Situation::InternalError)? {
            filled.add(slot.interval, mark);
        }
        let schedule = work.schedule();
        let day =
            Day { date: slot.date, schedule, codes: &codes, taken: filled.times(), ours: filled.ours() };
        let wish = Wish { clinic: &self.clinic, provider, visit, now: self.house.now() };
        match free_at(day, wish, slot.interval.start) {
            Ok(interval) if interval == slot.interval => Ok(()),
            Ok(_) => Err(Situation::SlotTaken),
            Err(none) => Err(no_opening(none)),
        }
    }

    /// What the EMR holds of a day, but for the appointment that is being moved away.
    async fn occupied(
        &self,
        slot: &Slot,
        date: Date,
        beside: Option<AppointmentNo>,
        deadline: Instant,
    ) -> EmrResult<Filled> {
        let (provider, end) = (slot.provider.clone(), date.tomorrow().unwrap_or(date));
        let rows = self
            .way()
            .read(Operation::DayRows, deadline, move |emr| async move {
                emr.day_rows(&provider, date, end, None).await
            })
            .await?;
        let counted = rows.iter().filter(|row| row.status.occupies() && Some(row.no) != beside);
        Ok(counted.map(|row| (row.interval, row.mark)).collect())
    }

    fn taken_by_others(&self, effect: &Effect, slot: &Slot) -> Taken {
        Taken {
            clinic: self.clinic.id.clone(),
            provider: slot.provider.clone(),
            first: slot.date,
            last: slot.date,
            except_call: Some(self.order.note.tool_call.call.call.clone()),
            except_effect: Some(effect.id),
            except_patient: Some(self.intent.patient),
        }
    }
}

/// A booking is not checked against what the EMR said some time ago.
fn unstale<T>(fact: EmrResult<crate::emr_link::cache::Dated<T>>) -> Result<Arc<T>, Situation> {
    match fact {
        Ok(fact) if !fact.stale => Ok(fact.value),
        Ok(_) => Err(situation_of(EmrFailure::BreakerOpen)),
        Err(failure) => Err(no_schedule(failure)),
    }
}

/// What it means that a provider's day, or what its codes stand for, cannot be had.
pub const fn no_schedule(failure: EmrFailure) -> Situation {
    match failure {
        EmrFailure::Unsupported => Situation::ScheduleHidden,
        failure => situation_of(failure),
    }
}

pub const fn no_opening(why: NoOpening) -> Situation {
    match why {
        NoOpening::Full => Situation::SlotTaken,
        NoOpening::LimitReached => Situation::DayFull,
        NoOpening::NotScheduled | NoOpening::ClinicClosed | NoOpening::Holiday => Situation::NotBookable,
        NoOpening::OutsideWindow => Situation::OutsideBookingWindow,
    }
}
