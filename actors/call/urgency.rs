//! What is answered before anything is remembered, and remembered after: no store, no EMR and no adoption stands between
//! a caller and a human.

use tokio::sync::oneshot;

use super::{Question, State};

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
}
