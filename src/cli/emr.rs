//! `vitarad emr`: the clinics' leave to use their EMRs by REST. May run beside the daemon, which takes what it begins.

mod oauth;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Emr {
    /// The leave that a person of the clinic gives in OSCAR.
    #[command(subcommand)]
    Oauth(oauth::Oauth),
}

impl Emr {
    pub fn run(self) -> u8 {
        match self {
            Self::Oauth(oauth) => oauth.run(),
        }
    }
}
