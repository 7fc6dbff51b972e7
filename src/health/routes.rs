//! The operator's paths.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus_client::encoding::text::encode;
use secrecy::ExposeSecret;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::Health;
use super::probes::Verdict;

const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Health {
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/livez", get(async || "alive"))
            .route("/readyz", get(ready))
            .route("/health", get(health))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    fn is_operator(&self, headers: &HeaderMap) -> bool {
        let shown =
            headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        match (&self.operator_token, shown) {
            (Some(token), Some(shown)) => token.expose_secret().as_bytes().ct_eq(shown).into(),
            _ => false,
        }
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    match health.why_not_ready().await {
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
        None => "ready".into_response(),
    }
}

async fn health(State(health): State<Arc<Health>>, headers: HeaderMap) -> Response {
    let report = health.probes.report().await;
    let status = match report.status {
        Verdict::Down => StatusCode::SERVICE_UNAVAILABLE,
        Verdict::Healthy | Verdict::Degraded => StatusCode::OK,
    };
    if health.is_operator(&headers) {
        return (status, Json(&*report)).into_response();
    }
    (status, Json(json!({ "status": report.status }))).into_response()
}

async fn metrics(State(health): State<Arc<Health>>, headers: HeaderMap) -> Response {
    if !health.metrics_are_public && !health.is_operator(&headers) {
        return (StatusCode::UNAUTHORIZED, "metrics want the operator's token as a bearer").into_response();
    }
    let mut page = String::new();
    match encode(&mut page, &health.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, METRICS)], page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
