//! Listing what a patient has, and handing what they want to the desk.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::finding::{Finding, Task};
use super::{Life, State};
use crate::crashpoint::Crashpoint;
use crate::desk::DeskMsg;
use crate::desk::order::{Concluded, Order};
use crate::desk::situation_of;
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::appointment::Appointment;
use crate::domain::arguments::{Booking, Cancellation, Choice, Move};
use crate::domain::booking::{Slot, Want};
use crate::domain::call::{Listed, Verified};
use crate::domain::clinic::Clinic;
use crate::domain::ids::{DemographicNo, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::policy::Asker;
use crate::domain::say::{Language, Situation};
use crate::domain::time::Interval;
use crate::domain::tool::Tool;
use crate::house::House;
use crate::mailbox::NotAnswered;
use crate::ports::emr::{EmrResult, Operation, Path};
use crate::ports::store::{Claimant, Claimed, OrderNote, StoreError, StoreResult};
use crate::switchboard::ToolCall;

/// Rows read of a patient: enough to hold every upcoming one behind a long history.
const HISTORY: u16 = 50;
const ANSWER_POLL: Duration = Duration::from_millis(100);
/// A tool call that has killed what handled it so often is put aside.
const ATTEMPTS: u32 = 2;

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
        let consents = self.call.sms_consent() != Some(false);
        let note = OrderNote {
            tool_call: ToolCallKey { call: self.key.clone(), tool_call: call.id.clone() },
            language: self.language(),
            seen: listed.map(Listed::seen),
            text_to: self.call.caller().filter(|_| consents).cloned().map(Phi::new),
        };
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
        let Life::Owned(fence) = self.life else { return Err(Situation::InternalError) };
        let errand = Errand {
            house: Arc::clone(&self.house),
            clinic: Arc::clone(&self.clinic),
            claimant: Claimant { generation: self.house.generation, fence },
            tool: call.tool,
            arguments: Phi::new(serde_json::Value::Object(call.arguments.reveal().clone()).to_string()),
            order,
        };
        Ok(Task::of(async move { errand.run().await }))
    }
}

/// One tool call on its way to the desk: claimed, carried, answered (law B-6).
struct Errand {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    claimant: Claimant,
    tool: Tool,
    arguments: Phi<String>,
    order: Order,
}

impl Errand {
    async fn run(self) -> Finding {
        let key = self.order.note.tool_call.clone();
        let concluded = match self.house.store.claim(&key, self.tool, self.claimant, self.house.now()).await {
            Ok(Claimed::Answered(line)) => Self::said(line, key),
            Ok(Claimed::Underway) => self.wait_for(key).await,
            Ok(Claimed::Ours { attempt }) if attempt > ATTEMPTS => self.put_aside(key).await,
            Ok(Claimed::Ours { .. }) => self.carry(key).await,
            Err(StoreError::Usurped) => return Finding::Usurped,
            Err(_) => self.word(Situation::InternalError),
        };
        Finding::Concluded(concluded)
    }

    async fn carry(&self, key: ToolCallKey) -> Concluded {
        self.house.pass(Crashpoint::Claimed);
        let Some(desk) = self.house.directory.desk(&self.clinic.id) else {
            return self.store(key, self.word(Situation::EmrUnavailable)).await;
        };
        let by =
            self.order.deadline.checked_sub(self.house.settings.answer_margin).unwrap_or(self.order.deadline);
        let order = Box::new(self.order.clone());
        match desk.ask(by, |reply| DeskMsg::Carry(order, reply)).await {
            Ok(concluded) if concluded.stored_for.as_ref() == Some(&key) => concluded,
            Ok(concluded) if concluded.provisional => concluded,
            Ok(concluded) => self.store(key, concluded).await,
            Err(NotAnswered::Full) => self.store(key, self.word(Situation::Busy)).await,
            // It may have been sent: the journal knows, and nobody else does.
            Err(NotAnswered::Gone | NotAnswered::Late) => self.word(Situation::Pending),
        }
    }

    /// The answer of a wish that another tool call carried, or that was refused before anything was written.
    async fn store(&self, key: ToolCallKey, concluded: Concluded) -> Concluded {
        match self.answer(&key, concluded.line.clone()).await {
            Ok(line) => Concluded { line, stored_for: Some(key), ..concluded },
            Err(_) => self.word(Situation::InternalError),
        }
    }

    async fn answer(&self, key: &ToolCallKey, line: AnswerLine) -> StoreResult<AnswerLine> {
        self.house.store.answer(key, line, Vec::new(), self.house.now()).await
    }

    /// Another delivery of this tool call is at it, here or elsewhere.
    async fn wait_for(&self, key: ToolCallKey) -> Concluded {
        while Instant::now() + ANSWER_POLL + self.house.settings.answer_margin < self.order.deadline {
            sleep(ANSWER_POLL).await;
            if let Ok(Some(line)) = self.house.store.answer_of(&key).await {
                return Self::said(line, key);
            }
        }
        self.word(Situation::Pending)
    }

    async fn put_aside(&self, key: ToolCallKey) -> Concluded {
        self.house.meters.dead_letter(&self.clinic.id);
        tracing::error!(
            clinic.id = %self.clinic.id, call.id = %key.call.call, tool = self.tool.name(),
            "a tool call killed what handled it twice and is put aside"
        );
        let put =
            self.house.store.dead_letter(&key, self.tool, self.arguments.clone(), self.house.now()).await;
        match put {
            Ok(()) => self.store(key, self.word(Situation::HandedToStaff)).await,
            Err(_) => self.word(Situation::InternalError),
        }
    }

    const fn said(line: AnswerLine, key: ToolCallKey) -> Concluded {
        Concluded { line, situation: None, stored_for: Some(key), provisional: false }
    }

    fn word(&self, situation: Situation) -> Concluded {
        let phone = self.clinic.phone.0.spoken();
        let language: Language = self.order.note.language;
        let line = Answer::new(situation, language, &[("phone", &phone)]).line();
        Concluded {
            line,
            situation: Some(situation),
            stored_for: None,
            provisional: situation == Situation::Pending,
        }
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
