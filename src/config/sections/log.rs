//! What is written about the house's doings, and where.

use std::path::PathBuf;

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::config::problem::Findings;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// In the words of [`EnvFilter`].
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
        if EnvFilter::try_new(&self.level).is_err() {
            let fix = "write it like \"info\" or \"info,vitarad::emr=debug\"";
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
