//! Where the house keeps what it must not forget.

use std::path::PathBuf;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

#[derive(Debug, Clone)]
pub struct StoreSettings {
    pub address: StoreAddress,
    pub synchronous: Synchronous,
    pub max_connections: u32,
    /// On PostgreSQL; SQLite has one.
    pub writers: u32,
}

#[derive(Debug, Clone)]
pub enum StoreAddress {
    Sqlite(PathBuf),
    Postgres(SecretString),
}

/// What a commit that has returned survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// A power failure.
    Full,
    /// The death of this process.
    Normal,
    Off,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct StoreTable {
    url: SecretString,
    synchronous: Synchronous,
    max_connections: u32,
    writers: u32,
}

impl StoreTable {
    pub(in crate::config) fn checked(
        self,
        profile: Profile,
        findings: &mut Findings,
    ) -> Option<StoreSettings> {
        findings.within("store.max_connections", self.max_connections.into(), 1..=1_000);
        findings.within("store.writers", self.writers.into(), 1..=100);
        if profile.is_production() && self.synchronous != Synchronous::Full {
            findings.refuse("store.synchronous", "a power failure would lose bookings", "set it to \"full\"");
        }
        let address = address(&self.url);
        match &address {
            None => findings.refuse(
                "store.url",
                "is not the address of a store",
                "write it like sqlite:/var/lib/vitarad/vitarad.db or postgres://USER:PASSWORD@HOST/DATABASE",
            ),
            Some(StoreAddress::Postgres(url)) => check_password(url, profile, findings),
            Some(StoreAddress::Sqlite(_)) => {}
        }
        Some(StoreSettings {
            address: address?,
            synchronous: self.synchronous,
            max_connections: self.max_connections,
            writers: self.writers,
        })
    }
}

fn address(url: &SecretString) -> Option<StoreAddress> {
    let text = url.expose_secret();
    if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
        return (!path.is_empty()).then(|| StoreAddress::Sqlite(path.into()));
    }
    let scheme = Url::parse(text).ok().filter(Url::has_host).map(|url| url.scheme().to_owned())?;
    matches!(scheme.as_str(), "postgres" | "postgresql").then(|| StoreAddress::Postgres(url.clone()))
}

fn check_password(url: &SecretString, profile: Profile, findings: &mut Findings) {
    let password =
        Url::parse(url.expose_secret()).ok().and_then(|url| url.password().map(SecretString::from));
    if let Some(password) = password {
        let fix = "change the database user's password, and give the address with VITARAD_STORE__URL_FILE";
        secrets::check(&password, &Key::from("store.url"), profile, fix, findings);
    }
}
