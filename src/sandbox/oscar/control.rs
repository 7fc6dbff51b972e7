//! The other port: what a test, a trainer or a benchmark looks at and meddles with. JSON in and out.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use jiff::civil::Date;
use serde::Serialize;

use super::Contexts;
use super::faults::{FaultRule, UnusableRule};
use super::server::{Oscar, State as Observed};
use super::world::{NoSuchAppointment, Overlap, StaffBooking, StaffChange};

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no such context: GET / lists them")]
    UnknownContext,
    #[error(transparent)]
    UnknownAppointment(#[from] NoSuchAppointment),
    #[error("this provider has no schedule on that day")]
    NotScheduled,
    #[error(transparent)]
    UnusableRule(#[from] UnusableRule),
}

#[derive(Serialize)]
struct Listed {
    context: String,
}

#[derive(Serialize)]
struct Created {
    id: i32,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::UnknownContext | Self::UnknownAppointment(_) | Self::NotScheduled => StatusCode::NOT_FOUND,
            Self::UnusableRule(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, self.to_string()).into_response()
    }
}

pub(super) fn router(contexts: Contexts) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/{context}/state", get(state))
        .route("/{context}/overlaps", get(overlaps))
        .route("/{context}/faults", post(add_fault).delete(clear_faults))
        .route("/{context}/clerk/appointments", post(staff_book))
        .route("/{context}/clerk/appointments/{id}", patch(staff_change))
        .route("/{context}/clerk/schedule/{provider}/{date}", delete(staff_remove_day))
        .route("/{context}/restart", post(restart))
        .with_state(contexts)
}

fn find(contexts: &Contexts, context: &str) -> Result<Arc<Oscar>, Refusal> {
    contexts.get(context).cloned().ok_or(Refusal::UnknownContext)
}

async fn list(State(contexts): State<Contexts>) -> Json<Vec<Listed>> {
    Json(contexts.keys().map(|context| Listed { context: format!("/{context}") }).collect())
}

async fn state(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
) -> Result<Json<Observed>, Refusal> {
    Ok(Json(find(&contexts, &context)?.state()))
}

async fn overlaps(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
) -> Result<Json<Vec<Overlap>>, Refusal> {
    Ok(Json(find(&contexts, &context)?.overlaps()))
}

async fn add_fault(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
    Json(rule): Json<FaultRule>,
) -> Result<StatusCode, Refusal> {
    find(&contexts, &context)?.add_fault(rule)?;
    Ok(StatusCode::CREATED)
}

async fn clear_faults(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
) -> Result<StatusCode, Refusal> {
    find(&contexts, &context)?.clear_faults();
    Ok(StatusCode::NO_CONTENT)
}

async fn staff_book(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
    Json(booking): Json<StaffBooking>,
) -> Result<(StatusCode, Json<Created>), Refusal> {
    let id = find(&contexts, &context)?.staff_book(booking);
    Ok((StatusCode::CREATED, Json(Created { id })))
}

async fn staff_change(
    State(contexts): State<Contexts>,
    Path((context, id)): Path<(String, i32)>,
    Json(change): Json<StaffChange>,
) -> Result<StatusCode, Refusal> {
    find(&contexts, &context)?.staff_change(id, change)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn staff_remove_day(
    State(contexts): State<Contexts>,
    Path((context, provider_no, date)): Path<(String, String, Date)>,
) -> Result<StatusCode, Refusal> {
    let removed = find(&contexts, &context)?.staff_remove_day(&provider_no, date);
    removed.then_some(StatusCode::NO_CONTENT).ok_or(Refusal::NotScheduled)
}

async fn restart(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
) -> Result<StatusCode, Refusal> {
    find(&contexts, &context)?.restart();
    Ok(StatusCode::NO_CONTENT)
}
