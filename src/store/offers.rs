//! Freed time and its offers: freed by the settlement of a cancellation, offered and kept in one commit with the text that
//! tells of it, accepted by the settlement of a booking.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::ids::{ClinicId, DemographicNo, IntentId};
use vitarad_actors::domain::slot_offer::{OfferState, OpenOffer};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::waitlist::WaitlistStatus;
use vitarad_actors::ports::store::{
    AuditEntry, FreedSlot, LastOffer, OfferDraft, OfferEnd, OfferMade, OfferRow, OfferStore, StoreError,
    StoreResult, WaitlistRow,
};

use super::audit::SealedEntry;
use super::db::{Scope, Session};
use super::holds::{self, NOBODYS};
use super::locks::LockKey;
use super::outbox::{self, SealedSms};
use super::sql::args;
use super::statements::holds::DROP_HOLDS;
use super::statements::offers::{
    CLOSE_OFFER, DUE_FREED, FREE_SLOT, FREED_DUE, GIVE_FREED_UP, KEEP_FOR_OFFER, MAKE_OFFER, MUTE_SMS,
    OFFER_TAKEN_UP, OFFERS, OPEN_OFFERS, TEXT_OF_OFFER, WAITING_FOR,
};
use super::statements::waitlist::MARK_WAITING;
use super::waitlist::EntryRow;
use super::writer::Lane;
use super::{SqlStore, audit, records};

/// More than a clinic's staff could look through.
const AT_MOST: u32 = 1_000;

/// Under which name an offer holds its time: with a space in it, it is no call's.
fn holder(offer: i64) -> String {
    format!("offer {offer}")
}

/// An offer ready to be made.
struct Making {
    clinic: ClinicId,
    freed: i64,
    entry: i64,
    slot: Slot,
    until: Ts,
    text: Option<(String, SealedSms)>,
    audit: Vec<SealedEntry>,
    now: Ts,
}

#[async_trait]
impl OfferStore for SqlStore {
    async fn due_freed(&self, clinic: &ClinicId, now: Ts, limit: u32) -> StoreResult<Vec<FreedSlot>> {
        let rows: Vec<FreedRow> =
            self.read(Scope::Clinic(clinic)).await?.all(DUE_FREED, args![clinic, now, limit]).await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let slot = records::slot(&row.provider, &row.date, row.start_minute, row.end_minute)?;
            let last = self.last_offer(clinic, &row).await?;
            due.push(FreedSlot { id: row.id, slot, last });
        }
        Ok(due)
    }

    async fn waiting_for(&self, clinic: &ClinicId, freed: i64) -> StoreResult<Vec<WaitlistRow>> {
        let rows: Vec<EntryRow> =
            self.read(Scope::Clinic(clinic)).await?.all(WAITING_FOR, args![clinic, freed, AT_MOST]).await?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            match self.open_entry(clinic, row).await {
                Ok(row) => waiting.push(row),
                // The others must not wait for it.
                Err(error) => {
                    tracing::error!(clinic.id = %clinic, waitlist.id = id, failure = %error, "a waiting list entry cannot be read");
                }
            }
        }
        Ok(waiting)
    }

    async fn make_offer(&self, draft: OfferDraft, now: Ts) -> StoreResult<OfferMade> {
        let OfferDraft { clinic, freed, entry, slot, until, text, audit } = draft;
        let keys = self.keys(&clinic).await?;
        let audit = self.seal_entries(&clinic, &keys, audit)?;
        let sealed = |draft: vitarad_actors::ports::store::SmsDraft| {
            let dedupe = draft.dedupe.clone();
            outbox::seal(&keys, draft).map(|sms| (dedupe, sms))
        };
        let text = text.map(sealed).transpose()?;
        let locks = vec![LockKey::day(&clinic, &slot), LockKey::freed(&clinic, freed)];
        let making = Making { clinic: clinic.clone(), freed, entry, slot, until, text, audit, now };
        self.writer
            .submit_locked(Lane::Clinic(&clinic), locks, making, |making, session| {
                make(session, making).boxed()
            })
            .await
    }

    async fn end_offer(&self, end: OfferEnd, now: Ts) -> StoreResult<bool> {
        let OfferEnd { clinic, id, state, audit } = end;
        let keys = self.keys(&clinic).await?;
        let entries = self.seal_entries(&clinic, &keys, audit)?;
        let ending = (clinic.clone(), entries);
        self.writer
            .submit(Lane::Clinic(&clinic), ending, move |(clinic, entries), session| {
                async move {
                    let ended = close(session, clinic, id, state, now).await?;
                    if ended {
                        audit::append(session, entries).await?;
                    }
                    Ok(ended)
                }
                .boxed()
            })
            .await
    }

    async fn put_off_freed(
        &self,
        clinic: &ClinicId,
        freed: i64,
        due: Option<Ts>,
        _: Ts,
    ) -> StoreResult<bool> {
        let locks = vec![LockKey::freed(clinic, freed)];
        self.writer
            .submit_locked(Lane::Clinic(clinic), locks, clinic.clone(), move |clinic, session| {
                async move {
                    let changed = match due {
                        Some(due) => session.run(FREED_DUE, args![clinic, freed, due]).await?,
                        None => session.run(GIVE_FREED_UP, args![clinic, freed]).await?,
                    };
                    Ok(changed > 0)
                }
                .boxed()
            })
            .await
    }

    async fn open_offers(
        &self,
        clinic: &ClinicId,
        patients: &[DemographicNo],
        now: Ts,
    ) -> StoreResult<Vec<OpenOffer>> {
        let keys = self.keys(clinic).await?;
        let mut open = Vec::new();
        for patient in patients {
            let index = audit::patient_index(&keys, *patient);
            let rows: Vec<OpenRow> =
                self.read(Scope::Clinic(clinic)).await?.all(OPEN_OFFERS, args![clinic, &index, now]).await?;
            for row in rows {
                let waiting = self.open_waiting(clinic, &row.call_id, &row.tool_call_id, &row.entry).await?;
                let wanted = waiting.wanted.ok_or(StoreError::Unreadable("waitlist"))?;
                open.push(OpenOffer {
                    id: row.id,
                    patient: *patient,
                    slot: records::slot(&row.provider, &row.date, row.start_minute, row.end_minute)?,
                    visit: wanted.visit,
                    until: Ts(row.until),
                });
            }
        }
        Ok(open)
    }

    async fn offers(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<OfferRow>> {
        let keys = self.keys(clinic).await?;
        let entries = self.seal_entries(clinic, &keys, vec![audit])?;
        let rows: Vec<ListedRow> = self
            .writer
            .submit(Lane::Clinic(clinic), (clinic.clone(), entries), |(clinic, entries), session| {
                async move {
                    audit::append(session, entries).await?;
                    session.all(OFFERS, args![&*clinic, AT_MOST]).await
                }
                .boxed()
            })
            .await?;
        rows.into_iter().map(ListedRow::read).collect()
    }
}

impl SqlStore {
    async fn last_offer(&self, clinic: &ClinicId, row: &FreedRow) -> StoreResult<Option<LastOffer>> {
        let (Some(id), Some(state), Some(until)) = (row.offer_id, &row.offer_state, row.until) else {
            return Ok(None);
        };
        let patient = match (&row.call_id, &row.tool_call_id, &row.entry) {
            (Some(call), Some(tool_call), Some(entry)) => {
                let waiting = self.open_waiting(clinic, call, tool_call, entry).await.ok();
                waiting.and_then(|waiting| waiting.wanted).map(|wanted| wanted.patient())
            }
            _ => None,
        };
        let state = OfferState::named(state).ok_or(StoreError::Unreadable("slot_offer"))?;
        let text_refused = row.text_state.as_deref() == Some("refused");
        Ok(Some(LastOffer { id, state, until: Ts(until), patient, text_refused }))
    }
}

/// Everything that forbids it is looked for first, so that a refusal has written nothing.
async fn make(session: &mut Session, ask: &Making) -> StoreResult<OfferMade> {
    let Making { clinic, freed, entry, slot, until, text, audit, now } = ask;
    let nobody = holds::Holder { clinic, call: "", patient_index: &[] };
    if !holds::is_free(session, nobody, slot, IntentId(NOBODYS), *now).await? {
        return Ok(OfferMade::Occupied);
    }
    let state = if text.is_some() { OfferState::Offered } else { OfferState::ToBeCalled };
    let Slot { provider, date, interval } = slot;
    let (start, end) = (interval.start, interval.end);
    let row = args![clinic, *freed, *entry, provider, *date, start, end, state.name(), *now, *until];
    let Some((id,)): Option<(i64,)> = session.maybe(MAKE_OFFER, row).await? else {
        return Ok(OfferMade::OutOfTurn);
    };
    match text {
        Some((dedupe, sms)) => {
            outbox::queue(session, sms, *now).await?;
            session.run(TEXT_OF_OFFER, args![clinic, id, dedupe]).await?;
            session.run(KEEP_FOR_OFFER, args![clinic, id, &holder(id)]).await?;
            session.run(FREED_DUE, args![clinic, *freed, *until]).await?;
        }
        None => drop(session.run(GIVE_FREED_UP, args![clinic, *freed]).await?),
    }
    audit::append(session, audit).await?;
    Ok(OfferMade::Made)
}

async fn close(
    session: &mut Session,
    clinic: &ClinicId,
    id: i64,
    state: OfferState,
    now: Ts,
) -> StoreResult<bool> {
    let closed: Option<(i64, i64, Option<i64>)> =
        session.maybe(CLOSE_OFFER, args![clinic, id, state.name(), now]).await?;
    let Some((freed, entry, sms)) = closed else { return Ok(false) };
    session.run(DROP_HOLDS, args![clinic, &holder(id)]).await?;
    session.run(MUTE_SMS, args![clinic, sms, now]).await?;
    session.run(FREED_DUE, args![clinic, freed, now]).await?;
    if state == OfferState::Accepted {
        let over = WaitlistStatus::Registered.name();
        session.run(MARK_WAITING, args![clinic, entry, over, now]).await?;
    }
    Ok(true)
}

/// Inside the transaction that settles a cancellation. Once while it is open, however often it is cancelled.
pub(super) async fn free(
    session: &mut Session,
    clinic: &ClinicId,
    slot: &Slot,
    intent: IntentId,
    now: Ts,
) -> StoreResult<()> {
    let Slot { provider, date, interval } = slot;
    let freed = args![clinic, provider, *date, interval.start, interval.end, intent, now];
    session.run(FREE_SLOT, freed).await.map(drop)
}

/// Inside the transaction that closes an intent: its patient may have been offered what it added.
pub(super) async fn accept(
    session: &mut Session,
    clinic: &ClinicId,
    intent: IntentId,
    now: Ts,
) -> StoreResult<()> {
    match session.maybe::<(i64,)>(OFFER_TAKEN_UP, args![clinic, intent]).await? {
        Some((id,)) => close(session, clinic, id, OfferState::Accepted, now).await.map(drop),
        None => Ok(()),
    }
}

/// A freed slot beside its newest offer, with the entry and the text of that.
#[derive(sqlx::FromRow)]
struct FreedRow {
    id: i64,
    provider: String,
    date: String,
    start_minute: i64,
    end_minute: i64,
    offer_id: Option<i64>,
    offer_state: Option<String>,
    until: Option<i64>,
    call_id: Option<String>,
    tool_call_id: Option<String>,
    entry: Option<Vec<u8>>,
    text_state: Option<String>,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: i64,
    provider: String,
    date: String,
    start_minute: i64,
    end_minute: i64,
    until: i64,
    call_id: String,
    tool_call_id: String,
    entry: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: i64,
    entry_id: i64,
    provider: String,
    date: String,
    start_minute: i64,
    end_minute: i64,
    state: String,
    made_at: i64,
    until: i64,
}

impl ListedRow {
    fn read(self) -> StoreResult<OfferRow> {
        Ok(OfferRow {
            id: self.id,
            entry: self.entry_id,
            slot: records::slot(&self.provider, &self.date, self.start_minute, self.end_minute)?,
            state: OfferState::named(&self.state).ok_or(StoreError::Unreadable("slot_offer"))?,
            made_at: Ts(self.made_at),
            until: Ts(self.until),
        })
    }
}
