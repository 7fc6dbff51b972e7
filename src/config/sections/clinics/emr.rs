//! The way into a clinic's EMR, as the operator writes it down.

mod bridge;
mod oauth;

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use self::bridge::BridgeTable;
use self::oauth::OauthTable;
use crate::access::{EmrAccess, Fingerprint, TlsMode};
use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmrTable {
    /// Kept out of sight like the password; see [`EmrAccess`].
    url: SecretString,
    /// The login is left out by a clinic without the way by SOAP.
    #[serde(default)]
    username: SecretString,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    tls: TlsTable,
    oauth: Option<OauthTable>,
    bridge: Option<BridgeTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsTable {
    #[serde(default)]
    mode: Mode,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    sha256: Vec<Fingerprint>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    System,
    CaBundle,
    Pin,
}

impl EmrTable {
    /// `place` is the clinic's `emr` table.
    pub(super) fn checked(self, place: &Key, profile: Profile, findings: &mut Findings) -> Option<EmrAccess> {
        check_url(&self.url, &place.child("url"), profile, findings);
        self.check_login(place, profile, findings);
        let oauth = self.oauth.map(|oauth| oauth.checked(&place.child("oauth"), profile, findings));
        let bridge = self.bridge.map(|bridge| bridge.checked(&place.child("bridge"), profile, findings));
        let tls = self.tls.checked(&place.child("tls"), findings)?;
        Some(EmrAccess {
            url: self.url.expose_secret().to_owned(),
            username: self.username.expose_secret().to_owned(),
            password: self.password,
            tls,
            oauth,
            bridge: bridge.flatten(),
        })
    }
}

impl EmrTable {
    /// By SOAP, by REST, or both.
    fn check_login(&self, place: &Key, profile: Profile, findings: &mut Findings) {
        let has_user = !self.username.expose_secret().is_empty();
        if !has_user && self.password.expose_secret().is_empty() && self.oauth.is_some() {
            return;
        }
        if !has_user {
            let fix = "give the name of vitarad's own user in OSCAR, or neither name nor password but oauth";
            findings.refuse(place.child("username"), "is missing", fix);
        }
        let fix = "give vitarad's user in OSCAR a password of its own, and set it here";
        secrets::check(&self.password, &place.child("password"), profile, fix, findings);
    }
}

fn check_url(url: &SecretString, key: &Key, profile: Profile, findings: &mut Findings) {
    let parsed = Url::parse(url.expose_secret()).ok();
    let usable = |url: &&Url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    };
    match parsed.as_ref().filter(usable) {
        None => {
            let fix = "write it like https://emr.example.test:8443/oscar; the login has settings of its own";
            findings.refuse(key.clone(), "is not a web address", fix);
        }
        Some(url) if url.scheme() == "http" && profile.is_production() && !is_near(url) => {
            let fix = "use https, or the server's address in the clinic's own network";
            findings.refuse(key.clone(), "would send health information in clear over the internet", fix);
        }
        Some(_) => {}
    }
}

/// Whether what is sent there stays on this machine or in a private network, as far as the address itself tells.
fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => host == "localhost",
    }
}

impl TlsTable {
    fn checked(self, place: &Key, findings: &mut Findings) -> Option<TlsMode> {
        if findings.is_misread(place) {
            return None;
        }
        if self.ca_file.is_some() && self.mode != Mode::CaBundle {
            findings.refuse(
                place.child("ca_file"),
                "belongs to mode \"ca_bundle\"",
                "remove it, or set that mode",
            );
        }
        if !self.sha256.is_empty() && self.mode != Mode::Pin {
            findings.refuse(place.child("sha256"), "belongs to mode \"pin\"", "remove it, or set that mode");
        }
        match self.mode {
            Mode::System => Some(TlsMode::System),
            Mode::CaBundle => self.ca_bundle(&place.child("ca_file"), findings),
            Mode::Pin if self.sha256.is_empty() => {
                let fix = "list the SHA-256 of the server's certificate";
                findings.refuse(place.child("sha256"), "is missing for mode \"pin\"", fix);
                None
            }
            Mode::Pin => Some(TlsMode::Pin { sha256: self.sha256 }),
        }
    }

    fn ca_bundle(self, key: &Key, findings: &mut Findings) -> Option<TlsMode> {
        const FIX: &str = "name a file of PEM certificates that this user may read";
        let Some(file) = self.ca_file else {
            findings.refuse(key.clone(), "is missing for mode \"ca_bundle\"", FIX);
            return None;
        };
        match fs::read_to_string(file) {
            Ok(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => return Some(TlsMode::CaBundle { pem }),
            Ok(_) => findings.refuse(key.clone(), "holds no PEM certificate", FIX),
            Err(error) => findings.refuse(key.clone(), format!("cannot be read: {error}"), FIX),
        }
        None
    }
}
