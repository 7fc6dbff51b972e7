//! `vitarad waitlist`: who waits for a place or a time at a clinic, and what they were offered. May run beside the daemon;
//! each look is in the audit log.

use clap::Subcommand;
use jiff::civil::Date;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::{ClinicId, ProviderNo};
use vitarad_actors::domain::slot_offer::OfferState;
use vitarad_actors::domain::waitlist::{WaitlistStatus, WantedTime};
use vitarad_actors::ports::Clock;
use vitarad_actors::ports::store::{AuditAction, OfferRow, OfferStore, WaitlistRow, WaitlistStore};

use super::at_the_store::{at_the_store, clinic_id, entry};
use super::{EX_FAILED, EX_OK, Source, complain, say};
use crate::boot;
use crate::clock::SystemClock;
use crate::store::SqlStore;

#[derive(Subcommand)]
pub enum Waitlist {
    /// Print who waits, longest waiting first, and the time each was offered last. What it prints is health information.
    List {
        #[command(flatten)]
        source: Source,
        /// Only of this clinic.
        #[arg(long, value_parser = clinic_id)]
        clinic: Option<ClinicId>,
    },
    /// Print the freed times that were offered, newest first, by the numbers of the list.
    Offers {
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
        let (Self::List { source, .. } | Self::Offers { source, .. } | Self::Mark { source, .. }) = self;
        at_the_store(source, "the waiting list", async |store| match self {
            Self::List { clinic, .. } => list(store, clinic.as_ref()).await,
            Self::Offers { clinic, .. } => offers(store, clinic.as_ref()).await,
            Self::Mark { clinic, number, status, .. } => mark(store, clinic, *number, *status).await,
        })
    }
}

async fn list(store: &SqlStore, only: Option<&ClinicId>) -> Result<u8, boot::NotBegun> {
    for (clinic, _) in store.clinics().await?.read {
        if only.is_none_or(|only| clinic.id == *only) {
            let rows = store.waitlist(&clinic.id, entry(&clinic.id, AuditAction::WaitlistRead, "OK")).await?;
            let made = offers_of(store, &clinic).await?;
            let newest = |row: &WaitlistRow| made.iter().find(|offer| offer.entry == row.id);
            let lines: String = rows.iter().map(|row| line(&clinic, row, newest(row))).collect();
            say(&format!("{}: {}\n{lines}", clinic.id, rows.len()));
        }
    }
    Ok(EX_OK)
}

async fn offers(store: &SqlStore, only: Option<&ClinicId>) -> Result<u8, boot::NotBegun> {
    for (clinic, _) in store.clinics().await?.read {
        if only.is_none_or(|only| clinic.id == *only) {
            let made = offers_of(store, &clinic).await?;
            let of = |offer: &OfferRow| format!("  to #{}: {}\n", offer.entry, offered(&clinic, offer));
            let lines: String = made.iter().map(of).collect();
            say(&format!("{}: {}\n{lines}", clinic.id, made.len()));
        }
    }
    Ok(EX_OK)
}

async fn offers_of(store: &SqlStore, clinic: &Clinic) -> Result<Vec<OfferRow>, boot::NotBegun> {
    Ok(store.offers(&clinic.id, entry(&clinic.id, AuditAction::OffersRead, "OK")).await?)
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

fn line(clinic: &Clinic, row: &WaitlistRow, offer: Option<&OfferRow>) -> String {
    let waiting = &row.waiting;
    let since = clinic.timezone.wall(row.added_at).date();
    let rest = [&waiting.reason, &waiting.notes].map(|text| text.reveal().as_deref().unwrap_or("-"));
    let [reason, notes] = rest.map(|text| text.replace(char::is_control, " "));
    let wanted = waiting.wanted.as_ref().map(|wanted| format!("; waits for {}", described(clinic, wanted)));
    let offer = offer.map(|offer| format!("; {}", offered(clinic, offer)));
    format!(
        "  #{} {since} {} {}, {} {} ({}) {reason} | {notes}{}{}\n",
        row.id,
        row.status.name(),
        waiting.last_name.reveal().replace(char::is_control, " "),
        waiting.first_name.reveal().replace(char::is_control, " "),
        waiting.phone.reveal().spoken(),
        waiting.language.code(),
        wanted.unwrap_or_default(),
        offer.unwrap_or_default(),
    )
}

fn described(clinic: &Clinic, wanted: &WantedTime) -> String {
    let who = wanted.provider.as_ref().map_or("anybody", |no| named(clinic, no));
    let day = |date: Option<Date>| date.map_or_else(|| "any day".to_owned(), |date| date.to_string());
    format!("{who}, {}, {} to {}", wanted.visit, day(wanted.earliest), day(wanted.latest))
}

fn offered(clinic: &Clinic, offer: &OfferRow) -> String {
    let wall = |ts| clinic.timezone.wall(ts).strftime("%Y-%m-%d %H:%M").to_string();
    let Slot { provider, date, interval } = &offer.slot;
    let time = format!("{date} {} {}", interval.start, named(clinic, provider));
    match offer.state {
        OfferState::ToBeCalled => format!("to be called about {time}, free since {}", wall(offer.made_at)),
        state => {
            format!("{} {time}, made {}, kept until {}", state.name(), wall(offer.made_at), wall(offer.until))
        }
    }
}

fn named<'a>(clinic: &'a Clinic, no: &'a ProviderNo) -> &'a str {
    clinic.provider(no).map_or(no.as_str(), |known| known.name.as_str())
}
