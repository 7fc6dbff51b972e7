//! `vitarad config`.

use clap::{Args, Subcommand};
use vitarad_actors::domain::clinic::{Clinic, ClinicProvider};
use vitarad_actors::domain::policy::Policy;

use super::{EX_CONFIG, EX_FAILED, EX_OK, Source, complain, say};
use crate::boot::rehearse;
use crate::config::{Loaded, Settings, report};

#[derive(Subcommand)]
pub enum Config {
    /// Say what is wrong, where each value came from, and how to mend it. Exits with 78 when something is.
    Check(Source),
    /// Print every setting with its value and where it came from; secrets only as set.
    Show(Source),
    /// Print the rules of booking that count for a clinic, or for one provider there, and whether the house, the clinic or
    /// the provider says so. Exits with 1 when there is no such clinic or provider.
    Effective(Effective),
}

#[derive(Args)]
pub struct Effective {
    #[command(flatten)]
    source: Source,
    /// The clinic's id.
    #[arg(long, value_name = "ID")]
    clinic: String,
    /// OSCAR's provider number.
    #[arg(long, value_name = "NO")]
    provider: Option<String>,
}

impl Config {
    pub fn run(self) -> u8 {
        let (Self::Check(source) | Self::Show(source) | Self::Effective(Effective { source, .. })) = &self;
        let loaded = match source.load() {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        if let Err(failure) = rehearse(&loaded.settings) {
            complain(&format!("{failure}\n"));
            return EX_CONFIG;
        }
        match &self {
            Self::Check(_) => say(&checked(&loaded)),
            Self::Show(_) => say(&report::settings(&loaded.origins)),
            Self::Effective(asked) => return asked.answer(&loaded.settings),
        };
        EX_OK
    }
}

impl Effective {
    fn answer(&self, settings: &Settings) -> u8 {
        match self.policy(settings) {
            Ok(policy) => say(&report::policy(&policy.table())),
            Err(unknown) => {
                complain(&unknown);
                EX_FAILED
            }
        }
    }

    fn policy<'a>(&self, settings: &'a Settings) -> Result<Policy<'a>, String> {
        let clinics = settings.clinics.iter().map(|(clinic, _)| clinic);
        let named = |clinic: &&Clinic| clinic.id.as_str() == self.clinic;
        let Some(clinic) = clinics.clone().find(named) else {
            let known: Vec<&str> = clinics.map(|clinic| clinic.id.as_str()).collect();
            return Err(format!("no clinic {:?}; there are: {}", self.clinic, known.join(", ")));
        };
        let Some(wanted) = &self.provider else { return Ok(clinic.policy()) };
        let numbered = |provider: &&ClinicProvider| provider.provider_no.as_str() == wanted;
        clinic.providers.iter().find(numbered).map(|provider| clinic.policy_of(provider)).ok_or_else(|| {
            let known: Vec<&str> =
                clinic.providers.iter().map(|provider| provider.provider_no.as_str()).collect();
            format!("no provider {wanted:?} at {}; there are: {}", clinic.id, known.join(", "))
        })
    }
}

fn checked(loaded: &Loaded) -> String {
    let clinics = loaded.settings.clinics.len();
    let warnings = report::problems(&loaded.warnings);
    format!("{warnings}The configuration is usable: {clinics} clinics.\n")
}
