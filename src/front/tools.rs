//! Answers the tool calls of one message: at once, each by its deadline, each with one well-formed result (law C-1).

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use vitarad_actors::domain::answer::{Answer, AnswerLine};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::say::{Language, Situation};
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::switchboard::{Switchboard, ToolCall};

use super::answers::Answered;
use super::asked::Asked;
use super::limits::{Allowance, Full};
use super::listener::LastWord;
use super::meters::ToolOutcome;

/// More than this in one message is not a conversation.
const MOST_AT_ONCE: usize = 16;

/// What all tool calls of one message share.
pub(super) struct Asking {
    pub(super) switchboard: Arc<dyn Switchboard>,
    pub(super) clinic: Arc<Clinic>,
    pub(super) call: CallKey,
    pub(super) caller: Option<PhoneNumber>,
    pub(super) allowance: Arc<Allowance>,
    pub(super) deadline: Instant,
    /// A deadline that a drain sets.
    pub(super) last_word: LastWord,
}

enum Begun {
    /// Answered without asking anybody.
    Settled(Situation, ToolOutcome),
    Running(Tool, JoinHandle<Option<AnswerLine>>),
}

/// For messages that belong to no clinic of this house: a safe line for each, and nothing of anybody's.
pub(super) fn turn_away(asked: Vec<Asked>) -> Vec<Answered> {
    let line = Answer::new(Situation::ClinicUnknown, Language::default(), &[]).line();
    asked.into_iter().map(|asked| Answered::new(asked, line.clone(), ToolOutcome::UnknownClinic)).collect()
}

impl Asking {
    pub(super) async fn answer(&self, asked: Vec<Asked>) -> Vec<Answered> {
        let begun: Vec<_> = asked
            .into_iter()
            .enumerate()
            .map(|(index, mut asked)| {
                let begun = self.begin(index, &mut asked);
                (asked, begun)
            })
            .collect();
        let mut answered = Vec::with_capacity(begun.len());
        for (asked, begun) in begun {
            let (line, outcome) = self.finish(begun).await;
            answered.push(Answered::new(asked, line, outcome));
        }
        answered
    }

    fn begin(&self, index: usize, asked: &mut Asked) -> Begun {
        if index >= MOST_AT_ONCE {
            return Begun::Settled(Situation::Busy, ToolOutcome::Busy);
        }
        let (Some(tool), Some(id)) = (asked.tool, asked.key()) else {
            return Begun::Settled(Situation::ToolUnknown, ToolOutcome::UnknownTool);
        };
        let Some(arguments) = asked.arguments.take() else {
            return Begun::Settled(Situation::ValidationError, ToolOutcome::Unreadable);
        };
        let place = match self.allowance.tool_call(Instant::now()) {
            Ok(place) => place,
            Err(Full::AtOnce) => return Begun::Settled(Situation::Busy, ToolOutcome::Busy),
            Err(Full::OverRate) => return Begun::Settled(Situation::RateLimited, ToolOutcome::Limited),
        };
        let tool_call =
            ToolCall { call: self.call.clone(), id, tool, arguments, caller: self.caller.clone() };
        let (switchboard, deadline) = (Arc::clone(&self.switchboard), self.deadline);
        // In a task of its own: the platform may hang up on the connection, the caller is still on the line.
        Begun::Running(
            tool,
            tokio::spawn(async move {
                let _place = place;
                timeout_at(deadline, switchboard.ask(tool_call, deadline)).await.ok()
            }),
        )
    }

    /// The timer is looked at here as well as in the task, because a task that never yields never looks at its own.
    async fn finish(&self, begun: Begun) -> (AnswerLine, ToolOutcome) {
        let (tool, running) = match begun {
            Begun::Settled(situation, outcome) => return (self.line(situation), outcome),
            Begun::Running(tool, running) => (tool, running),
        };
        // What may have changed the EMR is not known to have failed.
        let otherwise = |read| if tool.changes_the_emr() { Situation::Pending } else { read };
        let answered = async {
            tokio::select! {
                biased;
                answered = running => Some(answered),
                () = self.last_word.called() => None,
            }
        };
        match timeout_at(self.deadline, answered).await {
            Ok(Some(Ok(Some(line)))) => (line, ToolOutcome::Answered),
            Ok(Some(Ok(None)) | None) | Err(_) => {
                (self.line(otherwise(Situation::EmrTimeout)), ToolOutcome::Deadline)
            }
            Ok(Some(Err(_))) => (self.line(otherwise(Situation::InternalError)), ToolOutcome::Broken),
        }
    }

    fn line(&self, situation: Situation) -> AnswerLine {
        let phone = self.clinic.phone.0.spoken();
        Answer::new(situation, self.clinic.language, &[("phone", &phone)]).line()
    }
}
