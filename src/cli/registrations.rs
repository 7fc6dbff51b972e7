//! `vitarad registrations`: new patients of whom nobody can say yet whether they have a chart. May run beside the daemon;
//! each look is in the audit log.

use clap::Subcommand;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::ports::store::{AuditAction, RegistrationRow, RegistrationStore};

use super::at_the_store::{at_the_store, clinic_id, entry};
use super::{EX_OK, Source, say};
use crate::boot;
use crate::store::SqlStore;

#[derive(Subcommand)]
pub enum Registrations {
    /// Print whom staff have to look for in the EMR and call, and who is still being looked for. What it prints is health
    /// information.
    List {
        #[command(flatten)]
        source: Source,
        /// Only of this clinic.
        #[arg(long, value_parser = clinic_id)]
        clinic: Option<ClinicId>,
    },
}

impl Registrations {
    pub fn run(&self) -> u8 {
        let Self::List { source, clinic } = self;
        at_the_store(source, "the registrations", async |store| list(store, clinic.as_ref()).await)
    }
}

async fn list(store: &SqlStore, only: Option<&ClinicId>) -> Result<u8, boot::NotBegun> {
    for (clinic, _) in store.clinics().await?.read {
        if only.is_none_or(|only| clinic.id == *only) {
            let read = entry(&clinic.id, AuditAction::RegistrationsRead, "OK");
            let rows = store.registrations_for_staff(&clinic.id, read).await?;
            let lines: String = rows.iter().map(|row| line(&clinic, row)).collect();
            say(&format!("{}: {}\n{lines}", clinic.id, rows.len()));
        }
    }
    Ok(EX_OK)
}

fn line(clinic: &Clinic, row: &RegistrationRow) -> String {
    let asked = clinic.timezone.wall(row.announced_at).strftime("%Y-%m-%d %H:%M");
    let state = if row.state == RegistrationState::HandedToStaff { "handed_to_staff" } else { "looked_for" };
    let name = row.who.sheet_name().reveal().replace(char::is_control, " ");
    format!("  {asked} {state} {name} {}\n", row.who.phone.reveal().spoken())
}
