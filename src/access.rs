//! What a clinic keeps secret: the way into its EMR, and the credentials its webhooks show.
//!
//! Declared in the configuration, which has tables of its own for it; kept in the store in one sealed envelope per clinic,
//! never printed. Fields that a later release has added are not known here and left out.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// All secrets of one clinic.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClinicAccess {
    pub emr: EmrAccess,
    /// Empty: the platform's credentials serve this clinic.
    #[serde(default)]
    pub webhook: Vec<WebhookCredential>,
}

impl ClinicAccess {
    /// Whether nothing would be done differently with the other.
    pub fn same_as(&self, other: &Self) -> bool {
        let form = |access: &Self| serde_json::to_vec(access).map(zeroize::Zeroizing::new).ok();
        form(self) == form(other)
    }
}

/// The way into one clinic's EMR.
#[derive(Clone, Serialize, Deserialize)]
pub struct EmrAccess {
    /// Up to and including the context path: `https://emr.example.test:8443/oscar`. A deployment's address is kept out of
    /// logs and errors like a secret.
    pub url: String,
    /// Empty for a clinic without the way by SOAP.
    #[serde(default)]
    pub username: String,
    #[serde(default, serialize_with = "reveal")]
    pub password: SecretString,
    #[serde(default)]
    pub tls: TlsMode,
    /// The way by REST, for a clinic whose administrator has registered us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OauthAccess>,
    /// The way by the legacy bridge, for a clinic that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<BridgeAccess>,
}

impl EmrAccess {
    /// Whether there is a way by SOAP.
    pub const fn has_login(&self) -> bool {
        !self.username.is_empty()
    }
}

/// What a clinic's administrator registered in OSCAR under "REST Clients".
#[derive(Clone, Serialize, Deserialize)]
pub struct OauthAccess {
    pub consumer: Credential,
    /// Where a browser comes back to after the approval, as registered; the set-up's one-time state is put behind it.
    pub callback: String,
    /// How long the clinic's tokens live. OSCAR tells nobody, so it is declared; `None` is for ever.
    pub token_lifetime: Option<Duration>,
    /// The base address as the server believes it is called, where a proxy or a forwarded port stands between: signatures
    /// are made for this one.
    pub signed_as: Option<String>,
}

/// A legacy bridge: a service beside the EMR, with an address, a key and a certificate of its own.
#[derive(Clone, Serialize, Deserialize)]
pub struct BridgeAccess {
    /// Up to, not including, `/api/v1`.
    pub url: String,
    #[serde(serialize_with = "reveal")]
    pub api_key: SecretString,
    #[serde(default)]
    pub tls: TlsMode,
}

/// A public name and the secret that goes with it: the clinic's registration of us, or a token.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    pub key: String,
    #[serde(serialize_with = "reveal")]
    pub secret: SecretString,
}

/// How the EMR's certificate is judged. There is no mode that accepts any certificate, and a condition that is not known
/// is not left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum TlsMode {
    /// By the machine's certificate authorities.
    #[default]
    System,
    /// By these authorities and no others (PEM).
    CaBundle { pem: String },
    /// By the SHA-256 fingerprint of the leaf: what small clinics' self-signed `CA:TRUE` certificates need. Several, for
    /// rotation.
    Pin { sha256: Vec<Fingerprint> },
}

/// The SHA-256 of a certificate in DER form, written as 64 hexadecimal digits with or without colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 32]);

#[derive(Debug, thiserror::Error)]
#[error("a certificate pin must be the SHA-256 of the certificate: 64 hexadecimal digits, colons allowed")]
pub struct BadFingerprint;

impl TryFrom<String> for Fingerprint {
    type Error = BadFingerprint;
    fn try_from(text: String) -> Result<Self, BadFingerprint> {
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| BadFingerprint)?;
        Ok(Self(bytes))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        hex::encode(fingerprint.0)
    }
}

/// One way a webhook may prove who sends it. Up to two secrets are valid at once, so that one can be replaced without a
/// moment in which neither is.
#[derive(Clone, Serialize, Deserialize)]
pub struct WebhookCredential {
    #[serde(flatten)]
    pub scheme: WebhookScheme,
    #[serde(serialize_with = "reveal_all")]
    pub secrets: Vec<SecretString>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum WebhookScheme {
    Hmac(HmacPlan),
    ApiKey {
        #[serde(default = "api_key_header")]
        header: String,
    },
    Bearer,
}

fn api_key_header() -> String {
    "x-api-key".to_owned()
}

/// Vapi's HMAC credential, field by field with its defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HmacPlan {
    pub algorithm: HmacAlgorithm,
    pub signature_header: String,
    pub timestamp_header: String,
    /// For example `sha256=`.
    pub signature_prefix: String,
    pub encoding: SignatureEncoding,
    /// Placeholders `{timestamp}` and `{body}`.
    pub payload_format: String,
    pub secret_is_base64: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HmacAlgorithm {
    #[default]
    Sha256,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureEncoding {
    #[default]
    Hex,
    Base64,
}

impl Default for HmacPlan {
    fn default() -> Self {
        Self {
            algorithm: HmacAlgorithm::Sha256,
            signature_header: "x-signature".to_owned(),
            timestamp_header: "x-timestamp".to_owned(),
            signature_prefix: String::new(),
            encoding: SignatureEncoding::Hex,
            payload_format: "{timestamp}.{body}".to_owned(),
            secret_is_base64: false,
        }
    }
}

fn reveal<S: Serializer>(secret: &SecretString, sink: S) -> Result<S::Ok, S::Error> {
    sink.serialize_str(secret.expose_secret())
}

fn reveal_all<S: Serializer>(secrets: &[SecretString], sink: S) -> Result<S::Ok, S::Error> {
    sink.collect_seq(secrets.iter().map(ExposeSecret::expose_secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_of_a_clinic_can_be_read_back() {
        let hmac =
            WebhookScheme::Hmac(HmacPlan { signature_prefix: "sha256=".to_owned(), ..HmacPlan::default() });
        let schemes =
            [hmac, WebhookScheme::ApiKey { header: "x-vapi-secret".to_owned() }, WebhookScheme::Bearer];
        let access = ClinicAccess {
            emr: EmrAccess {
                url: "https://emr.example.test/oscar".to_owned(),
                username: "voicedesk".to_owned(),
                password: "not a real one".to_owned().into(),
                tls: TlsMode::Pin { sha256: vec![Fingerprint([7; 32])] },
                oauth: Some(OauthAccess {
                    consumer: Credential { key: "us".to_owned(), secret: "theirs".into() },
                    callback: "https://voice.example.test/emr/oauth/callback".to_owned(),
                    token_lifetime: Some(Duration::from_hours(1)),
                    signed_as: None,
                }),
                bridge: Some(BridgeAccess {
                    url: "https://bridge.example.test".to_owned(),
                    api_key: "a key".to_owned().into(),
                    tls: TlsMode::System,
                }),
            },
            webhook: schemes
                .map(|scheme| WebhookCredential { scheme, secrets: vec!["a secret".to_owned().into()] })
                .to_vec(),
        };
        let sealed = serde_json::to_string(&access).unwrap();
        let pin = "07".repeat(32);
        let kept = ["voicedesk", "not a real one", &pin, "theirs", "callback", "3600", "a key", "sha256="];
        for value in kept.into_iter().chain(["bridge.example.test", "x-vapi-secret", "bearer", "a secret"]) {
            assert!(sealed.contains(value), "{value} is kept: {sealed}");
        }
        let back: ClinicAccess = serde_json::from_str(&sealed).unwrap();
        assert!(back.same_as(&access));
        assert_eq!(back.webhook.len(), 3);
        let mut changed = back.clone();
        changed.emr.password = "another".to_owned().into();
        assert!(!changed.same_as(&access), "a password that was changed is taken up");
        changed = back;
        changed.webhook[2].secrets.push("a second one".to_owned().into());
        assert!(!changed.same_as(&access), "so is a webhook's");
    }

    #[test]
    fn what_a_later_release_has_added_is_left_out_but_not_where_a_certificate_is_judged() {
        let of = |emr: serde_json::Value| {
            serde_json::from_value::<ClinicAccess>(serde_json::json!({ "emr": emr, "added": 7 }))
        };
        let emr = serde_json::json!({ "url": "https://emr.example.test/oscar", "added": 7 });
        assert!(of(emr.clone()).is_ok());
        let mut judged = emr;
        judged["tls"] = serde_json::json!({ "mode": "ca_bundle", "pem": "", "added": 7 });
        assert!(of(judged).is_err());
    }
}
