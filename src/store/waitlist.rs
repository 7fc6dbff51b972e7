//! The waiting list: an entry is added in the transaction that saves its call, once for each person who waits; what they say
//! later replaces what they said.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::ids::{CallKey, ClinicId};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::waitlist::{Waiting, WaitlistStatus};
use vitarad_actors::ports::store::{
    AuditEntry, StoreError, StoreResult, WaitlistJoin, WaitlistRow, WaitlistStore,
};

use super::db::Session;
use super::sql::args;
use super::statements::waitlist::{JOIN_WAITLIST, MARK_WAITING, RENEW_WAITING, WAITLIST};
use super::writer::Lane;
use super::{SqlStore, audit};
use crate::seal::{Blind, ClinicKeys, Place};

/// More than a clinic's staff could call in a year.
const AT_MOST: u32 = 1_000;

/// A join ready to be written.
pub(super) struct SealedJoin {
    tool_call: String,
    person_index: Vec<u8>,
    /// Of a patient of the clinic.
    patient_index: Option<Vec<u8>>,
    entry: Vec<u8>,
}

const fn entry_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "waitlist", column: "entry", row }
}

pub(super) fn seal(keys: &ClinicKeys, key: &CallKey, join: &WaitlistJoin) -> StoreResult<SealedJoin> {
    let row = [key.call.as_str(), join.tool_call.as_str()];
    Ok(SealedJoin {
        tool_call: join.tool_call.as_str().to_owned(),
        person_index: keys.blind(Blind::Waiting, join.waiting.person().reveal().as_bytes()),
        patient_index: join
            .waiting
            .wanted
            .as_ref()
            .map(|wanted| audit::patient_index(keys, wanted.patient())),
        entry: keys.seal(entry_of(&row), join.waiting.encode().reveal())?,
    })
}

/// Somebody who waits already goes on waiting where they are, for what they say now.
pub(super) async fn join(
    session: &mut Session,
    key: &CallKey,
    join: &SealedJoin,
    now: Ts,
) -> StoreResult<()> {
    let SealedJoin { tool_call, person_index, patient_index, entry } = join;
    let patient_index = patient_index.as_ref();
    let row = args![&key.clinic, &key.call, tool_call, person_index, patient_index, entry, now];
    if session.run(JOIN_WAITLIST, row).await? == 0 {
        let renewed = args![&key.clinic, &key.call, tool_call, person_index, entry, now];
        session.run(RENEW_WAITING, renewed).await?;
    }
    Ok(())
}

#[async_trait]
impl WaitlistStore for SqlStore {
    async fn waitlist(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<WaitlistRow>> {
        let keys = self.keys(clinic).await?;
        let entries = self.seal_entries(clinic, &keys, vec![audit])?;
        let rows: Vec<EntryRow> = self
            .writer
            .submit(Lane::Clinic(clinic), (clinic.clone(), entries), |(clinic, entries), session| {
                async move {
                    audit::append(session, entries).await?;
                    session.all(WAITLIST, args![&*clinic, AT_MOST]).await
                }
                .boxed()
            })
            .await?;
        let mut list = Vec::with_capacity(rows.len());
        for row in rows {
            list.push(self.open_entry(clinic, row).await?);
        }
        Ok(list)
    }

    async fn mark_waiting(
        &self,
        clinic: &ClinicId,
        id: i64,
        status: WaitlistStatus,
        audit: AuditEntry,
        now: Ts,
    ) -> StoreResult<bool> {
        let keys = self.keys(clinic).await?;
        let entries = self.seal_entries(clinic, &keys, vec![audit])?;
        self.writer
            .submit(Lane::Clinic(clinic), (clinic.clone(), entries), move |(clinic, entries), session| {
                async move {
                    let marked =
                        session.run(MARK_WAITING, args![&*clinic, id, status.name(), now]).await? > 0;
                    if marked {
                        audit::append(session, entries).await?;
                    }
                    Ok(marked)
                }
                .boxed()
            })
            .await
    }
}

impl SqlStore {
    pub(super) async fn open_entry(&self, clinic: &ClinicId, row: EntryRow) -> StoreResult<WaitlistRow> {
        Ok(WaitlistRow {
            id: row.id,
            status: WaitlistStatus::named(&row.status).ok_or(StoreError::Unreadable("waitlist"))?,
            added_at: Ts(row.added_at),
            waiting: self.open_waiting(clinic, &row.call_id, &row.tool_call_id, &row.entry).await?,
        })
    }

    pub(super) async fn open_waiting(
        &self,
        clinic: &ClinicId,
        call: &str,
        tool_call: &str,
        entry: &[u8],
    ) -> StoreResult<Waiting> {
        let opened = self.open_sealed(clinic, entry_of(&[call, tool_call]), entry).await?;
        Waiting::decode(&opened).ok_or(StoreError::Unreadable("waitlist"))
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct EntryRow {
    pub id: i64,
    call_id: String,
    tool_call_id: String,
    entry: Vec<u8>,
    status: String,
    added_at: i64,
}
