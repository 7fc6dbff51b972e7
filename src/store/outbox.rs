//! The SMS outbox: a text is queued with what it tells about, and sent once.

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{
    OutboxStore, QueuedSms, RoleLease, SmsDraft, SmsState, StoreError, StoreResult,
};

use super::db::Session;
use super::sql::args;
use super::statements::outbox::{LOSE_SMS, QUEUE_SMS, RECORD_SMS, TAKE_SMS, TEXTING_CLINICS};
use super::writer::Lane;
use super::{SqlStore, roles};
use crate::seal::{ClinicKeys, Place};

/// No gateway answers after this. A message still marked as being sent then was left so by a death, even if the role
/// never changed hands.
const LOST_AFTER: Duration = Duration::from_mins(5);

#[async_trait]
impl OutboxStore for SqlStore {
    async fn take_due_sms(&self, role: &RoleLease, now: Ts) -> StoreResult<Option<QueuedSms>> {
        for clinic in self.clinics_with(TEXTING_CLINICS, args![now]).await? {
            match self.take_readable(role, &clinic, now).await {
                // So much waits to be written for a clinic that is busy; the others' texts need not wait, too.
                Ok(None) | Err(StoreError::Busy) => {}
                taken => return taken,
            }
        }
        Ok(None)
    }

    async fn record_sms(
        &self,
        role: &RoleLease,
        clinic: &ClinicId,
        id: i64,
        state: SmsState,
        now: Ts,
    ) -> StoreResult<()> {
        let (word, due, ended_at) = match state {
            SmsState::Sent => ("sent", None, Some(now)),
            SmsState::Refused => ("refused", None, Some(now)),
            SmsState::Unknown => ("unknown", None, Some(now)),
            SmsState::RetryAt(due) => ("queued", Some(due), None),
        };
        self.writer
            .submit(Lane::Clinic(clinic), (*role, clinic.clone()), move |(role, clinic), session| {
                async move {
                    roles::check(session, role).await?;
                    let recorded = args![id, role.fence, word, due, ended_at, clinic];
                    match session.run(RECORD_SMS, recorded).await? {
                        0 => Err(StoreError::Usurped),
                        _ => Ok(()),
                    }
                }
                .boxed()
            })
            .await
    }
}

async fn take_due(
    session: &mut Session,
    (role, clinic, now): &(RoleLease, ClinicId, Ts),
) -> StoreResult<Option<SmsRow>> {
    roles::check(session, role).await?;
    session.run(LOSE_SMS, args![role.fence, *now, now.minus(LOST_AFTER), clinic]).await?;
    session.maybe(TAKE_SMS, args![role.fence, *now, clinic]).await
}

impl SqlStore {
    async fn take_readable(
        &self,
        role: &RoleLease,
        clinic: &ClinicId,
        now: Ts,
    ) -> StoreResult<Option<QueuedSms>> {
        // What could not be opened for want of a key must not be taken.
        self.keys(clinic).await?;
        loop {
            let asked = (*role, clinic.clone(), now);
            let taken = self
                .writer
                .submit(Lane::Clinic(clinic), asked, |asked, session| take_due(session, asked).boxed());
            let Some(row) = taken.await? else { return Ok(None) };
            match self.open_sms(&row).await {
                Ok(sms) => return Ok(Some(sms)),
                // It will count as lost. The others must not wait for it.
                Err(error @ StoreError::Unreadable(_)) => {
                    tracing::error!(sms.id = row.id, failure = %error, "a queued text cannot be read");
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn open_sms(&self, row: &SmsRow) -> StoreResult<QueuedSms> {
        let unreadable = || StoreError::Unreadable("sms");
        let clinic = ClinicId::parse(&row.clinic_id).map_err(|_| unreadable())?;
        let to = self.open_sealed(&clinic, place("recipient", &[&row.dedupe]), &row.recipient).await?;
        let body = self.open_sealed(&clinic, place("body", &[&row.dedupe]), &row.body).await?;
        let text = |opened: Phi<Vec<u8>>| String::from_utf8(opened.into_revealed()).map_err(|_| unreadable());
        Ok(QueuedSms {
            id: row.id,
            clinic,
            attempt: u32::try_from(row.attempt).unwrap_or(u32::MAX),
            to: Phi::new(PhoneNumber::parse(&text(to)?).map_err(|_| unreadable())?),
            body: Phi::new(text(body)?),
        })
    }
}

#[derive(sqlx::FromRow)]
struct SmsRow {
    id: i64,
    clinic_id: String,
    dedupe: String,
    attempt: i64,
    recipient: Vec<u8>,
    body: Vec<u8>,
}

const fn place<'a>(column: &'static str, row: &'a [&'a str]) -> Place<'a> {
    Place { table: "sms", column, row }
}

/// A draft ready to be queued.
pub(super) struct SealedSms {
    clinic: ClinicId,
    dedupe: String,
    recipient: Vec<u8>,
    body: Vec<u8>,
}

pub(super) fn seal(keys: &ClinicKeys, draft: SmsDraft) -> StoreResult<SealedSms> {
    let SmsDraft { clinic, dedupe, to, body } = draft;
    let recipient = keys.seal(place("recipient", &[&dedupe]), to.reveal().digits().as_bytes())?;
    let body = keys.seal(place("body", &[&dedupe]), body.reveal().as_bytes())?;
    Ok(SealedSms { clinic, dedupe, recipient, body })
}

/// Inside the transaction of what it tells about. A text about the same thing is queued once.
pub(super) async fn queue(session: &mut Session, sms: &SealedSms, now: Ts) -> StoreResult<()> {
    let SealedSms { clinic, dedupe, recipient, body } = sms;
    session.run(QUEUE_SMS, args![clinic, dedupe, recipient, body, now]).await.map(drop)
}
