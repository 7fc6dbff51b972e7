//! Sealing: health information and credentials leave memory only as AES-256-GCM envelopes under their clinic's own key.
//!
//! ```text
//! envelope = format (1 byte) | key version (u32, big endian) | nonce (96 bits, random) | ciphertext and tag
//! ```
//!
//! An envelope is bound to its place (clinic, table, column, row): moved elsewhere it does not open. Equality look-ups
//! go by keyed blind indexes, under a key of their own.

mod keyring;

use std::collections::BTreeMap;

use aes_gcm::aead::{Aead, Generate, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::store::{StoreError, StoreResult};
use zeroize::Zeroizing;

pub use keyring::Keyring;
pub(crate) use keyring::{KeyKind, WrappedKey};

const FORMAT: u8 = 1;
const VERSION_AT: usize = 1;
const NONCE_AT: usize = VERSION_AT + 4;
const NONCE: usize = 12;
const SEALED_AT: usize = NONCE_AT + NONCE;

/// Half of SHA-256: enough to tell one clinic's patients apart, too little to be worth collecting.
const BLIND: usize = 16;

type Key = Zeroizing<[u8; 32]>;

/// Where an envelope lives; the clinic comes with the key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub row: &'a [&'a str],
}

/// What a blind index is about. Equal texts about different things have different indexes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blind {
    Wish,
    Patient,
    Declaration,
    Waiting,
    Newcomer,
    HealthNumber,
}

impl Blind {
    const fn name(self) -> &'static str {
        match self {
            Self::Wish => "wish",
            Self::Patient => "patient",
            Self::Declaration => "declaration",
            Self::Waiting => "waiting",
            Self::Newcomer => "newcomer",
            Self::HealthNumber => "health_number",
        }
    }
}

/// One clinic's keys, open.
pub(crate) struct ClinicKeys {
    clinic: ClinicId,
    data: BTreeMap<u32, Aes256Gcm>,
    index: Key,
    audit: Key,
}

impl ClinicKeys {
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> StoreResult<Vec<u8>> {
        let (version, cipher) =
            self.data.last_key_value().ok_or(StoreError::Unreadable("a clinic's keys"))?;
        let nonce = Nonce::try_generate().map_err(|_| no_randomness())?;
        let aad = self.bound_to(place);
        let sealed =
            cipher.encrypt(&nonce, Payload { msg: plain, aad: &aad }).map_err(|_| no_randomness())?;
        let mut envelope = Vec::with_capacity(SEALED_AT + sealed.len());
        envelope.push(FORMAT);
        envelope.extend_from_slice(&version.to_be_bytes());
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    pub(crate) fn open(&self, place: Place<'_>, envelope: &[u8]) -> StoreResult<Phi<Vec<u8>>> {
        let unreadable = StoreError::Unreadable(place.table);
        let version = version_of(envelope).ok_or_else(|| unreadable.clone())?;
        let cipher = self.data.get(&version).ok_or_else(|| unreadable.clone())?;
        let nonce = Nonce::try_from(&envelope[NONCE_AT..SEALED_AT]).map_err(|_| unreadable.clone())?;
        let aad = self.bound_to(place);
        let payload = Payload { msg: &envelope[SEALED_AT..], aad: &aad };
        cipher.decrypt(&nonce, payload).map(Phi::new).map_err(|_| unreadable)
    }

    /// Whether the key an envelope names is among these; one that is not was made by another process since.
    pub(crate) fn fit(&self, envelope: &[u8]) -> bool {
        version_of(envelope).is_none_or(|version| self.data.contains_key(&version))
    }

    pub(crate) fn blind(&self, about: Blind, text: &[u8]) -> Vec<u8> {
        let mut digest = keyed(&self.index, &[about.name().as_bytes(), text]);
        digest.truncate(BLIND);
        digest
    }

    /// A link of the audit chain, or the proof of its head.
    pub(crate) fn vouch(&self, parts: &[&[u8]]) -> Vec<u8> {
        keyed(&self.audit, parts)
    }

    fn bound_to(&self, place: Place<'_>) -> Vec<u8> {
        let mut aad = Vec::with_capacity(128);
        lengthy(&mut aad, self.clinic.as_str().as_bytes());
        lengthy(&mut aad, place.table.as_bytes());
        lengthy(&mut aad, place.column.as_bytes());
        place.row.iter().for_each(|part| lengthy(&mut aad, part.as_bytes()));
        aad
    }
}

/// The key version of a well-formed envelope.
fn version_of(envelope: &[u8]) -> Option<u32> {
    if envelope.len() < SEALED_AT || envelope[0] != FORMAT {
        return None;
    }
    envelope[VERSION_AT..NONCE_AT].try_into().ok().map(u32::from_be_bytes)
}

/// Appends a part with its length before it, so that no two sequences of parts run together into the same bytes.
fn lengthy(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
    bytes.extend_from_slice(part);
}

fn keyed(key: &Key, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    for part in parts {
        lengthy(&mut bytes, part);
    }
    // HMAC pads its key with zeros to the hash's block; doing so here leaves no length that could be wrong.
    let mut block = Zeroizing::new([0_u8; 64]);
    block[..key.len()].copy_from_slice(key.as_slice());
    Hmac::<Sha256>::new((&*block).into()).chain_update(bytes.as_slice()).finalize().into_bytes().to_vec()
}

fn no_randomness() -> StoreError {
    StoreError::Unavailable("the operating system gave no randomness".to_owned())
}

#[cfg(test)]
mod tests;
