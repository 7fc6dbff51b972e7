//! The gatebook: which clinics there are and by which credentials their webhooks are let in. A snapshot; when the
//! configuration changes a new one takes its place whole, and a request that has begun ends with the one it began with.

use std::collections::HashMap;
use std::sync::Arc;

use vitarad_actors::domain::clinic::Roster;
use vitarad_actors::domain::ids::ClinicId;

use super::auth::{BadCredential, Keyring};
use crate::access::WebhookCredential;

pub struct Gatebook {
    pub(super) roster: Arc<Roster>,
    platform: Keyring,
    /// Only of clinics that have credentials of their own.
    clinics: HashMap<ClinicId, Keyring>,
}

/// Whose credentials let a request in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    Platform,
    Clinic(ClinicId),
}

/// Whose credential cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum BadGatebook {
    #[error("the platform's webhook credentials: {0}")]
    Platform(#[source] BadCredential),
    #[error("the webhook credentials of clinic '{0}': {1}")]
    Clinic(ClinicId, #[source] BadCredential),
}

impl Gatebook {
    /// A clinic that is not listed, or whose list is empty, is served by the platform's credentials.
    pub fn prepare<'a>(
        roster: Arc<Roster>,
        platform: &[WebhookCredential],
        clinics: impl IntoIterator<Item = (&'a ClinicId, &'a [WebhookCredential])>,
    ) -> Result<Self, BadGatebook> {
        let platform = Keyring::of(platform).map_err(BadGatebook::Platform)?;
        let clinics = clinics
            .into_iter()
            .filter(|(_, credentials)| !credentials.is_empty())
            .map(|(clinic, credentials)| match Keyring::of(credentials) {
                Ok(keyring) => Ok((clinic.clone(), keyring)),
                Err(cause) => Err(BadGatebook::Clinic(clinic.clone(), cause)),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { roster, platform, clinics })
    }

    pub(super) fn has_its_own(&self, clinic: &ClinicId) -> bool {
        self.clinics.contains_key(clinic)
    }

    /// The credentials to try on a request that names `clinic`.
    pub(super) fn keyring(&self, clinic: Option<&ClinicId>) -> (Holder, &Keyring) {
        match clinic.and_then(|clinic| self.clinics.get_key_value(clinic)) {
            Some((clinic, keyring)) => (Holder::Clinic(clinic.clone()), keyring),
            None => (Holder::Platform, &self.platform),
        }
    }
}
