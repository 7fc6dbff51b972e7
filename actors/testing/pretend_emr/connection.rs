//! The pretend EMR behind the port: one adapter for each way in.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;

use super::{Op, PretendEmr, Row, locked};
use crate::domain::appointment::{Appointment, DayRow, NewAppointment};
use crate::domain::availability::{Confirm, DaySchedule, TemplateCodes, TemplateSlot};
use crate::domain::capabilities::Capability;
use crate::domain::health_number::HealthNumber;
use crate::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use crate::domain::mark::Mark;
use crate::domain::new_patient::ChartRecord;
use crate::domain::patient::Patient;
use crate::domain::phone::PhoneNumber;
use crate::domain::registration::NewChart;
use crate::domain::time::Minute;
use crate::ports::emr::{Emr, EmrProvider, EmrResult, Operation, Path};
use crate::testing::provider_no;

/// An adapter of the pretend EMR.
pub struct Connection {
    pub(super) emr: Arc<PretendEmr>,
    pub(super) path: Path,
}

impl Connection {
    async fn meets<T>(&self, op: Op, act: impl Fn(&PretendEmr) -> T + Send + Sync + 'static) -> EmrResult<T>
    where
        T: Send + 'static,
    {
        self.emr.meets(self.path, op, act).await
    }

    /// The same row, as this path tells of it.
    fn told(path: Path, row: &Appointment) -> Appointment {
        let stamp =
            |at: &String| if path == Path::Soap { at.clone() } else { format!("{} {at}", path.name()) };
        Appointment { changed_at: row.changed_at.as_ref().map(stamp), ..row.clone() }
    }
}

#[async_trait]
impl Emr for Connection {
    fn path(&self) -> Path {
        self.path
    }

    fn offers(&self, operation: Operation) -> bool {
        self.emr.with_way(self.path, |way| !way.lacks.contains(&operation))
    }

    async fn is_open(&self) -> bool {
        self.emr.with_way(self.path, |way| !way.is_closed)
    }

    async fn discover(&self) -> EmrResult<Vec<Capability>> {
        self.emr.with_way(self.path, |way| {
            way.discoveries += 1;
            way.says.clone().unwrap_or(Ok(Vec::new()))
        })
    }

    async fn providers(&self) -> EmrResult<Vec<EmrProvider>> {
        self.meets(Op::Providers, |_| {
            (1..=3)
                .map(|n| EmrProvider {
                    no: provider_no(n),
                    first_name: "Number".to_owned(),
                    last_name: n.to_string(),
                    title: "Dr.".to_owned(),
                    specialty: "Family Medicine".to_owned(),
                    kind: "doctor".to_owned(),
                })
                .collect()
        })
        .await
    }

    async fn template_codes(&self) -> EmrResult<TemplateCodes> {
        self.meets(Op::TemplateCodes, |_| [('1', Confirm::Open)].into_iter().collect()).await
    }

    async fn day_schedule(&self, _: &ProviderNo, _: Date) -> EmrResult<Option<DaySchedule>> {
        self.meets(Op::DaySchedule, |emr| {
            let slots = locked(&emr.state)
                .painted
                .clone()
                .filter_map(|quarter| Some(TemplateSlot { start: Minute::new(quarter * 15)?, code: '1' }))
                .collect();
            Some(DaySchedule { holiday: false, slot_minutes: Some(15), slots })
        })
        .await
    }

    async fn day_rows(
        &self,
        provider: &ProviderNo,
        first: Date,
        end: Date,
        for_patient: Option<DemographicNo>,
    ) -> EmrResult<Vec<DayRow>> {
        let provider = provider.clone();
        self.meets(Op::DayRows, move |emr| {
            let wanted = |row: &&Row| {
                row.appointment.provider == provider && (first..end).contains(&row.appointment.date)
            };
            locked(&emr.state).rows.values().filter(wanted).map(|row| day_row(row, for_patient)).collect()
        })
        .await
    }

    async fn appointments_of(&self, patient: DemographicNo, limit: u16) -> EmrResult<Vec<Appointment>> {
        let path = self.path;
        self.meets(Op::AppointmentsOf, move |emr| {
            let state = locked(&emr.state);
            let of = state.rows.values().filter(|row| row.appointment.patient == patient);
            let mut rows: Vec<Appointment> = of.map(|row| Self::told(path, &row.appointment)).collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.date));
            rows.truncate(usize::from(limit));
            rows
        })
        .await
    }

    async fn appointment(&self, no: AppointmentNo) -> EmrResult<Option<Appointment>> {
        let path = self.path;
        self.meets(Op::Appointment, move |emr| {
            let at = emr.clock.now();
            let mut state = locked(&emr.state);
            let row = state.rows.get_mut(&no)?;
            row.read_at.push(at);
            Some(Self::told(path, &row.appointment))
        })
        .await
    }

    async fn charts_by_phone(&self, number: &PhoneNumber) -> EmrResult<Vec<Patient>> {
        let number = number.clone();
        self.meets(Op::Charts, move |emr| {
            let state = locked(&emr.state);
            state.patients.iter().filter(|chart| number.is_among(&chart.phones)).cloned().collect()
        })
        .await
    }

    async fn charts_by_birth_date(&self, born: Date) -> EmrResult<Vec<Patient>> {
        self.meets(Op::Charts, move |emr| {
            let same = |chart: &&Patient| chart.birth_date.is_some_and(|date| *date.reveal() == born);
            locked(&emr.state).patients.iter().filter(same).cloned().collect()
        })
        .await
    }

    async fn charts_by_health_number(&self, number: &HealthNumber) -> EmrResult<Vec<Patient>> {
        let number = number.clone();
        self.meets(Op::Charts, move |emr| emr.with_number(&number)).await
    }

    async fn chart(&self, no: DemographicNo) -> EmrResult<Option<ChartRecord>> {
        self.meets(Op::Chart, move |emr| emr.charts().into_iter().find(|chart| chart.patient.no == no)).await
    }

    async fn add_patient(&self, new: &NewChart) -> EmrResult<DemographicNo> {
        let new = new.clone();
        self.meets(Op::AddChart, move |emr| emr.add_chart(&new.who)).await
    }

    async fn add_appointment(&self, new: &NewAppointment) -> EmrResult<AppointmentNo> {
        let new = new.clone();
        self.meets(Op::Add, move |emr| emr.add(&new)).await
    }

    async fn cancel_appointment(&self, seen: &Appointment) -> EmrResult<()> {
        let (seen, sent) = (seen.clone(), self.emr.clock.now());
        self.meets(Op::Cancel, move |emr| emr.cancel(&seen, sent)).await
    }

    async fn probe(&self) -> EmrResult<()> {
        self.meets(Op::Providers, |_| ()).await
    }
}

fn day_row(row: &Row, for_patient: Option<DemographicNo>) -> DayRow {
    let appointment = &row.appointment;
    DayRow {
        no: appointment.no,
        provider: appointment.provider.clone(),
        date: appointment.date,
        interval: appointment.interval,
        status: appointment.status.clone(),
        mark: appointment.texts.notes.as_ref().and_then(|notes| Mark::leading(notes.reveal())),
        for_patient: for_patient == Some(appointment.patient),
    }
}
