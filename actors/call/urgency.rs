//! What is answered before anything is remembered, and remembered after: no store, no EMR and no adoption stands between
//! a caller and a human.

use ractor::ActorRef;
use tokio::sync::oneshot;

use super::finding::Finding;
use super::{CallMsg, Question, State, Underway};
use crate::domain::urgent::Urgent;
use crate::mailbox::Post;
use crate::switchboard::ToolCall;

impl State {
    /// Answers what is urgent and lets the question go on with nobody waiting for it. An answer given before is given
    /// again (law B-6).
    pub(super) fn answer_if_urgent(&self, question: Question) -> Question {
        let call = &question.tool_call;
        let now = self.house.now();
        let known = self.call.language();
        let Some(urgent) = call.urgent(&self.clinic, known, now) else { return question };
        let line = self.call.answer(&call.id).unwrap_or_else(|| urgent.answer.line());
        let _ = question.reply.send(line);
        let (nobody, _) = oneshot::channel();
        Question { reply: nobody, urgent: Some(urgent), ..question }
    }

    pub(super) fn enter_urgent(&mut self, myself: &ActorRef<Post<CallMsg>>, call: &ToolCall, urgent: Urgent) {
        self.call.hear(call.caller.clone(), None);
        let language = self.language();
        self.underway.insert(
            call.id.clone(),
            Underway { waiting: Vec::new(), tool: call.tool, language, answer: None },
        );
        self.found(myself, call.id.clone(), Finding::Urgent(call.tool, urgent));
    }
}
