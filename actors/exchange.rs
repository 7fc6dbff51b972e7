//! The switchboard as the house runs it: it reaches or adopts the call's actor, asks, and has an answer whatever happens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use crate::call::{CallMsg, stored_answer};
use crate::calls::{NotAdopted, reach};
use crate::domain::alarm::Alarm;
use crate::domain::answer::AnswerLine;
use crate::domain::ids::CallKey;
use crate::domain::phi::Phi;
use crate::domain::say::Situation;
use crate::domain::tool::Tool;
use crate::domain::urgent::Urgent;
use crate::house::House;
use crate::mailbox::{Mailbox, NotAnswered};
use crate::ports::store::{AuditAction, AuditEntry, CallEvent, StoreError};
use crate::shelter::word;
use crate::switchboard::{NotKept, Switchboard, Tiding, ToolCall};

pub struct Exchange(pub Arc<House>);

/// An actor that dies on a question is asked once more in its next life; what kills it twice is put aside. Losing the call
/// to another process is no death: its actor sees to that itself.
const LIVES: usize = 2;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[async_trait]
impl Switchboard for Exchange {
    async fn ask(&self, tool_call: ToolCall, deadline: Instant) -> AnswerLine {
        let Some(urgent) = self.urgent(&tool_call) else {
            let asked = self.ask_call(&tool_call, deadline).await;
            return asked.unwrap_or_else(|situation| self.word(&tool_call, situation));
        };
        if let Some(alarm) = urgent.alarm {
            self.0.meters.alarm(&tool_call.call.clinic, alarm.name());
        }
        // The call knows the language and enters it; that it cannot is no reason to keep the caller.
        let margin = self.0.settings.answer_margin;
        let by = deadline.checked_sub(margin).unwrap_or(deadline);
        if let Ok(Ok(line)) = timeout_at(by, self.ask_call(&tool_call, by)).await {
            return line;
        }
        not_audited(&tool_call.call);
        urgent.answer.line()
    }

    async fn enter_alarm(&self, call: &CallKey, tool: Tool, alarm: Alarm, answered: Situation) {
        self.0.meters.alarm(&call.clinic, alarm.name());
        let entry = AuditEntry::about_call(call, AuditAction::Tool(tool), answered.code(), self.0.now());
        if self.0.store.append_audit(entry).await.is_err() {
            not_audited(call);
        }
    }

    async fn tell(&self, event: CallEvent, tiding: Tiding) -> Result<(), NotKept> {
        let key = event.key.clone();
        if self.0.clinic(&key.clinic).is_none() {
            return Err(NotKept::NoSuchClinic);
        }
        match self.0.store.keep_event(event, self.0.now()).await {
            Ok(_) => {}
            Err(StoreError::Busy) => return Err(NotKept::Busy),
            Err(_) => return Err(NotKept::StoreAway),
        }
        if tiding == Tiding::Ended {
            // Only one that is awake needs to be told; the holds of one that is not expire by themselves.
            if let Some(mailbox) = self.0.directory.call(&key) {
                let _ = mailbox.post(CallMsg::End);
            }
        }
        Ok(())
    }
}

pub(crate) fn not_audited(CallKey { clinic, call }: &CallKey) {
    tracing::warn!(clinic.id = %clinic, call.id = %call, "answered without the call: it is not in the audit log");
}

/// A reading that is late can be asked again; a change may have happened.
const fn late(tool_call: &ToolCall) -> Situation {
    if tool_call.tool.changes_the_emr() { Situation::Pending } else { Situation::EmrTimeout }
}

impl Exchange {
    async fn ask_call(&self, tool_call: &ToolCall, deadline: Instant) -> Result<AnswerLine, Situation> {
        for life in 0..LIVES {
            let mailbox = match reach(&self.0, &tool_call.call, deadline).await {
                Ok(mailbox) => mailbox,
                Err(_) if life > 0 => return self.lost(tool_call, deadline).await,
                Err(NotAdopted::Full) => return Err(Situation::Busy),
                Err(NotAdopted::Away) => return Err(Situation::InternalError),
            };
            let question = Box::new(tool_call.clone());
            match mailbox.ask(deadline, |reply| CallMsg::Ask(question, deadline, reply)).await {
                Ok(line) => return Ok(line),
                Err(NotAnswered::Full) => return Err(Situation::Busy),
                Err(NotAnswered::Late) => return Err(late(tool_call)),
                Err(NotAnswered::Gone) => self.forget(&tool_call.call, &mailbox),
            }
        }
        self.put_aside(tool_call).await;
        self.lost(tool_call, deadline).await
    }

    /// The life that was asked is gone with the question. A change may have happened, or be refused yet: its outcome is
    /// told if it is known in time.
    async fn lost(&self, tool_call: &ToolCall, deadline: Instant) -> Result<AnswerLine, Situation> {
        if !tool_call.tool.changes_the_emr() {
            return Err(Situation::InternalError);
        }
        let by = deadline.checked_sub(self.0.settings.answer_margin).unwrap_or(deadline);
        stored_answer(&self.0, &tool_call.key(), by, LOOK_EVERY).await.ok_or(Situation::Pending)
    }

    fn urgent(&self, tool_call: &ToolCall) -> Option<Urgent> {
        let clinic = self.0.clinic(&tool_call.call.clinic)?;
        tool_call.urgent(&clinic, None, self.0.now())
    }

    /// The directory learns of a death by its supervisor; who noticed it first need not wait for that.
    fn forget(&self, key: &CallKey, mailbox: &Mailbox<CallMsg>) {
        self.0.directory.leave_call(key, mailbox.actor().get_id());
    }

    async fn put_aside(&self, tool_call: &ToolCall) {
        let key = tool_call.key();
        self.0.meters.dead_letter(&key.call.clinic);
        tracing::error!(
            clinic.id = %key.call.clinic, call.id = %key.call.call, tool = tool_call.tool.name(),
            "a tool call killed its actor twice and is put aside"
        );
        let arguments = Phi::new(serde_json::Value::Object(tool_call.arguments.reveal().clone()).to_string());
        if let Err(failure) = self.0.store.dead_letter(&key, tool_call.tool, arguments, self.0.now()).await {
            tracing::error!(clinic.id = %key.call.clinic, %failure, "a dead letter was not stored");
        }
    }

    fn word(&self, tool_call: &ToolCall, situation: Situation) -> AnswerLine {
        word(self.0.clinic(&tool_call.call.clinic).as_deref(), situation)
    }
}

#[cfg(test)]
mod tests;
