//! One HTTP exchange with an EMR, and what its failing proves.
//!
//! The rest of the adapter sees a status and bytes, or an [`EmrFailure`]. An error of the HTTP library names the server's
//! address in every rendering, so none of them leaves this file.

mod pin;

use std::error::Error;
use std::io;
use std::iter::successors;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode, Url, redirect, retry};
use tokio::time::Instant;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

use crate::access::TlsMode;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Less than Tomcat's 20 s: when the server closes first, a request that meets the closing is a write of unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// A clinic's server is asked by few at a time.
const IDLE_PER_HOST: usize = 4;
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// One HTTP client for each way of judging certificates, shared by the clinics that judge alike.
#[derive(Default)]
pub struct Clients(Mutex<Vec<(TlsMode, Client)>>);

/// What an EMR, or something in front of it, answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Clients {
    /// Fails with [`EmrFailure::Certificate`] when the mode can judge no certificate: a bundle that is not PEM, a machine
    /// without authorities.
    pub(super) fn judging(&self, tls: &TlsMode) -> EmrResult<Client> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = known.iter().find(|(mode, _)| mode == tls) {
            return Ok(client.clone());
        }
        let client = build(tls).map_err(|_| EmrFailure::Certificate)?;
        known.push((tls.clone(), client.clone()));
        Ok(client)
    }
}

fn build(tls: &TlsMode) -> Result<Client, Box<dyn Error>> {
    let builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .tcp_nodelay(true)
        .http1_only()
        .gzip(true)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .user_agent(concat!("vitarad/", env!("CARGO_PKG_VERSION")));
    let builder = match tls {
        TlsMode::System => builder,
        TlsMode::CaBundle { pem } => builder.tls_certs_only(Certificate::from_pem_bundle(pem.as_bytes())?),
        TlsMode::Pin { sha256 } => builder.tls_backend_preconfigured(pin::client_config(sha256)?),
    };
    Ok(builder.build()?)
}

/// A path below a base address as it was configured.
pub(super) fn mount(address: &str, path: &str) -> EmrResult<Url> {
    let url = Url::parse(&format!("{}/{path}", address.trim_end_matches('/')));
    url.ok().filter(|url| !url.cannot_be_a_base()).ok_or(EmrFailure::NoConnection)
}

/// Leaves a trace of a question and of what became of it, without either's content.
pub(super) async fn noted<T>(
    operation: &'static str,
    asking: impl Future<Output = EmrResult<T>>,
) -> EmrResult<T> {
    let started = Instant::now();
    let outcome = asking.await;
    tracing::debug!(
        emr.operation = operation,
        emr.outcome = outcome.as_ref().err().map_or("ok", |failure| failure.name()),
        elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "asked the EMR"
    );
    outcome
}

/// Whether a body was written for people to look at.
pub(super) fn is_web_page(body: &[u8]) -> bool {
    let body = unmarked(body);
    let begins = |with: &[u8]| body.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

/// A body without its byte order mark and the blanks before it begins.
pub(super) fn unmarked(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start()
}

/// Sends a SOAP envelope.
pub(super) async fn post(client: &Client, url: Url, envelope: String) -> EmrResult<Answer> {
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "text/xml; charset=UTF-8")
        .header("SOAPAction", "\"\"")
        .body(envelope);
    exchange(request).await
}

/// Asks for a page that anybody may see.
pub(super) async fn get(client: &Client, url: Url) -> EmrResult<Answer> {
    exchange(client.get(url)).await
}

/// Sends a request, once, and reads the whole answer, however long the caller waits.
pub(super) async fn exchange(request: RequestBuilder) -> EmrResult<Answer> {
    let mut response = request.send().await.map_err(|error| without_answer(&error))?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| amid_answer(&error))? {
        // Counted after decompression: a small answer may expand without end.
        if body.len() + piece.len() > LARGEST_ANSWER {
            return Err(EmrFailure::Unreadable);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status, body })
}

/// Nothing has left this machine before a connection stands; from then on anything may have.
fn without_answer(error: &reqwest::Error) -> EmrFailure {
    if error.is_connect() && causes(error).any(is_bad_certificate) {
        EmrFailure::Certificate
    } else if error.is_connect() || error.is_builder() {
        EmrFailure::NoConnection
    } else {
        lost(error)
    }
}

fn amid_answer(error: &reqwest::Error) -> EmrFailure {
    // What is not the connection's fault is bad compression.
    if causes(error).any(<dyn Error>::is::<hyper::Error>) { lost(error) } else { EmrFailure::Unreadable }
}

fn lost(error: &reqwest::Error) -> EmrFailure {
    if error.is_timeout() { EmrFailure::TimedOut } else { EmrFailure::ConnectionLost }
}

fn is_bad_certificate(cause: &(dyn Error + 'static)) -> bool {
    matches!(
        cause.downcast_ref(),
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    )
}

/// An error and everything below it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error| below(*error))
}

/// An I/O error hides what it wraps from `source`, so it is asked for that itself.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}
