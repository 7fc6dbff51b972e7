//! One provider's day as it is now, by the rules that would offer its times.

use std::sync::Arc;

use jiff::civil::Date;
use tokio::time::Instant;

use crate::domain::availability::{Day, Filled, NoOpening, TemplateCodes, Wish, WorkDay, free, free_at};
use crate::domain::booking::Slot;
use crate::domain::clinic::Clinic;
use crate::domain::ids::DemographicNo;
use crate::domain::time::{Interval, Minute};
use crate::house::House;
use crate::ports::emr::{EmrFailure, EmrResult, Operation};
use crate::ports::store::Taken;

pub struct DayNow {
    date: Date,
    work: Arc<WorkDay>,
    codes: Arc<TemplateCodes>,
    /// What the EMR holds.
    booked: Filled,
    /// With holds, offers and unsettled writes.
    all: Filled,
}

impl DayNow {
    /// The day on which a slot lies. What is kept for `patient` is not in their own way.
    pub async fn read(
        house: &House,
        clinic: &Clinic,
        of: &Slot,
        patient: Option<DemographicNo>,
        deadline: Instant,
    ) -> EmrResult<Self> {
        let Slot { provider, date, .. } = of.clone();
        let link = house.emr_link(&clinic.id);
        let (no, end) = (provider.clone(), date.tomorrow().unwrap_or(date));
        let query = Taken {
            clinic: clinic.id.clone(),
            provider: provider.clone(),
            first: date,
            last: date,
            except_call: None,
            except_effect: None,
            except_patient: patient,
        };
        let (work, codes, rows, kept) = tokio::join!(
            link.day_schedule(&provider, date, deadline),
            link.template_codes(deadline),
            link.read(Operation::DayRows, deadline, move |emr| async move {
                emr.day_rows(&no, date, end, None).await
            }),
            house.store.taken(query, house.now()),
        );
        let (work, codes, rows) = (work?.value, codes?.value, rows?);
        let occupied = || rows.iter().filter(|row| row.status.occupies()).map(|row| (row.interval, row.mark));
        let kept = kept.map_err(|_| EmrFailure::Stopped)?;
        let all = occupied().chain(kept.iter().map(|taken| (taken.slot.interval, taken.mark))).collect();
        Ok(Self { date, work, codes, booked: occupied().collect(), all })
    }

    pub fn free(&self, wish: Wish<'_>) -> Vec<Interval> {
        free(self.with(&self.all), wish).unwrap_or_default()
    }

    pub fn free_at(&self, wish: Wish<'_>, start: Minute) -> Result<Interval, NoOpening> {
        free_at(self.with(&self.all), wish, start)
    }

    /// The same if nothing were held or under way.
    pub fn unbooked_at(&self, wish: Wish<'_>, start: Minute) -> Result<Interval, NoOpening> {
        free_at(self.with(&self.booked), wish, start)
    }

    fn with<'a>(&'a self, filled: &'a Filled) -> Day<'a> {
        let Self { date, work, codes, .. } = self;
        let (taken, ours) = (filled.times(), filled.ours());
        Day { date: *date, schedule: work.schedule(), codes, taken, ours }
    }
}
