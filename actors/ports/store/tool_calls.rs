//! Tool calls that change something: claimed once, answered once (law B-6).

use async_trait::async_trait;

use super::{AuditEntry, StoreResult};
use crate::domain::answer::AnswerLine;
use crate::domain::ids::{ClinicId, Fence, Generation, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;

/// Who claims a tool call: one ownership of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    pub generation: Generation,
    pub fence: Fence,
}

/// What a claim of a tool call found (law B-6).
pub enum Claimed {
    /// It is ours to do. `attempt` counts from 1; it grows with each one that never came to its end.
    Ours {
        attempt: u32,
    },
    /// Another delivery is at it.
    Underway,
    Answered(AnswerLine),
}

/// What becomes a person's to call somebody about.
pub struct HandOver {
    pub key: ToolCallKey,
    pub tool: Tool,
    pub lacks: Lacks,
    pub audit: AuditEntry,
}

/// Why a person has to.
pub enum Lacks {
    /// Nobody answers it, as [`ToolCallStore::forsaken`] lists it for that time. The line becomes its answer.
    Answer { line: AnswerLine, claimed_by: Ts },
    /// Nobody can be told the answer that it has.
    Hearer,
}

#[async_trait]
pub trait ToolCallStore: Send + Sync + 'static {
    /// Inserts the claim. An unanswered one that an earlier ownership of the call made is taken over, unless an intent came
    /// of it, or another living process is at it: either will bring the answer. What was tried before counts as an attempt,
    /// but for one that was absolved, and one whose process has ended in order.
    async fn claim(&self, key: &ToolCallKey, tool: Tool, claimant: Claimant, now: Ts)
    -> StoreResult<Claimed>;

    /// The attempt under that claim has come to its end without an answer: whatever dies from now on, it was not of this.
    async fn absolve(&self, key: &ToolCallKey, claimant: Claimant) -> StoreResult<()>;

    /// Stores the answer of a claim that needed no write, or whose intent another tool call carried. The first stored
    /// answer stays; it is returned.
    async fn answer(
        &self,
        key: &ToolCallKey,
        line: AnswerLine,
        audit: Vec<AuditEntry>,
        now: Ts,
    ) -> StoreResult<AnswerLine>;

    async fn answer_of(&self, key: &ToolCallKey) -> StoreResult<Option<AnswerLine>>;

    /// Claimed at that time or before, not answered, and without an intent that will bring the answer. Oldest first.
    async fn forsaken(
        &self,
        clinic: &ClinicId,
        claimed_by: Ts,
        limit: u32,
    ) -> StoreResult<Vec<(ToolCallKey, Tool)>>;

    /// Puts a tool call aside for staff, with its audit entry and the answer it lacks, in one transaction. `false`, and
    /// nothing of that, when it lacks nothing any more, or somebody else has handed it over.
    async fn hand_over(&self, handed: HandOver, now: Ts) -> StoreResult<bool>;

    /// Puts an input that killed its actor twice aside, sealed, for a person to look at.
    async fn dead_letter(
        &self,
        key: &ToolCallKey,
        tool: Tool,
        arguments: Phi<String>,
        now: Ts,
    ) -> StoreResult<()>;
}
