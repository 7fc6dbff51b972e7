//! Who carries texts to patients.

use serde::Deserialize;

use crate::config::Profile;
use crate::config::problem::Findings;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    pub gateway: SmsGatewayKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsGatewayKind {
    /// Nobody: it is noted that a text would have been sent.
    Log,
}

impl SmsSettings {
    pub(in crate::config) fn check(self, profile: Profile, findings: &mut Findings) {
        if profile.is_production() && self.gateway == SmsGatewayKind::Log {
            let fix = "let callers know that no text will come; this release has no other gateway";
            findings.warn("sms.gateway", "is \"log\", so no patient is sent a text", fix);
        }
    }
}
