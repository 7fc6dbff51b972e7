//! The keys that seal the store.

use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::Deserialize;
use zeroize::Zeroize;

use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

pub type MasterKey = SecretBox<[u8; 32]>;

#[derive(Debug)]
pub struct CryptoSettings {
    /// Only ever unset in development.
    pub master_key: Option<MasterKey>,
    pub previous_master_key: Option<MasterKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct CryptoTable {
    master_key: Option<SecretString>,
    previous_master_key: Option<SecretString>,
}

const MASTER: &str = "crypto.master_key";
const PREVIOUS: &str = "crypto.previous_master_key";
const FIX: &str = "name a file that holds one in VITARAD_CRYPTO__MASTER_KEY_FILE; make it with: vitarad key";

impl CryptoTable {
    pub(in crate::config) fn checked(&self, profile: Profile, findings: &mut Findings) -> CryptoSettings {
        let settings = CryptoSettings {
            master_key: read(self.master_key.as_ref(), MASTER, findings),
            previous_master_key: read(self.previous_master_key.as_ref(), PREVIOUS, findings),
        };
        match &self.master_key {
            None if profile.is_production() => findings.refuse(MASTER, "is missing", FIX),
            Some(text) if settings.master_key.is_some() => {
                // The previous one may be weak: that is a reason to have replaced it.
                secrets::check(text, &Key::from(MASTER), profile, FIX, findings);
            }
            _ => {}
        }
        let bytes = |key: &Option<MasterKey>| key.as_ref().map(|key| *key.expose_secret());
        if settings.master_key.is_some()
            && bytes(&settings.master_key) == bytes(&settings.previous_master_key)
        {
            findings.refuse(
                PREVIOUS,
                "is the master key itself",
                "remove it, or give the key before this one",
            );
        }
        settings
    }
}

fn read(text: Option<&SecretString>, key: &str, findings: &mut Findings) -> Option<MasterKey> {
    let mut bytes = [0; 32];
    let read = hex::decode_to_slice(text?.expose_secret(), &mut bytes).is_ok();
    let master_key = read.then(|| SecretBox::new(Box::new(bytes)));
    bytes.zeroize();
    if master_key.is_none() {
        findings.refuse(key, "is not 64 hexadecimal digits", FIX);
    }
    master_key
}
