//! Announcing an EMR write: everything that forbids it is looked for first, so that a refusal has written nothing.

use std::time::Duration;

use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::ids::{CallKey, EffectId, Fence, Generation, IntentId, ToolCallKey};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{Announcement, KnownIntent, StoreError, StoreResult};

use crate::seal::{Blind, ClinicKeys, Place};
use crate::store::audit::{self, SealedEntry};
use crate::store::db::Session;
use crate::store::holds::{self, Holder};
use crate::store::locks::LockKey;
use crate::store::records::{self, EffectRecord, IntentRecord};
use crate::store::sql::args;
use crate::store::statements::bookings::{
    ANNOUNCE, LIVE_WISH, NEWEST_ADDITION, OPEN_INTENT, OPEN_INTENT_ROW, PATIENT_OPEN, REPLACE_INTENT,
    TAKE_LEASE,
};
use crate::store::{instances, states, tool_calls};

/// An announcement, sealed and indexed.
pub(super) struct Announcing {
    call: CallKey,
    tool_call: ToolCallKey,
    intent: IntentId,
    wish_index: Vec<u8>,
    patient_index: Vec<u8>,
    intent_payload: Vec<u8>,
    effect: EffectId,
    adds: bool,
    slot: Slot,
    mark: String,
    effect_payload: Vec<u8>,
    sender: Generation,
    lease_for: Duration,
    last_arrival: Ts,
    continues: bool,
    awaited: bool,
    replaces: Option<IntentId>,
    audit: Vec<SealedEntry>,
    now: Ts,
}

pub(super) enum Decision {
    Granted(Fence),
    Known(KnownIntent),
    Answered,
    Occupied,
    PatientBusy,
    LeaseHeld,
}

pub(super) const fn intent_payload<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "intent", column: "payload", row }
}

pub(super) const fn effect_payload<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "effect", column: "payload", row }
}

impl Announcing {
    pub(super) fn sealed(
        announcement: &Announcement,
        keys: &ClinicKeys,
        audit: Vec<SealedEntry>,
        now: Ts,
    ) -> StoreResult<Self> {
        let Announcement { intent, effect, order, .. } = announcement;
        let asked = records::encode(&IntentRecord::new(intent, order))?;
        let written = records::encode(&EffectRecord::new(effect))?;
        let wish = intent.want.canonical(intent.patient);
        Ok(Self {
            wish_index: keys.blind(Blind::Wish, wish.reveal().as_bytes()),
            patient_index: audit::patient_index(keys, intent.patient),
            intent_payload: keys.seal(intent_payload(&[&intent.id.to_string()]), &asked)?,
            effect_payload: keys.seal(effect_payload(&[&effect.id.to_string()]), &written)?,
            call: CallKey { clinic: intent.clinic.clone(), call: order.tool_call.call.call.clone() },
            tool_call: order.tool_call.clone(),
            intent: intent.id,
            effect: effect.id,
            adds: effect.adds(),
            slot: effect.slot().clone(),
            mark: effect.mark().to_string(),
            sender: announcement.sender,
            lease_for: announcement.lease_for,
            last_arrival: announcement.last_arrival,
            continues: announcement.continues,
            awaited: announcement.awaited,
            replaces: announcement.replaces,
            audit,
            now,
        })
    }

    /// The day, because two additions must not both find it free; the patient, because two intents must not both open.
    pub(super) fn locks(&self) -> Vec<LockKey> {
        let clinic = &self.call.clinic;
        vec![LockKey::day(clinic, &self.slot), LockKey::patient(clinic, &self.patient_index)]
    }
}

pub(super) async fn decide(session: &mut Session, ask: &Announcing) -> StoreResult<Decision> {
    let refusal =
        if ask.continues { may_continue(session, ask).await? } else { may_begin(session, ask).await? };
    if let Some(refusal) = refusal {
        return Ok(refusal);
    }
    let (clinic, call) = (&ask.call.clinic, ask.call.call.as_str());
    let asker = Holder { clinic, call, patient_index: &ask.patient_index };
    if ask.adds && !holds::is_free(session, asker, &ask.slot, ask.intent, ask.now).await? {
        return Ok(Decision::Occupied);
    }
    // The first row this writes, and the last that can be refused.
    let Some(fence) = take_lease(session, ask).await? else {
        return instances::check(session, ask.sender).await.map(|()| Decision::LeaseHeld);
    };
    if !ask.continues {
        open_intent(session, ask).await?;
    }
    write_effect(session, ask).await?;
    audit::append(session, &ask.audit).await?;
    Ok(Decision::Granted(fence))
}

/// A later step of an intent that is open, ours, and has no write whose end is unknown (law B-2).
async fn may_continue(session: &mut Session, ask: &Announcing) -> StoreResult<Option<Decision>> {
    let row: Option<(i64, bool)> = session.maybe(OPEN_INTENT, args![&ask.call.clinic, ask.intent]).await?;
    match row {
        Some((owner, unsettled)) if Generation(owner) == ask.sender => {
            Ok(unsettled.then_some(Decision::Occupied))
        }
        _ => Err(StoreError::Usurped),
    }
}

async fn may_begin(session: &mut Session, ask: &Announcing) -> StoreResult<Option<Decision>> {
    let clinic = &ask.call.clinic;
    let replaced = ask.replaces.unwrap_or(IntentId(holds::NOBODYS));
    let live: Option<(uuid::Uuid, String, Option<i64>)> =
        session.maybe(LIVE_WISH, args![clinic, &ask.wish_index, replaced]).await?;
    if let Some((id, word, appointment)) = live {
        let id = IntentId(id);
        let added = newest_addition(session, ask, id).await?;
        let state = states::intent(&word, appointment)?;
        return Ok(Some(Decision::Known(KnownIntent { id, state, added })));
    }
    let busy = session.maybe::<()>(PATIENT_OPEN, args![clinic, &ask.patient_index]).await?;
    if busy.is_some() {
        return Ok(Some(Decision::PatientBusy));
    }
    // Last: an intent that was open until now has brought its answer with the commit that closed it.
    let answered = ask.awaited && tool_calls::stored_answer(session, &ask.tool_call).await?.is_some();
    Ok(answered.then_some(Decision::Answered))
}

#[derive(sqlx::FromRow)]
pub(super) struct AdditionRow {
    pub id: uuid::Uuid,
    provider: String,
    date: String,
    start_minute: i64,
    end_minute: i64,
    pub payload: Vec<u8>,
}

impl AdditionRow {
    pub(super) fn slot(&self) -> StoreResult<Slot> {
        records::slot(&self.provider, &self.date, self.start_minute, self.end_minute)
    }
}

async fn newest_addition(
    session: &mut Session,
    ask: &Announcing,
    intent: IntentId,
) -> StoreResult<Option<(EffectId, Slot)>> {
    let row: Option<AdditionRow> = session.maybe(NEWEST_ADDITION, args![&ask.call.clinic, intent]).await?;
    row.map(|row| Ok((EffectId(row.id), row.slot()?))).transpose()
}

async fn take_lease(session: &mut Session, ask: &Announcing) -> StoreResult<Option<Fence>> {
    let Announcing { call, slot, sender, lease_for, .. } = ask;
    let asked = args![&call.clinic, &slot.provider, slot.date, *sender, *lease_for];
    Ok(session.maybe(TAKE_LEASE, asked).await?.map(|(fence,)| Fence(fence)))
}

async fn open_intent(session: &mut Session, ask: &Announcing) -> StoreResult<()> {
    let clinic = &ask.call.clinic;
    if let Some(replaced) = ask.replaces {
        session.run(REPLACE_INTENT, args![clinic, replaced, ask.intent]).await?;
    }
    let row = args![
        ask.intent,
        clinic,
        &ask.wish_index,
        &ask.patient_index,
        &ask.intent_payload,
        ask.sender,
        &ask.call.call,
        &ask.tool_call.tool_call,
        ask.now,
    ];
    session.run(OPEN_INTENT_ROW, row).await.map(drop)
}

async fn write_effect(session: &mut Session, ask: &Announcing) -> StoreResult<()> {
    let Slot { provider, date, interval } = &ask.slot;
    let row = args![
        ask.effect,
        &ask.call.clinic,
        ask.intent,
        if ask.adds { "add" } else { "cancel" },
        provider,
        *date,
        interval.start,
        interval.end,
        &ask.mark,
        &ask.effect_payload,
        ask.sender,
        ask.now,
        ask.last_arrival,
    ];
    session.run(ANNOUNCE, row).await.map(drop)
}
