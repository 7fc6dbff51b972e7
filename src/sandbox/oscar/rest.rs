//! OSCAR's REST services and the OAuth handshake before them: one request in, one page out, against the same world as
//! the SOAP services.

mod day_view;
mod demographics;
mod handshake;
mod json;
mod newcomers;
mod operation;
mod persona;
mod provider_service;
mod refusal;
mod registry;
mod schedule;
mod signature;

use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

use self::operation::{Call, Operation, find};
use self::refusal::Refusal;
pub use self::registry::{Grant, Registry, RestClient};
use self::signature::{Said, Signed};
use super::Contexts;
use super::emr::{not_found, respond};
use super::exchange::{Answer, Done, Order, Page, exchange};
use super::faults::{Fault, Touches};
use super::gzip;
use super::profile::RestBuild;
use super::world::{Draft, World};

pub(super) fn touches(name: &str) -> Option<Touches> {
    operation::OPERATIONS.iter().find(|operation| operation.name == name).map(|operation| operation.touches)
}

/// The paths of the services, and the methods of each.
pub(super) fn paths() -> impl Iterator<Item = (String, &'static [&'static str])> {
    let services = operation::OPERATIONS.iter().filter(|operation| operation.is_service);
    services.map(|operation| (operation.template(), operation.methods))
}

pub(super) async fn serve(
    State(contexts): State<Contexts>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut segments = uri.path().trim_start_matches('/').split('/');
    let context = segments.next().unwrap_or_default();
    let Some(oscar) = contexts.get(context) else { return not_found().await };
    let Some(build) = oscar.build().rest else { return not_found().await };
    let path: Vec<String> = segments.skip(1).map(str::to_owned).collect();
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let request = Request {
        build,
        operation: find(&path),
        base: format!("http://{host}/{context}"),
        method,
        query: uri.query().unwrap_or_default().to_owned(),
        authorization: text(header::AUTHORIZATION).unwrap_or_default().to_owned(),
        is_json: text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json")),
        takes_json: text(header::ACCEPT).is_none_or(|kinds| kinds.contains("json") || kinds.contains("*/*")),
        body: body.to_vec(),
        path,
    };
    respond(exchange(oscar, request).await, gzip::offered(&headers))
}

/// A request to one of the REST paths.
struct Request {
    build: RestBuild,
    operation: Option<&'static Operation>,
    /// Scheme, host and context path, as the client wrote them.
    base: String,
    method: Method,
    /// From `ws` on, as it was sent.
    path: Vec<String>,
    query: String,
    authorization: String,
    is_json: bool,
    takes_json: bool,
    body: Vec<u8>,
}

impl Request {
    fn answer(&self, world: &mut World, now: Timestamp) -> Result<(Page, Option<i32>), Refusal> {
        let operation = self.operation.ok_or(Refusal::NoSuchPath)?;
        let caller = if operation.is_service { Some(self.authorised(world, now)?) } else { None };
        if !operation.methods.contains(&self.method.as_str()) {
            return Err(Refusal::WrongMethod);
        }
        if operation.is_service && !self.takes_json {
            return Err(Refusal::NotAcceptable);
        }
        let posted = operation.is_service && self.method == Method::POST;
        if posted && !self.is_json {
            return Err(Refusal::WrongContent);
        }
        persona::check(world, operation.name)?;
        let body: Value = match serde_json::from_slice(&self.body) {
            Ok(body) => body,
            Err(_) if posted => return Err(Refusal::failed("Unrecognized token")),
            Err(_) => Value::Null,
        };
        let mut call =
            Call { world, now, caller: caller.unwrap_or_default(), request: self, body, row: None };
        let page = (operation.answer)(&mut call)?;
        Ok((page, call.row))
    }

    /// The provider as whom a signed request acts.
    fn authorised(&self, world: &mut World, now: Timestamp) -> Result<String, Refusal> {
        let Some(said) = Said::read(&self.authorization) else {
            let nobody = self.build.passes_unsigned.then(|| Refusal::failed("null"));
            return Err(nobody.unwrap_or(Refusal::Unauthorised));
        };
        let signed = self.signed(world);
        world.rest.admit(&said, &signed, self.build, now).ok_or(Refusal::Unauthorised)
    }

    /// What the server computes a signature of: the address it believes it was called at.
    fn signed(&self, world: &World) -> Signed {
        let base = world.rest.seen_as.as_deref().unwrap_or(&self.base);
        Signed {
            method: self.method.to_string(),
            address: format!("{base}/ws/{}", self.path.join("/")),
            query: operation::form(&self.query),
        }
    }
}

impl Order for Request {
    fn operation(&self) -> Option<(&'static str, Touches)> {
        self.operation.map(|operation| (operation.name, operation.touches))
    }

    fn draft(&self, _: &World) -> Option<Draft> {
        let operation = self.operation.filter(|operation| operation.touches.writes_row())?;
        match operation.touches {
            Touches::AddsRow => schedule::draft(&serde_json::from_slice(&self.body).ok()?),
            _ => Some(Draft { id: self.path.get(3)?.parse().ok(), ..Draft::default() }),
        }
    }

    fn carry_out(&self, world: &mut World, now: Timestamp) -> Done {
        match self.answer(world, now) {
            Ok((page, row)) => Done { answer: Answer::Reply(page), row, penalty: None },
            Err(refusal) => Done { answer: Answer::Fault(refusal.page()), row: None, penalty: None },
        }
    }

    fn refuse(&self, _: &World, fault: &Fault) -> Done {
        let refusal = match fault {
            Fault::SoapFault { text } => Refusal::failed(text),
            _ => Refusal::Unauthorised,
        };
        Done { answer: Answer::Fault(refusal.page()), row: None, penalty: None }
    }
}
