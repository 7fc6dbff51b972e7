//! Holds: slots that were named to a caller and are kept from others for a moment.

use async_trait::async_trait;
use futures::FutureExt;
use uuid::Uuid;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::ids::{CallKey, ClinicId, EffectId, IntentId};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{HoldStore, StoreError, StoreResult, Taken, TakenSlot};

use super::db::{Scope, Session};
use super::locks::LockKey;
use super::sql::args;
use super::statements::holds::{ADD_HOLD, DROP_HOLDS, IN_THE_WAY, TAKEN};
use super::writer::Lane;
use super::{SqlStore, audit, records};

/// The id of no intent and no effect.
pub(super) const NOBODYS: Uuid = Uuid::nil();

#[async_trait]
impl HoldStore for SqlStore {
    async fn hold(
        &self,
        call: &CallKey,
        slots: Vec<Slot>,
        limit: usize,
        until: Ts,
        now: Ts,
    ) -> StoreResult<Vec<Slot>> {
        let days = slots.iter().map(|slot| LockKey::day(&call.clinic, slot)).collect();
        let wanted = Wanted { call: call.clone(), slots, limit, until, now };
        self.writer
            .submit_locked(Lane::Clinic(&call.clinic), days, wanted, |wanted, session| {
                grant(session, wanted).boxed()
            })
            .await
    }

    async fn taken(&self, query: Taken, now: Ts) -> StoreResult<Vec<TakenSlot>> {
        let Taken { clinic, provider, first, last, except_call, except_effect, except_patient } = query;
        let patient_index = match except_patient {
            Some(patient) => audit::patient_index(&*self.keys(&clinic).await?, patient),
            None => Vec::new(),
        };
        // No call has the empty id.
        let except_call = except_call.as_ref().map_or("", |call| call.as_str());
        let except_effect = except_effect.unwrap_or(EffectId(NOBODYS));
        let mut session = self.read(Scope::Clinic(&clinic)).await?;
        let rows: Vec<(String, String, i64, i64, Option<String>)> = session
            .all(
                TAKEN,
                args![&clinic, &provider, first, last, except_call, except_effect, now, &patient_index],
            )
            .await?;
        rows.iter()
            .map(|(provider, date, start, end, mark)| {
                let slot = records::slot(provider, date, *start, *end)?;
                let read = |text| Mark::parse(text).ok_or(StoreError::Unreadable("effect"));
                Ok(TakenSlot { slot, mark: mark.as_deref().map(read).transpose()? })
            })
            .collect()
    }
}

struct Wanted {
    call: CallKey,
    slots: Vec<Slot>,
    limit: usize,
    until: Ts,
    now: Ts,
}

async fn grant(session: &mut Session, wanted: &Wanted) -> StoreResult<Vec<Slot>> {
    let Wanted { call, slots, limit, until, now } = wanted;
    session.run(DROP_HOLDS, args![&call.clinic, &call.call]).await?;
    let mut granted = Vec::new();
    for slot in slots {
        if granted.len() == *limit {
            break;
        }
        let caller = Holder { clinic: &call.clinic, call: call.call.as_str(), patient_index: &[] };
        if is_free(session, caller, slot, IntentId(NOBODYS), *now).await? {
            let Slot { provider, date, interval } = slot;
            let hold = args![&call.clinic, provider, *date, interval.start, interval.end, &call.call, *until];
            session.run(ADD_HOLD, hold).await?;
            granted.push(slot.clone());
        }
    }
    Ok(granted)
}

/// Who wants a slot. What is held for that call, or kept for that patient, is not in their way; no patient has the empty
/// index.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub clinic: &'a ClinicId,
    pub call: &'a str,
    pub patient_index: &'a [u8],
}

/// Whether neither another's hold nor another intent's unsettled addition is in the way.
pub(super) async fn is_free(
    session: &mut Session,
    Holder { clinic, call, patient_index }: Holder<'_>,
    slot: &Slot,
    intent: IntentId,
    now: Ts,
) -> StoreResult<bool> {
    let Slot { provider, date, interval } = slot;
    let asked =
        args![clinic, provider, *date, interval.start, interval.end, call, now, intent, patient_index];
    Ok(session.maybe::<()>(IN_THE_WAY, asked).await?.is_none())
}
