//! `vitarad held`: what callers left behind while the EMR was away. May run beside the daemon; each look is in the audit
//! log.

use clap::Subcommand;
use vitarad_actors::domain::booking::{Slot, Want};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::held::{HeldState, HeldVisit, HeldWish, Reference};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::Clock;
use vitarad_actors::ports::store::{AuditAction, HeldRow, HeldStore};

use super::at_the_store::{at_the_store, clinic_id, entry};
use super::{EX_FAILED, EX_OK, Source, complain, say};
use crate::boot;
use crate::clock::SystemClock;
use crate::store::SqlStore;

#[derive(Subcommand)]
pub enum HeldRequests {
    /// Print what waits and what staff have to look at, oldest first. What it prints is health information.
    List {
        #[command(flatten)]
        source: Source,
        /// Only of this clinic.
        #[arg(long, value_parser = clinic_id)]
        clinic: Option<ClinicId>,
        /// What is done, expired or cancelled, too.
        #[arg(long)]
        all: bool,
    },
    /// Print one, with the times that are free near one that was gone. Exits with 1 when there is none.
    Show {
        #[command(flatten)]
        source: Source,
        #[arg(long, value_parser = clinic_id)]
        clinic: ClinicId,
        /// As the caller was told.
        #[arg(value_parser = reference)]
        reference: Reference,
    },
    /// Take one back that still waits. Exits with 1 when none does, or it is being carried out this moment.
    Cancel {
        #[command(flatten)]
        source: Source,
        #[arg(long, value_parser = clinic_id)]
        clinic: ClinicId,
        #[arg(value_parser = reference)]
        reference: Reference,
    },
}

fn reference(text: &str) -> Result<Reference, String> {
    Reference::parse(text).ok_or_else(|| "a reference is four letters and digits".to_owned())
}

impl HeldRequests {
    pub fn run(&self) -> u8 {
        let (Self::List { source, .. } | Self::Show { source, .. } | Self::Cancel { source, .. }) = self;
        at_the_store(source, "the held requests", async |store| match self {
            Self::List { clinic, all, .. } => list(store, clinic.as_ref(), *all).await,
            Self::Show { clinic, reference, .. } => show(store, clinic, reference).await,
            Self::Cancel { clinic, reference, .. } => cancel(store, clinic, reference).await,
        })
    }
}

async fn list(store: &SqlStore, only: Option<&ClinicId>, all: bool) -> Result<u8, boot::NotBegun> {
    for (clinic, _) in store.clinics().await?.read {
        if only.is_none_or(|only| clinic.id == *only) {
            let mut rows =
                store.held_requests(&clinic.id, entry(&clinic.id, AuditAction::HeldRead, "OK")).await?;
            rows.retain(|row| all || row.state.is_waiting() || row.state == HeldState::HandedToStaff);
            let lines: String = rows.iter().map(|row| line(&clinic, row)).collect();
            say(&format!("{}: {}\n{lines}", clinic.id, rows.len()));
        }
    }
    Ok(EX_OK)
}

/// References are used again once nothing waits under them; the newest counts.
async fn show(store: &SqlStore, of: &ClinicId, reference: &Reference) -> Result<u8, boot::NotBegun> {
    let clinics = store.clinics().await?.read;
    let Some((clinic, _)) = clinics.iter().find(|(clinic, _)| clinic.id == *of) else {
        complain("there is no such clinic");
        return Ok(EX_FAILED);
    };
    let rows = store.held_requests(of, entry(of, AuditAction::HeldRead, "OK")).await?;
    let Some(row) = rows.iter().rev().find(|row| row.reference == *reference) else {
        complain("nothing is held under that reference");
        return Ok(EX_FAILED);
    };
    let free = row.alternatives.iter().map(|slot| format!("    free: {}\n", at(clinic, slot)));
    let lines: Vec<String> = std::iter::once(line(clinic, row)).chain(free).collect();
    say(&lines.concat());
    Ok(EX_OK)
}

async fn cancel(store: &SqlStore, clinic: &ClinicId, reference: &Reference) -> Result<u8, boot::NotBegun> {
    let audit = entry(clinic, AuditAction::HeldCancelled, "OK");
    if store.cancel_held(clinic, reference, audit, SystemClock.now()).await? {
        return Ok(EX_OK);
    }
    complain("nothing waits under that reference");
    Ok(EX_FAILED)
}

fn line(clinic: &Clinic, row: &HeldRow) -> String {
    let wall = |ts| clinic.timezone.wall(ts).strftime("%Y-%m-%d %H:%M").to_string();
    let want = match &row.wish {
        HeldWish::Visit(visit) => wanted(clinic, visit),
        // The rest of them is for their chart and for nobody's terminal.
        HeldWish::Registration(_) => "register as a patient".to_owned(),
    };
    let phone = row.note.text_to.as_ref().map_or_else(|| "-".to_owned(), |phone| phone.reveal().spoken());
    format!(
        "  {} {} {} {} {phone}: {want}; asked {}, good until {}\n",
        row.reference,
        row.state.name(),
        row.outcome.as_deref().unwrap_or("-"),
        row.wish.sheet_name().reveal().replace(char::is_control, " "),
        wall(row.created_at),
        wall(row.expires_at),
    )
}

fn wanted(clinic: &Clinic, visit: &HeldVisit) -> String {
    let old = || visit.old_slot.as_ref().map_or_else(|| "-".to_owned(), |slot| at(clinic, slot));
    match &visit.want {
        Want::Book(slot) => format!("book {}", at(clinic, slot)),
        Want::Move { to, .. } => format!("move {} to {}", old(), at(clinic, to)),
        Want::Cancel(_) => format!("cancel {}", old()),
    }
}

fn at(clinic: &Clinic, slot: &Slot) -> String {
    let name = clinic.provider(&slot.provider).map_or(slot.provider.as_str(), |known| known.name.as_str());
    format!("{} {} {name}", slot.date, slot.interval.start)
}
