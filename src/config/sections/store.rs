//! Where the house keeps what it must not forget.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

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
    /// Whether a start makes the migrations that are missing.
    pub migrates: bool,
    /// Who owns the tables, where that is not who works with them.
    pub owner: Option<SecretString>,
}

#[derive(Debug, Clone)]
pub enum StoreAddress {
    Sqlite(PathBuf),
    Postgres(SecretString),
}

impl StoreAddress {
    pub fn parse(url: &SecretString) -> Option<Self> {
        let text = url.expose_secret();
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
            return (!path.is_empty()).then(|| Self::Sqlite(path.into()));
        }
        let scheme = Url::parse(text).ok().filter(Url::has_host).map(|url| url.scheme().to_owned())?;
        matches!(scheme.as_str(), "postgres" | "postgresql").then(|| Self::Postgres(url.clone()))
    }
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

/// Who makes the migrations that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Migrate {
    /// A start does.
    Auto,
    /// Somebody does, by `vitarad migrate up`.
    Manual,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct StoreTable {
    url: SecretString,
    synchronous: Synchronous,
    max_connections: u32,
    writers: u32,
    migrate: Option<Migrate>,
    owner_url: Option<SecretString>,
    insecure_transport: bool,
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
        let address = StoreAddress::parse(&self.url);
        match &address {
            None => findings.refuse(
                "store.url",
                "is not the address of a store",
                "write it like sqlite:/var/lib/vitarad/vitarad.db or postgres://USER:PASSWORD@HOST/DATABASE",
            ),
            Some(StoreAddress::Postgres(url)) => {
                check_server("store.url", url, self.insecure_transport, profile, findings);
            }
            Some(StoreAddress::Sqlite(_)) => {}
        }
        let owner = self.owner_url.and_then(|url| owner(&url, address.as_ref(), findings));
        if let Some(url) = &owner {
            check_server("store.owner_url", url, self.insecure_transport, profile, findings);
        }
        Some(StoreSettings {
            address: address?,
            synchronous: self.synchronous,
            max_connections: self.max_connections,
            writers: self.writers,
            migrates: self.migrate.map_or(!profile.is_production(), |migrate| migrate == Migrate::Auto),
            owner,
        })
    }
}

fn owner(url: &SecretString, works: Option<&StoreAddress>, findings: &mut Findings) -> Option<SecretString> {
    if matches!(works, Some(StoreAddress::Sqlite(_))) {
        findings.refuse("store.owner_url", "is of no use: a file has no roles", "remove it");
        return None;
    }
    let Some(StoreAddress::Postgres(url)) = StoreAddress::parse(url) else {
        let fix = "write it like postgres://OWNER:PASSWORD@HOST/DATABASE";
        findings.refuse("store.owner_url", "is not an address of PostgreSQL's", fix);
        return None;
    };
    Some(url)
}

fn check_server(
    key: &str,
    url: &SecretString,
    insecure_transport: bool,
    profile: Profile,
    findings: &mut Findings,
) {
    let Ok(options) = PgConnectOptions::from_str(url.expose_secret()) else {
        let fix = "write it like postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full";
        return findings.refuse(key, "is not an address of PostgreSQL's", fix);
    };
    let checked = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) || is_this_machine(&options);
    if profile.is_production() && !checked && !insecure_transport {
        findings.refuse(
            key,
            "goes to another machine without making sure which",
            "add ?sslmode=verify-full, and &sslrootcert=FILE for an authority of your own; or set \
             store.insecure_transport to true",
        );
    }
    let password =
        Url::parse(url.expose_secret()).ok().and_then(|url| url.password().map(SecretString::from));
    if let Some(password) = password {
        let variable = format!("VITARAD_{}_FILE", key.to_uppercase().replace('.', "__"));
        let fix = format!("change the database user's password, and give the address with {variable}");
        secrets::check(&password, &Key::from(key), profile, &fix, findings);
    }
}

/// A socket in the file system, or an address that no packet leaves the machine for.
fn is_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
