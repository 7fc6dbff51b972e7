//! Who is told details about the house's health.

use secrecy::SecretString;
use serde::Deserialize;

use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthSettings {
    /// Unset: nobody.
    #[serde(default)]
    pub operator_token: Option<SecretString>,
}

impl HealthSettings {
    pub(in crate::config) fn check(&self, profile: Profile, findings: &mut Findings) {
        let key = Key::from("health.operator_token");
        match &self.operator_token {
            Some(token) => secrets::check_ours(token, &key, profile, findings),
            None if profile.is_production() => {
                let fix = "name a file that holds one in VITARAD_HEALTH__OPERATOR_TOKEN_FILE";
                findings.warn(key, "is missing, so nobody can see health details", fix);
            }
            None => {}
        }
    }
}
