//! Signatures as the server checks them: written anew from the specification, so that a mistake of the client's signer
//! is not made here a second time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The protocol parameters of an `Authorization` header.
pub(super) struct Said(BTreeMap<String, String>);

/// What the server itself knows of a signed request.
pub(super) struct Signed {
    pub(super) method: String,
    pub(super) address: String,
    pub(super) query: Vec<(String, String)>,
}

impl Said {
    /// `None` for a header that is not OAuth's, or says something twice.
    pub(super) fn read(header: &str) -> Option<Self> {
        let mut said = BTreeMap::new();
        for part in header.strip_prefix("OAuth ")?.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            if said.insert(decoded(name)?, decoded(value)?).is_some() {
                return None;
            }
        }
        Some(Self(said))
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether the signature is the one these secrets make.
    pub(super) fn is_signed(&self, signed: &Signed, consumer_secret: &str, token_secret: &str) -> bool {
        let mut pairs: Vec<String> = signed
            .query
            .iter()
            .map(|(name, value)| (name, value))
            .chain(self.0.iter().filter(|(name, _)| !["oauth_signature", "realm"].contains(&name.as_str())))
            .map(|(name, value)| format!("{}\u{0}{}", escaped(name), escaped(value)))
            .collect();
        pairs.sort();
        let normalised = pairs.join("&").replace('\u{0}', "=");
        let base = [signed.method.as_str(), &signed.address, &normalised].map(escaped).join("&");
        let key = [consumer_secret, token_secret].map(escaped).join("&");
        let Ok(mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return false };
        let right = mac.chain_update(base.as_bytes()).finalize().into_bytes();
        self.get("oauth_signature_method") == "HMAC-SHA1"
            && STANDARD.decode(self.get("oauth_signature")).is_ok_and(|given| given == right.to_vec())
    }
}

fn escaped(text: impl AsRef<str>) -> String {
    let mut out = String::new();
    for byte in text.as_ref().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}
