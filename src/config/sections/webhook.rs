//! How those who send webhooks prove themselves: the platform, and the clinics that have credentials of their own.

use secrecy::SecretString;
use serde::Deserialize;

use super::clinics::Declared;
use crate::access::{HmacAlgorithm, HmacPlan, SignatureEncoding, WebhookCredential, WebhookScheme};
use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct WebhookTable {
    #[serde(default)]
    pub(in crate::config) credentials: Vec<CredentialTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct CredentialTable {
    scheme: Scheme,
    #[serde(default)]
    secrets: Vec<SecretString>,
    header: Option<String>,
    algorithm: Option<HmacAlgorithm>,
    signature_header: Option<String>,
    timestamp_header: Option<String>,
    signature_prefix: Option<String>,
    encoding: Option<SignatureEncoding>,
    payload_format: Option<String>,
    secret_is_base64: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scheme {
    Hmac,
    ApiKey,
    Bearer,
}

/// The credentials of a list that stands at `place`.
pub(in crate::config) fn checked(
    credentials: Vec<CredentialTable>,
    place: &Key,
    profile: Profile,
    findings: &mut Findings,
) -> Vec<WebhookCredential> {
    let checked = |(index, credential): (usize, CredentialTable)| {
        credential.check(&place.item(index), profile, findings);
        credential.into_credential()
    };
    credentials.into_iter().enumerate().map(checked).collect()
}

/// In production somebody must be able to send webhooks to each clinic. Without credentials the door stays closed.
pub(in crate::config) fn check_coverage(
    platform: &[WebhookCredential],
    clinics: &[Declared],
    profile: Profile,
    findings: &mut Findings,
) {
    if !profile.is_production() || !platform.is_empty() {
        return;
    }
    if clinics.is_empty() {
        let fix = "add [[webhook.credentials]], or name a file with a secret in VITARAD_WEBHOOK_SECRET_FILE";
        findings.refuse("webhook.credentials", "are missing, so no webhook would be let in", fix);
    }
    for clinic in clinics.iter().filter(|clinic| !clinic.has_own_credentials()) {
        let fix = "add [[clinics.webhook]] to it, or [[webhook.credentials]] for all clinics";
        let key = clinic.place().child("webhook");
        findings.refuse(key, "is missing, so no webhook of this clinic would be let in", fix);
    }
}

impl CredentialTable {
    fn check(&self, place: &Key, profile: Profile, findings: &mut Findings) {
        if !findings.is_misread(&place.child("scheme")) {
            for (setting, scheme) in self.misfits() {
                let what = format!("belongs to a credential with scheme \"{scheme}\"");
                findings.refuse(place.child(setting), what, "remove it, or change the scheme");
            }
        }
        let key = place.child("secrets");
        match self.secrets.len() {
            1 | 2 => {}
            0 => findings.refuse(key.clone(), "are missing", "give one: make it with openssl rand -hex 32"),
            more => {
                findings.refuse(key.clone(), format!("are {more}"), "keep one, or two while one is replaced");
            }
        }
        for (index, secret) in self.secrets.iter().enumerate() {
            secrets::check_ours(secret, &key.item(index), profile, findings);
        }
    }

    /// What is given although the scheme has no use for it, with the scheme that has.
    fn misfits(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (hmac, api_key) = (self.scheme == Scheme::Hmac, self.scheme == Scheme::ApiKey);
        let given = [
            ("header", "api_key", self.header.is_some() && !api_key),
            ("algorithm", "hmac", self.algorithm.is_some() && !hmac),
            ("signature_header", "hmac", self.signature_header.is_some() && !hmac),
            ("timestamp_header", "hmac", self.timestamp_header.is_some() && !hmac),
            ("signature_prefix", "hmac", self.signature_prefix.is_some() && !hmac),
            ("encoding", "hmac", self.encoding.is_some() && !hmac),
            ("payload_format", "hmac", self.payload_format.is_some() && !hmac),
            ("secret_is_base64", "hmac", self.secret_is_base64.is_some() && !hmac),
        ];
        given.into_iter().filter(|(.., misfits)| *misfits).map(|(setting, scheme, _)| (setting, scheme))
    }

    fn into_credential(self) -> WebhookCredential {
        let scheme = match self.scheme {
            Scheme::ApiKey => {
                WebhookScheme::ApiKey { header: self.header.unwrap_or_else(|| "x-api-key".to_owned()) }
            }
            Scheme::Bearer => WebhookScheme::Bearer,
            Scheme::Hmac => {
                let usual = HmacPlan::default();
                WebhookScheme::Hmac(HmacPlan {
                    algorithm: self.algorithm.unwrap_or(usual.algorithm),
                    signature_header: self.signature_header.unwrap_or(usual.signature_header),
                    timestamp_header: self.timestamp_header.unwrap_or(usual.timestamp_header),
                    signature_prefix: self.signature_prefix.unwrap_or(usual.signature_prefix),
                    encoding: self.encoding.unwrap_or(usual.encoding),
                    payload_format: self.payload_format.unwrap_or(usual.payload_format),
                    secret_is_base64: self.secret_is_base64.unwrap_or(usual.secret_is_base64),
                })
            }
        };
        WebhookCredential { scheme, secrets: self.secrets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::manual::Manual;

    #[test]
    fn the_manual_shows_the_voice_platforms_own_defaults() {
        let manual = Manual::read().unwrap();
        let shown = manual.specimen(&Key::from("webhook")).unwrap();
        let table: WebhookTable = shown.deserialize().unwrap();
        let schemes: Vec<_> = table.credentials.into_iter().map(|c| c.into_credential().scheme).collect();
        assert_eq!(schemes, [WebhookScheme::Hmac(HmacPlan::default())]);
    }
}
