//! The door: where it listens, how much it takes, and whom it believes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use crate::config::Profile;
use crate::config::problem::Findings;

/// Longer than this and the caller wonders whether anybody is there.
const PATIENCE_MS: u64 = 4_500;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    pub listen: SocketAddr,
    #[serde(default, deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    pub tool_deadline_ms: u64,
    pub max_connections: u32,
    pub unauthenticated_per_minute: u32,
    pub unauthenticated_burst: u32,
    pub clinic_per_minute: u32,
    pub clinic_burst: u32,
    pub clinic_tool_calls_at_once: u32,
    pub header_timeout_ms: u64,
    pub body_timeout_ms: u64,
    pub insecure_no_auth: bool,
    #[serde(default)]
    pub cors_origin: Option<String>,
}

impl HttpSettings {
    pub fn tool_deadline(&self) -> Duration {
        Duration::from_millis(self.tool_deadline_ms)
    }

    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    pub fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    pub(in crate::config) fn check(&self, profile: Profile, findings: &mut Findings) {
        findings.within("http.tool_deadline_ms", self.tool_deadline_ms, 1_000..=15_000);
        findings.within("http.max_connections", self.max_connections.into(), 1..=100_000);
        findings.within("http.header_timeout_ms", self.header_timeout_ms, 100..=60_000);
        findings.within("http.body_timeout_ms", self.body_timeout_ms, 100..=60_000);
        for (key, value) in [
            ("http.unauthenticated_per_minute", self.unauthenticated_per_minute),
            ("http.unauthenticated_burst", self.unauthenticated_burst),
            ("http.clinic_per_minute", self.clinic_per_minute),
            ("http.clinic_burst", self.clinic_burst),
            ("http.clinic_tool_calls_at_once", self.clinic_tool_calls_at_once),
        ] {
            findings.within(key, value.into(), 1..=1_000_000);
        }
        self.check_authentication(profile, findings);
        if let Some(origin) = &self.cors_origin {
            check_origin(origin, profile, findings);
        }
        if profile.is_production() && (PATIENCE_MS + 1..=15_000).contains(&self.tool_deadline_ms) {
            let what = format!("is {}: a caller may hear silence for that long", self.tool_deadline_ms);
            findings.warn("http.tool_deadline_ms", what, format!("choose {PATIENCE_MS} or less"));
        }
    }

    fn check_authentication(&self, profile: Profile, findings: &mut Findings) {
        let key = "http.insecure_no_auth";
        if !self.insecure_no_auth {
            return;
        }
        if profile.is_production() {
            findings.refuse(
                key,
                "lets anybody send webhooks",
                "set it to false and give webhook credentials",
            );
        } else if !self.listen.ip().is_loopback() {
            let fix = "set it to false, or http.listen to 127.0.0.1";
            findings.refuse(key, "lets anybody who reaches this machine send webhooks", fix);
        }
    }
}

fn check_origin(origin: &str, profile: Profile, findings: &mut Findings) {
    const FIX: &str = "name the one origin of the admin pages, like https://admin.clinic.example.test";
    let url = Url::parse(origin).ok().filter(|url| url.origin().ascii_serialization() == origin);
    let local = |host: &str| {
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || host.ends_with(".localhost") || literal.is_ok_and(|ip| ip.is_loopback())
    };
    if url.is_none() && origin != "*" {
        findings.refuse("http.cors_origin", "is not an origin", FIX);
    } else if profile.is_production() && url.is_none() {
        findings.refuse("http.cors_origin", "lets every web site call the admin API", FIX);
    } else if profile.is_production() && url.as_ref().and_then(Url::host_str).is_some_and(local) {
        findings.refuse("http.cors_origin", "is this machine, not the admin pages'", FIX);
    }
}

/// An address range, or one address.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Network(IpNet);

#[derive(Debug, thiserror::Error)]
#[error("is not a network; write it like 10.0.0.0/8")]
struct NotANetwork;

impl TryFrom<String> for Network {
    type Error = NotANetwork;
    fn try_from(text: String) -> Result<Self, NotANetwork> {
        let one = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| one()).map(Self).map_err(|_| NotANetwork)
    }
}

fn networks<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<IpNet>, D::Error> {
    let networks = Vec::<Network>::deserialize(source)?;
    Ok(networks.into_iter().map(|Network(network)| network).collect())
}
