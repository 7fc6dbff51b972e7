//! Calls: who owns one, what it knows, and what is kept of its messages.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::call_record::{CallFacts, REPORT_WITHIN};
use vitarad_actors::domain::ids::{CallKey, Fence, Generation};
use vitarad_actors::domain::laws;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{
    AdoptedCall, AuditEntry, CallEvent, CallSave, CallStore, StoreError, StoreResult,
};

use super::audit::{self, SealedEntry};
use super::db::Session;
use super::sql::args;
use super::statements::calls::{ADOPT_CALL, CALL_FENCE, END_CALL, KEEP_EVENT, SAVE_CALL};
use super::statements::holds::DROP_HOLDS;
use super::waitlist::{self, SealedJoin};
use super::writer::Lane;
use super::{SqlStore, call_records};
use crate::seal::Place;

#[async_trait]
impl CallStore for SqlStore {
    async fn adopt_call(&self, key: &CallKey, owner: Generation, now: Ts) -> StoreResult<AdoptedCall> {
        let (fence, memory, ended_at): (i64, Option<Vec<u8>>, Option<i64>) = self
            .writer
            .submit(Lane::Clinic(&key.clinic), (key.clone(), owner, now), |(key, owner, now), session| {
                async move { session.one(ADOPT_CALL, args![&key.clinic, &key.call, *owner, *now]).await }
                    .boxed()
            })
            .await?;
        let memory = match memory {
            Some(envelope) => {
                Some(self.open_sealed(&key.clinic, memory_of(&[key.call.as_str()]), &envelope).await?)
            }
            None => None,
        };
        Ok(AdoptedCall { fence: Fence(fence), memory, ended: ended_at.is_some() })
    }

    async fn save_call(&self, save: CallSave, now: Ts) -> StoreResult<()> {
        let keys = self.keys(&save.key.clinic).await?;
        let memory = keys.seal(memory_of(&[save.key.call.as_str()]), save.memory.reveal())?;
        let audit = self.seal_entries(&save.key.clinic, &keys, save.audit)?;
        let joins = save.joins.as_ref().map(|join| waitlist::seal(&keys, &save.key, join)).transpose()?;
        let CallSave { key, fence, version, facts, .. } = save;
        let clinic = key.clinic.clone();
        let sealed = SealedSave { key, fence, version, memory, audit, facts, joins, now };
        self.writer
            .submit(Lane::Clinic(&clinic), sealed, |save, session| save_call(session, save).boxed())
            .await
    }

    async fn end_call(&self, key: &CallKey, fence: Fence, now: Ts) -> StoreResult<()> {
        self.writer
            .submit(Lane::Clinic(&key.clinic), (key.clone(), fence, now), |(key, fence, now), session| {
                async move {
                    let ended = args![&key.clinic, &key.call, *fence, *now];
                    if session.run(END_CALL, ended).await? == 0 {
                        return Err(StoreError::Usurped);
                    }
                    session.run(DROP_HOLDS, args![&key.clinic, &key.call]).await.map(drop)
                }
                .boxed()
            })
            .await
    }

    async fn keep_event(&self, event: CallEvent, now: Ts) -> StoreResult<bool> {
        let report_due = (!event.is_report()).then(|| now.plus(REPORT_WITHIN));
        let CallEvent { key, kind, digest, body, facts, audited } = event;
        let keys = self.keys(&key.clinic).await?;
        let entry = audited.map(|action| AuditEntry::about_call(&key, action, "KEPT", now));
        let audit = self.seal_entries(&key.clinic, &keys, entry.into_iter().collect())?;
        let row = [key.call.as_str(), digest.as_str()];
        let body = keys.seal(Place { table: "call_event", column: "body", row: &row }, body.reveal())?;
        let clinic = key.clinic.clone();
        self.writer
            .submit(Lane::Clinic(&clinic), (key, digest, kind, body, facts, audit), move |event, session| {
                async move {
                    let (key, digest, kind, body, facts, audit) = event;
                    let kept = args![&key.clinic, &key.call, digest, kind, body, now];
                    let is_new = session.run(KEEP_EVENT, kept).await? > 0;
                    if is_new {
                        call_records::record(session, key, facts, report_due, now).await?;
                        audit::append(session, audit).await?;
                    }
                    Ok(is_new)
                }
                .boxed()
            })
            .await
    }

    async fn call_record(&self, key: &CallKey) -> StoreResult<Option<CallFacts>> {
        self.read_record(key).await
    }
}

const fn memory_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "call", column: "memory", row }
}

struct SealedSave {
    key: CallKey,
    fence: Fence,
    version: u64,
    memory: Vec<u8>,
    audit: Vec<SealedEntry>,
    facts: CallFacts,
    joins: Option<SealedJoin>,
    now: Ts,
}

async fn save_call(session: &mut Session, save: &SealedSave) -> StoreResult<()> {
    let SealedSave { key, fence, version, memory, audit, facts, joins, now } = save;
    let saved = session.run(SAVE_CALL, args![&key.clinic, &key.call, *fence, *version, memory, *now]).await?;
    if saved == 0 {
        let in_force: Option<(i64,)> = session.maybe(CALL_FENCE, args![&key.clinic, &key.call]).await?;
        // Ours still: then a later save was faster, and includes this one.
        if !in_force.is_some_and(|(in_force,)| laws::owns(Fence(in_force), *fence)) {
            return Err(StoreError::Usurped);
        }
    }
    if let Some(join) = joins {
        waitlist::join(session, key, join, *now).await?;
    }
    call_records::record(session, key, facts, Some(now.plus(REPORT_WITHIN)), *now).await?;
    audit::append(session, audit).await
}
