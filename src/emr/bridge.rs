//! The legacy bridge: a small service that some test installations keep beside OSCAR. It knows charts by telephone number and
//! who works at the clinic, and nothing of appointments. A clinic that declares none is never asked this way.
//!
//! Of its wire only the mount and the header with the key are given; the rest is this file's. Both sides speak JSON:
//!
//! ```text
//! POST {base}/api/v1/patients/search   X-API-Key: ...   {"phone": "6045550142"}
//! 200  {"patients": [{"demographicNo": 4711, "firstName": "Marie", "lastName": "Tremblay", "dateOfBirth": "1979-04-07",
//!       "phones": ["604-555-0142"], "status": "AC", "mergedInto": null, "providerNo": "101"}]}
//!
//! GET  {base}/api/v1/providers         X-API-Key: ...
//! 200  {"providers": [{"providerNo": "101", "firstName": "Anita", "lastName": "Chow", "title": "Dr.",
//!       "specialty": "Family Medicine", "type": "doctor"}]}
//! ```
//!
//! Providers are the active ones; charts are those with the digits in any of their numbers, whatever became of the patient.
//! The number goes in a body, because addresses are written into logs. What may be null may be left out; whatever else is
//! there is passed over. 401 and 403 with JSON refuse the key.

use async_trait::async_trait;
use jiff::civil::Date;
use reqwest::header::HeaderValue;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use vitarad_actors::domain::appointment::{Appointment, DayRow, NewAppointment};
use vitarad_actors::domain::availability::{DaySchedule, TemplateCodes};
use vitarad_actors::domain::capabilities::Capability;
use vitarad_actors::domain::health_number::HealthNumber;
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use vitarad_actors::domain::new_patient::ChartRecord;
use vitarad_actors::domain::patient::{Patient, Standing};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::registration::NewChart;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::{Emr, EmrProvider, EmrResult, Operation, Path};

use super::SYSTEM;
use super::http::{self, Answer, Clients};
use crate::access::BridgeAccess;

/// One clinic's bridge.
pub struct OscarBridge {
    /// An access that cannot be used fails each request, as a server that is away does.
    link: EmrResult<Link>,
}

struct Link {
    client: Client,
    /// Ends in `/api/v1/`.
    services: Url,
    key: HeaderValue,
}

impl OscarBridge {
    pub fn new(access: &BridgeAccess, clients: &Clients) -> Self {
        Self { link: Link::new(access, clients) }
    }

    /// Why no request can succeed, if none can.
    pub fn unusable(&self) -> Option<EmrFailure> {
        self.link.as_ref().err().copied()
    }

    fn link(&self) -> EmrResult<&Link> {
        self.link.as_ref().map_err(|failure| *failure)
    }
}

impl Link {
    fn new(access: &BridgeAccess, clients: &Clients) -> EmrResult<Self> {
        let key = HeaderValue::try_from(access.api_key.expose_secret());
        let mut key = key.map_err(|_| EmrFailure::NoConnection)?;
        key.set_sensitive(true);
        Ok(Self {
            client: clients.judging(&access.tls)?,
            services: http::mount(&access.url, "api/v1/")?,
            key,
        })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        request: impl FnOnce(&Client, Url) -> RequestBuilder,
    ) -> EmrResult<T> {
        let url = self.services.join(path).map_err(|_| EmrFailure::NoConnection)?;
        let request = request(&self.client, url).header("X-API-Key", self.key.clone());
        http::noted(operation, async { content(&http::exchange(request).await?) }).await
    }
}

fn content<T: DeserializeOwned>(answer: &Answer) -> EmrResult<T> {
    let is_page = http::is_web_page(&answer.body);
    match answer.status {
        StatusCode::FORBIDDEN if is_page => return Err(EmrFailure::Firewall),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(EmrFailure::Unauthorised),
        status if !status.is_success() => return Err(EmrFailure::HttpError),
        _ if is_page => return Err(EmrFailure::Firewall),
        _ => {}
    }
    serde_json::from_slice(&answer.body).map_err(|_| EmrFailure::Unreadable)
}

#[derive(Deserialize)]
struct Found {
    patients: Vec<Chart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chart {
    demographic_no: i32,
    first_name: String,
    last_name: String,
    date_of_birth: Option<Date>,
    phones: Vec<String>,
    status: Option<String>,
    merged_into: Option<i32>,
    provider_no: Option<String>,
}

impl From<Chart> for Patient {
    fn from(chart: Chart) -> Self {
        let no = DemographicNo::new(chart.demographic_no);
        let head = chart.merged_into.map(DemographicNo::new);
        Self {
            no,
            first_name: chart.first_name.into(),
            last_name: chart.last_name.into(),
            birth_date: chart.date_of_birth.map(Phi::new),
            phones: chart.phones.into_iter().filter(|phone| !phone.is_empty()).map(Phi::new).collect(),
            standing: Standing::of(chart.status.as_deref().unwrap_or_default()),
            merged_into: head.filter(|head| *head != no && *head != DemographicNo::NOBODY),
            provider: chart.provider_no.and_then(|no| ProviderNo::parse(no.trim()).ok()),
        }
    }
}

#[derive(Deserialize)]
struct Staff {
    providers: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    provider_no: String,
    first_name: String,
    last_name: String,
    title: Option<String>,
    specialty: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Listed {
    /// `None` for the system and for whoever has no usable number.
    fn provider(self) -> Option<EmrProvider> {
        if self.provider_no == SYSTEM {
            return None;
        }
        Some(EmrProvider {
            no: ProviderNo::parse(&self.provider_no).ok()?,
            first_name: self.first_name,
            last_name: self.last_name,
            title: self.title.unwrap_or_default(),
            specialty: self.specialty.unwrap_or_default(),
            kind: self.kind.unwrap_or_default(),
        })
    }
}

#[async_trait]
impl Emr for OscarBridge {
    fn path(&self) -> Path {
        Path::Bridge
    }

    fn offers(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Providers | Operation::ChartsByPhone | Operation::Discover)
    }

    /// It describes itself nowhere.
    async fn discover(&self) -> EmrResult<Vec<Capability>> {
        self.probe().await.map(|()| Vec::new())
    }

    async fn providers(&self) -> EmrResult<Vec<EmrProvider>> {
        let staff: Staff = self.link()?.ask("bridge/providers", "providers", Client::get).await?;
        Ok(staff.providers.into_iter().filter_map(Listed::provider).collect())
    }

    async fn template_codes(&self) -> EmrResult<TemplateCodes> {
        Err(EmrFailure::Unsupported)
    }

    async fn day_schedule(&self, _: &ProviderNo, _: Date) -> EmrResult<Option<DaySchedule>> {
        Err(EmrFailure::Unsupported)
    }

    async fn day_rows(
        &self,
        _: &ProviderNo,
        _: Date,
        _: Date,
        _: Option<DemographicNo>,
    ) -> EmrResult<Vec<DayRow>> {
        Err(EmrFailure::Unsupported)
    }

    async fn appointments_of(&self, _: DemographicNo, _: u16) -> EmrResult<Vec<Appointment>> {
        Err(EmrFailure::Unsupported)
    }

    async fn appointment(&self, _: AppointmentNo) -> EmrResult<Option<Appointment>> {
        Err(EmrFailure::Unsupported)
    }

    async fn charts_by_phone(&self, number: &PhoneNumber) -> EmrResult<Vec<Patient>> {
        let wanted = json!({ "phone": number.groups().concat() });
        let search = |client: &Client, url| client.post(url).json(&wanted);
        let found: Found = self.link()?.ask("bridge/patients", "patients/search", search).await?;
        Ok(found.patients.into_iter().map(Patient::from).collect())
    }

    async fn charts_by_birth_date(&self, _: Date) -> EmrResult<Vec<Patient>> {
        Err(EmrFailure::Unsupported)
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

    async fn add_appointment(&self, _: &NewAppointment) -> EmrResult<AppointmentNo> {
        Err(EmrFailure::Unsupported)
    }

    async fn cancel_appointment(&self, _: &Appointment) -> EmrResult<()> {
        Err(EmrFailure::Unsupported)
    }

    /// It has nothing cheaper than its list of staff.
    async fn probe(&self) -> EmrResult<()> {
        self.providers().await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, body: &str) -> Option<EmrFailure> {
        let answer = Answer { status: StatusCode::from_u16(status).unwrap(), body: body.as_bytes().to_vec() };
        content::<Found>(&answer).err()
    }

    #[test]
    fn each_answer_proves_what_its_status_and_its_form_say() {
        for (status, body, failure) in [
            (401, "{}", EmrFailure::Unauthorised),
            (403, "{}", EmrFailure::Unauthorised),
            (403, "<html>", EmrFailure::Firewall),
            (200, " <!DOCTYPE html>", EmrFailure::Firewall),
            (429, "{}", EmrFailure::HttpError),
            (302, "", EmrFailure::HttpError),
            (200, "", EmrFailure::Unreadable),
            (200, "{\"patients\":[{\"demographicNo\":\"many\"}]}", EmrFailure::Unreadable),
            (200, "{\"charts\":[]}", EmrFailure::Unreadable),
        ] {
            assert_eq!(meaning(status, body), Some(failure), "{status} {body}");
        }
        assert_eq!(meaning(200, "{\"patients\":[]}"), None);
    }

    #[test]
    fn what_a_chart_need_not_have_may_be_left_out_and_more_is_passed_over() {
        let chart = r#"{"demographicNo":7,"firstName":"A","lastName":"B","phones":["",  "604-555-0101"],"mergedInto":7,"age":3}"#;
        let chart: Patient = serde_json::from_str::<Chart>(chart).unwrap().into();
        assert!(chart.no == DemographicNo::new(7) && chart.merged_into.is_none() && chart.provider.is_none());
        assert_eq!(chart.phones.iter().map(Phi::reveal).collect::<Vec<_>>(), ["604-555-0101"]);
        assert_eq!(chart.standing, Standing::of(""));
        assert!(chart.birth_date.is_none());
    }
}
