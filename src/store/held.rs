//! Held requests: taken in with the answer that names their reference, carried out under a fence.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::held::{HELD_PER_CALL, HELD_PER_CLINIC, HeldState, Reference};
use vitarad_actors::domain::ids::{
    CallId, CallKey, ClinicId, DemographicNo, Fence, IntentId, ToolCallId, ToolCallKey,
};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{
    AuditEntry, Held, HeldDraft, HeldEnd, HeldRow, HeldStore, StoreError, StoreResult, TakeHeld,
};

use super::audit::SealedEntry;
use super::db::{Scope, Session};
use super::locks::LockKey;
use super::outbox::{self, SealedSms};
use super::pages::{Page, readable};
use super::records::{self, HeldRecord};
use super::sql::args;
use super::statements::held::{
    CANCEL_HELD, DUE_HELD, END_HELD, HELD_ALREADY, HELD_COUNTS, HELD_FOR, HELD_REQUESTS, HOLD_REQUEST,
    TAKE_HELD,
};
use super::writer::Lane;
use super::{SqlStore, audit, tool_calls};
use crate::seal::{Blind, ClinicKeys, Place};

/// More than a clinic's staff could look through.
const AT_MOST: u32 = 1_000;

const fn wish_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "held_request", column: "wish", row }
}

const fn alternatives_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "held_request", column: "alternatives", row }
}

/// A request ready to be held.
struct Holding {
    key: ToolCallKey,
    reference: Reference,
    wish_index: Vec<u8>,
    patient_index: Vec<u8>,
    wish: Vec<u8>,
    answer: Vec<u8>,
    expires_at: Ts,
    audit: Vec<SealedEntry>,
    now: Ts,
}

impl Holding {
    fn sealed(draft: HeldDraft, keys: &ClinicKeys, audit: Vec<SealedEntry>, now: Ts) -> StoreResult<Self> {
        let HeldDraft { reference, wish, note, expires_at, answer, .. } = draft;
        let key = note.tool_call.clone();
        let row = [key.call.call.as_str(), key.tool_call.as_str()];
        let plain = records::encode(&HeldRecord::new(&key.call.clinic, &wish, &note))?;
        let wish_index = keys.blind(Blind::Wish, wish.canonical().reveal().as_bytes());
        // Who has no chart yet is looked for by nobody.
        let patient_index = wish.patient().map(|patient| audit::patient_index(keys, patient));
        Ok(Self {
            patient_index: patient_index.unwrap_or_else(|| wish_index.clone()),
            wish_index,
            wish: keys.seal(wish_of(&row), &plain)?,
            answer: tool_calls::seal_answer(keys, &key, &answer)?,
            key,
            reference,
            expires_at,
            audit,
            now,
        })
    }
}

#[async_trait]
impl HeldStore for SqlStore {
    async fn hold_request(&self, mut draft: HeldDraft, now: Ts) -> StoreResult<Held> {
        let clinic = draft.note.tool_call.call.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let audit = self.seal_entries(&clinic, &keys, std::mem::take(&mut draft.audit))?;
        let holding = Holding::sealed(draft, &keys, audit, now)?;
        let locks = vec![LockKey::held(&clinic)];
        self.writer
            .submit_locked(Lane::Clinic(&clinic), locks, holding, |ask, session| hold(session, ask).boxed())
            .await
    }

    async fn held_requests(&self, clinic: &ClinicId, audit: AuditEntry) -> StoreResult<Vec<HeldRow>> {
        let keys = self.keys(clinic).await?;
        let entries = self.seal_entries(clinic, &keys, vec![audit])?;
        let rows: Vec<StoredRow> = self
            .writer
            .submit(Lane::Clinic(clinic), (clinic.clone(), entries), |(clinic, entries), session| {
                async move {
                    audit::append(session, entries).await?;
                    session.all(HELD_REQUESTS, args![&*clinic, AT_MOST]).await
                }
                .boxed()
            })
            .await?;
        self.open_held(clinic, rows).await
    }

    async fn held_for(&self, clinic: &ClinicId, patient: DemographicNo) -> StoreResult<Vec<HeldRow>> {
        let index = audit::patient_index(&*self.keys(clinic).await?, patient);
        let rows = self.read(Scope::Clinic(clinic)).await?.all(HELD_FOR, args![clinic, &index]).await?;
        self.open_held(clinic, rows).await
    }

    async fn due_held(&self, clinic: &ClinicId, now: Ts, limit: u32) -> StoreResult<Vec<HeldRow>> {
        readable(limit, move |passed| async move {
            let due = args![clinic, now, limit, passed];
            let rows = self.read(Scope::Clinic(clinic)).await?.all(DUE_HELD, due).await?;
            Ok(Page { rows: rows.len(), read: self.open_held(clinic, rows).await? })
        })
        .await
    }

    async fn take_held(&self, take: TakeHeld, now: Ts) -> StoreResult<Option<Fence>> {
        let clinic = take.clinic.clone();
        self.writer
            .submit(Lane::Clinic(&clinic), take, move |take, session| {
                async move {
                    let TakeHeld { clinic, id, seen, owner, intent, until } = take;
                    let taken = args![clinic, *id, *seen, *owner, *intent, *until, now];
                    Ok(session.maybe(TAKE_HELD, taken).await?.map(|(fence,)| Fence(fence)))
                }
                .boxed()
            })
            .await
    }

    async fn end_held(&self, end: HeldEnd, now: Ts) -> StoreResult<()> {
        let clinic = end.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let HeldEnd { id, fence, state, outcome, alternatives, due, text, audit, .. } = end;
        let audit = self.seal_entries(&clinic, &keys, audit)?;
        let text = text.map(|draft| outbox::seal(&keys, draft)).transpose()?;
        let ending =
            Ending { alternatives: seal_alternatives(&keys, id, &alternatives)?, text, audit, now, due };
        let row = (clinic.clone(), id, fence, state, outcome, ending);
        self.writer
            .submit(Lane::Clinic(&clinic), row, |(clinic, id, fence, state, outcome, ending), session| {
                async move {
                    let Ending { alternatives, text, audit, now, due } = ending;
                    let over = args![clinic, *id, *fence, state.name(), *outcome, alternatives, *due, *now];
                    if session.run(END_HELD, over).await? == 0 {
                        return Err(StoreError::Usurped);
                    }
                    if let Some(sms) = text {
                        outbox::queue(session, sms, *now).await?;
                    }
                    audit::append(session, audit).await
                }
                .boxed()
            })
            .await
    }

    async fn cancel_held(
        &self,
        clinic: &ClinicId,
        reference: &Reference,
        audit: AuditEntry,
        now: Ts,
    ) -> StoreResult<bool> {
        let keys = self.keys(clinic).await?;
        let entries = self.seal_entries(clinic, &keys, vec![audit])?;
        let ask = (clinic.clone(), reference.clone(), entries);
        self.writer
            .submit(Lane::Clinic(clinic), ask, move |(clinic, reference, entries), session| {
                async move {
                    let cancelled =
                        session.run(CANCEL_HELD, args![&*clinic, reference.as_str(), now]).await? > 0;
                    if cancelled {
                        audit::append(session, entries).await?;
                    }
                    Ok(cancelled)
                }
                .boxed()
            })
            .await
    }
}

struct Ending {
    alternatives: Vec<u8>,
    text: Option<SealedSms>,
    audit: Vec<SealedEntry>,
    now: Ts,
    due: Ts,
}

fn seal_alternatives(keys: &ClinicKeys, id: i64, alternatives: &[Slot]) -> StoreResult<Vec<u8>> {
    let plain = records::encode(&alternatives)?;
    keys.seal(alternatives_of(&[&id.to_string()]), &plain)
}

async fn hold(session: &mut Session, ask: &Holding) -> StoreResult<Held> {
    let ToolCallKey { call: CallKey { clinic, call }, tool_call } = &ask.key;
    let same = args![clinic, &ask.wish_index, call, tool_call];
    if let Some((known,)) = session.maybe::<(String,)>(HELD_ALREADY, same).await? {
        let known = Reference::parse(&known).ok_or(StoreError::Unreadable("held_request"))?;
        return Ok(Held::Already(known));
    }
    let (all, of_call, named): (i64, i64, i64) =
        session.one(HELD_COUNTS, args![clinic, call, ask.reference.as_str()]).await?;
    if all >= i64::from(HELD_PER_CLINIC) || of_call >= i64::from(HELD_PER_CALL) {
        return Ok(Held::Full);
    }
    if named > 0 {
        return Ok(Held::ReferenceTaken);
    }
    let Holding { reference, wish_index, patient_index, wish, expires_at, now, .. } = ask;
    let row = args![
        clinic,
        call,
        tool_call,
        reference.as_str(),
        wish_index,
        patient_index,
        wish,
        *now,
        *expires_at
    ];
    session.run(HOLD_REQUEST, row).await?;
    tool_calls::store_answer(session, &ask.key, &ask.answer, *now).await?;
    audit::append(session, &ask.audit).await?;
    Ok(Held::Kept)
}

#[derive(sqlx::FromRow)]
struct StoredRow {
    id: i64,
    call_id: String,
    tool_call_id: String,
    reference: String,
    wish: Vec<u8>,
    alternatives: Option<Vec<u8>>,
    state: String,
    outcome: Option<String>,
    fence: i64,
    intent_id: Option<uuid::Uuid>,
    created_at: i64,
    expires_at: i64,
}

impl SqlStore {
    async fn open_held(&self, clinic: &ClinicId, rows: Vec<StoredRow>) -> StoreResult<Vec<HeldRow>> {
        let mut held = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            match self.open_held_row(clinic, row).await {
                Ok(row) => held.push(row),
                // The others must not wait for it.
                Err(error) => {
                    tracing::error!(clinic.id = %clinic, held.id = id, failure = %error, "a held request cannot be read");
                }
            }
        }
        Ok(held)
    }

    async fn open_held_row(&self, clinic: &ClinicId, row: StoredRow) -> StoreResult<HeldRow> {
        let unreadable = || StoreError::Unreadable("held_request");
        let place = [row.call_id.as_str(), row.tool_call_id.as_str()];
        let plain = self.open_sealed(clinic, wish_of(&place), &row.wish).await?;
        let record = HeldRecord::decode(&plain)?;
        let alternatives = match &row.alternatives {
            Some(envelope) => {
                let id = row.id.to_string();
                let plain = self.open_sealed(clinic, alternatives_of(&[&id]), envelope).await?;
                records::decode(&plain, "held_request.alternatives")?
            }
            None => Vec::new(),
        };
        let call =
            CallKey { clinic: clinic.clone(), call: CallId::parse(&row.call_id).map_err(|_| unreadable())? };
        let tool_call = ToolCallId::parse(&row.tool_call_id).map_err(|_| unreadable())?;
        let (wish, note) = record.read(ToolCallKey { call, tool_call });
        Ok(HeldRow {
            id: row.id,
            reference: Reference::parse(&row.reference).ok_or_else(unreadable)?,
            wish,
            note,
            state: HeldState::named(&row.state).ok_or_else(unreadable)?,
            outcome: row.outcome,
            alternatives,
            fence: Fence(row.fence),
            intent: row.intent_id.map(IntentId),
            created_at: Ts(row.created_at),
            expires_at: Ts(row.expires_at),
        })
    }
}
