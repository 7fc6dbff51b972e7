//! `vitarad waitlist`: who waits for a place at a clinic. May run beside the daemon; each look is in the audit log.

use clap::Subcommand;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::waitlist::WaitlistStatus;
use vitarad_actors::ports::Clock;
use vitarad_actors::ports::store::{AuditAction, WaitlistRow, WaitlistStore};

use super::at_the_store::{at_the_store, clinic_id, entry};
use super::{EX_FAILED, EX_OK, Source, complain, say};
use crate::boot;
use crate::clock::SystemClock;
use crate::store::SqlStore;

#[derive(Subcommand)]
pub enum Waitlist {
    /// Print who waits, longest waiting first. What it prints is health information.
    List {
        #[command(flatten)]
        source: Source,
        /// Only of this clinic.
        #[arg(long, value_parser = clinic_id)]
        clinic: Option<ClinicId>,
    },
    /// Say how far the clinic has come with somebody: contacted, registered or cancelled. Exits with 1 when nobody
    /// waits under that number.
    Mark {
        #[command(flatten)]
        source: Source,
        #[arg(long, value_parser = clinic_id)]
        clinic: ClinicId,
        /// As the list shows it.
        number: i64,
        #[arg(value_parser = status)]
        status: WaitlistStatus,
    },
}

fn status(text: &str) -> Result<WaitlistStatus, String> {
    let names = || WaitlistStatus::ALL.map(WaitlistStatus::name).join(", ");
    WaitlistStatus::named(text).ok_or_else(|| format!("there are {}", names()))
}

impl Waitlist {
    pub fn run(&self) -> u8 {
        let (Self::List { source, .. } | Self::Mark { source, .. }) = self;
        at_the_store(source, "the waiting list", async |store| match self {
            Self::List { clinic, .. } => list(store, clinic.as_ref()).await,
            Self::Mark { clinic, number, status, .. } => mark(store, clinic, *number, *status).await,
        })
    }
}

async fn list(store: &SqlStore, only: Option<&ClinicId>) -> Result<u8, boot::NotBegun> {
    for (clinic, _) in store.clinics().await? {
        if only.is_none_or(|only| clinic.id == *only) {
            let rows = store.waitlist(&clinic.id, entry(&clinic.id, AuditAction::WaitlistRead, "OK")).await?;
            let lines: String = rows.iter().map(|row| line(&clinic, row)).collect();
            say(&format!("{}: {}\n{lines}", clinic.id, rows.len()));
        }
    }
    Ok(EX_OK)
}

async fn mark(
    store: &SqlStore,
    clinic: &ClinicId,
    number: i64,
    status: WaitlistStatus,
) -> Result<u8, boot::NotBegun> {
    let audit = entry(clinic, AuditAction::WaitlistMarked, status.name());
    if store.mark_waiting(clinic, number, status, audit, SystemClock.now()).await? {
        return Ok(EX_OK);
    }
    complain("nobody waits under that number");
    Ok(EX_FAILED)
}

fn line(clinic: &Clinic, row: &WaitlistRow) -> String {
    let waiting = &row.waiting;
    let since = clinic.timezone.wall(row.added_at).date();
    let rest = [&waiting.reason, &waiting.notes].map(|text| text.reveal().as_deref().unwrap_or("-"));
    let [reason, notes] = rest.map(|text| text.replace(char::is_control, " "));
    format!(
        "  #{} {since} {} {}, {} {} ({}) {reason} | {notes}\n",
        row.id,
        row.status.name(),
        waiting.last_name.reveal().replace(char::is_control, " "),
        waiting.first_name.reveal().replace(char::is_control, " "),
        waiting.phone.reveal().spoken(),
        waiting.language.code(),
    )
}
