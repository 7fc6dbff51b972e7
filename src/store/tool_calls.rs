//! Tool calls that change something: claimed once, answered once, the same answer ever after (law B-6).

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::answer::AnswerLine;
use vitarad_actors::domain::ids::{CallId, CallKey, ClinicId, Fence, ToolCallId, ToolCallKey};
use vitarad_actors::domain::laws;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::store::{
    AuditEntry, Claimant, Claimed, HandOver, Lacks, StoreError, StoreResult, ToolCallStore,
};

use super::db::{Scope, Session};
use super::sql::args;
use super::statements::calls::CALL_FENCE;
use super::statements::tool_calls::{
    ABSOLVE, ANSWER, ANSWER_FORSAKEN, CLAIM, CLAIM_AGAIN, CLAIM_STANDING, DEAD_LETTER, FORSAKEN, STORE_ANSWER,
};
use super::writer::Lane;
use super::{SqlStore, audit};
use crate::seal::{ClinicKeys, Place};

#[async_trait]
impl ToolCallStore for SqlStore {
    async fn claim(
        &self,
        key: &ToolCallKey,
        tool: Tool,
        claimant: Claimant,
        now: Ts,
    ) -> StoreResult<Claimed> {
        let claim = Claim { key: key.clone(), tool, claimant, now };
        let standing = self
            .writer
            .submit(Lane::Clinic(&key.call.clinic), claim, |ask, session| claim_once(session, ask).boxed())
            .await?;
        match standing {
            Standing::Ours(attempt) => Ok(Claimed::Ours { attempt }),
            Standing::Underway => Ok(Claimed::Underway),
            Standing::Answered(envelope) => self.open_answer(key, &envelope).await.map(Claimed::Answered),
        }
    }

    async fn absolve(&self, key: &ToolCallKey, claimant: Claimant) -> StoreResult<()> {
        self.writer
            .submit(Lane::Clinic(&key.call.clinic), (key.clone(), claimant), |(key, claimant), session| {
                async move {
                    let ToolCallKey { call, tool_call } = key;
                    let Claimant { generation, fence } = *claimant;
                    let ended = args![&call.clinic, &call.call, tool_call, generation, fence];
                    session.run(ABSOLVE, ended).await.map(drop)
                }
                .boxed()
            })
            .await
    }

    async fn answer(
        &self,
        key: &ToolCallKey,
        line: AnswerLine,
        audit: Vec<AuditEntry>,
        now: Ts,
    ) -> StoreResult<AnswerLine> {
        let clinic = &key.call.clinic;
        let keys = self.keys(clinic).await?;
        let sealed = seal_answer(&keys, key, &line)?;
        let audit = self.seal_entries(clinic, &keys, audit)?;
        let stored: Option<Vec<u8>> = self
            .writer
            .submit(Lane::Clinic(clinic), (key.clone(), sealed, audit), move |ask, session| {
                async move {
                    let (key, sealed, audit) = ask;
                    audit::append(session, audit).await?;
                    if store_answer(session, key, sealed, now).await? {
                        return Ok(None);
                    }
                    stored_answer(session, key).await?.ok_or(StoreError::Usurped).map(Some)
                }
                .boxed()
            })
            .await?;
        match stored {
            Some(first) => self.open_answer(key, &first).await,
            None => Ok(line),
        }
    }

    async fn answer_of(&self, key: &ToolCallKey) -> StoreResult<Option<AnswerLine>> {
        let stored = {
            let mut session = self.read(Scope::Clinic(&key.call.clinic)).await?;
            stored_answer(&mut session, key).await?
        };
        match stored {
            Some(envelope) => self.open_answer(key, &envelope).await.map(Some),
            None => Ok(None),
        }
    }

    async fn forsaken(
        &self,
        clinic: &ClinicId,
        claimed_by: Ts,
        limit: u32,
    ) -> StoreResult<Vec<(ToolCallKey, Tool)>> {
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let rows: Vec<(String, String, String)> =
            session.all(FORSAKEN, args![clinic, claimed_by, limit]).await?;
        let known = |(call, tool_call, tool): (String, String, String)| {
            let call = CallKey { clinic: clinic.clone(), call: CallId::parse(&call).ok()? };
            let key = ToolCallKey { call, tool_call: ToolCallId::parse(&tool_call).ok()? };
            Some((key, Tool::named(&tool)?))
        };
        Ok(rows.into_iter().filter_map(known).collect())
    }

    async fn hand_over(&self, handed: HandOver, now: Ts) -> StoreResult<bool> {
        let HandOver { key, tool, lacks, audit } = handed;
        let clinic = key.call.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let forsaken = match lacks {
            Lacks::Answer { line, claimed_by } => Some((seal_answer(&keys, &key, &line)?, claimed_by)),
            Lacks::Hearer => None,
        };
        let letter = Letter { sealed: seal_letter(&keys, &key, "{}")?, key, tool, now };
        let audit = self.seal_entries(&clinic, &keys, vec![audit])?;
        self.writer
            .submit(Lane::Clinic(&clinic), (letter, forsaken, audit), |ask, session| {
                async move {
                    let (letter, forsaken, audit) = ask;
                    if let Some((line, claimed_by)) = forsaken
                        && !answer_forsaken(session, letter, line, *claimed_by).await?
                    {
                        return Ok(false);
                    }
                    if !put_aside(session, letter).await? && forsaken.is_none() {
                        return Ok(false);
                    }
                    audit::append(session, audit).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await
    }

    async fn dead_letter(
        &self,
        key: &ToolCallKey,
        tool: Tool,
        arguments: Phi<String>,
        now: Ts,
    ) -> StoreResult<()> {
        let keys = self.keys(&key.call.clinic).await?;
        let letter =
            Letter { sealed: seal_letter(&keys, key, arguments.reveal())?, key: key.clone(), tool, now };
        self.writer
            .submit(Lane::Clinic(&key.call.clinic), letter, |letter, session| {
                async move { put_aside(session, letter).await.map(drop) }.boxed()
            })
            .await
    }
}

impl SqlStore {
    async fn open_answer(&self, key: &ToolCallKey, envelope: &[u8]) -> StoreResult<AnswerLine> {
        let row = row_of(key);
        let opened = self.open_sealed(&key.call.clinic, answer_place(&row), envelope).await?;
        let line = String::from_utf8(opened.into_revealed())
            .map_err(|_| StoreError::Unreadable("tool_call.answer"))?;
        Ok(AnswerLine::stored(Phi::new(line)))
    }
}

fn row_of(key: &ToolCallKey) -> [&str; 2] {
    [key.call.call.as_str(), key.tool_call.as_str()]
}

const fn answer_place<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "tool_call", column: "answer", row }
}

pub(super) fn seal_answer(keys: &ClinicKeys, key: &ToolCallKey, line: &AnswerLine) -> StoreResult<Vec<u8>> {
    keys.seal(answer_place(&row_of(key)), line.reveal().as_bytes())
}

/// Whether it was the first.
pub(super) async fn store_answer(
    session: &mut Session,
    key: &ToolCallKey,
    sealed: &Vec<u8>,
    now: Ts,
) -> StoreResult<bool> {
    let ToolCallKey { call, tool_call } = key;
    Ok(session.run(STORE_ANSWER, args![&call.clinic, &call.call, tool_call, sealed, now]).await? > 0)
}

pub(super) async fn stored_answer(session: &mut Session, key: &ToolCallKey) -> StoreResult<Option<Vec<u8>>> {
    let ToolCallKey { call, tool_call } = key;
    let row: Option<(Option<Vec<u8>>,)> =
        session.maybe(ANSWER, args![&call.clinic, &call.call, tool_call]).await?;
    Ok(row.and_then(|(answer,)| answer))
}

/// What is put aside for a person to look at.
struct Letter {
    key: ToolCallKey,
    tool: Tool,
    sealed: Vec<u8>,
    now: Ts,
}

fn seal_letter(keys: &ClinicKeys, key: &ToolCallKey, arguments: &str) -> StoreResult<Vec<u8>> {
    let place = Place { table: "dead_letter", column: "arguments", row: &row_of(key) };
    keys.seal(place, arguments.as_bytes())
}

/// Whether it was the first of its tool call.
async fn put_aside(session: &mut Session, letter: &Letter) -> StoreResult<bool> {
    let Letter { key: ToolCallKey { call, tool_call }, tool, sealed, now } = letter;
    let put = args![&call.clinic, &call.call, tool_call, tool.name(), sealed, *now];
    Ok(session.run(DEAD_LETTER, put).await? > 0)
}

/// Whether it still was.
async fn answer_forsaken(
    session: &mut Session,
    letter: &Letter,
    line: &Vec<u8>,
    claimed_by: Ts,
) -> StoreResult<bool> {
    let Letter { key: ToolCallKey { call, tool_call }, now, .. } = letter;
    let answered = args![&call.clinic, &call.call, tool_call, line, *now, claimed_by];
    Ok(session.run(ANSWER_FORSAKEN, answered).await? > 0)
}

struct Claim {
    key: ToolCallKey,
    tool: Tool,
    claimant: Claimant,
    now: Ts,
}

enum Standing {
    Ours(u32),
    Underway,
    Answered(Vec<u8>),
}

async fn claim_once(session: &mut Session, claim: &Claim) -> StoreResult<Standing> {
    let Claim { key: ToolCallKey { call, tool_call }, tool, claimant, now } = claim;
    let Claimant { generation, fence } = *claimant;
    let first = args![&call.clinic, &call.call, tool_call, tool.name(), generation, fence, *now];
    if session.run(CLAIM, first).await? > 0 {
        return Ok(Standing::Ours(1));
    }
    let row: Option<(i64, Option<Vec<u8>>, bool, bool)> =
        session.maybe(CLAIM_STANDING, args![&call.clinic, &call.call, tool_call, generation]).await?;
    let (claimed_under, underway) = match row {
        Some((_, Some(answer), ..)) => return Ok(Standing::Answered(answer)),
        Some((fence, None, elsewhere, intended)) => (Fence(fence), elsewhere || intended),
        None => return Err(StoreError::Usurped),
    };
    let in_force: Option<(i64,)> = session.maybe(CALL_FENCE, args![&call.clinic, &call.call]).await?;
    if !in_force.is_some_and(|(in_force,)| laws::owns(Fence(in_force), fence)) {
        return Err(StoreError::Usurped);
    }
    if claimed_under == fence || underway {
        return Ok(Standing::Underway);
    }
    let again = args![&call.clinic, &call.call, tool_call, generation, fence, *now];
    let taken: Option<(i64,)> = session.maybe(CLAIM_AGAIN, again).await?;
    Ok(taken
        .map_or(Standing::Underway, |(attempt,)| Standing::Ours(u32::try_from(attempt).unwrap_or(u32::MAX))))
}
