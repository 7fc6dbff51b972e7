//! Registrations: one at a time for one person and one health card, whoever asks and in whatever process.

use async_trait::async_trait;
use futures::FutureExt;
use tokio::time::Instant;
use uuid::Uuid;
use vitarad_actors::domain::ids::{
    CallId, CallKey, ClinicId, DemographicNo, Fence, Generation, IntentId, ToolCallId, ToolCallKey,
};
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{
    AuditEntry, Lease, LookAgain, RegistrationAnnounced, RegistrationDraft, RegistrationEnd, RegistrationRow,
    RegistrationStore, StoreError, StoreResult,
};

use super::audit::SealedEntry;
use super::db::{Scope, Session};
use super::locks::LockKey;
use super::outbox::{self, SealedSms};
use super::pages::{Page, readable};
use super::records::{self, RegistrationRecord};
use super::sql::args;
use super::statements::registrations::{
    ADOPT_REGISTRATIONS, ANNOUNCE_REGISTRATION, DUE_REGISTRATIONS, EARLIER_REGISTRATION, REGISTRATION,
    REGISTRATION_STANDING, REGISTRATION_UNDER_WAY, REGISTRATIONS_FOR_STAFF, SETTLE_REGISTRATION,
};
use super::writer::Lane;
use super::{SqlStore, audit, instances, tool_calls};
use crate::seal::{Blind, ClinicKeys, Place};

/// The lease is the row: nobody else's is granted beside it.
const FENCE: Fence = Fence(1);
/// More than a clinic's staff could call.
const AT_MOST: u32 = 1_000;

const fn payload_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "registration", column: "payload", row }
}

const fn chart_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "registration", column: "chart", row }
}

/// An announcement, sealed and indexed.
struct Announcing {
    id: IntentId,
    key: ToolCallKey,
    person_index: Vec<u8>,
    health_index: Option<Vec<u8>>,
    payload: Vec<u8>,
    sender: Generation,
    last_arrival: Ts,
    audit: Vec<SealedEntry>,
    now: Ts,
}

enum Decision {
    Granted { earlier: Option<(IntentId, Vec<u8>)> },
    Underway { id: IntentId, same_call: bool },
}

impl Announcing {
    fn sealed(
        draft: &RegistrationDraft,
        keys: &ClinicKeys,
        audit: Vec<SealedEntry>,
        now: Ts,
    ) -> StoreResult<Self> {
        let RegistrationDraft { id, who, note, sender, last_arrival, .. } = draft;
        let plain = records::encode(&RegistrationRecord::new(who, note))?;
        let card = |number: &vitarad_actors::domain::health_number::HealthNumber| {
            let text = format!("{}|{}", number.province().code(), number.number());
            keys.blind(Blind::HealthNumber, text.as_bytes())
        };
        Ok(Self {
            id: *id,
            key: note.tool_call.clone(),
            person_index: keys.blind(Blind::Newcomer, who.person().reveal().as_bytes()),
            health_index: who.health_number.reveal().as_ref().map(card),
            payload: keys.seal(payload_of(&[&id.to_string()]), &plain)?,
            sender: *sender,
            last_arrival: *last_arrival,
            audit,
            now,
        })
    }
}

async fn announce(session: &mut Session, ask: &Announcing) -> StoreResult<Decision> {
    let ToolCallKey { call: CallKey { clinic, call }, tool_call } = &ask.key;
    let same = args![clinic, &ask.person_index, ask.health_index.as_ref()];
    if let Some((id, asked_by)) = session.maybe::<(Uuid, String)>(REGISTRATION_UNDER_WAY, same).await? {
        return Ok(Decision::Underway { id: IntentId(id), same_call: asked_by == call.as_str() });
    }
    instances::check(session, ask.sender).await?;
    let earlier: Option<(Uuid, Vec<u8>)> =
        session.maybe(EARLIER_REGISTRATION, args![clinic, call, &ask.person_index]).await?;
    let Announcing { id, person_index, health_index, payload, sender, last_arrival, now, .. } = ask;
    let row = args![
        *id,
        clinic,
        call,
        tool_call,
        person_index,
        health_index.as_ref(),
        payload,
        *sender,
        *now,
        *last_arrival,
    ];
    session.run(ANNOUNCE_REGISTRATION, row).await?;
    audit::append(session, &ask.audit).await?;
    Ok(Decision::Granted { earlier: earlier.map(|(id, chart)| (IntentId(id), chart)) })
}

/// A settlement, sealed.
struct Settling {
    clinic: ClinicId,
    id: IntentId,
    settler: Generation,
    state: RegistrationState,
    chart: Option<Vec<u8>>,
    answer: Option<(ToolCallKey, Vec<u8>)>,
    text: Option<SealedSms>,
    audit: Vec<SealedEntry>,
    look_again: Option<LookAgain>,
    now: Ts,
}

impl Settling {
    fn sealed(
        end: RegistrationEnd,
        keys: &ClinicKeys,
        audit: Vec<SealedEntry>,
        now: Ts,
    ) -> StoreResult<Self> {
        let RegistrationEnd { clinic, id, settler, state, answer, text, look_again, .. } = end;
        let chart = match state {
            RegistrationState::Done(no) => {
                Some(keys.seal(chart_of(&[&id.to_string()]), no.reveal().to_string().as_bytes())?)
            }
            _ => None,
        };
        let answer = answer
            .map(|(key, line)| tool_calls::seal_answer(keys, &key, &line).map(|sealed| (key, sealed)))
            .transpose()?;
        let text = text.map(|draft| outbox::seal(keys, draft)).transpose()?;
        Ok(Self { clinic, id, settler, state, chart, answer, text, audit, look_again, now })
    }
}

async fn settle(session: &mut Session, ask: &Settling) -> StoreResult<()> {
    let standing: Option<(String, i64, i64)> =
        session.maybe(REGISTRATION_STANDING, args![&ask.clinic, ask.id]).await?;
    let (word, sender, owner) = standing.ok_or(StoreError::Usurped)?;
    let current = match word.as_str() {
        "announced" => RegistrationState::Announced,
        "unknown" => RegistrationState::Unknown,
        _ => return Err(StoreError::Usurped),
    };
    if ![sender, owner].contains(&ask.settler.0) || !current.may_become(ask.state) {
        return Err(StoreError::Usurped);
    }
    let to = args![
        &ask.clinic,
        ask.id,
        &word,
        word_of(ask.state),
        ask.chart.as_ref(),
        ask.look_again.map(|look| look.due),
        ask.look_again.map(|look| look.last_arrival),
        ask.state.is_settled().then_some(ask.now),
    ];
    if session.run(SETTLE_REGISTRATION, to).await? == 0 {
        return Err(StoreError::Usurped);
    }
    if let Some((key, sealed)) = &ask.answer {
        tool_calls::store_answer(session, key, sealed, ask.now).await?;
    }
    if let Some(sms) = &ask.text {
        outbox::queue(session, sms, ask.now).await?;
    }
    audit::append(session, &ask.audit).await
}

const fn word_of(state: RegistrationState) -> &'static str {
    match state {
        RegistrationState::Announced => "announced",
        RegistrationState::Unknown => "unknown",
        RegistrationState::Done(_) => "done",
        RegistrationState::NotDone => "not_done",
        RegistrationState::HandedToStaff => "handed_to_staff",
    }
}

/// Those of a dead generation are this one's, due at once.
pub(super) async fn adopt(
    session: &mut Session,
    clinic: &ClinicId,
    owner: Generation,
    now: Ts,
) -> StoreResult<u64> {
    session.run(ADOPT_REGISTRATIONS, args![clinic, owner, now]).await
}

#[async_trait]
impl RegistrationStore for SqlStore {
    async fn announce_registration(
        &self,
        mut draft: RegistrationDraft,
        now: Ts,
    ) -> StoreResult<RegistrationAnnounced> {
        // The holder's clock starts before the row's: it is always the first to stop.
        let until = Instant::now() + draft.lease_for;
        let clinic = draft.note.tool_call.call.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let audit = self.seal_entries(&clinic, &keys, std::mem::take(&mut draft.audit))?;
        let announcing = Announcing::sealed(&draft, &keys, audit, now)?;
        let locks = vec![LockKey::registration(&clinic)];
        let decision = self
            .writer
            .submit_locked(Lane::Clinic(&clinic), locks, announcing, |ask, session| {
                announce(session, ask).boxed()
            })
            .await?;
        let earlier = match decision {
            Decision::Underway { id, same_call } => {
                return Ok(RegistrationAnnounced::Underway { id, same_call });
            }
            Decision::Granted { earlier: None } => None,
            Decision::Granted { earlier: Some((id, chart)) } => {
                Some((id, self.open_chart(&clinic, id, &chart).await?))
            }
        };
        Ok(RegistrationAnnounced::Granted { lease: Lease { fence: FENCE, until }, earlier })
    }

    async fn settle_registration(&self, mut end: RegistrationEnd, now: Ts) -> StoreResult<()> {
        let clinic = end.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let audit = self.seal_entries(&clinic, &keys, std::mem::take(&mut end.audit))?;
        let settling = Settling::sealed(end, &keys, audit, now)?;
        self.writer
            .submit(Lane::Clinic(&clinic), settling, |settling, session| settle(session, settling).boxed())
            .await
    }

    async fn due_registrations(
        &self,
        clinic: &ClinicId,
        owner: Generation,
        now: Ts,
        limit: u32,
    ) -> StoreResult<Vec<RegistrationRow>> {
        readable(limit, move |passed| async move {
            let due = args![clinic, owner, now, limit, passed];
            let rows = self.read(Scope::Clinic(clinic)).await?.all(DUE_REGISTRATIONS, due).await?;
            Ok(Page { rows: rows.len(), read: self.open_registrations(clinic, rows).await? })
        })
        .await
    }

    async fn registration(&self, clinic: &ClinicId, id: IntentId) -> StoreResult<Option<RegistrationState>> {
        let row: Option<(String, Option<Vec<u8>>)> =
            self.read(Scope::Clinic(clinic)).await?.maybe(REGISTRATION, args![clinic, id]).await?;
        match row {
            Some((word, chart)) => self.open_state(clinic, id, &word, chart.as_ref()).await.map(Some),
            None => Ok(None),
        }
    }

    async fn registrations_for_staff(
        &self,
        clinic: &ClinicId,
        audit: AuditEntry,
    ) -> StoreResult<Vec<RegistrationRow>> {
        let keys = self.keys(clinic).await?;
        let entries = self.seal_entries(clinic, &keys, vec![audit])?;
        let rows: Vec<StoredRow> = self
            .writer
            .submit(Lane::Clinic(clinic), (clinic.clone(), entries), |(clinic, entries), session| {
                async move {
                    audit::append(session, entries).await?;
                    session.all(REGISTRATIONS_FOR_STAFF, args![&*clinic, AT_MOST]).await
                }
                .boxed()
            })
            .await?;
        self.open_registrations(clinic, rows).await
    }
}

#[derive(sqlx::FromRow)]
struct StoredRow {
    id: Uuid,
    call_id: String,
    tool_call_id: String,
    payload: Vec<u8>,
    chart: Option<Vec<u8>>,
    state: String,
    announced_at: i64,
    last_arrival: i64,
}

impl SqlStore {
    async fn open_registrations(
        &self,
        clinic: &ClinicId,
        rows: Vec<StoredRow>,
    ) -> StoreResult<Vec<RegistrationRow>> {
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            match self.open_registration(clinic, row).await {
                Ok(row) => opened.push(row),
                // It counts as unsettled. The others must not wait for it.
                Err(error) => {
                    tracing::error!(clinic.id = %clinic, registration.id = %id, failure = %error, "a registration cannot be read");
                }
            }
        }
        Ok(opened)
    }

    async fn open_registration(&self, clinic: &ClinicId, row: StoredRow) -> StoreResult<RegistrationRow> {
        let unreadable = |_| StoreError::Unreadable("registration");
        let id = IntentId(row.id);
        let plain = self.open_sealed(clinic, payload_of(&[&id.to_string()]), &row.payload).await?;
        let record: RegistrationRecord = records::decode(&plain, "registration.payload")?;
        let call = CallKey { clinic: clinic.clone(), call: CallId::parse(&row.call_id).map_err(unreadable)? };
        let tool_call = ToolCallId::parse(&row.tool_call_id).map_err(unreadable)?;
        let (who, note) = record.read(ToolCallKey { call, tool_call });
        Ok(RegistrationRow {
            id,
            who,
            note,
            state: self.open_state(clinic, id, &row.state, row.chart.as_ref()).await?,
            announced_at: Ts(row.announced_at),
            last_arrival: Ts(row.last_arrival),
        })
    }

    async fn open_state(
        &self,
        clinic: &ClinicId,
        id: IntentId,
        word: &str,
        chart: Option<&Vec<u8>>,
    ) -> StoreResult<RegistrationState> {
        match (word, chart) {
            ("announced", _) => Ok(RegistrationState::Announced),
            ("unknown", _) => Ok(RegistrationState::Unknown),
            ("done", Some(chart)) => self.open_chart(clinic, id, chart).await.map(RegistrationState::Done),
            ("not_done", _) => Ok(RegistrationState::NotDone),
            ("handed_to_staff", _) => Ok(RegistrationState::HandedToStaff),
            _ => Err(StoreError::Unreadable("registration.state")),
        }
    }

    async fn open_chart(&self, clinic: &ClinicId, id: IntentId, chart: &[u8]) -> StoreResult<DemographicNo> {
        let plain = self.open_sealed(clinic, chart_of(&[&id.to_string()]), chart).await?;
        let number = std::str::from_utf8(plain.reveal()).ok().and_then(|text| text.parse().ok());
        number.map(DemographicNo::new).ok_or(StoreError::Unreadable("registration.chart"))
    }
}
