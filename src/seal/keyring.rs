//! The clinics' keys: random, one set for each clinic, wrapped by the master key where they are stored.

use std::sync::Arc;

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use dashmap::DashMap;
use secrecy::{ExposeSecret, SecretBox};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::store::{StoreError, StoreResult};
use zeroize::Zeroizing;

use super::{ClinicKeys, Key, NONCE, lengthy, no_randomness};

/// What a clinic's key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Data,
    Index,
    Audit,
}

impl KeyKind {
    pub(crate) const ALL: [Self; 3] = [Self::Data, Self::Index, Self::Audit];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Index => "index",
            Self::Audit => "audit",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A clinic's key as it is stored.
#[derive(Clone)]
pub(crate) struct WrappedKey {
    pub kind: KeyKind,
    pub version: u32,
    pub wrapped: Vec<u8>,
}

/// The master key, and the clinics' keys that were opened with it.
pub struct Keyring {
    current: Aes256Gcm,
    previous: Option<Aes256Gcm>,
    clinics: DashMap<ClinicId, Arc<ClinicKeys>>,
}

impl Keyring {
    /// `previous` opens what has not been wrapped anew since the master key was changed.
    #[expect(clippy::needless_pass_by_value, reason = "the caller gives its copy up: it is wiped here")]
    pub fn new(current: SecretBox<[u8; 32]>, previous: Option<SecretBox<[u8; 32]>>) -> Self {
        let cipher = |key: &SecretBox<[u8; 32]>| Aes256Gcm::new(key.expose_secret().into());
        Self { current: cipher(&current), previous: previous.as_ref().map(cipher), clinics: DashMap::new() }
    }

    pub(crate) fn known(&self, clinic: &ClinicId) -> Option<Arc<ClinicKeys>> {
        self.clinics.get(clinic).map(|keys| Arc::clone(&keys))
    }

    /// The clinics whose keys may be stored as only the previous master key opens them.
    pub(crate) fn known_while_changing(&self) -> Vec<ClinicId> {
        let known = self.clinics.iter().filter(|_| self.previous.is_some());
        known.map(|keys| keys.key().clone()).collect()
    }

    pub(crate) fn fresh(&self, clinic: &ClinicId, kind: KeyKind, version: u32) -> StoreResult<WrappedKey> {
        let key = <[u8; 32]>::try_generate().map(Zeroizing::new).map_err(|_| no_randomness())?;
        self.wrap(clinic, kind, version, &key)
    }

    /// Opens a clinic's stored keys and keeps them; returns those that have to be stored again, wrapped by the current
    /// master key.
    pub(crate) fn admit(&self, clinic: &ClinicId, stored: &[WrappedKey]) -> StoreResult<Vec<WrappedKey>> {
        let mut keys = ClinicKeys {
            clinic: clinic.clone(),
            data: std::collections::BTreeMap::new(),
            index: Key::default(),
            audit: Key::default(),
        };
        let mut anew = Vec::new();
        for row in stored {
            let (key, by_previous) = self.unwrap(clinic, row)?;
            if by_previous {
                anew.push(self.wrap(clinic, row.kind, row.version, &key)?);
            }
            match row.kind {
                KeyKind::Data => drop(keys.data.insert(row.version, Aes256Gcm::new((&*key).into()))),
                KeyKind::Index => keys.index = key,
                KeyKind::Audit => keys.audit = key,
            }
        }
        self.clinics.insert(clinic.clone(), Arc::new(keys));
        Ok(anew)
    }

    fn wrap(&self, clinic: &ClinicId, kind: KeyKind, version: u32, key: &Key) -> StoreResult<WrappedKey> {
        let nonce = Nonce::try_generate().map_err(|_| no_randomness())?;
        let payload = Payload { msg: key.as_slice(), aad: &bound_to(clinic, kind, version) };
        let sealed = self.current.encrypt(&nonce, payload).map_err(|_| no_randomness())?;
        Ok(WrappedKey { kind, version, wrapped: [nonce.as_slice(), &sealed].concat() })
    }

    /// The key, and whether the previous master key was needed.
    fn unwrap(&self, clinic: &ClinicId, row: &WrappedKey) -> StoreResult<(Key, bool)> {
        let unreadable = || StoreError::Unreadable("a clinic's key does not open with the master key");
        let (nonce, sealed) = row.wrapped.split_at_checked(NONCE).ok_or_else(unreadable)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| unreadable())?;
        let aad = bound_to(clinic, row.kind, row.version);
        let opened = |cipher: &Aes256Gcm| {
            let plain =
                cipher.decrypt(&nonce, Payload { msg: sealed, aad: &aad }).ok().map(Zeroizing::new)?;
            <[u8; 32]>::try_from(plain.as_slice()).ok().map(Zeroizing::new)
        };
        match (opened(&self.current), &self.previous) {
            (Some(key), _) => Ok((key, false)),
            (None, Some(previous)) => opened(previous).map(|key| (key, true)).ok_or_else(unreadable),
            (None, None) => Err(unreadable()),
        }
    }
}

fn bound_to(clinic: &ClinicId, kind: KeyKind, version: u32) -> Vec<u8> {
    let mut aad = Vec::with_capacity(64);
    lengthy(&mut aad, clinic.as_str().as_bytes());
    lengthy(&mut aad, kind.name().as_bytes());
    lengthy(&mut aad, &version.to_be_bytes());
    aad
}
