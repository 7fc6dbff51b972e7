//! The face the actors show to the door: ask a call something, tell it something.

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::domain::answer::AnswerLine;
use crate::domain::ids::{CallKey, ToolCallId};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::tool::Tool;
use crate::ports::store::CallEvent;
use crate::ports::voice::ControlUrl;

/// One tool call, authenticated and bound to its clinic and call.
#[derive(Clone)]
pub struct ToolCall {
    pub call: CallKey,
    pub id: ToolCallId,
    pub tool: Tool,
    pub arguments: Phi<Map<String, Value>>,
    /// From the call object of an authenticated envelope; `None` for a bare body, whatever its fields say.
    pub caller: Option<PhoneNumber>,
    /// The way into the live call, from the same envelope.
    pub control: Option<ControlUrl>,
}

/// What a message about a call means to its actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tiding {
    Goes,
    Ended,
}

/// Why a message could not be kept; the sender may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("the store is not available")]
    StoreAway,
    #[error("too many messages of this clinic are waiting")]
    Busy,
    #[error("the clinic is not open for calls")]
    NoSuchClinic,
}

#[async_trait]
pub trait Switchboard: Send + Sync + 'static {
    /// Always answers (law C-1): every failure on the way is an answer. May take until `deadline`, and may be dropped
    /// there: what it has set going continues.
    async fn ask(&self, tool_call: ToolCall, deadline: Instant) -> AnswerLine;

    /// Keeps a message for the call's record, then lets the call know.
    async fn tell(&self, event: CallEvent, tiding: Tiding) -> Result<(), NotKept>;
}
