//! The two ways into a clinic's OSCAR, both behind the port [`Emr`].
//!
//! ```text
//! SOAP, by login                                     REST, by a token that a person approved
//! oscar    operations and rows  <->  the domain      rest   the same, as far as REST can
//! session  login, its token, and asking again        oauth  each request signed, never sent again
//!          when the server forgot it
//! soap     envelopes and faults
//! xml      elements, within limits
//!
//! http     connections, certificates, and what their failing proves
//! ```

mod http;
pub mod oauth;
mod oscar;
#[cfg(test)]
mod recorded;
mod rest;
mod session;
mod soap;
mod xml;

use std::sync::Arc;

use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::emr::{Emr, EmrConnector};

use crate::access::EmrAccess;

pub use http::Clients;
pub use oscar::OscarSoap;
pub use rest::{OscarRest, RestAccess};

/// Connects clinics whose access somebody else keeps.
pub struct Connector<F> {
    access: F,
    clients: Clients,
}

impl<F> Connector<F>
where
    F: Fn(&ClinicId) -> Option<EmrAccess>,
{
    pub fn new(access: F) -> Self {
        Self { access, clients: Clients::default() }
    }
}

impl<F> EmrConnector for Connector<F>
where
    F: Fn(&ClinicId) -> Option<EmrAccess> + Send + Sync + 'static,
{
    fn connect(&self, clinic: &Clinic) -> Arc<dyn Emr> {
        let emr = OscarSoap::new((self.access)(&clinic.id), &self.clients);
        if let Some(failure) = emr.unusable() {
            tracing::error!(clinic.id = %clinic.id, emr.outcome = failure.name(), "the clinic's EMR access is missing or wrong");
        }
        Arc::new(emr)
    }
}
