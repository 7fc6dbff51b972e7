//! Which machine of the house this is.

use serde::Deserialize;

use crate::config::problem::Findings;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSettings {
    pub name: String,
}

impl NodeSettings {
    pub(in crate::config) fn check(&self, findings: &mut Findings) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if !(1..=63).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            findings.refuse(
                "node.name",
                "is not a plain name",
                "use 1 to 63 letters, digits, '-', '.' or '_', such as node-1",
            );
        }
    }
}
