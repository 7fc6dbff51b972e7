//! `vitarad config`.

use clap::Subcommand;

use super::{EX_CONFIG, EX_OK, Source, complain, say};
use crate::boot::rehearse;
use crate::config::{Loaded, Settings, report};

#[derive(Subcommand)]
pub enum Config {
    /// Say what is wrong, where each value came from, and how to mend it. Exits with 78 when something is.
    Check(Source),
    /// Print every setting with its value and where it came from; secrets only as set.
    Show(Source),
}

impl Config {
    pub fn run(self) -> u8 {
        let (Self::Check(source) | Self::Show(source)) = &self;
        let loaded = match Settings::load(source.config.as_deref(), std::env::vars()) {
            Ok(loaded) => loaded,
            Err(problems) => {
                complain(&report::problems(&problems.0));
                return EX_CONFIG;
            }
        };
        if let Err(failure) = rehearse(&loaded.settings) {
            complain(&format!("{failure}\n"));
            return EX_CONFIG;
        }
        match &self {
            Self::Check(_) => say(&checked(&loaded)),
            Self::Show(_) => say(&report::settings(&loaded.origins)),
        };
        EX_OK
    }
}

fn checked(loaded: &Loaded) -> String {
    let clinics = loaded.settings.clinics.len();
    let warnings = report::problems(&loaded.warnings);
    format!("{warnings}The configuration is usable: {clinics} clinics.\n")
}
