//! Answers the tool calls of one message: at once, each by its deadline, each with one well-formed result (law C-1).

use std::sync::{Arc, OnceLock};

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use vitarad_actors::domain::answer::{Answer, AnswerLine};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::say::{Language, Situation};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::domain::urgent::Urgent;
use vitarad_actors::ports::voice::ControlUrl;
use vitarad_actors::switchboard::{Switchboard, ToolCall};

use super::answers::Answered;
use super::asked::Asked;
use super::limits::{Allowance, Full, Place};
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
    pub(super) control: Option<ControlUrl>,
    pub(super) allowance: Arc<Allowance>,
    pub(super) now: Ts,
    pub(super) deadline: Instant,
    pub(super) urgent_deadline: Instant,
    /// A deadline that a drain sets.
    pub(super) last_word: LastWord,
}

enum Begun {
    /// Answered without asking anybody.
    Settled(Situation, ToolOutcome),
    /// The same, for what is urgent.
    Answered(AnswerLine),
    Running(Running),
}

impl Begun {
    const fn is_urgent(&self) -> bool {
        match self {
            Self::Settled(..) => false,
            Self::Answered(_) => true,
            Self::Running(running) => running.otherwise.is_some(),
        }
    }
}

/// A tool call that the switchboard was asked.
struct Running {
    tool: Tool,
    deadline: Instant,
    /// What is answered if nothing else is, for what is urgent.
    otherwise: Option<AnswerLine>,
    task: JoinHandle<Option<AnswerLine>>,
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
            let is_urgent = begun.is_urgent();
            let (line, outcome) = self.finish(begun).await;
            answered.push(Answered::new(asked, line, outcome).urgent(is_urgent));
        }
        answered
    }

    fn begin(&self, index: usize, asked: &mut Asked) -> Begun {
        let (Some(tool), Some(id)) = (asked.tool, asked.key()) else {
            return Begun::Settled(Situation::ToolUnknown, ToolOutcome::UnknownTool);
        };
        let arguments = match asked.arguments.take() {
            Some(arguments) => arguments,
            // Whoever wants a person need not say why.
            None if tool == Tool::TransferCall => Phi::default(),
            None => return Begun::Settled(Situation::ValidationError, ToolOutcome::Unreadable),
        };
        let tool_call = ToolCall {
            call: self.call.clone(),
            id,
            tool,
            arguments,
            caller: self.caller.clone(),
            control: self.control.clone(),
            alarm: OnceLock::new(),
        };
        let urgent = tool_call.urgent(&self.clinic, None, self.now);
        let place = match (self.admit(index), &urgent) {
            (Ok(place), _) => place,
            // Never limited: what the declaration says goes out, only that the call does not hear of it.
            (Err(_), Some(urgent)) => {
                self.enter_alarm(tool, urgent);
                return Begun::Answered(urgent.answer.line());
            }
            (Err((situation, outcome)), None) => return Begun::Settled(situation, outcome),
        };
        let deadline = if urgent.is_some() { self.urgent_deadline } else { self.deadline };
        let switchboard = Arc::clone(&self.switchboard);
        // In a task of its own: the platform may hang up on the connection, the caller is still on the line.
        let task = tokio::spawn(async move {
            let _place = place;
            timeout_at(deadline, switchboard.ask(tool_call, deadline)).await.ok()
        });
        Begun::Running(Running { tool, deadline, otherwise: urgent.map(|urgent| urgent.answer.line()), task })
    }

    /// Whoever looks after alarms must hear of each, and the caller need not wait for that.
    fn enter_alarm(&self, tool: Tool, urgent: &Urgent) {
        let Some(alarm) = urgent.alarm else { return };
        let (switchboard, call) = (Arc::clone(&self.switchboard), self.call.clone());
        let situation = urgent.answer.situation;
        tokio::spawn(async move { switchboard.enter_alarm(&call, tool, alarm, situation).await });
    }

    fn admit(&self, index: usize) -> Result<Place, (Situation, ToolOutcome)> {
        if index >= MOST_AT_ONCE {
            return Err((Situation::Busy, ToolOutcome::Busy));
        }
        match self.allowance.tool_call(Instant::now()) {
            Ok(place) => Ok(place),
            Err(Full::AtOnce) => Err((Situation::Busy, ToolOutcome::Busy)),
            Err(Full::OverRate) => Err((Situation::RateLimited, ToolOutcome::Limited)),
        }
    }

    /// The timer is looked at here as well as in the task, because a task that never yields never looks at its own.
    async fn finish(&self, begun: Begun) -> (AnswerLine, ToolOutcome) {
        let Running { tool, deadline, otherwise, task } = match begun {
            Begun::Settled(situation, outcome) => return (self.line(situation), outcome),
            Begun::Answered(line) => return (line, ToolOutcome::Answered),
            Begun::Running(running) => running,
        };
        let otherwise = |read| {
            // What may have changed the EMR is not known to have failed.
            let situation = if tool.changes_the_emr() { Situation::Pending } else { read };
            otherwise.unwrap_or_else(|| self.line(situation))
        };
        let answered = async {
            tokio::select! {
                biased;
                answered = task => Some(answered),
                () = self.last_word.called() => None,
            }
        };
        match timeout_at(deadline, answered).await {
            Ok(Some(Ok(Some(line)))) => (line, ToolOutcome::Answered),
            Ok(Some(Ok(None)) | None) | Err(_) => (otherwise(Situation::EmrTimeout), ToolOutcome::Deadline),
            Ok(Some(Err(_))) => (otherwise(Situation::InternalError), ToolOutcome::Broken),
        }
    }

    fn line(&self, situation: Situation) -> AnswerLine {
        let phone = self.clinic.phone.0.spoken();
        Answer::new(situation, self.clinic.language, &[("phone", &phone)]).line()
    }
}
