//! The port a client of OSCAR talks to: `/{context}/ws/{Service}` for every clinic in the house.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::{StreamExt, stream};

use super::accept::Severed;
use super::exchange::{Answer, exchange};
use super::soap::{service, service_list, wsdl};
use super::{Contexts, gzip, pages};

const LARGEST_BODY: usize = 1024 * 1024;
const XML: &str = "text/xml;charset=UTF-8";

pub(super) fn router(contexts: Contexts) -> Router {
    Router::new()
        .route("/{context}/ws/", get(list))
        .route("/{context}/ws/{service}", get(describe).post(soap))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(contexts)
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Html(pages::NOT_FOUND)).into_response()
}

async fn list(State(contexts): State<Contexts>, Path(context): Path<String>) -> Response {
    if contexts.contains_key(&context) { Html(service_list()).into_response() } else { not_found().await }
}

async fn describe(
    State(contexts): State<Contexts>,
    Path((context, name)): Path<(String, String)>,
) -> Response {
    match service(&name).filter(|_| contexts.contains_key(&context)) {
        Some(service) => ([(header::CONTENT_TYPE, XML)], wsdl(service)).into_response(),
        None => not_found().await,
    }
}

async fn soap(
    State(contexts): State<Contexts>,
    Path((context, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (Some(oscar), Some(service)) = (contexts.get(&context), service(&name)) else {
        return not_found().await;
    };
    let expanded = if gzip::used(&headers) { gzip::expand(&body, LARGEST_BODY) } else { Ok(body.into()) };
    let Ok(document) = expanded else { return StatusCode::BAD_REQUEST.into_response() };
    // Bytes that are no text become characters that are no XML, and are refused as such.
    let answer = exchange(oscar, service, &String::from_utf8_lossy(&document)).await;
    respond(answer, gzip::offered(&headers))
}

fn respond(answer: Answer, packed: bool) -> Response {
    match answer {
        Answer::Reply(xml) => xml_response(StatusCode::OK, xml, packed),
        Answer::Fault(xml) => xml_response(StatusCode::INTERNAL_SERVER_ERROR, xml, packed),
        Answer::Half(xml) => halved(xml),
        Answer::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, Html(pages::SERVER_ERROR)).into_response(),
        Answer::Blocked => {
            (StatusCode::FORBIDDEN, [(header::SERVER, "cloudflare")], Html(pages::BLOCKED)).into_response()
        }
        Answer::Severed => Severed.into_response(),
    }
}

fn xml_response(status: StatusCode, xml: String, packed: bool) -> Response {
    let kind = [(header::CONTENT_TYPE, XML)];
    match packed.then(|| gzip::compress(xml.as_bytes())) {
        Some(Ok(packed)) => (status, kind, [(header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        _ => (status, kind, xml).into_response(),
    }
}

/// Announces the whole length, sends half of it, lets that out of the buffers and then fails.
fn halved(xml: String) -> Response {
    let announced = [(header::CONTENT_TYPE, XML.to_owned()), (header::CONTENT_LENGTH, xml.len().to_string())];
    let mut sent = Bytes::from(xml);
    sent.truncate(sent.len() / 2);
    let cut = stream::once(async {
        tokio::task::yield_now().await;
        Err(Severed)
    });
    let pieces = stream::once(async { Ok(sent) }).chain(cut);
    (announced, Body::from_stream(pieces)).into_response()
}
