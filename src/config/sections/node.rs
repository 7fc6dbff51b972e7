//! Which machine of the house this is.

use std::path::PathBuf;

use serde::Deserialize;

use crate::config::problem::Findings;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSettings {
    pub name: String,
    #[serde(default)]
    pub runtime_directory: Option<PathBuf>,
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
        if self.runtime_directory.as_ref().is_some_and(|directory| directory.is_relative()) {
            findings.refuse(
                "node.runtime_directory",
                "is not an absolute path",
                "write it like \"/run/vitarad\": who takes over may have been started elsewhere",
            );
        }
    }
}
