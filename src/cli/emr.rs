//! `vitarad emr`: the ways into the clinics' EMRs. May run beside the daemon, which takes up what it begins.

mod capabilities;
mod oauth;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Emr {
    /// The leave that a person of the clinic gives in OSCAR.
    #[command(subcommand)]
    Oauth(oauth::Oauth),
    Capabilities(capabilities::Show),
}

impl Emr {
    pub fn run(self) -> u8 {
        match self {
            Self::Oauth(oauth) => oauth.run(),
            Self::Capabilities(show) => show.run(),
        }
    }
}
