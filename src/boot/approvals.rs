//! Where a browser comes back to when somebody at a clinic has approved our use of its EMR.
//!
//! A path of the door, not a listener of the command that began it: that command runs on a server, the browser elsewhere,
//! and what waits for the approval is in the store, so that a restart in between does no harm.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde::Deserialize;
use tokio::sync::Semaphore;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::house::House;
use vitarad_actors::ports::store::StoreError;

use super::clinics::ClinicBook;
use crate::access::Credential;
use crate::emr::Clients;
use crate::emr::oauth::{Handshake, NotGranted};
use crate::store::SqlStore;

/// Anybody can come here. Everybody together costs the store no more than this at once.
const AT_ONCE: usize = 4;

pub struct Approvals {
    store: Arc<SqlStore>,
    clinics: Arc<ClinicBook>,
    house: Arc<House>,
    clients: Clients,
    places: Semaphore,
}

/// What OSCAR adds to the address.
#[derive(Deserialize)]
struct Brought {
    oauth_token: String,
    /// Absent when access was denied.
    oauth_verifier: Option<String>,
}

/// Why an approval came to nothing, as the person in the browser reads it.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("Too many come at once. Load this page again in a moment.")]
    Busy,
    #[error("Nothing waits for this approval any more. Ask for a new address: vitarad emr oauth start")]
    NotAwaited,
    #[error("Access was not allowed, so nothing has changed.")]
    Denied,
    #[error("The clinic is not set up for this any more.")]
    NotSetUp,
    #[error("The EMR gave no token: {0}. Ask for a new address: vitarad emr oauth start")]
    NotGranted(#[from] NotGranted),
    #[error("The approval could not be kept. Ask for a new address: vitarad emr oauth start")]
    NotKept(#[from] StoreError),
}

impl Lost {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotAwaited => StatusCode::NOT_FOUND,
            Self::Denied | Self::NotSetUp => StatusCode::CONFLICT,
            Self::NotGranted(_) => StatusCode::BAD_GATEWAY,
            Self::NotKept(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Approvals {
    pub fn new(store: &Arc<SqlStore>, clinics: &Arc<ClinicBook>, house: &Arc<House>) -> Self {
        Self {
            store: Arc::clone(store),
            clinics: Arc::clone(clinics),
            house: Arc::clone(house),
            clients: Clients::default(),
            places: Semaphore::new(AT_ONCE),
        }
    }

    pub fn router(self) -> Router {
        Router::new().route("/emr/oauth/callback/{state}", get(callback)).with_state(Arc::new(self))
    }

    async fn take(&self, state: &str, brought: &Brought) -> Result<ClinicId, Lost> {
        let _place = self.places.try_acquire().map_err(|_| Lost::Busy)?;
        let taken = self.store.take_approval(state, self.house.now()).await?;
        // A token of another request with our state is somebody else's approval.
        let (clinic, request) =
            taken.filter(|(_, request)| request.key == brought.oauth_token).ok_or(Lost::NotAwaited)?;
        let verifier = brought.oauth_verifier.as_deref().ok_or(Lost::Denied)?;
        match self.exchange(&clinic, &request, verifier).await {
            Ok(()) => {
                // It serves from now on; a connection that is resting finds out when it starts.
                if let Some(link) = self.house.directory.link(&clinic) {
                    let _ = link.post(EmrLinkMsg::Survey);
                }
                tracing::info!(clinic.id = %clinic, "the clinic has approved our use of its EMR by REST");
                Ok(clinic)
            }
            Err(failure) => {
                tracing::warn!(clinic.id = %clinic, %failure, "an approval brought no token for the EMR");
                Err(failure)
            }
        }
    }

    async fn exchange(&self, clinic: &ClinicId, request: &Credential, verifier: &str) -> Result<(), Lost> {
        let access = self.clinics.emr(clinic).ok_or(Lost::NotSetUp)?;
        let oauth = access.oauth.as_ref().ok_or(Lost::NotSetUp)?;
        let (clock, luck) = (Arc::clone(&self.house.clock), Arc::clone(&self.house.luck));
        let handshake =
            Handshake::new(&access, oauth, &self.clients, clock, luck).map_err(NotGranted::from)?;
        // Its life begins at the server between these two moments; counted from the first it ends too early here, never
        // too late.
        let granted_at = self.house.now();
        let token = handshake.finish(request, verifier).await?;
        let expires_at = oauth.token_lifetime.map(|lives| granted_at.plus(lives));
        Ok(self.store.keep_emr_token(clinic, &token, granted_at, expires_at).await?)
    }
}

async fn callback(
    State(approvals): State<Arc<Approvals>>,
    state: Result<Path<String>, PathRejection>,
    brought: Result<Query<Brought>, QueryRejection>,
) -> (StatusCode, String) {
    let (Ok(Path(state)), Ok(Query(brought))) = (state, brought) else {
        return (Lost::NotAwaited.status(), Lost::NotAwaited.to_string());
    };
    match approvals.take(&state, &brought).await {
        Ok(clinic) => {
            (StatusCode::OK, format!("Done: vitarad may use the EMR of {clinic}. This page can be closed."))
        }
        Err(lost) => (lost.status(), lost.to_string()),
    }
}
