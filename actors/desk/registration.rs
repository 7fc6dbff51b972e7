//! Making a chart for somebody new: announce, look for a duplicate, write, look again, read it back, judge.
//!
//! No mark can be put on a chart and nothing in the EMR forbids a second one, so a lost answer is settled by searching for
//! the person: none was there when the write was sent, and nobody else sends one for them while it is unsettled.

mod look;
mod settling;
mod waiting;

use std::sync::Arc;

use tokio::time::Instant;

use super::journal::LEASE_BEYOND_WRITE;
use super::order::{Enrolled, NewcomerOrder, Registered};
use super::saga::{READ_BACK, situation_of};
use crate::crashpoint::Crashpoint;
use crate::domain::answer::AnswerLine;
use crate::domain::clinic::Clinic;
use crate::domain::emr_path::FOR_REGISTERING;
use crate::domain::ids::{DemographicNo, IntentId};
use crate::domain::laws::{Law, may_say_registered, uphold};
use crate::domain::new_patient::RegistrationReading;
use crate::domain::patient::Patient;
use crate::domain::registration::{NewChart, RegistrationState, handle};
use crate::domain::say::Situation;
use crate::emr_link::OneWay;
use crate::house::House;
use crate::ports::emr::{EmrFailure, EmrResult, Operation};
use crate::ports::store::{AuditAction, Lease, RegistrationAnnounced, RegistrationDraft, StoreError};

pub struct Registration {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    order: NewcomerOrder,
    id: IntentId,
    /// The caller is no longer waiting for this and was told that it is not confirmed yet.
    told_pending: bool,
}

/// How it ends, for now.
struct End {
    situation: Situation,
    /// Whose chart it came to, for the call.
    registered: Option<Registered>,
    /// Whose charts were looked at, for the audit log.
    seen: Vec<DemographicNo>,
    /// The answer, if it is worded already.
    line: Option<AnswerLine>,
    /// It was committed together with the outcome.
    is_settled: bool,
}

impl End {
    const fn plain(situation: Situation) -> Self {
        Self { situation, registered: None, seen: Vec::new(), line: None, is_settled: false }
    }

    fn registered(id: IntentId, patient: Patient) -> Self {
        let seen = vec![patient.no];
        let registered = Some(Registered { handle: handle(id), patient: Box::new(patient) });
        Self { registered, seen, ..Self::plain(Situation::Registered) }
    }

    fn having_seen(situation: Situation, charts: &[Patient]) -> Self {
        Self { seen: charts.iter().map(|chart| chart.no).collect(), ..Self::plain(situation) }
    }
}

impl From<StoreError> for End {
    fn from(failure: StoreError) -> Self {
        Self::plain(match failure {
            StoreError::Busy => Situation::Busy,
            StoreError::Usurped | StoreError::Unavailable(_) | StoreError::Unreadable(_) => {
                Situation::InternalError
            }
        })
    }
}

/// The programme that a clinic's new patients are admitted to; or why it takes nobody by telephone.
pub const fn open_to_newcomers(clinic: &Clinic) -> Result<i32, Situation> {
    match (clinic.accepting_new_patients, clinic.registration.program_id, clinic.waitlist_enabled) {
        (false, _, true) => Err(Situation::NotAcceptingButWaiting),
        (false, _, false) => Err(Situation::NotAccepting),
        (true, None, waits) => Err(cannot_register(waits)),
        (true, Some(program), _) => Ok(program),
    }
}

const fn cannot_register(waits: bool) -> Situation {
    if waits { Situation::CannotRegisterButWaiting } else { Situation::CannotRegister }
}

impl Registration {
    pub fn new(house: Arc<House>, clinic: Arc<Clinic>, order: NewcomerOrder) -> Self {
        let id = order.held.unwrap_or_else(|| IntentId(house.luck.id()));
        Self { house, clinic, order, id, told_pending: false }
    }

    /// Carries it through and stores its answer.
    pub async fn run(self) -> Enrolled {
        let end = self.enrol().await;
        self.conclude(end).await
    }

    async fn enrol(&self) -> End {
        let program = match open_to_newcomers(&self.clinic) {
            Ok(program) => program,
            Err(closed) => return End::plain(closed),
        };
        let link = match self.link(self.in_time()).await {
            Ok(link) => link,
            Err(failure) => return self.held_instead(End::plain(self.situation_of(failure))).await,
        };
        let (lease, earlier) = match self.announce().await {
            Ok(granted) => granted,
            Err(end) => return end,
        };
        if let Err(end) = self.nobody_has_a_chart(&link, earlier).await {
            return self.not_done(end).await;
        }
        self.house.pass(Crashpoint::Announced);
        let roster_status = self.clinic.registration.roster_status.clone();
        let new = NewChart { who: self.order.who.clone(), program, roster_status };
        let sent = link
            .write(Operation::AddPatient, lease, self.order.deadline, move |emr| async move {
                emr.add_patient(&new).await
            })
            .await;
        self.house.pass(Crashpoint::Sent);
        match sent {
            Err(failure) if failure.nothing_done() => {
                return self.not_done(End::plain(self.situation_of(failure))).await;
            }
            Err(failure) => self.outcome_unknown(failure).await,
            Ok(_) => {}
        }
        let read = self.look_up(&link).await;
        self.house.pass(Crashpoint::Verified);
        match read {
            Ok(reading) => self.judged(reading).await,
            Err(_) => self.still_unknown().await,
        }
    }

    /// Law B-1: what comes back as `Ok` is proof that the row is committed.
    async fn announce(&self) -> Result<(Lease, Option<(IntentId, DemographicNo)>), End> {
        let now = self.house.now();
        let lease_for = self.clinic.limits.write_timeout() + LEASE_BEYOND_WRITE;
        let draft = RegistrationDraft {
            id: self.id,
            who: self.order.who.clone(),
            note: self.order.note.clone(),
            sender: self.house.generation,
            lease_for,
            last_arrival: now.plus(lease_for + self.house.settings.arrival_horizon),
            audit: vec![self.audit(AuditAction::Announced, "announced", Vec::new())],
        };
        match self.house.store.announce_registration(draft, now).await? {
            RegistrationAnnounced::Granted { lease, earlier } => Ok((lease, earlier)),
            RegistrationAnnounced::Underway { id, same_call } => Err(self.wait_for(id, same_call).await),
        }
    }

    /// A chart of theirs forbids a second one; the one this very call has made is this wish's own outcome (law B-6).
    async fn nobody_has_a_chart(
        &self,
        link: &OneWay,
        earlier: Option<(IntentId, DemographicNo)>,
    ) -> Result<(), End> {
        let charts = match self.charts(link, self.in_time()).await {
            Ok(charts) => charts,
            Err(failure) => return Err(End::plain(self.situation_of(failure))),
        };
        let made = earlier.and_then(|(id, no)| Some((id, charts.iter().find(|chart| chart.no == no)?)));
        match made {
            Some((id, chart)) => Err(End::registered(id, chart.clone())),
            None if charts.is_empty() => Ok(()),
            None => Err(End::having_seen(Situation::DuplicatePatient, &charts)),
        }
    }

    /// Charts that are theirs by health number, or by name and birth date.
    async fn charts(&self, link: &OneWay, deadline: Instant) -> EmrResult<Vec<Patient>> {
        let who = &self.order.who;
        let mut charts = match who.health_number.reveal().clone() {
            Some(number) => {
                link.read(Operation::ChartsByHealthNumber, deadline, move |emr| async move {
                    emr.charts_by_health_number(&number).await
                })
                .await?
            }
            None => Vec::new(),
        };
        let born = *who.born.reveal();
        let of_that_day = link
            .read(Operation::ChartsByBirthDate, deadline, move |emr| async move {
                emr.charts_by_birth_date(born).await
            })
            .await?;
        charts.extend(of_that_day.into_iter().filter(|chart| who.has_the_names_of(chart)));
        charts.sort_by_key(|chart| chart.no);
        charts.dedup_by_key(|chart| chart.no);
        Ok(charts)
    }

    async fn look_up(&self, link: &OneWay) -> EmrResult<RegistrationReading> {
        let deadline = Instant::now() + READ_BACK;
        let charts = self.charts(link, deadline).await?;
        let [chart] = charts.as_slice() else {
            let none = charts.is_empty();
            return Ok(if none { RegistrationReading::Absent } else { RegistrationReading::Unclear(charts) });
        };
        let no = chart.no;
        let record =
            link.read(Operation::Chart, deadline, move |emr| async move { emr.chart(no).await }).await?;
        Ok(match record {
            Some(record) if self.order.who.is_written_in(&record) => {
                RegistrationReading::Agrees(Box::new(record.patient))
            }
            Some(_) => RegistrationReading::Unclear(charts),
            None => RegistrationReading::Absent,
        })
    }

    async fn judged(&self, reading: RegistrationReading) -> End {
        let may_say = may_say_registered(&reading);
        match reading {
            RegistrationReading::Agrees(patient) => {
                uphold(Law::B3, may_say);
                let no = patient.no;
                self.settle(RegistrationState::Done(no), End::registered(self.id, *patient)).await
            }
            RegistrationReading::Absent => self.still_unknown().await,
            RegistrationReading::Unclear(charts) => {
                let end = End::having_seen(Situation::HandedToStaff, &charts);
                self.settle(RegistrationState::HandedToStaff, end).await
            }
        }
    }

    /// The one way in that can do all of it.
    async fn link(&self, deadline: Instant) -> EmrResult<OneWay> {
        let link = self.house.emr_link(&self.clinic.id);
        let path = link.path_for(FOR_REGISTERING, None, deadline).await?;
        Ok(link.by(path))
    }

    /// When a caller must have heard of what was not sent.
    fn in_time(&self) -> Instant {
        let margin = self.house.settings.answer_margin;
        self.order.deadline.checked_sub(margin).unwrap_or_else(Instant::now)
    }

    /// A way into the EMR that cannot make charts is no failure of the moment.
    fn situation_of(&self, failure: EmrFailure) -> Situation {
        match failure {
            EmrFailure::Unsupported => cannot_register(self.clinic.waitlist_enabled),
            failure => situation_of(failure),
        }
    }
}
