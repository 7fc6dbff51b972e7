//! The port's operations over OSCAR's REST services, as far as these go.
//!
//! They have no working hours of a provider, no ends of appointments in their list of days, no search by work number, and
//! no change of an appointment but its status. What cannot be done says [`EmrFailure::Unsupported`]; nothing is guessed.

mod appointment;
mod chart;
mod day;
mod discovery;
mod link;
mod patient;
mod provider;
mod row;

use async_trait::async_trait;
use jiff::civil::Date;
use serde_json::json;
use vitarad_actors::domain::appointment::{Appointment, DayRow, NewAppointment, Status};
use vitarad_actors::domain::availability::{Confirm, DaySchedule, TemplateCodes};
use vitarad_actors::domain::capabilities::Capability;
use vitarad_actors::domain::health_number::HealthNumber;
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use vitarad_actors::domain::new_patient::ChartRecord;
use vitarad_actors::domain::patient::Patient;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::registration::NewChart;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::{Emr, EmrProvider, EmrResult, Operation, Path};

use self::link::{Call, Link};
use self::row::{Row, required};
use super::http::Clients;
use super::oauth::Signer;
use crate::access::{Credential, TlsMode};
use crate::emr::leave::Leave;

/// More people than share one telephone, a name or a birthday in a clinic.
const CHARTS: &str = "100";

/// The REST way into one clinic's OSCAR.
pub struct RestAccess {
    /// Up to and including the context path.
    pub url: String,
    /// The same as the server believes it is called, where a proxy or a forwarded port stands between: signatures are made
    /// for this one.
    pub signed_as: Option<String>,
    pub tls: TlsMode,
    pub signer: Signer,
    /// `None`: nobody has approved yet.
    pub token: Option<Credential>,
}

/// One clinic's OSCAR.
pub struct OscarRest {
    /// An access that cannot be used fails each request, as a server that is away does.
    link: EmrResult<Link>,
    /// Where the clinic's leave is kept, for one that comes and goes.
    leave: Option<Leave>,
}

impl OscarRest {
    pub fn new(access: RestAccess, clients: &Clients) -> Self {
        Self { link: Link::new(access, clients), leave: None }
    }

    /// One that is open while somebody's approval lasts, and takes up another when it is given.
    pub(super) fn by_leave(access: RestAccess, leave: Leave, clients: &Clients) -> Self {
        Self { leave: Some(leave), ..Self::new(access, clients) }
    }

    /// Why no request can succeed, if none can.
    pub fn unusable(&self) -> Option<EmrFailure> {
        self.link.as_ref().err().copied()
    }

    /// Active charts whose names begin so; either part may be empty, not both.
    pub async fn charts_by_name(&self, last: &str, first: &str) -> EmrResult<Vec<Patient>> {
        // With a `%` in it a term is no regular expression, in which a bracket of a name would be an error.
        let part = |name: &str| format!("{}%", name.trim().replace([',', '%', '*'], ""));
        let (last, first) = (part(last), part(first));
        if last == "%" && first == "%" {
            return Ok(Vec::new());
        }
        self.charts("Name", &format!("{last},{first}")).await
    }

    fn link(&self) -> EmrResult<&Link> {
        self.link.as_ref().map_err(|failure| *failure)
    }

    async fn charts(&self, kind: &str, term: &str) -> EmrResult<Vec<Patient>> {
        people(&self.search(kind, term, true).await?)
    }

    /// Rows of charts that are in use, or of those that no longer are: there is no asking for both.
    async fn search(&self, kind: &str, term: &str, active: bool) -> EmrResult<Vec<Row>> {
        // Every key must be there, or the server fails.
        let wanted = json!({
            "type": kind, "term": term, "active": active, "integrator": false, "outofdomain": true, "params": {},
        });
        let call = Call::post("demographics/search", path(&["demographics", "search"]), wanted)
            .with("startIndex", "0")
            .with("itemsToReturn", CHARTS);
        let found: row::Listed = self.link()?.ask(call).await?;
        Ok(found.content)
    }
}

/// A merged chart is shown as the one it was merged into, which may then come twice.
fn people(rows: &[Row]) -> EmrResult<Vec<Patient>> {
    let mut charts: Vec<Patient> = rows.iter().map(patient::found).collect::<EmrResult<_>>()?;
    charts.sort_by_key(|chart| chart.no);
    charts.dedup_by_key(|chart| chart.no);
    Ok(charts)
}

#[async_trait]
impl Emr for OscarRest {
    fn path(&self) -> Path {
        Path::Rest
    }

    /// No build serves a provider's working hours.
    fn offers(&self, operation: Operation) -> bool {
        operation != Operation::DaySchedule
    }

    async fn is_open(&self) -> bool {
        let (Ok(link), Some(leave)) = (&self.link, &self.leave) else { return true };
        // While the store is away, what was given before is still good.
        if let Ok(token) = leave.token().await {
            link.take(token);
        }
        link.has_token()
    }

    async fn discover(&self) -> EmrResult<Vec<Capability>> {
        self.probe().await?;
        discovery::read(self.link()?).await
    }

    async fn providers(&self) -> EmrResult<Vec<EmrProvider>> {
        let call = Call::get("providerService/providers_json", path(&["providerService", "providers_json"]));
        let listed: row::Listed = self.link()?.ask(call).await?;
        Ok(listed.content.iter().filter_map(provider::read).collect())
    }

    async fn template_codes(&self) -> EmrResult<TemplateCodes> {
        let call = Call::get("schedule/codes", path(&["schedule", "codes"]));
        let codes: Vec<Row> = self.link()?.ask(call).await?;
        let code = |row: &Row| {
            let letter = row.text_of("code")?.chars().next()?;
            Some((letter, Confirm::of(row.text_of("confirm").unwrap_or_default())))
        };
        Ok(codes.iter().filter_map(code).collect())
    }

    async fn day_schedule(&self, _: &ProviderNo, _: Date) -> EmrResult<Option<DaySchedule>> {
        Err(EmrFailure::Unsupported)
    }

    async fn day_rows(
        &self,
        provider: &ProviderNo,
        first: Date,
        end: Date,
        for_patient: Option<DemographicNo>,
    ) -> EmrResult<Vec<DayRow>> {
        day::rows(self.link()?, provider, (first, end), for_patient).await
    }

    async fn appointments_of(&self, patient: DemographicNo, limit: u16) -> EmrResult<Vec<Appointment>> {
        let path = path(&["schedule", &patient.reveal().to_string(), "appointmentHistory"]);
        let call = Call::post("schedule/appointmentHistory", path, json!({}));
        let history: row::Scheduled = self.link()?.ask(call).await?;
        let rows = history.appointments.unwrap_or_default();
        let mut rows: Vec<_> = rows.iter().map(appointment::read).collect::<EmrResult<_>>()?;
        // Nobody but the verified patient is released.
        rows.retain(|row: &Appointment| row.patient == patient);
        rows.sort_by_key(|row| std::cmp::Reverse((row.date, row.interval.start)));
        rows.truncate(limit.max(1).into());
        Ok(rows)
    }

    /// One that does not exist is a fault of the server here, like any other.
    async fn appointment(&self, no: AppointmentNo) -> EmrResult<Option<Appointment>> {
        day::one(self.link()?, no).await.map(Some)
    }

    /// By home number only: the services cannot search any other.
    async fn charts_by_phone(&self, number: &PhoneNumber) -> EmrResult<Vec<Patient>> {
        self.charts("Phone", &format!("%{}%", number.groups().join("%"))).await
    }

    async fn charts_by_birth_date(&self, born: Date) -> EmrResult<Vec<Patient>> {
        self.charts("DOB", &born.to_string()).await
    }

    async fn charts_by_health_number(&self, number: &HealthNumber) -> EmrResult<Vec<Patient>> {
        // Whatever a clerk typed between the digits.
        let term = format!("%{}%", number.number().chars().map(String::from).collect::<Vec<_>>().join("%"));
        let mut rows = self.search("HIN", &term, true).await?;
        rows.extend(self.search("HIN", &term, false).await?);
        rows.retain(|row| number.is_typed_as(row.text_of("hin").unwrap_or_default()));
        people(&rows)
    }

    async fn chart(&self, no: DemographicNo) -> EmrResult<Option<ChartRecord>> {
        let path = path(&["demographics", "summary", &no.reveal().to_string()]);
        let chart: Option<Row> = self.link()?.ask(Call::get("demographics/summary", path)).await?;
        chart.as_ref().map(chart::read).transpose()
    }

    /// The echo is of what was sent, not of what was stored; nothing but the number counts.
    async fn add_patient(&self, new: &NewChart) -> EmrResult<DemographicNo> {
        let call = Call::post("demographics", path(&["demographics"]), chart::written(new));
        let made: Row = self.link()?.ask(call).await?;
        required(made.parsed("demographicNo")?).map(DemographicNo::new)
    }

    async fn add_appointment(&self, new: &NewAppointment) -> EmrResult<AppointmentNo> {
        let call = Call::post("schedule/add", path(&["schedule", "add"]), appointment::written(new));
        let added: row::Scheduled = self.link()?.ask(call).await?;
        // The times of this echo are of another form than those that are read; nothing but the number counts.
        let row = required(added.appointment)?;
        required(row.parsed("id")?).map(AppointmentNo)
    }

    /// Changes the status and nothing else, which is all that a cancellation should do.
    async fn cancel_appointment(&self, seen: &Appointment) -> EmrResult<()> {
        let path = path(&["schedule", "appointment", &seen.no.0.to_string(), "updateStatus"]);
        let call = Call::post("schedule/updateStatus", path, json!({ "status": Status::CANCELLED }));
        self.link()?.ask::<serde::de::IgnoredAny>(call).await.map(drop)
    }

    /// Asks whether the token still stands, too: nothing works without it.
    async fn probe(&self) -> EmrResult<()> {
        let call = Call::get("status/checkIfAuthed", path(&["status", "checkIfAuthed"]));
        self.link()?.ask::<serde::de::IgnoredAny>(call).await.map(drop)
    }
}

fn path(segments: &[&str]) -> Vec<String> {
    segments.iter().map(|segment| (*segment).to_owned()).collect()
}
