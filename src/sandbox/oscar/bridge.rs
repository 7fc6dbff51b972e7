//! A pretend legacy bridge at `/{context}/bridge`: a service of its own beside OSCAR that reads the same database, for
//! whoever shows its key. It searches every number of a chart and hides no chart.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Contexts;
use super::emr::{not_found, respond};
use super::exchange::{Answer, Done, Order, Page, exchange};
use super::faults::{Fault, Touches};
use super::world::{Draft, Patient, Provider, World};

#[derive(Clone, Copy)]
enum Subject {
    Patients,
    Providers,
}

impl Subject {
    const NAMES: [&str; 2] = ["bridge/patients", "bridge/providers"];

    fn name(self) -> &'static str {
        match self {
            Self::Patients => Self::NAMES[0],
            Self::Providers => Self::NAMES[1],
        }
    }
}

pub(super) fn touches(name: &str) -> Option<Touches> {
    Subject::NAMES.contains(&name).then_some(Touches::Nothing)
}

struct Request {
    subject: Subject,
    key: String,
    body: Bytes,
}

pub(super) async fn patients(
    contexts: State<Contexts>,
    context: Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    serve(contexts, context, &headers, Subject::Patients, body).await
}

pub(super) async fn providers(
    contexts: State<Contexts>,
    context: Path<String>,
    headers: HeaderMap,
) -> Response {
    serve(contexts, context, &headers, Subject::Providers, Bytes::new()).await
}

async fn serve(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
    headers: &HeaderMap,
    subject: Subject,
    body: Bytes,
) -> Response {
    let Some(oscar) = contexts.get(&context) else { return not_found().await };
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    respond(exchange(oscar, Request { subject, key, body }).await, false)
}

impl Request {
    fn answer(&self, world: &World) -> Page {
        if world.bridge_key.as_deref() != Some(self.key.as_str()) {
            return refused();
        }
        match self.subject {
            Subject::Providers => {
                let active = world.providers.iter().filter(|row| row.active);
                page(200, &json!({ "providers": active.map(provider).collect::<Value>() }))
            }
            Subject::Patients => {
                let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
                let wanted = digits(body["phone"].as_str().unwrap_or_default());
                if wanted.is_empty() {
                    return page(400, &json!({ "error": "phone is required" }));
                }
                let found =
                    world.patients.iter().filter(|row| phones(row).any(|phone| digits(phone) == wanted));
                page(200, &json!({ "patients": found.map(chart).collect::<Value>() }))
            }
        }
    }
}

impl Order for Request {
    fn operation(&self) -> Option<(&'static str, Touches)> {
        Some((self.subject.name(), Touches::Nothing))
    }

    fn draft(&self, _: &World) -> Option<Draft> {
        None
    }

    fn carry_out(&self, world: &mut World, _: Timestamp) -> Done {
        Done { answer: Answer::Reply(self.answer(world)), row: None, penalty: None }
    }

    fn refuse(&self, _: &World, fault: &Fault) -> Done {
        let page = match fault {
            Fault::SoapFault { text } => page(500, &json!({ "error": text })),
            _ => refused(),
        };
        Done { answer: Answer::Fault(page), row: None, penalty: None }
    }
}

fn refused() -> Page {
    page(401, &json!({ "error": "invalid API key" }))
}

fn page(status: u16, content: &Value) -> Page {
    Page { status, kind: "application/json", text: content.to_string(), ..Page::default() }
}

fn phones(patient: &Patient) -> impl Iterator<Item = &str> {
    [&patient.phone, &patient.phone2, &patient.cell_phone].into_iter().flatten().map(String::as_str)
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

fn chart(patient: &Patient) -> Value {
    json!({
        "demographicNo": patient.number,
        "firstName": patient.first_name,
        "lastName": patient.last_name,
        "dateOfBirth": patient.birth.to_string(),
        "phones": phones(patient).collect::<Vec<_>>(),
        "status": patient.patient_status,
        "mergedInto": patient.head_record,
        "providerNo": patient.provider_no,
    })
}

fn provider(row: &Provider) -> Value {
    json!({
        "providerNo": row.provider_no,
        "firstName": row.first_name,
        "lastName": row.last_name,
        "title": row.title,
        "specialty": row.specialty,
        "type": row.provider_type,
    })
}
