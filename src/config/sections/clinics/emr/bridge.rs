//! The legacy bridge beside a clinic's EMR, as the operator writes it down.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{TlsTable, check_url};
use crate::access::BridgeAccess;
use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BridgeTable {
    url: SecretString,
    api_key: SecretString,
    #[serde(default)]
    tls: TlsTable,
}

impl BridgeTable {
    pub(super) fn checked(
        self,
        place: &Key,
        profile: Profile,
        findings: &mut Findings,
    ) -> Option<BridgeAccess> {
        check_url(&self.url, &place.child("url"), profile, findings);
        let key = place.child("api_key");
        if self.api_key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            secrets::check_ours(&self.api_key, &key, profile, findings);
        } else {
            findings.refuse(key, "holds what no header can carry", "give plain letters and digits");
        }
        let tls = self.tls.checked(&place.child("tls"), findings)?;
        Some(BridgeAccess { url: self.url.expose_secret().to_owned(), api_key: self.api_key, tls })
    }
}
