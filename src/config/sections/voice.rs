//! Where the voice platform is asked about calls whose reports never came.

use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct VoiceTable {
    api_url: String,
    api_key: Option<SecretString>,
}

#[derive(Debug, Clone)]
pub struct VoiceApi {
    pub url: Url,
    pub key: SecretString,
}

impl VoiceTable {
    pub(in crate::config) fn checked(self, profile: Profile, findings: &mut Findings) -> Option<VoiceApi> {
        let url = Url::parse(&self.api_url).ok().filter(is_safe);
        if url.is_none() {
            let fix = "write it like https://api.vapi.ai";
            findings.refuse("voice.api_url", "is not an https address without a login", fix);
        }
        let key = Key::from("voice.api_key");
        let Some(secret) = self.api_key else {
            if profile.is_production() {
                let fix = "name a file that holds it in VITARAD_VOICE__API_KEY_FILE";
                findings.warn(key, "is missing, so a call whose report is lost stays without one", fix);
            }
            return None;
        };
        let fix = "give the private key that the platform's dashboard shows";
        secrets::check(&secret, &key, profile, fix, findings);
        Some(VoiceApi { url: url?, key: secret })
    }
}

/// The key goes there with every request.
fn is_safe(url: &Url) -> bool {
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_private = url.scheme() == "https" || url.scheme() == "http" && here;
    is_private && url.username().is_empty() && url.password().is_none() && url.query().is_none()
}
