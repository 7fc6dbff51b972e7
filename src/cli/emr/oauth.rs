//! `vitarad emr oauth`: begins a clinic's approval, and tells how long the ones given last.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{EmrToken, StoreError, TokenStore};
use vitarad_actors::ports::{Clock, Luck};

use crate::access::{EmrAccess, OauthAccess};
use crate::boot;
use crate::cli::{EX_CONFIG, EX_FAILED, EX_TEMPFAIL, Source, block_on, complain, install_cryptography, say};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::emr::Clients;
use crate::emr::oauth::{Begun, Handshake, NotGranted};

/// How long an approval is waited for.
const WAITS: Duration = Duration::from_mins(10);

#[derive(Subcommand)]
pub enum Oauth {
    /// Ask a clinic's OSCAR for an address at which a person of the clinic approves our use of it.
    ///
    /// It can be used for 10 minutes, and once; asking again takes the place of the former one. The daemon must be running
    /// when the browser comes back. Exits with 1 when OSCAR refuses, 75 when it or the store is away, 78 when the clinic
    /// has no clinics.emr.oauth.
    Start(Start),
    /// Tell which clinics have approved, until when, and what waits for an approval.
    Status(Source),
}

#[derive(Args)]
pub struct Start {
    /// The clinic's id.
    #[arg(long, value_name = "ID")]
    clinic: String,
    #[command(flatten)]
    source: Source,
}

/// Why there is no address to show.
#[derive(Debug, thiserror::Error)]
enum NotBegun {
    #[error("the configuration declares no such clinic")]
    NoSuchClinic,
    #[error("the clinic has no clinics.emr.oauth: write there what its administrator registered in OSCAR")]
    NotSetUp,
    #[error("the clinic's OSCAR gave no request for approval: {0}")]
    NotGranted(#[from] NotGranted),
    #[error(transparent)]
    Open(#[from] boot::NotBegun),
    #[error("the store refused: {0}")]
    Store(#[from] StoreError),
}

impl NotBegun {
    const fn exit(&self) -> u8 {
        match self {
            Self::NoSuchClinic | Self::NotSetUp => EX_CONFIG,
            Self::NotGranted(NotGranted::Emr(_)) | Self::Open(_) | Self::Store(_) => EX_TEMPFAIL,
            Self::NotGranted(_) => EX_FAILED,
        }
    }
}

impl Oauth {
    pub fn run(self) -> u8 {
        install_cryptography();
        let source = match &self {
            Self::Start(start) => &start.source,
            Self::Status(source) => source,
        };
        let settings = match source.load() {
            Ok(loaded) => loaded.settings,
            Err(code) => return code,
        };
        block_on(async {
            let outcome = match &self {
                Self::Start(start) => begin(&settings, &start.clinic).await,
                Self::Status(_) => status(&settings).await,
            };
            match outcome {
                Ok(page) => say(&page),
                Err(failure) => {
                    complain(&failure.to_string());
                    failure.exit()
                }
            }
        })
    }
}

async fn begin(settings: &Settings, clinic: &str) -> Result<String, NotBegun> {
    let declared = settings.clinics.iter().find(|(declared, _)| declared.id.as_str() == clinic);
    let (clinic, access) = declared.ok_or(NotBegun::NoSuchClinic)?;
    let oauth = access.emr.oauth.as_ref().ok_or(NotBegun::NotSetUp)?;
    let luck = Arc::new(Luck::from_entropy(rand::random()));
    let state = luck.id().simple().to_string();
    // Opened first: an address that nothing waits for would only annoy.
    let store = boot::open(settings).await?;
    let approval = ask(&access.emr, oauth, luck, &state).await?;
    store.await_approval(&clinic.id, &state, &approval.request, SystemClock.now().plus(WAITS)).await?;
    store.close().await;
    Ok(format!(
        "Within {} minutes, have a person of the clinic open this address, log in to OSCAR and allow access. What we do\n\
         will be done in that person's name, so an account of vitarad's own is best.\n\n{}\n",
        WAITS.as_secs() / 60,
        approval.approval
    ))
}

async fn ask(
    access: &EmrAccess,
    oauth: &OauthAccess,
    luck: Arc<Luck>,
    state: &str,
) -> Result<Begun, NotGranted> {
    let handshake = Handshake::new(access, oauth, &Clients::default(), Arc::new(SystemClock), luck);
    let callback = format!("{}/{state}", oauth.callback.trim_end_matches('/'));
    handshake.map_err(NotGranted::from)?.begin(&callback).await
}

async fn status(settings: &Settings) -> Result<String, NotBegun> {
    let store = boot::open(settings).await?;
    let (tokens, awaited) = (store.emr_tokens().await?, store.awaited_approvals().await?);
    store.close().await;
    let now = SystemClock.now();
    let mut page = String::new();
    for (clinic, access) in &settings.clinics {
        let token = tokens.iter().find(|token| token.clinic == clinic.id);
        let until =
            awaited.iter().find(|(id, until)| *id == clinic.id && now < *until).map(|(_, until)| *until);
        let standing = match token {
            _ if access.emr.oauth.is_none() => "not set up: it has no clinics.emr.oauth".to_owned(),
            Some(token) => standing(clinic, token, now),
            None => "not approved: vitarad emr oauth start".to_owned(),
        };
        let waiting = until.map(|until| format!("; an approval is waited for until {}", wall(clinic, until)));
        let _ = writeln!(page, "{}: {standing}{}", clinic.id, waiting.unwrap_or_default());
    }
    Ok(page)
}

fn standing(clinic: &Clinic, token: &EmrToken, now: Ts) -> String {
    let since = wall(clinic, token.granted_at);
    match token.expires_at {
        None => format!("approved on {since}, for ever"),
        Some(end) if end <= now => format!("ENDED on {}: vitarad emr oauth start", wall(clinic, end)),
        Some(end) => format!("approved on {since}, until {}", wall(clinic, end)),
    }
}

/// By the clinic's own clocks.
fn wall(clinic: &Clinic, at: Ts) -> String {
    clinic.timezone.wall(at).strftime("%Y-%m-%d %H:%M").to_string()
}
