//! What outlives a process: its directory, its configuration, its environment, and the EMRs it talks to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vitarad::sandbox::oscar::demo;

use crate::town::Town;

/// An ordinary configuration; what stands between @ is put in here.
const CONFIG: &str = include_str!("../../config/demo.toml");

pub(crate) const WEBHOOK_SECRET: &str = "5c7e9f0ab1d24e6883f1c04d7a9be621";
pub(crate) const API_KEY: &str = "d2f4a6c8e0917b3d5f7a9c1e3b5d7f90";
pub(crate) const OPERATOR_TOKEN: &str = "operator-8f3b1c6d2e9a4075";
pub(crate) const MASTER_KEY: &str = "3f6c1a9e5b7d2048c6e8a0f1d3b5972446e8c0a2f4b6d8091a3c5e7f9b0d2c4e";

pub(crate) struct Premises {
    pub(crate) town: Town,
    pub(crate) environment: BTreeMap<String, String>,
    directory: TempDir,
}

impl Premises {
    /// With a store of their own in a file.
    pub(crate) fn around(town: Town) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let node = directory.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let premises = Self {
            environment: BTreeMap::from([
                ("VITARAD_NODE__NAME".to_owned(), format!("node{}", node.replace('.', "-"))),
                ("VITARAD_NODE__RUNTIME_DIRECTORY".to_owned(), directory.path().display().to_string()),
                ("VITARAD_HTTP__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
                (
                    "VITARAD_STORE__URL".to_owned(),
                    format!("sqlite:{}", directory.path().join("vitarad.db").display()),
                ),
                ("VITARAD_CRYPTO__MASTER_KEY".to_owned(), MASTER_KEY.to_owned()),
                ("VITARAD_HEALTH__OPERATOR_TOKEN".to_owned(), OPERATOR_TOKEN.to_owned()),
            ]),
            town,
            directory,
        };
        premises.write_config(&premises.config());
        premises
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.directory.path().join("my.toml")
    }

    pub(crate) fn write_config(&self, text: &str) {
        std::fs::write(self.config_file(), text).expect("a file in a directory of our own");
    }

    pub(crate) fn config(&self) -> String {
        CONFIG
            .replace("@MAPLE_URL@", &self.town.url("maple"))
            .replace("@CEDAR_URL@", &self.town.url("cedar"))
            .replace("@LOGIN@", demo::LOGIN)
            .replace("@PASSWORD@", demo::PASSWORD)
            .replace("@SECRET@", WEBHOOK_SECRET)
            .replace("@API_KEY@", API_KEY)
    }
}
