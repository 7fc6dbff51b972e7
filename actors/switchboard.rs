//! The face the actors show to the door: ask a call something, tell it something.

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::domain::alarm::{Alarm, alarm};
use crate::domain::answer::AnswerLine;
use crate::domain::clinic::Clinic;
use crate::domain::ids::{CallKey, ToolCallId, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::{Language, Situation};
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::domain::urgent::{Urgent, urgent};
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
    /// What alarming is in the arguments: looked for once, however many of the house ask.
    pub alarm: OnceLock<Option<Alarm>>,
}

impl ToolCall {
    pub fn key(&self) -> ToolCallKey {
        ToolCallKey { call: self.call.clone(), tool_call: self.id.clone() }
    }

    /// What is answered at once, if anything; `known` is the language that the call is held in, as far as whoever asks
    /// knows it.
    pub fn urgent(&self, clinic: &Clinic, known: Option<Language>, now: Ts) -> Option<Urgent> {
        let arguments = self.arguments.reveal();
        let alarm = *self.alarm.get_or_init(|| alarm(arguments, &clinic.alarms));
        urgent(clinic, self.tool, arguments, alarm, known, now)
    }
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

    /// Counts and audits an alarm that was answered without the call.
    async fn enter_alarm(&self, call: &CallKey, tool: Tool, alarm: Alarm, answered: Situation);

    /// Keeps a message for the call's record, then lets the call know.
    async fn tell(&self, event: CallEvent, tiding: Tiding) -> Result<(), NotKept>;
}
