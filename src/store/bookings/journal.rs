//! The journal as its owner reads it: what is due for a look, and what a dead generation left behind (law O-2).

use uuid::Uuid;
use vitarad_actors::domain::booking::{Effect, Intent};
use vitarad_actors::domain::ids::{
    CallId, CallKey, ClinicId, EffectId, Generation, IntentId, ToolCallId, ToolCallKey,
};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{JournalRow, StoreError, StoreResult};

use super::announce::{AdditionRow, effect_payload, intent_payload};
use crate::store::db::{Scope, Session};
use crate::store::pages::{Page, readable};
use crate::store::records::{self, EffectRecord, IntentRecord};
use crate::store::sql::args;
use crate::store::statements::bookings::{ADOPT_INTENTS, DUE_EFFECTS, DUE_NOW, NEWEST_ADDITION};
use crate::store::{SqlStore, registrations, states};

pub(super) async fn adopt(
    session: &mut Session,
    clinic: &ClinicId,
    owner: Generation,
    now: Ts,
) -> StoreResult<u64> {
    let adopted: Vec<(Uuid, String)> = session.all(ADOPT_INTENTS, args![clinic, owner]).await?;
    let mut due = registrations::adopt(session, clinic, owner, now).await?;
    for (intent, state) in adopted {
        due += session.run(DUE_NOW, args![clinic, IntentId(intent), now, &state]).await?;
    }
    Ok(due)
}

#[derive(sqlx::FromRow)]
struct DueRow {
    effect_id: Uuid,
    provider: String,
    date: String,
    start_minute: i64,
    end_minute: i64,
    effect_payload: Vec<u8>,
    effect_state: String,
    effect_appointment: Option<i64>,
    announced_at: i64,
    last_arrival: i64,
    due: i64,
    intent_id: Uuid,
    intent_payload: Vec<u8>,
    intent_state: String,
    intent_appointment: Option<i64>,
    call_id: String,
    tool_call_id: String,
}

impl SqlStore {
    pub(super) async fn read_due(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<JournalRow>> {
        readable(limit, move |passed| async move {
            let due = args![clinic, owner, now, limit, passed];
            let rows = self.read(Scope::Clinic(clinic)).await?.all(DUE_EFFECTS, due).await?;
            Ok(Page { rows: rows.len(), read: self.open_all_due(clinic, rows).await })
        })
        .await
    }

    async fn open_all_due(&self, clinic: &ClinicId, rows: Vec<DueRow>) -> Vec<JournalRow> {
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.effect_id;
            match self.open_due(clinic, row).await {
                Ok(row) => due.push(row),
                // It goes on occupying its time, and counts as unsettled. The others must not wait for it.
                Err(error) => {
                    tracing::error!(effect.id = %id, failure = %error, "a journal row cannot be read");
                }
            }
        }
        due
    }

    /// The addition of the intent whose later step this is.
    async fn addition_before(&self, step: &Effect) -> StoreResult<Option<Effect>> {
        let row: Option<AdditionRow> = self
            .read(Scope::Clinic(&step.clinic))
            .await?
            .maybe(NEWEST_ADDITION, args![&step.clinic, step.intent])
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id = row.id.to_string();
        let plain = self.open_sealed(&step.clinic, effect_payload(&[&id]), &row.payload).await?;
        let written: EffectRecord = records::decode(&plain, "effect.payload")?;
        let (act, path) = written.read(row.slot()?);
        Ok(Some(Effect { id: EffectId(row.id), act, path, ..step.clone() }))
    }

    async fn open_due(&self, clinic: &ClinicId, row: DueRow) -> StoreResult<JournalRow> {
        let (intent_id, effect_id) = (row.intent_id.to_string(), row.effect_id.to_string());
        let asked = self.open_sealed(clinic, intent_payload(&[&intent_id]), &row.intent_payload).await?;
        let written = self.open_sealed(clinic, effect_payload(&[&effect_id]), &row.effect_payload).await?;
        let asked: IntentRecord = records::decode(&asked, "intent.payload")?;
        let written: EffectRecord = records::decode(&written, "effect.payload")?;
        let patient = asked.patient();
        let (want, order) = asked.read(tool_call_of(clinic, &row.call_id, &row.tool_call_id)?);
        let slot = records::slot(&row.provider, &row.date, row.start_minute, row.end_minute)?;
        let intent = Intent { id: IntentId(row.intent_id), clinic: clinic.clone(), patient, want };
        let (act, path) = written.read(slot);
        let effect = Effect {
            id: EffectId(row.effect_id),
            intent: intent.id,
            clinic: clinic.clone(),
            patient,
            act,
            path,
        };
        Ok(JournalRow {
            added: if effect.adds() { None } else { self.addition_before(&effect).await? },
            effect,
            intent,
            intent_state: states::intent(&row.intent_state, row.intent_appointment)?,
            state: states::effect(&row.effect_state, row.effect_appointment)?,
            order,
            announced_at: Ts(row.announced_at),
            last_arrival: Ts(row.last_arrival),
            due: Ts(row.due),
        })
    }
}

fn tool_call_of(clinic: &ClinicId, call: &str, tool_call: &str) -> StoreResult<ToolCallKey> {
    let unreadable = |_| StoreError::Unreadable("intent");
    let call = CallKey { clinic: clinic.clone(), call: CallId::parse(call).map_err(unreadable)? };
    Ok(ToolCallKey { call, tool_call: ToolCallId::parse(tool_call).map_err(unreadable)? })
}
