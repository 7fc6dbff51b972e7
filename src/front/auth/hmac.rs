//! Signatures as the voice platform makes them: a keyed digest over the raw body, framed by a template.
//!
//! A captured request can be replayed inside the window. That does no harm, because a tool call is answered from its
//! first execution (law B-6), and so nothing is remembered here.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};
use vitarad_actors::domain::time::Ts;

use super::{BadCredential, Unproven, header_name, proven};
use crate::access::{HmacAlgorithm, HmacPlan, SignatureEncoding};

/// How far a signature's time may lie from ours, either way.
const WINDOW: Duration = Duration::from_mins(5);

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) struct SignatureLock {
    signature: HeaderName,
    /// `None`: the template holds no time, so there is no window.
    timestamp: Option<HeaderName>,
    prefix: String,
    encoding: SignatureEncoding,
    payload: Vec<Piece>,
    keys: Vec<Key>,
}

/// A keyed digest, before the first byte.
enum Key {
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

enum Piece {
    Fixed(String),
    Timestamp,
    Body,
}

impl SignatureLock {
    pub(super) fn of(plan: &HmacPlan, secrets: &[SecretString]) -> Result<Self, BadCredential> {
        let payload = pieces(&plan.payload_format)?;
        let is_timed = payload.iter().any(|piece| matches!(piece, Piece::Timestamp));
        Ok(Self {
            signature: header_name(&plan.signature_header)?,
            timestamp: is_timed.then(|| header_name(&plan.timestamp_header)).transpose()?,
            prefix: plan.signature_prefix.clone(),
            encoding: plan.encoding,
            payload,
            keys: secrets.iter().map(|secret| Key::of(plan, secret)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn try_open(&self, headers: &HeaderMap, body: &[u8], now: Ts) -> Result<(), Unproven> {
        let shown = headers.get(&self.signature).ok_or(Unproven::NothingShown)?;
        let timestamp = match &self.timestamp {
            Some(name) => headers.get(name).ok_or(Unproven::Stale)?.as_bytes(),
            None => b"",
        };
        if self.timestamp.is_some() && !is_recent(timestamp, now) {
            return Err(Unproven::Stale);
        }
        let signature = self.decode(shown.as_bytes()).ok_or(Unproven::Wrong)?;
        let matches = |key: &Key| key.signs(&self.payload, timestamp, body, &signature);
        proven(self.keys.iter().fold(Choice::from(0), |found, key| found | matches(key)))
    }

    fn decode(&self, shown: &[u8]) -> Option<Vec<u8>> {
        let digits = shown.strip_prefix(self.prefix.as_bytes())?;
        match self.encoding {
            SignatureEncoding::Hex => hex::decode(digits).ok(),
            SignatureEncoding::Base64 => BASE64.decode(digits).ok(),
        }
    }
}

impl Key {
    fn of(plan: &HmacPlan, secret: &SecretString) -> Result<Self, BadCredential> {
        let secret = secret.expose_secret();
        let bytes = if plan.secret_is_base64 {
            BASE64.decode(secret).map_err(|_| BadCredential::SecretNotBase64)?
        } else {
            secret.as_bytes().to_vec()
        };
        match plan.algorithm {
            HmacAlgorithm::Sha256 => Hmac::new_from_slice(&bytes).map(Self::Sha256),
            HmacAlgorithm::Sha512 => Hmac::new_from_slice(&bytes).map(Self::Sha512),
        }
        .map_err(|_| BadCredential::EmptySecret)
    }

    fn signs(&self, payload: &[Piece], timestamp: &[u8], body: &[u8], signature: &[u8]) -> Choice {
        match self {
            Self::Sha256(mac) => digest(mac.clone(), payload, timestamp, body).as_slice().ct_eq(signature),
            Self::Sha512(mac) => digest(mac.clone(), payload, timestamp, body).as_slice().ct_eq(signature),
        }
    }
}

fn digest<M: Mac>(mut mac: M, payload: &[Piece], timestamp: &[u8], body: &[u8]) -> Vec<u8> {
    for piece in payload {
        mac.update(match piece {
            Piece::Fixed(text) => text.as_bytes(),
            Piece::Timestamp => timestamp,
            Piece::Body => body,
        });
    }
    mac.finalize().into_bytes().to_vec()
}

/// Cuts a template like `{timestamp}.{body}`.
fn pieces(template: &str) -> Result<Vec<Piece>, BadCredential> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((fixed, placeholder)) = rest.split_once('{') {
        let (name, tail) = placeholder.split_once('}').ok_or(BadCredential::PayloadFormat)?;
        pieces.push(Piece::Fixed(fixed.to_owned()));
        pieces.push(match name {
            "timestamp" => Piece::Timestamp,
            "body" => Piece::Body,
            _ => return Err(BadCredential::PayloadFormat),
        });
        rest = tail;
    }
    pieces.push(Piece::Fixed(rest.to_owned()));
    let signs_body = pieces.iter().any(|piece| matches!(piece, Piece::Body));
    if signs_body { Ok(pieces) } else { Err(BadCredential::PayloadFormat) }
}

/// The unit is documented nowhere: a number too large to be seconds before the year 5138 is milliseconds.
fn is_recent(timestamp: &[u8], now: Ts) -> bool {
    let number = std::str::from_utf8(timestamp).ok().and_then(|digits| digits.trim().parse::<u64>().ok());
    let Some(number) = number else { return false };
    let millis = if number < 100_000_000_000 { number * 1000 } else { number };
    let signed_at = Ts(i64::try_from(millis.saturating_mul(1000)).unwrap_or(i64::MAX));
    signed_at.since(now).max(now.since(signed_at)) <= WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts(1_800_000_000_000_000);

    #[test]
    fn a_timestamp_counts_in_seconds_or_milliseconds_within_five_minutes_both_ways() {
        for near in
            ["1800000000", "1799999700", "1800000300", "1800000000000", "1799999700000", "1800000300000"]
        {
            assert!(is_recent(near.as_bytes(), NOW), "{near}");
        }
        for far in [
            "1799999699",
            "1800000301",
            "1799999699999",
            "1800000300001",
            "",
            "now",
            "-1",
            "1e9",
            "18446744073709551615",
        ] {
            assert!(!is_recent(far.as_bytes(), NOW), "{far}");
        }
    }

    #[test]
    fn a_template_must_sign_the_body_and_know_its_placeholders() {
        assert!(pieces("{timestamp}.{body}").is_ok());
        assert!(pieces("v1:{timestamp}:{body}!").is_ok());
        assert!(pieces("{body}").is_ok());
        for bad in
            ["", "{timestamp}", "{timestamp}.{body", "{method}.{body}", "{url}{body}", "{svix-id}.{body}"]
        {
            assert!(pieces(bad).is_err(), "{bad}");
        }
    }
}
