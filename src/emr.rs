//! The ways into a clinic's OSCAR, each behind the port [`Emr`].
//!
//! ```text
//! SOAP, by login                                     REST, by a token that a person approved
//! oscar    operations and rows  <->  the domain      rest   the same, as far as REST can
//! session  login, its token, and asking again        oauth  each request signed, never sent again
//!          when the server forgot it
//! soap     envelopes and faults
//! xml      elements, within limits                  leave  whose approval it is, while it lasts
//!
//! bridge   charts by telephone number and providers, by a legacy service with a key
//!
//! http     connections, certificates, and what their failing proves
//! ```

mod bridge;
mod http;
mod leave;
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
use vitarad_actors::ports::{Clock, EmrFailure, Luck};

use self::leave::Leave;
use self::oauth::Signer;
use crate::access::EmrAccess;

pub use bridge::OscarBridge;
pub use http::Clients;
pub use leave::{KeptToken, Tokens};
pub use oscar::OscarSoap;
pub use rest::{OscarRest, RestAccess};

/// The provider as whom OSCAR itself acts, whom nobody can book.
const SYSTEM: &str = "-1";

/// Connects clinics whose access somebody else keeps.
pub struct Connector<F> {
    access: F,
    rest: Option<Rest>,
    clients: Clients,
}

/// What REST needs besides a clinic's access.
struct Rest {
    tokens: Tokens,
    clock: Arc<dyn Clock>,
    luck: Arc<Luck>,
}

impl<F> Connector<F>
where
    F: Fn(&ClinicId) -> Option<EmrAccess>,
{
    pub fn new(access: F) -> Self {
        Self { access, rest: None, clients: Clients::default() }
    }

    /// By REST, too, for clinics that have registered us.
    #[must_use]
    pub fn with_rest(self, tokens: Tokens, clock: Arc<dyn Clock>, luck: Arc<Luck>) -> Self {
        Self { rest: Some(Rest { tokens, clock, luck }), ..self }
    }

    fn soap(&self, access: Option<&EmrAccess>) -> Option<(Arc<dyn Emr>, Option<EmrFailure>)> {
        // A clinic that has no access at all is told of by the adapter that misses it.
        if access.is_some_and(|access| !access.has_login()) {
            return None;
        }
        let emr = OscarSoap::new(access.cloned(), &self.clients);
        let unusable = emr.unusable();
        Some((Arc::new(emr), unusable))
    }

    fn bridge(&self, access: &EmrAccess) -> Option<(Arc<dyn Emr>, Option<EmrFailure>)> {
        let emr = OscarBridge::new(access.bridge.as_ref()?, &self.clients);
        let unusable = emr.unusable();
        Some((Arc::new(emr), unusable))
    }

    fn rest(&self, clinic: &ClinicId, access: &EmrAccess) -> Option<(Arc<dyn Emr>, Option<EmrFailure>)> {
        let (rest, oauth) = (self.rest.as_ref()?, access.oauth.as_ref()?);
        let (clock, luck) = (Arc::clone(&rest.clock), Arc::clone(&rest.luck));
        let rest_access = RestAccess {
            url: access.url.clone(),
            signed_as: oauth.signed_as.clone(),
            tls: access.tls.clone(),
            signer: Signer::new(oauth.consumer.clone(), Arc::clone(&clock), luck),
            token: None,
        };
        let leave = Leave { clinic: clinic.clone(), tokens: Arc::clone(&rest.tokens), clock };
        let emr = OscarRest::by_leave(rest_access, leave, &self.clients);
        let unusable = emr.unusable();
        Some((Arc::new(emr), unusable))
    }
}

impl<F> EmrConnector for Connector<F>
where
    F: Fn(&ClinicId) -> Option<EmrAccess> + Send + Sync + 'static,
{
    /// A further way into an EMR is a further line here.
    fn connect(&self, clinic: &Clinic) -> Vec<Arc<dyn Emr>> {
        let access = (self.access)(&clinic.id);
        let soap = self.soap(access.as_ref());
        let rest = access.as_ref().and_then(|access| self.rest(&clinic.id, access));
        let bridge = access.as_ref().and_then(|access| self.bridge(access));
        let ways = [soap, rest, bridge].into_iter().flatten();
        ways.map(|(emr, unusable)| {
            if let Some(failure) = unusable {
                tracing::error!(
                    clinic.id = %clinic.id,
                    emr.path = emr.path().name(),
                    emr.outcome = failure.name(),
                    "the clinic's EMR access is missing or wrong"
                );
            }
            emr
        })
        .collect()
    }
}
