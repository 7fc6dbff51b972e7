//! Bookings: intents, the journal of EMR writes, and who may write to a provider's day.

mod announce;
mod journal;
mod settle;

use async_trait::async_trait;
use futures::FutureExt;
use tokio::time::Instant;
use vitarad_actors::domain::booking::IntentState;
use vitarad_actors::domain::ids::{ClinicId, Generation, IntentId};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{
    Announced, Announcement, BookingStore, JournalCounts, JournalRow, Lease, Settlement, StoreResult,
};

use super::db::Scope;
use super::sql::args;
use super::statements::bookings::{HANDED_TO_STAFF, INTENT, UNSETTLED};
use super::writer::Lane;
use super::{SqlStore, states};
use announce::{Announcing, Decision};
use settle::Settling;

#[async_trait]
impl BookingStore for SqlStore {
    async fn announce(&self, announcement: Announcement, now: Ts) -> StoreResult<Announced> {
        // The holder's clock starts before the row's: it is always the first to stop.
        let until = Instant::now() + announcement.lease_for;
        let clinic = announcement.intent.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let audit = self.seal_entries(&clinic, &keys, announcement.audit.clone())?;
        let announcing = Announcing::sealed(&announcement, &keys, audit, now)?;
        let decision = self
            .writer
            .submit_locked(Lane::Clinic(&clinic), announcing.locks(), announcing, |announcing, session| {
                announce::decide(session, announcing).boxed()
            })
            .await?;
        Ok(match decision {
            Decision::Granted(fence) => Announced::Granted(Lease { fence, until }),
            Decision::Known(known) => Announced::Known(known),
            Decision::Answered => Announced::Answered,
            Decision::Occupied => Announced::Occupied,
            Decision::PatientBusy => Announced::PatientBusy,
            Decision::LeaseHeld => Announced::LeaseHeld,
        })
    }

    async fn settle(&self, mut settlement: Settlement, now: Ts) -> StoreResult<()> {
        let clinic = settlement.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let audit = self.seal_entries(&clinic, &keys, std::mem::take(&mut settlement.audit))?;
        let settling = Settling::sealed(settlement, &keys, audit, now)?;
        self.writer
            .submit(Lane::Clinic(&clinic), settling, |settling, session| {
                settle::settle(session, settling).boxed()
            })
            .await
    }

    async fn adopt_journal(&self, clinic: &ClinicId, owner: Generation, now: Ts) -> StoreResult<u64> {
        self.writer
            .submit(Lane::Clinic(clinic), clinic.clone(), move |clinic, session| {
                journal::adopt(session, clinic, owner, now).boxed()
            })
            .await
    }

    async fn due_effects(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<JournalRow>> {
        self.read_due(clinic, owner, now, limit).await
    }

    async fn intent(&self, clinic: &ClinicId, id: IntentId) -> StoreResult<Option<IntentState>> {
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let row: Option<(String, Option<i64>)> = session.maybe(INTENT, args![clinic, id]).await?;
        row.map(|(word, appointment)| states::intent(&word, appointment)).transpose()
    }

    async fn journal_counts(&self, clinic: &ClinicId) -> StoreResult<JournalCounts> {
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let (unsettled,): (i64,) = session.one(UNSETTLED, args![clinic]).await?;
        let (handed,): (i64,) = session.one(HANDED_TO_STAFF, args![clinic]).await?;
        Ok(JournalCounts {
            unsettled: u64::try_from(unsettled).unwrap_or(0),
            handed_to_staff: u64::try_from(handed).unwrap_or(0),
        })
    }
}
