//! OAuth 1.0a as OSCAR's REST services want it: every request signed by itself (RFC 5849, HMAC-SHA1).
//!
//! Widespread builds delete an access token when one request bears a wrong signature, an old time stamp or a nonce they
//! have seen; a person at the clinic must then approve anew. So there is one signer, each header is made for one request
//! and used once, and nothing here tries again.

mod handshake;
mod signature;

use std::sync::Arc;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use vitarad_actors::ports::{Clock, Luck};

pub use self::handshake::{Begun, Handshake, NotGranted};
use self::signature::{Parameters, encoded, signed};
use crate::access::Credential;

/// Signs the requests of one clinic.
#[derive(Clone)]
pub struct Signer {
    consumer: Credential,
    clock: Arc<dyn Clock>,
    luck: Arc<Luck>,
}

/// What one request says and is signed for.
pub struct Claim<'a> {
    pub method: &'a Method,
    /// As the server believes it was called, which behind a proxy is not what we call.
    pub url: &'a Url,
    pub token: Option<&'a Credential>,
    /// Further protocol parameters: a callback, a verifier.
    pub protocol: &'a [(&'static str, &'a str)],
}

impl Signer {
    pub fn new(consumer: Credential, clock: Arc<dyn Clock>, luck: Arc<Luck>) -> Self {
        Self { consumer, clock, luck }
    }

    /// The `Authorization` header for one request, to be sent once.
    pub fn authorize(&self, claim: &Claim<'_>) -> HeaderValue {
        let seconds = self.clock.now().0.div_euclid(1_000_000).to_string();
        let nonce = self.luck.id().simple().to_string();
        self.authorize_as(claim, &seconds, &nonce)
    }

    fn authorize_as(&self, claim: &Claim<'_>, timestamp: &str, nonce: &str) -> HeaderValue {
        let mut said: Parameters = vec![
            ("oauth_consumer_key".into(), self.consumer.key.as_str().into()),
            ("oauth_nonce".into(), nonce.into()),
            ("oauth_signature_method".into(), "HMAC-SHA1".into()),
            ("oauth_timestamp".into(), timestamp.into()),
            ("oauth_version".into(), "1.0".into()),
        ];
        said.extend(claim.token.map(|token| ("oauth_token".into(), token.key.as_str().into())));
        said.extend(claim.protocol.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let secrets =
            (self.consumer.secret.expose_secret(), claim.token.map(|token| token.secret.expose_secret()));
        let signature = signed(claim.method, claim.url, &said, secrets);
        said.push(("oauth_signature".into(), signature.into()));
        header(&said)
    }
}

fn header(said: &Parameters<'_>) -> HeaderValue {
    let parts: Vec<String> =
        said.iter().map(|(name, value)| format!("{}=\"{}\"", encoded(name), encoded(value))).collect();
    // Encoded text is plain ASCII, so there is always a header to be made of it.
    let mut header = HeaderValue::try_from(format!("OAuth {}", parts.join(", ")))
        .unwrap_or_else(|_| HeaderValue::from_static("OAuth"));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use vitarad_actors::domain::time::Ts;

    use super::*;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Ts {
            Ts(137_131_201_999_999)
        }
    }

    fn credential(key: &str, secret: &str) -> Credential {
        Credential { key: key.to_owned(), secret: secret.into() }
    }

    fn signer() -> Signer {
        Signer::new(credential("desk", "a & b"), Arc::new(Stopped), Arc::new(Luck::seeded(1)))
    }

    fn parts(header: &HeaderValue) -> Vec<(String, String)> {
        let text = header.to_str().unwrap().strip_prefix("OAuth ").unwrap();
        let part = |part: &str| {
            let (name, value) = part.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('"').to_owned())
        };
        text.split(", ").map(part).collect()
    }

    #[test]
    fn a_header_says_who_signs_when_and_never_prints_itself() {
        let url = Url::parse("https://emr.example.test/oscar/ws/services/schedule/codes").unwrap();
        let token = credential("to/ken", "s");
        let claim = Claim {
            method: &Method::GET,
            url: &url,
            token: Some(&token),
            protocol: &[("oauth_verifier", "v")],
        };
        let header = signer().authorize(&claim);
        assert!(header.is_sensitive());
        let parts = parts(&header);
        let said = |name: &str| parts.iter().find(|part| part.0 == name).map(|part| part.1.as_str());
        assert_eq!(said("oauth_consumer_key"), Some("desk"));
        assert_eq!(said("oauth_token"), Some("to%2Fken"));
        assert_eq!(said("oauth_timestamp"), Some("137131201"));
        assert_eq!(said("oauth_verifier"), Some("v"));
        assert_eq!(said("oauth_signature_method"), Some("HMAC-SHA1"));
        assert!(said("oauth_signature").unwrap().ends_with("%3D"));
    }

    #[test]
    fn no_two_requests_share_a_nonce_or_a_signature() {
        let url = Url::parse("https://emr.example.test/oscar/ws/services/status/checkIfAuthed").unwrap();
        let claim = Claim { method: &Method::GET, url: &url, token: None, protocol: &[] };
        let signer = signer();
        let mut seen = HashSet::new();
        for _ in 0..64 {
            let parts = parts(&signer.authorize(&claim));
            for name in ["oauth_nonce", "oauth_signature"] {
                let value = parts.iter().find(|part| part.0 == name).unwrap().1.clone();
                assert!(seen.insert(value), "{name} twice");
            }
        }
    }
}
