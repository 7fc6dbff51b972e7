//! `vitarad call`: a phone call against any running daemon.

use std::io::Write;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use secrecy::SecretString;

use super::{EX_FAILED, EX_OK, block_on, complain, install_cryptography};
use crate::clock::now;
use crate::sandbox::oscar::demo::MARIE;
use crate::sandbox::vapi::{Caller, Cast, Platform, SCRIPTS, Script, Signing, play};

#[derive(Args)]
pub struct Call {
    /// The daemon's shared webhook.
    #[arg(long, default_value = "http://127.0.0.1:8080/api/vapi")]
    url: String,
    /// The line that is dialled: it says which clinic is meant.
    #[arg(long, value_name = "NUMBER")]
    dial: String,
    /// Which conversation.
    #[arg(long, value_parser = script, default_value = "book")]
    script: &'static Script,
    /// The webhook secret.
    #[arg(long, env = "CALL_SECRET", hide_env_values = true)]
    secret: Option<SecretString>,
    /// How the secret is shown.
    #[arg(long, value_enum, default_value_t = Scheme::Hmac)]
    scheme: Scheme,
    /// The number that calls; by default that of the demo's Marie Tremblay.
    #[arg(long, default_value = MARIE.phone)]
    from: String,
    /// What the caller says when asked for a birth date.
    #[arg(long, default_value_t = MARIE.birth)]
    born: Date,
    /// A name for this call; two calls of the same name are one.
    #[arg(long = "call-id")]
    name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scheme {
    Hmac,
    Bearer,
}

pub fn script(name: &str) -> Result<&'static Script, String> {
    let names = || SCRIPTS.each_ref().map(|script| script.name).join(", ");
    Script::named(name).ok_or_else(|| format!("there are {}", names()))
}

pub fn seconds() -> i64 {
    now().as_second()
}

impl Call {
    pub fn run(self) -> u8 {
        install_cryptography();
        block_on(self.play())
    }

    async fn play(self) -> u8 {
        let signing = match (self.secret, self.scheme) {
            (None, _) => Signing::Unsigned,
            (Some(secret), Scheme::Hmac) => Signing::Hmac(secret),
            (Some(secret), Scheme::Bearer) => Signing::Bearer(secret),
        };
        let platform = Platform { url: self.url, signing, now: seconds };
        let cast = Cast { birth_date: self.born };
        let call_id = self.name.unwrap_or_else(|| format!("call-{:08x}", rand::random::<u32>()));
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{}: {}", self.script.name, self.script.about);
        let played = match Caller::dial(platform, &call_id, &self.dial, Some(&self.from)) {
            Ok(caller) => play(self.script, &cast, caller, &mut out).await,
            Err(failure) => Err(failure),
        };
        match played {
            Ok(played) if played.as_written => EX_OK,
            Ok(_) => {
                complain("the call did not end as the script says it should");
                EX_FAILED
            }
            Err(failure) => {
                complain(&failure.to_string());
                EX_FAILED
            }
        }
    }
}
