//! `vitarad emr capabilities`: what each way into a clinic's EMR can do, and by what that is known.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::time::timeout;
use vitarad_actors::domain::capabilities::{Capabilities, Discovered};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::emr_path::{Operation, Path};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::emr::{Emr, EmrConnector, EmrFailure};
use vitarad_actors::ports::store::CapabilityStore;
use vitarad_actors::ports::{Clock, Luck};

use crate::access::EmrAccess;
use crate::boot;
use crate::cli::at_the_store::{at_the_store, clinic_id};
use crate::cli::{EX_FAILED, EX_OK, EX_TEMPFAIL, Source, complain, install_cryptography, say};
use crate::clock::SystemClock;
use crate::emr::{Connector, KeptToken, Tokens};
use crate::store::SqlStore;

/// How long a server may take to say what it can do.
const PATIENCE: Duration = Duration::from_secs(20);

/// Print what each way into a clinic's EMR can do.
///
/// What is unknown is tried. The daemon asks once a day; --refresh asks now, and the daemon takes it up within a minute. Exits
/// with 1 when there is no such clinic, 75 when a way could not be asked: what was known of it stays.
#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    source: Source,
    #[arg(long, value_parser = clinic_id)]
    clinic: ClinicId,
    /// Ask the EMR now.
    #[arg(long)]
    refresh: bool,
}

impl Show {
    pub fn run(&self) -> u8 {
        install_cryptography();
        at_the_store(&self.source, "the clinic's capabilities", async |store| {
            let clinics = store.clinics().await?.read;
            let Some((clinic, access)) = clinics.into_iter().find(|(clinic, _)| clinic.id == self.clinic)
            else {
                complain("there is no such clinic");
                return Ok(EX_FAILED);
            };
            let code = if self.refresh { refresh(store, &clinic, access.emr).await? } else { EX_OK };
            say(&page(&clinic, &store.emr_capabilities(&clinic.id).await?));
            Ok(code)
        })
    }
}

async fn refresh(store: &SqlStore, clinic: &Clinic, access: EmrAccess) -> Result<u8, boot::NotBegun> {
    let mut code = EX_OK;
    for emr in connected(store, clinic, access).await? {
        let path = emr.path();
        if !emr.is_open().await {
            complain(&format!("{}: closed; nobody has approved it, or that has ended", path.name()));
            continue;
        }
        match timeout(PATIENCE, emr.discover()).await.unwrap_or(Err(EmrFailure::TimedOut)) {
            Ok(found) => {
                let news = Discovered { path, at: SystemClock.now(), found };
                store.keep_capabilities(&clinic.id, news).await?;
            }
            Err(failure) => {
                complain(&format!("{}: {failure}", path.name()));
                code = EX_TEMPFAIL;
            }
        }
    }
    Ok(code)
}

async fn connected(
    store: &SqlStore,
    clinic: &Clinic,
    access: EmrAccess,
) -> Result<Vec<Arc<dyn Emr>>, boot::NotBegun> {
    let kept = store.emr_token(&clinic.id).await?;
    let tokens: Tokens = Arc::new(move |_| {
        let kept = kept.clone().map(|(token, expires_at)| KeptToken { token, expires_at });
        Box::pin(async move { Ok(kept) })
    });
    let luck = Arc::new(Luck::from_entropy(rand::random()));
    let connector = Connector::new(move |_| Some(access.clone()));
    Ok(connector.with_rest(tokens, Arc::new(SystemClock), luck).connect(clinic))
}

fn page(clinic: &Clinic, table: &Capabilities) -> String {
    let known: Vec<Path> =
        Path::ALL.into_iter().filter(|path| table.discovered_at(*path).is_some()).collect();
    let mut page = format!("{}\n", clinic.id);
    if known.is_empty() {
        page.push_str("  nothing is known yet: everything is tried\n");
    }
    for path in known {
        let at = table.discovered_at(path).map(|at| clinic.timezone.wall(at));
        let at = at.map_or_else(String::new, |wall| wall.strftime("%Y-%m-%d %H:%M").to_string());
        let _ = writeln!(page, "  {} (asked {at})", path.name());
        for operation in Operation::ALL.iter().filter(|operation| **operation != Operation::Discover) {
            let (can, why) = table.of(*operation, path);
            let _ = writeln!(page, "    {:<24}{:<9}{}", operation.name(), can.name(), why.name());
        }
    }
    page
}
