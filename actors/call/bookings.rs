//! Listing what a patient has, and handing what they want to the desk.

use std::sync::Arc;

use tokio::time::Instant;

use super::State;
use super::errand::Cargo;
use super::finding::{Finding, Task};
use crate::desk::order::Order;
use crate::desk::situation_of;
use crate::domain::appointment::Appointment;
use crate::domain::arguments::{Booking, Cancellation, Choice, Move};
use crate::domain::booking::{Slot, Want};
use crate::domain::call::{Listed, Verified};
use crate::domain::clinic::Clinic;
use crate::domain::ids::DemographicNo;
use crate::domain::phi::Phi;
use crate::domain::policy::Asker;
use crate::domain::say::Situation;
use crate::domain::time::Interval;
use crate::house::House;
use crate::ports::emr::{EmrResult, Operation, Path};
use crate::ports::store::OrderNote;
use crate::switchboard::ToolCall;

/// Rows read of a patient: enough to hold every upcoming one behind a long history.
const HISTORY: u16 = 50;

impl State {
    pub(super) fn check(&self, patient: Option<&str>, deadline: Instant) -> Result<Task, Situation> {
        let patient = self.call.patient(patient)?.no();
        let (house, clinic, now) = (Arc::clone(&self.house), Arc::clone(&self.clinic), self.house.now());
        let deadline = deadline.checked_sub(house.settings.answer_margin).unwrap_or(deadline);
        Ok(Task::of(async move {
            let (rows, held) = tokio::join!(
                appointments(&house, &clinic, patient, deadline),
                house.store.held_for(&clinic.id, patient),
            );
            // What waits is an addition to the answer; the EMR's own record does not depend on it.
            let held = held.unwrap_or_default();
            match rows {
                Ok((by, rows)) => {
                    Finding::Appointments { patient, by, upcoming: upcoming(&clinic, rows, now), held }
                }
                Err(failure) if failure.is_away() && !held.is_empty() => Finding::Held { patient, held },
                Err(failure) => Finding::Plain(situation_of(failure)),
            }
        }))
    }

    pub(super) fn create(
        &mut self,
        call: &ToolCall,
        booking: &Booking,
        by: Instant,
    ) -> Result<Task, Situation> {
        self.call.consent_to_sms(booking.sms_consent);
        let patient = self.call.patient(booking.patient.as_deref())?.clone();
        let (slot, visit) = self.chosen(&booking.choice, booking.visit.as_deref())?;
        let reason = booking.reason.clone().unwrap_or_default();
        let order = self.order(call, &patient, Want::Book(slot), None, by);
        self.to_the_desk(call, Order { visit, reason, ..order })
    }

    pub(super) fn relocate(
        &mut self,
        call: &ToolCall,
        wanted: &Move,
        by: Instant,
    ) -> Result<Task, Situation> {
        self.call.consent_to_sms(wanted.sms_consent);
        let patient = self.call.patient(wanted.patient.as_deref())?.clone();
        let (to, visit) = self.chosen(&wanted.choice, wanted.visit.as_deref())?;
        let listed = self.call.listed(patient.no(), wanted.appointment);
        let order = self.order(call, &patient, Want::Move { old: wanted.appointment, to }, listed, by);
        self.to_the_desk(call, Order { visit, ..order })
    }

    pub(super) fn cancel(
        &mut self,
        call: &ToolCall,
        wanted: &Cancellation,
        by: Instant,
    ) -> Result<Task, Situation> {
        self.call.consent_to_sms(wanted.sms_consent);
        let patient = self.call.patient(wanted.patient.as_deref())?.clone();
        let listed = self.call.listed(patient.no(), wanted.appointment);
        let order = self.order(call, &patient, Want::Cancel(wanted.appointment), listed, by);
        self.to_the_desk(call, order)
    }

    /// The slot a caller chose. One we offered is taken as offered; one that the model spells out is judged by the same
    /// rules when it is booked.
    fn chosen(&self, choice: &Choice, visit: Option<&str>) -> Result<(Slot, String), Situation> {
        match choice {
            Choice::Offered(id) => {
                let offer = self.call.offered(id).ok_or(Situation::SlotTaken)?;
                Ok((offer.slot(), offer.visit.clone()))
            }
            Choice::Named { provider, date, start } => {
                let offered = self.call.offer_at(provider.as_ref(), *date, *start);
                let visit = visit.or_else(|| offered.map(|offer| offer.visit.as_str()));
                let visit = self.clinic.visit_type(visit).ok_or(Situation::VisitTypeUnknown)?;
                let provider = match (provider, offered) {
                    (Some(provider), _) => provider.clone(),
                    (None, Some(offer)) => offer.slot().provider,
                    (None, None) => return Err(Situation::ProviderUnknown),
                };
                let known = self.clinic.provider(&provider).ok_or(Situation::ProviderUnknown)?;
                let minutes = self.clinic.policy_of(known).minutes(visit).value;
                let interval = Interval::starting(*start, minutes).ok_or(Situation::OutsideBookingWindow)?;
                Ok((Slot { provider, date: *date, interval }, visit.code.clone()))
            }
        }
    }

    fn order(
        &self,
        call: &ToolCall,
        patient: &Verified,
        want: Want,
        listed: Option<&Listed>,
        deadline: Instant,
    ) -> Order {
        let note = OrderNote { seen: listed.map(Listed::seen), ..self.note(call) };
        Order {
            want,
            patient: patient.no(),
            sheet_name: patient.sheet_name.clone(),
            visit: String::new(),
            reason: Phi::default(),
            old_slot: listed.and_then(|listed| listed.slot.clone()),
            asker: Asker { language: self.language(), is_new: patient.is_new },
            note,
            deadline,
            held: None,
        }
    }

    fn to_the_desk(&self, call: &ToolCall, order: Order) -> Result<Task, Situation> {
        let (note, deadline) = (order.note.clone(), order.deadline);
        self.errand(call, note, deadline, Cargo::Visit(Box::new(order)))
    }
}

async fn appointments(
    house: &House,
    clinic: &Clinic,
    patient: DemographicNo,
    deadline: Instant,
) -> EmrResult<(Path, Vec<Appointment>)> {
    house
        .emr_link(&clinic.id)
        .read(Operation::AppointmentsOf, deadline, move |emr| async move {
            Ok((emr.path(), emr.appointments_of(patient, HISTORY).await?))
        })
        .await
}

/// Future and live, soonest first.
fn upcoming(clinic: &Clinic, rows: Vec<Appointment>, now: crate::domain::time::Ts) -> Vec<Appointment> {
    const AT_MOST: usize = 5;
    let wall = clinic.timezone.wall(now);
    let mut upcoming: Vec<Appointment> = rows
        .into_iter()
        .filter(|row| row.status.occupies() && row.interval.start.on(row.date) >= wall)
        .collect();
    upcoming.sort_by_key(|row| (row.date, row.interval.start, row.no));
    upcoming.truncate(AT_MOST);
    upcoming
}
