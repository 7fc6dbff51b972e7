//! What is written about the house's doings, and where.

use std::path::PathBuf;

use serde::Deserialize;

use crate::config::problem::Findings;
use crate::telemetry::is_filter;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Of our own modules; see [`is_filter`].
    pub level: String,
    pub format: LogFormat,
    pub stdout: bool,
    #[serde(default)]
    pub directory: Option<PathBuf>,
    pub keep_files: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Text,
}

impl LogSettings {
    pub(in crate::config) fn check(&self, findings: &mut Findings) {
        if !is_filter(&self.level) {
            let fix = "write it like \"info\" or \"info,vitarad::emr=debug\"; other modules than vitarad's cannot be named";
            findings.refuse("log.level", "is not a log level", fix);
        }
        if !self.stdout && self.directory.is_none() {
            findings.refuse(
                "log.stdout",
                "leaves no place for the log",
                "set it to true, or name a log.directory",
            );
        }
        findings.within("log.keep_files", self.keep_files.into(), 1..=1_000);
    }
}
