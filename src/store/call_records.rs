//! The records of calls. Every message and every save adds to one row in the transaction of its own, so that a record
//! never lacks what was kept.

use vitarad_actors::domain::call_note::{CallIntent, CallOutcome};
use vitarad_actors::domain::call_record::{CallFacts, CallStage, EndedReason};
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::say::Language;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::transfer::TransferReason;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use super::SqlStore;
use super::db::{Scope, Session};
use super::sql::args;
use super::statements::calls::{CALL_RECORD, RECORD_CALL};

/// Inside the transaction of what the facts come from. `report_due` is when the report is missed, `None` with the report.
pub(super) async fn record(
    session: &mut Session,
    key: &CallKey,
    facts: &CallFacts,
    report_due: Option<Ts>,
    now: Ts,
) -> StoreResult<()> {
    if !facts.says_something() {
        return Ok(());
    }
    let columns = args![
        &key.clinic,
        &key.call,
        stage_no(facts.stage),
        facts.ended_reason.as_ref().map(EndedReason::as_str),
        facts.ended_reason.as_ref().map(|reason| reason.ended_by().name()),
        facts.started_at,
        facts.ended_at,
        facts.duration_ms,
        facts.cost_micros,
        facts.language.map(Language::code),
        facts.intent.map(CallIntent::name),
        facts.outcome.map(CallOutcome::name),
        facts.transfer_reason.map(TransferReason::name),
        facts.sms_consent.map(i64::from),
        now,
        report_due,
    ];
    session.run(RECORD_CALL, columns).await.map(drop)
}

impl SqlStore {
    pub(super) async fn read_record(&self, key: &CallKey) -> StoreResult<Option<CallFacts>> {
        let mut session = self.read(Scope::Clinic(&key.clinic)).await?;
        let row: Option<RecordRow> = session.maybe(CALL_RECORD, args![&key.clinic, &key.call]).await?;
        row.map(RecordRow::facts).transpose()
    }
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    stage: i64,
    ended_reason: Option<String>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    duration_ms: Option<i64>,
    cost_micros: Option<i64>,
    language: Option<String>,
    intent: Option<String>,
    outcome: Option<String>,
    transfer_reason: Option<String>,
    sms_consent: Option<i64>,
}

impl RecordRow {
    fn facts(self) -> StoreResult<CallFacts> {
        Ok(CallFacts {
            stage: stage(self.stage),
            ended_reason: self.ended_reason.as_deref().map(EndedReason::new),
            started_at: self.started_at.map(Ts),
            ended_at: self.ended_at.map(Ts),
            duration_ms: self.duration_ms,
            cost_micros: self.cost_micros,
            language: word(self.language.as_deref(), Language::named)?,
            intent: word(self.intent.as_deref(), CallIntent::named)?,
            outcome: word(self.outcome.as_deref(), CallOutcome::named)?,
            transfer_reason: self.transfer_reason.as_deref().map(TransferReason::named),
            sms_consent: self.sms_consent.map(|consent| consent != 0),
        })
    }
}

fn word<T>(stored: Option<&str>, named: fn(&str) -> Option<T>) -> StoreResult<Option<T>> {
    let read = |text| named(text).ok_or(StoreError::Unreadable("call_record"));
    stored.map(read).transpose()
}

/// As the column counts them; the numbers are in the migration.
const fn stage_no(stage: Option<CallStage>) -> i64 {
    match stage {
        None => 0,
        Some(CallStage::Scheduled) => 1,
        Some(CallStage::Queued) => 2,
        Some(CallStage::Ringing) => 3,
        Some(CallStage::InProgress) => 4,
        Some(CallStage::Forwarding) => 5,
        Some(CallStage::Ended) => 6,
    }
}

fn stage(stored: i64) -> Option<CallStage> {
    CallStage::ALL.into_iter().find(|stage| stage_no(Some(*stage)) == stored)
}
