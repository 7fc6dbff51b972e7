//! The port's operations in OSCAR's words.

mod appointment;
mod discovery;
mod field;
mod patient;
mod provider;
mod schedule;

use async_trait::async_trait;
use jiff::civil::{Date, DateTime, Time};
use vitarad_actors::domain::appointment::{Appointment, DayRow, NewAppointment};
use vitarad_actors::domain::availability::{DaySchedule, TemplateCodes};
use vitarad_actors::domain::capabilities::Capability;
use vitarad_actors::domain::health_number::HealthNumber;
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use vitarad_actors::domain::new_patient::ChartRecord;
use vitarad_actors::domain::patient::Patient;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::registration::NewChart;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::{Emr, EmrProvider, EmrResult, Operation, Path};

use super::http::Clients;
use super::session::Session;
use super::soap::Call;
use super::xml::{Element, Space, Writer};
use crate::access::EmrAccess;

const SCHEDULE: &str = "ScheduleService";
const DEMOGRAPHIC: &str = "DemographicService";
const PROVIDER: &str = "ProviderService";
const SYSTEM: &str = "SystemInfoService";

/// More people than share one telephone, and more than share one birthday in a clinic.
const CHARTS_BY_PHONE: u16 = 50;
const CHARTS_BY_BIRTH_DATE: u16 = 100;

/// One clinic's OSCAR.
pub struct OscarSoap {
    /// An access that cannot be used fails each request, as a server that is away does.
    session: EmrResult<Session>,
}

impl OscarSoap {
    pub fn new(access: Option<EmrAccess>, clients: &Clients) -> Self {
        let session = access.ok_or(EmrFailure::NoConnection);
        Self { session: session.and_then(|access| Session::new(access, clients)) }
    }

    /// Why no request can succeed, if none can.
    pub fn unusable(&self) -> Option<EmrFailure> {
        self.session.as_ref().err().copied()
    }

    fn session(&self) -> EmrResult<&Session> {
        self.session.as_ref().map_err(|failure| *failure)
    }

    async fn ask(&self, call: Call) -> EmrResult<Element> {
        self.session()?.ask(&call).await
    }

    /// Charts whose attribute in this argument agrees.
    async fn charts(&self, argument: &'static str, value: &str, limit: u16) -> EmrResult<Vec<Patient>> {
        let call = Call::new(DEMOGRAPHIC, "searchDemographicsByAttributes", |arguments| {
            arguments.text(argument, value);
            arguments.plain("arg10", 0);
            arguments.plain("arg11", limit);
        });
        self.ask(call).await?.each("return").map(patient::read).collect()
    }
}

#[async_trait]
impl Emr for OscarSoap {
    fn path(&self) -> Path {
        Path::Soap
    }

    /// No service of the common builds makes charts, so nothing is asked here that only goes with that.
    fn offers(&self, operation: Operation) -> bool {
        !matches!(operation, Operation::AddPatient | Operation::Chart | Operation::ChartsByHealthNumber)
    }

    async fn discover(&self) -> EmrResult<Vec<Capability>> {
        // The pages below are read by anybody's browser; a web firewall shuts out envelopes, so one is sent first.
        match self.probe().await {
            Err(EmrFailure::Firewall) => Ok(discovery::behind_a_firewall()),
            Err(failure) => Err(failure),
            Ok(()) => discovery::read(self.session()?).await,
        }
    }

    async fn providers(&self) -> EmrResult<Vec<EmrProvider>> {
        let call = Call::new(PROVIDER, "getProviders2", |arguments| arguments.plain("arg0", true));
        Ok(self.ask(call).await?.each("return").filter_map(provider::read).collect())
    }

    async fn template_codes(&self) -> EmrResult<TemplateCodes> {
        let call = Call::new(SCHEDULE, "getScheduleTemplateCodes", |_| {});
        let response = self.ask(call).await?;
        response.each("return").filter_map(|row| schedule::template_code(row).transpose()).collect()
    }

    async fn day_schedule(&self, provider: &ProviderNo, date: Date) -> EmrResult<Option<DaySchedule>> {
        let call = Call::new(SCHEDULE, "getDayWorkSchedule", |arguments| {
            arguments.text("arg0", provider.as_str());
            arguments.plain("arg1", midnight(date));
        });
        let response = self.ask(call).await?;
        response.child(Space::None, "return").map(|day| schedule::day(day, date)).transpose()
    }

    async fn day_rows(
        &self,
        provider: &ProviderNo,
        first: Date,
        end: Date,
        for_patient: Option<DemographicNo>,
    ) -> EmrResult<Vec<DayRow>> {
        // Not the query for one day: that one hides cancelled rows, and rows without a status.
        let call = Call::new(SCHEDULE, "getAppointmentsForDateRangeAndProvider2", |arguments| {
            arguments.plain("arg0", midnight(first));
            arguments.plain("arg1", midnight(end));
            arguments.text("arg2", provider.as_str());
            wall_clock(arguments, "arg3");
        });
        let response = self.ask(call).await?;
        response.each("return").map(|row| appointment::day_row(row, for_patient)).collect()
    }

    async fn appointments_of(&self, patient: DemographicNo, limit: u16) -> EmrResult<Vec<Appointment>> {
        let call = Call::new(SCHEDULE, "getAppointmentsForPatient2", |arguments| {
            arguments.plain("arg0", patient.reveal());
            arguments.plain("arg1", 0);
            // Zero would mean no limit.
            arguments.plain("arg2", limit.max(1));
            wall_clock(arguments, "arg3");
        });
        let response = self.ask(call).await?;
        let mut rows: Vec<_> = response.each("return").map(appointment::read).collect::<EmrResult<_>>()?;
        // OSCAR orders by date only; and nobody but the verified patient is released.
        rows.retain(|row| row.patient == patient);
        rows.sort_by_key(|row| std::cmp::Reverse((row.date, row.interval.start)));
        Ok(rows)
    }

    async fn appointment(&self, no: AppointmentNo) -> EmrResult<Option<Appointment>> {
        let call = Call::new(SCHEDULE, "getAppointment2", |arguments| {
            arguments.plain("arg0", no.0);
            wall_clock(arguments, "arg1");
        });
        self.ask(call).await?.child(Space::None, "return").map(appointment::read).transpose()
    }

    async fn charts_by_phone(&self, number: &PhoneNumber) -> EmrResult<Vec<Patient>> {
        // Whatever a clerk typed between the groups.
        let pattern = number.groups().join("%");
        self.charts("arg7", &pattern, CHARTS_BY_PHONE).await
    }

    async fn charts_by_birth_date(&self, born: Date) -> EmrResult<Vec<Patient>> {
        self.charts("arg4", &born.to_string(), CHARTS_BY_BIRTH_DATE).await
    }

    async fn charts_by_health_number(&self, _: &HealthNumber) -> EmrResult<Vec<Patient>> {
        Err(EmrFailure::Unsupported)
    }

    async fn chart(&self, _: DemographicNo) -> EmrResult<Option<ChartRecord>> {
        Err(EmrFailure::Unsupported)
    }

    async fn add_patient(&self, _: &NewChart) -> EmrResult<DemographicNo> {
        Err(EmrFailure::Unsupported)
    }

    async fn add_appointment(&self, new: &NewAppointment) -> EmrResult<AppointmentNo> {
        let call = Call::writing(SCHEDULE, "addAppointment", |arguments| {
            arguments.nested("arg0", |row| appointment::write_new(row, new));
        });
        let response = self.ask(call).await?;
        let no = response.text_of("return").and_then(|no| no.trim().parse().ok());
        no.map(AppointmentNo).ok_or(EmrFailure::Unreadable)
    }

    async fn cancel_appointment(&self, seen: &Appointment) -> EmrResult<()> {
        let call = Call::writing(SCHEDULE, "updateAppointment", |arguments| {
            arguments.nested("arg0", |row| appointment::write_cancelled(row, seen));
        });
        self.ask(call).await.map(drop)
    }

    async fn probe(&self) -> EmrResult<()> {
        let call = Call::new(SYSTEM, "isAlive", |_| {});
        self.session()?.ask_openly(&call).await.map(drop)
    }
}

/// Printed without an offset, so that no server can take it for another day.
fn midnight(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

/// Asks for times as they stand in the database's columns, not converted to GMT.
fn wall_clock(arguments: &mut Writer, name: &'static str) {
    arguments.plain(name, false);
}
