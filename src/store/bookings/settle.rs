//! Settling an EMR write, with everything that is true only because it ended so.

use vitarad_actors::domain::booking::{EffectState, IntentState, Slot};
use vitarad_actors::domain::ids::{CallId, ClinicId, EffectId, Fence, Generation, IntentId, ToolCallKey};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{LookAgain, Settlement, StoreError, StoreResult};

use crate::seal::ClinicKeys;
use crate::store::audit::{self, SealedEntry};
use crate::store::db::Session;
use crate::store::outbox::{self, SealedSms};
use crate::store::sql::args;
use crate::store::statements::bookings::{CLOSE_INTENT, EFFECT_STANDING, GIVE_LEASE_BACK, SETTLE_EFFECT};
use crate::store::statements::holds::DROP_HOLD;
use crate::store::{offers, records, states, tool_calls};

/// A settlement, sealed.
pub(super) struct Settling {
    clinic: ClinicId,
    effect: EffectId,
    settler: Generation,
    state: EffectState,
    intent: Option<(IntentId, IntentState)>,
    answer: Option<(ToolCallKey, Vec<u8>)>,
    text: Option<SealedSms>,
    frees: bool,
    audit: Vec<SealedEntry>,
    release: Option<Fence>,
    look_again: Option<LookAgain>,
    now: Ts,
}

impl Settling {
    pub(super) fn sealed(
        settlement: Settlement,
        keys: &ClinicKeys,
        audit: Vec<SealedEntry>,
        now: Ts,
    ) -> StoreResult<Self> {
        let Settlement {
            clinic,
            effect,
            settler,
            state,
            intent,
            answer,
            text,
            frees,
            release,
            look_again,
            ..
        } = settlement;
        let answer = answer
            .map(|(key, line)| tool_calls::seal_answer(keys, &key, &line).map(|sealed| (key, sealed)))
            .transpose()?;
        let text = text.map(|draft| outbox::seal(keys, draft)).transpose()?;
        let release = release.map(|lease| lease.fence);
        Ok(Self {
            clinic,
            effect,
            settler,
            state,
            intent,
            answer,
            text,
            frees,
            audit,
            release,
            look_again,
            now,
        })
    }
}

#[derive(sqlx::FromRow)]
struct Standing {
    state: String,
    appointment: Option<i64>,
    sender: i64,
    kind: String,
    provider: String,
    date: String,
    start_minute: i64,
    end_minute: i64,
    due: Option<i64>,
    intent_id: uuid::Uuid,
    owner: i64,
    call_id: String,
}

pub(super) async fn settle(session: &mut Session, ask: &Settling) -> StoreResult<()> {
    let row: Option<Standing> = session.maybe(EFFECT_STANDING, args![&ask.clinic, ask.effect]).await?;
    let standing = row.ok_or(StoreError::Usurped)?;
    settle_effect(session, ask, &standing).await?;
    if let Some((id, state)) = ask.intent {
        close_intent(session, ask, &standing, id, state).await?;
    }
    if let Some((key, sealed)) = &ask.answer {
        tool_calls::store_answer(session, key, sealed, ask.now).await?;
    }
    if let Some(sms) = &ask.text {
        outbox::queue(session, sms, ask.now).await?;
    }
    audit::append(session, &ask.audit).await?;
    let slot = records::slot(&standing.provider, &standing.date, standing.start_minute, standing.end_minute)?;
    if matches!(ask.state, EffectState::Done(_)) && standing.kind == "add" {
        drop_hold(session, ask, &standing, &slot).await?;
    }
    if let Some((intent, state)) = ask.intent
        && state != IntentState::Refused
    {
        offers::accept(session, &ask.clinic, intent, ask.now).await?;
    }
    if ask.frees {
        offers::free(session, &ask.clinic, &slot, IntentId(standing.intent_id), ask.now).await?;
    }
    match ask.release {
        Some(fence) => give_lease_back(session, ask, &slot, fence).await,
        None => Ok(()),
    }
}

/// The sender records its result whoever owns the intent by now; the owner may settle what another sent.
async fn settle_effect(session: &mut Session, ask: &Settling, standing: &Standing) -> StoreResult<()> {
    let current = states::effect(&standing.state, standing.appointment)?;
    let entitled = [standing.sender, standing.owner].contains(&ask.settler.0);
    if !entitled || !current.may_become(ask.state) {
        return Err(StoreError::Usurped);
    }
    let (word, appointment) = states::of_effect(ask.state);
    let due = match ask.look_again {
        Some(look) => Some(look.due),
        None if ask.state.is_settled() => None,
        None => standing.due.map(Ts),
    };
    let last_arrival = ask.look_again.map(|look| look.last_arrival);
    let to = args![&ask.clinic, ask.effect, &standing.state, word, appointment, due, last_arrival];
    if session.run(SETTLE_EFFECT, to).await? == 0 { Err(StoreError::Usurped) } else { Ok(()) }
}

/// Only while it is open: what was closed before stays as it was told.
async fn close_intent(
    session: &mut Session,
    ask: &Settling,
    standing: &Standing,
    id: IntentId,
    state: IntentState,
) -> StoreResult<()> {
    if id.0 != standing.intent_id {
        return Err(StoreError::Usurped);
    }
    if state == IntentState::Open {
        return Ok(());
    }
    let (word, appointment) = states::of_intent(state);
    session.run(CLOSE_INTENT, args![&ask.clinic, id, word, appointment, ask.now]).await.map(drop)
}

/// The appointment itself keeps the slot from now on.
async fn drop_hold(
    session: &mut Session,
    ask: &Settling,
    standing: &Standing,
    slot: &Slot,
) -> StoreResult<()> {
    let call = CallId::parse(&standing.call_id).map_err(|_| StoreError::Unreadable("intent.call_id"))?;
    let Slot { provider, date, interval } = slot;
    let hold = args![&ask.clinic, &call, provider, *date, interval.start, interval.end];
    session.run(DROP_HOLD, hold).await.map(drop)
}

async fn give_lease_back(
    session: &mut Session,
    ask: &Settling,
    slot: &Slot,
    fence: Fence,
) -> StoreResult<()> {
    let lease = args![&ask.clinic, &slot.provider, slot.date, ask.settler, fence];
    session.run(GIVE_LEASE_BACK, lease).await.map(drop)
}
