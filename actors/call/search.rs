//! Looking for free slots, and holding what is found.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use tokio::time::Instant;

use super::State;
use super::finding::{Finding, Task};
use crate::desk::{no_schedule, situation_of};
use crate::domain::arguments::SlotSearch;
use crate::domain::availability::{Certainty, Day, Filled, TemplateCodes, Wish, free};
use crate::domain::booking::Slot;
use crate::domain::booking_rules::{BookingRules, VisitType};
use crate::domain::clinic::{Clinic, ClinicProvider};
use crate::domain::clinic_hours::Opening;
use crate::domain::ids::CallKey;
use crate::domain::policy::Asker;
use crate::domain::say::Situation;
use crate::domain::time::Ts;
use crate::house::House;
use crate::ports::emr::{EmrResult, Operation};
use crate::ports::store::{Taken, TakenSlot};

/// A caller hears one slot and two others.
const OFFERS: usize = BookingRules::MAX_HOLDS_PER_CALL;
/// More than we offer, so that one that another caller holds by now does not send us round again.
const CANDIDATES: usize = 2 * OFFERS;
/// Days read at once: few at first, because the earliest slot is usually near.
const SPANS: [i32; 3] = [2, 5, 14];
const AT_ONCE: usize = 4;

impl State {
    pub(super) fn find_earliest(&self, wanted: SlotSearch, deadline: Instant) -> Result<Task, Situation> {
        let visit = self.clinic.visit_type(wanted.visit.as_deref()).ok_or(Situation::VisitTypeUnknown)?;
        let is_new = self.call.patient(None).is_ok_and(|patient| patient.is_new);
        let providers: Vec<ClinicProvider> = self
            .clinic
            .bookable(visit, Asker { language: self.language(), is_new })
            .into_iter()
            .filter(|provider| wanted.provider.as_ref().is_none_or(|no| *no == provider.provider_no))
            .cloned()
            .collect();
        if providers.is_empty() {
            return Err(Situation::ProviderUnknown);
        }
        let deadline = deadline.checked_sub(self.house.settings.answer_margin).unwrap_or(deadline);
        let offered = self.offered(wanted.declines_offer, deadline);
        let search = Search {
            house: Arc::clone(&self.house),
            clinic: Arc::clone(&self.clinic),
            call: self.key.clone(),
            visit: visit.clone(),
            providers,
            wanted,
            now: self.house.now(),
            deadline,
        };
        Ok(Task::of(async move {
            match tokio::join!(offered.standing(), search.run()) {
                (Some(open), Ok(Finding::Slots { held, until, visit, certainty, .. })) => {
                    Finding::Slots { held, until, visit, open: Some(Box::new(open)), certainty }
                }
                // Nothing else, or nobody knows: what is kept is kept.
                (Some(open), _) => {
                    let (until, visit) = (open.until, open.visit.clone());
                    let (held, certainty) = (Vec::new(), Certainty::Read);
                    Finding::Slots { held, until, visit, open: Some(Box::new(open)), certainty }
                }
                (None, found) => found.unwrap_or_else(Finding::Plain),
            }
        }))
    }
}

struct Search {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    call: CallKey,
    visit: VisitType,
    providers: Vec<ClinicProvider>,
    wanted: SlotSearch,
    now: Ts,
    deadline: Instant,
}

/// A free time, and how well it is known.
type Known = (Slot, Certainty);

impl Search {
    async fn run(&self) -> Result<Finding, Situation> {
        let link = self.house.emr_link(&self.clinic.id);
        let codes = link.template_codes(self.deadline).await.map_err(no_schedule)?;
        let (first, last) = self.window();
        let mut from = self.wanted.from.map_or(first, |wanted| wanted.max(first));
        let mut found = Vec::new();
        for span in SPANS.iter().copied().chain(std::iter::repeat(SPANS[SPANS.len() - 1])) {
            if from > last || found.len() >= CANDIDATES {
                break;
            }
            let until = from.saturating_add(jiff::Span::new().days(span - 1)).min(last);
            found.extend(self.span(&codes.value, from, until).await?);
            from = until.tomorrow().map_err(|_| Situation::NoAvailability)?;
        }
        self.hold(found).await
    }

    /// From the first day that any of the providers may be booked on to the last.
    fn window(&self) -> (Date, Date) {
        let windows = self.providers.iter().map(|provider| self.wish(provider).window());
        let (first, last) = self.wish(&self.providers[0]).window();
        windows.fold((first, last), |(first, last), (from, until)| (first.min(from), last.max(until)))
    }

    fn wish<'a>(&'a self, provider: &'a ClinicProvider) -> Wish<'a> {
        Wish { clinic: &self.clinic, provider, visit: &self.visit, now: self.now }
    }

    /// Free slots of all wanted providers in a stretch of days, earliest first; the clinic's order breaks ties.
    async fn span(&self, codes: &TemplateCodes, from: Date, until: Date) -> Result<Vec<Known>, Situation> {
        let open: Vec<Date> = from
            .series(jiff::Span::new().days(1))
            .take_while(|date| *date <= until)
            .filter(|date| matches!(self.clinic.opening(*date), Opening::Open(_)))
            .collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let asks: Vec<_> =
            self.providers.iter().map(|provider| self.of_provider(provider, codes, &open)).collect();
        let mut found: Vec<Known> = stream::iter(asks).buffered(AT_ONCE).try_concat().await?;
        found.retain(|(slot, _)| self.suits(slot));
        found.sort_by_key(|(slot, _)| (slot.date, slot.interval.start));
        Ok(found)
    }

    async fn of_provider(
        &self,
        provider: &ClinicProvider,
        codes: &TemplateCodes,
        days: &[Date],
    ) -> Result<Vec<Known>, Situation> {
        let (_, horizon) = self.wish(provider).window();
        let days = &days[..days.partition_point(|date| *date <= horizon)];
        let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
        let link = self.house.emr_link(&self.clinic.id);
        let asks: Vec<_> =
            days.iter().map(|date| link.day_schedule(&provider.provider_no, *date, self.deadline)).collect();
        let schedules = stream::iter(asks).buffered(AT_ONCE).collect::<Vec<_>>();
        let (schedules, booked, held) = tokio::join!(
            schedules,
            self.booked(provider, first, last),
            self.house.store.taken(self.taken(provider, first, last), self.now),
        );
        let mut filled: HashMap<Date, Filled> = booked.map_err(situation_of)?;
        for TakenSlot { slot, mark } in held.map_err(|_| Situation::InternalError)? {
            filled.entry(slot.date).or_default().add(slot.interval, mark);
        }
        let mut slots = Vec::new();
        for (date, schedule) in days.iter().zip(schedules) {
            let work = schedule.map_err(no_schedule)?.value;
            let filled = filled.remove(date).unwrap_or_default();
            let schedule = work.schedule();
            let day = Day { date: *date, schedule, codes, taken: filled.times(), ours: filled.ours() };
            let free = free(day, self.wish(provider)).unwrap_or_default();
            let slot = |interval| Slot { provider: provider.provider_no.clone(), date: *date, interval };
            slots.extend(free.into_iter().map(|interval| (slot(interval), work.certainty())));
        }
        Ok(slots)
    }

    async fn booked(
        &self,
        provider: &ClinicProvider,
        first: Date,
        last: Date,
    ) -> EmrResult<HashMap<Date, Filled>> {
        let (no, end) = (provider.provider_no.clone(), last.tomorrow().unwrap_or(last));
        let rows = self
            .house
            .emr_link(&self.clinic.id)
            .read(Operation::DayRows, self.deadline, move |emr| async move {
                emr.day_rows(&no, first, end, None).await
            })
            .await?;
        let mut booked: HashMap<Date, Filled> = HashMap::new();
        for row in rows.into_iter().filter(|row| row.status.occupies()) {
            booked.entry(row.date).or_default().add(row.interval, row.mark);
        }
        Ok(booked)
    }

    fn taken(&self, provider: &ClinicProvider, first: Date, last: Date) -> Taken {
        Taken {
            clinic: self.clinic.id.clone(),
            provider: provider.provider_no.clone(),
            first,
            last,
            except_call: Some(self.call.call.clone()),
            except_effect: None,
            except_patient: None,
        }
    }

    fn suits(&self, slot: &Slot) -> bool {
        let start = slot.interval.start;
        self.wanted.preference.admits(start) && !self.wanted.exclude.contains(&start)
    }

    async fn hold(&self, mut found: Vec<Known>) -> Result<Finding, Situation> {
        found.truncate(CANDIDATES);
        let (found, known): (Vec<Slot>, Vec<Certainty>) = found.into_iter().unzip();
        let Some(certainty) = known.into_iter().max() else {
            return Ok(Finding::Plain(Situation::NoAvailability));
        };
        let now = self.house.now();
        let until = now.plus(self.clinic.policy().hold());
        let held = self.house.store.hold(&self.call, found, OFFERS, until, now).await;
        match held.map_err(|_| Situation::InternalError)? {
            held if held.is_empty() => Ok(Finding::Plain(Situation::NoAvailability)),
            held => Ok(Finding::Slots { held, until, visit: self.visit.code.clone(), open: None, certainty }),
        }
    }
}
