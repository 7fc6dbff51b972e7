//! The port a client of OSCAR talks to: `/{context}/ws/{Service}` for every clinic in the house, REST beside it, and a bridge beside
//! that.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use futures::{StreamExt, stream};

use super::accept::Severed;
use super::exchange::{Answer, Page, exchange};
use super::gate::{Caller, refusal};
use super::soap::{Request, service};
use super::{Contexts, bridge, discovery, gzip, pages, rest};

pub(super) const LARGEST_BODY: usize = 1024 * 1024;

pub(super) fn router(contexts: Contexts) -> Router {
    Router::new()
        .route("/{context}/ws/", get(discovery::services))
        .route("/{context}/ws/services", get(discovery::rest_paths))
        .route("/{context}/ws/{service}", get(discovery::operations).post(soap))
        .route("/{context}/ws/oauth/{*path}", any(rest::serve))
        .route("/{context}/ws/services/{*path}", any(rest::serve))
        .route("/{context}/bridge/api/v1/patients/search", post(bridge::patients))
        .route("/{context}/bridge/api/v1/providers", get(bridge::providers))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(contexts)
}

pub(super) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Html(pages::NOT_FOUND)).into_response()
}

async fn soap(
    State(contexts): State<Contexts>,
    Path((context, name)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(oscar) = contexts.get(&context) else { return not_found().await };
    let build = oscar.build();
    let Some(service) = service(&name).filter(|service| service.is_in(build)) else {
        return not_found().await;
    };
    let expanded = if gzip::used(&headers) { gzip::expand(&body, LARGEST_BODY) } else { Ok(body.into()) };
    let Ok(document) = expanded else { return StatusCode::BAD_REQUEST.into_response() };
    // Bytes that are no text become characters that are no XML, and are refused as such.
    let document = String::from_utf8_lossy(&document);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let answer = match oscar.with_world(|world| refusal(world, caller, kind, &document)) {
        Some(refused) => refused.answer,
        None => match Request::read(service, build, &document) {
            Ok(request) => exchange(oscar, request).await,
            Err(fault) => fault.done(build).answer,
        },
    };
    respond(answer, gzip::offered(&headers))
}

pub(super) fn respond(answer: Answer, packed: bool) -> Response {
    match answer {
        Answer::Reply(page) | Answer::Fault(page) => whole(page, packed),
        Answer::Half(page) => halved(page),
        Answer::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, Html(pages::SERVER_ERROR)).into_response(),
        Answer::Blocked => {
            (StatusCode::FORBIDDEN, [(header::SERVER, "cloudflare")], Html(pages::BLOCKED)).into_response()
        }
        Answer::Severed => Severed.into_response(),
    }
}

fn whole(page: Page, packed: bool) -> Response {
    let status = StatusCode::from_u16(page.status).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, page.kind)];
    let mut response = match packed.then(|| gzip::compress(page.text.as_bytes())) {
        Some(Ok(packed)) => (status, kind, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        _ => (status, kind, page.text).into_response(),
    };
    let said =
        [(header::WWW_AUTHENTICATE, page.challenge.map(str::to_owned)), (header::LOCATION, page.location)];
    for (name, value) in said {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Announces the whole length, sends half of it, lets that out of the buffers and then fails.
fn halved(page: Page) -> Response {
    let announced =
        [(header::CONTENT_TYPE, page.kind.to_owned()), (header::CONTENT_LENGTH, page.text.len().to_string())];
    let mut sent = Bytes::from(page.text);
    sent.truncate(sent.len() / 2);
    let cut = stream::once(async {
        tokio::task::yield_now().await;
        Err(Severed)
    });
    let pieces = stream::once(async { Ok(sent) }).chain(cut);
    (announced, Body::from_stream(pieces)).into_response()
}
