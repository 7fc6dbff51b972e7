//! Which paths lead to the door. The operator's own paths are merged beside them.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::tool::Tool;

use super::Door;
use super::reception::Address;
use super::refusal::Refusal;

/// As the path spells it.
#[derive(Deserialize)]
struct Named {
    clinic: Option<String>,
    tool: Option<String>,
}

impl Door {
    /// All of the house's paths: the webhooks', and whatever `beside` brings (health, metrics, the admin API). `beside` has
    /// no fallback of its own.
    pub fn router(self: Arc<Self>, beside: Router) -> Router {
        let webhooks = || {
            Router::new()
                .route("/api/vapi", post(receive))
                .route("/api/vapi/{tool}", post(receive))
                .route("/vapi-webhook", post(receive))
        };
        webhooks()
            .nest("/clinics/{clinic}", webhooks())
            .method_not_allowed_fallback(async || Refusal::NotPosted)
            .with_state(self)
            .merge(beside)
            .fallback(async || Refusal::NoSuchPath)
    }
}

async fn receive(
    State(door): State<Arc<Door>>,
    path: Result<Path<Named>, PathRejection>,
    request: Request,
) -> Response {
    match path.ok().and_then(|Path(named)| named.address()) {
        Some(address) => door.receive(address, request).await,
        None => Refusal::NoSuchPath.into_response(),
    }
}

impl Named {
    /// `None` when the path names what cannot be: no such tool, or a clinic id of a wrong form. Whether there is such a
    /// clinic is only told to who shows a credential.
    fn address(self) -> Option<Address> {
        let tool = self.tool.map(|slug| Tool::named(&slug).ok_or(()));
        let clinic = self.clinic.map(|clinic| ClinicId::parse(&clinic));
        Some(Address { clinic: clinic.transpose().ok()?, tool: tool.transpose().ok()? })
    }
}
