//! A signed request and what its answer means. Nothing is sent twice: not after silence, not after a refusal.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

use super::RestAccess;
use crate::access::Credential;
use crate::emr::http::{self, Answer, Clients};
use crate::emr::oauth::{Claim, Signer};

const SERVICES: &str = "ws/services/";

/// How long nothing is sent after a refusal. A wrong clock or address is refused again each time, and costs the token on
/// builds that have not deleted it yet.
const REFUSAL_STANDS: Duration = Duration::from_secs(30);

pub(super) struct Link {
    client: Client,
    /// Both end in `/ws/services/`.
    services: Url,
    signed_as: Url,
    signer: Signer,
    standing: Mutex<Standing>,
}

/// The clinic's leave, and whether the server takes it.
#[derive(Default)]
struct Standing {
    token: Option<Credential>,
    refused_at: Option<Instant>,
}

/// One request, still unsigned.
pub(super) struct Call {
    /// Names the service in logs; the path has numbers of patients in it.
    operation: &'static str,
    method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Call {
    pub(super) fn get(operation: &'static str, path: Vec<String>) -> Self {
        Self { operation, method: Method::GET, path, query: Vec::new(), body: None }
    }

    pub(super) fn post(operation: &'static str, path: Vec<String>, body: Value) -> Self {
        Self { operation, method: Method::POST, path, query: Vec::new(), body: Some(body) }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    fn at(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

impl Link {
    pub(super) fn new(access: RestAccess, clients: &Clients) -> EmrResult<Self> {
        Ok(Self {
            client: clients.judging(&access.tls)?,
            services: http::mount(&access.url, SERVICES)?,
            signed_as: http::mount(access.signed_as.as_ref().unwrap_or(&access.url), SERVICES)?,
            signer: access.signer,
            standing: Mutex::new(Standing { token: access.token, refused_at: None }),
        })
    }

    pub(super) async fn ask<T: DeserializeOwned>(&self, call: Call) -> EmrResult<T> {
        let token = self.token().ok_or(EmrFailure::Unauthorised)?;
        let outcome = http::noted(call.operation, self.round_trip(&call, &token)).await;
        if matches!(outcome, Err(EmrFailure::Unauthorised)) {
            self.standing().refused_at = Some(Instant::now());
        }
        outcome
    }

    /// Uses this one from now on. A refusal was meant for the former.
    pub(super) fn take(&self, token: Option<Credential>) {
        let mut standing = self.standing();
        let key = |token: &Option<Credential>| token.as_ref().map(|token| token.key.clone());
        if key(&standing.token) != key(&token) {
            *standing = Standing { token, refused_at: None };
        }
    }

    pub(super) fn has_token(&self) -> bool {
        self.standing().token.is_some()
    }

    /// `None`: there is none, or the server has just refused it.
    fn token(&self) -> Option<Credential> {
        let standing = self.standing();
        let is_refused = standing.refused_at.is_some_and(|at| at.elapsed() < REFUSAL_STANDS);
        if is_refused { None } else { standing.token.clone() }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn round_trip<T: DeserializeOwned>(&self, call: &Call, token: &Credential) -> EmrResult<T> {
        let claim =
            Claim { method: &call.method, url: &call.at(&self.signed_as), token: Some(token), protocol: &[] };
        let mut request = self
            .client
            .request(call.method.clone(), call.at(&self.services))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.signer.authorize(&claim));
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        content(&http::exchange(request).await?)
    }
}

/// What an answer says. There is no form for errors: a refusal is a page of the servlet container with words in it.
fn content<T: DeserializeOwned>(answer: &Answer) -> EmrResult<T> {
    match answer.status {
        StatusCode::UNAUTHORIZED => return Err(EmrFailure::Unauthorised),
        StatusCode::FORBIDDEN => return Err(EmrFailure::Firewall),
        // Refused by the framework before any service was called.
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_ACCEPTABLE | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            return Err(EmrFailure::ClientFault);
        }
        StatusCode::INTERNAL_SERVER_ERROR if is_refusal(&answer.body) => return Err(EmrFailure::ServerFault),
        status if !status.is_success() => return Err(EmrFailure::HttpError),
        _ => {}
    }
    // A service that returns nothing sends nothing.
    let body = if answer.body.is_empty() { b"null" } else { answer.body.as_slice() };
    serde_json::from_slice(body).map_err(|_| {
        if body.trim_ascii_start().starts_with(b"<") { EmrFailure::Firewall } else { EmrFailure::Unreadable }
    })
}

/// Whether OSCAR itself says no, which is an answer; anything else with this status is a server in trouble.
fn is_refusal(body: &[u8]) -> bool {
    const WORDS: [&str; 4] =
        ["Access Denied", "missing required security object", "Unable to find", "Internal server error"];
    let body = String::from_utf8_lossy(body);
    WORDS.iter().any(|words| body.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, body: &str) -> EmrResult<Value> {
        content(&Answer { status: StatusCode::from_u16(status).unwrap(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn each_answer_proves_what_its_status_and_words_say() {
        let page = "<!doctype html><html><body>missing required security object (_demographic)</body></html>";
        for (status, body, failure) in [
            (401, "", EmrFailure::Unauthorised),
            (403, "<html>", EmrFailure::Firewall),
            (406, "", EmrFailure::ClientFault),
            (400, "", EmrFailure::HttpError),
            (404, "<html>", EmrFailure::HttpError),
            (500, page, EmrFailure::ServerFault),
            (500, "<html>OutOfMemoryError</html>", EmrFailure::HttpError),
            (302, "", EmrFailure::HttpError),
            (200, "<html>Just a moment</html>", EmrFailure::Firewall),
            (200, "{\"appointment\":", EmrFailure::Unreadable),
        ] {
            assert_eq!(meaning(status, body), Err(failure), "{status} {body}");
        }
        assert_eq!(meaning(200, ""), Ok(Value::Null));
        assert_eq!(meaning(200, "[1]"), Ok(serde_json::json!([1])));
    }

    #[test]
    fn only_what_was_refused_before_any_service_ran_is_known_not_done() {
        for (status, known) in
            [(401, true), (406, true), (400, false), (404, false), (500, false), (502, false)]
        {
            assert_eq!(meaning(status, "").unwrap_err().nothing_done(), known, "{status}");
        }
    }

    #[test]
    fn a_number_in_a_path_and_a_percent_in_a_query_are_written_as_they_are_signed() {
        let services = http::mount("https://emr.example.test:8443/oscar/", SERVICES).unwrap();
        let call = Call::get("x", vec!["schedule".to_owned(), "a/b".to_owned()]).with("query", "%é, ");
        let url = call.at(&services);
        assert_eq!(
            url.as_str(),
            "https://emr.example.test:8443/oscar/ws/services/schedule/a%2Fb?query=%25%C3%A9%2C+"
        );
    }
}
