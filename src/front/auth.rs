//! Does a request prove who sends it? Any credential of a keyring will do; an empty keyring lets nobody in.

mod hmac;

use axum::http::{HeaderMap, HeaderName, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use vitarad_actors::domain::time::Ts;

use self::hmac::SignatureLock;
use crate::access::{WebhookCredential, WebhookScheme};

/// Why a credential cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCredential {
    #[error("a credential needs one secret, or two while one replaces the other")]
    SecretCount,
    #[error("a secret must not be empty")]
    EmptySecret,
    #[error("a secret is not Base64, though secret_is_base64 says so")]
    SecretNotBase64,
    #[error("a header name must be letters, digits and '-'")]
    HeaderName,
    #[error("payload_format must hold {{body}}, may hold {{timestamp}}, and nothing else in braces")]
    PayloadFormat,
}

/// Why a request was not let in. For metrics and the log only: the sender is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unproven {
    NothingConfigured,
    /// No header that any of the credentials reads.
    NothingShown,
    /// Signed too long ago, or too far ahead of our clock.
    Stale,
    Wrong,
}

impl Unproven {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NothingConfigured => "nothing_configured",
            Self::NothingShown => "nothing_shown",
            Self::Stale => "stale",
            Self::Wrong => "wrong",
        }
    }
}

/// A failure, and the scheme that came closest to letting the request in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) scheme: &'static str,
    pub(super) reason: Unproven,
}

/// The credentials of one holder, with everything that does not depend on the request worked out.
pub(super) struct Keyring(Vec<Lock>);

enum Lock {
    Signature(SignatureLock),
    /// The header's whole value is the secret.
    Key {
        header: HeaderName,
        secrets: Vec<SecretDigest>,
    },
    Bearer {
        secrets: Vec<SecretDigest>,
    },
}

impl Keyring {
    pub(super) fn of(credentials: &[WebhookCredential]) -> Result<Self, BadCredential> {
        credentials.iter().map(Lock::of).collect::<Result<_, _>>().map(Self)
    }

    /// `body` is what came over the wire, before anything parsed it.
    pub(super) fn admit(&self, headers: &HeaderMap, body: &[u8], now: Ts) -> Result<(), Failure> {
        let reason = if self.0.is_empty() { Unproven::NothingConfigured } else { Unproven::NothingShown };
        let mut closest = Failure { scheme: "none", reason };
        for lock in &self.0 {
            match lock.try_open(headers, body, now) {
                Ok(()) => return Ok(()),
                Err(Unproven::NothingShown) => {}
                Err(reason) => closest = Failure { scheme: lock.scheme(), reason },
            }
        }
        Err(closest)
    }
}

impl Lock {
    fn of(credential: &WebhookCredential) -> Result<Self, BadCredential> {
        let secrets = &credential.secrets;
        if !(1..=2).contains(&secrets.len()) {
            return Err(BadCredential::SecretCount);
        }
        if secrets.iter().any(|secret| secret.expose_secret().is_empty()) {
            return Err(BadCredential::EmptySecret);
        }
        let digests = || secrets.iter().map(SecretDigest::of_secret).collect();
        match &credential.scheme {
            WebhookScheme::Hmac(plan) => SignatureLock::of(plan, secrets).map(Self::Signature),
            WebhookScheme::ApiKey { header } => {
                Ok(Self::Key { header: header_name(header)?, secrets: digests() })
            }
            WebhookScheme::Bearer => Ok(Self::Bearer { secrets: digests() }),
        }
    }

    const fn scheme(&self) -> &'static str {
        match self {
            Self::Signature(_) => "hmac",
            Self::Key { .. } => "api_key",
            Self::Bearer { .. } => "bearer",
        }
    }

    fn try_open(&self, headers: &HeaderMap, body: &[u8], now: Ts) -> Result<(), Unproven> {
        match self {
            Self::Signature(lock) => lock.try_open(headers, body, now),
            Self::Key { header, secrets } => {
                let shown = headers.get(header).ok_or(Unproven::NothingShown)?;
                proven(SecretDigest::of(shown.as_bytes()).is_among(secrets))
            }
            Self::Bearer { secrets } => {
                let shown = headers.get(header::AUTHORIZATION).ok_or(Unproven::NothingShown)?;
                let (scheme, token) =
                    shown.as_bytes().split_at_checked(b"bearer ".len()).ok_or(Unproven::NothingShown)?;
                if !scheme.eq_ignore_ascii_case(b"bearer ") {
                    return Err(Unproven::NothingShown);
                }
                proven(SecretDigest::of(token.trim_ascii()).is_among(secrets))
            }
        }
    }
}

fn header_name(text: &str) -> Result<HeaderName, BadCredential> {
    HeaderName::try_from(text).map_err(|_| BadCredential::HeaderName)
}

fn proven(matched: Choice) -> Result<(), Unproven> {
    if bool::from(matched) { Ok(()) } else { Err(Unproven::Wrong) }
}

/// A secret, or what was shown for one, by its digest: digests have one length, so comparing them takes one time.
struct SecretDigest([u8; 32]);

impl SecretDigest {
    fn of(shown: &[u8]) -> Self {
        Self(Sha256::digest(shown).into())
    }

    fn of_secret(secret: &SecretString) -> Self {
        Self::of(secret.expose_secret().as_bytes())
    }

    fn is_among(&self, secrets: &[Self]) -> Choice {
        secrets.iter().fold(Choice::from(0), |found, secret| found | secret.0.ct_eq(&self.0))
    }
}
