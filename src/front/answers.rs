//! How answers go out: forms that cannot be malformed, always HTTP 200.

use std::borrow::Cow;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use vitarad_actors::domain::answer::AnswerLine;
use vitarad_actors::domain::say::Situation;
use vitarad_actors::domain::tool::Tool;

use super::asked::Asked;
use super::envelope::AnswerForm;
use super::meters::ToolOutcome;

/// One tool call's answer, with what the platform matches it by.
pub(super) struct Answered {
    id: String,
    name: String,
    line: AnswerLine,
    tool: Option<Tool>,
    /// It can be answered by who knows nothing but the clinic's declaration.
    is_urgent: bool,
    pub(super) outcome: ToolOutcome,
}

impl Answered {
    pub(super) fn new(asked: Asked, line: AnswerLine, outcome: ToolOutcome) -> Self {
        Self { id: asked.id, name: asked.name, line, tool: asked.tool, is_urgent: false, outcome }
    }

    pub(super) fn urgent(self, is_urgent: bool) -> Self {
        Self { is_urgent, ..self }
    }

    /// For metrics and the log.
    pub(super) fn tool_name(&self) -> &'static str {
        self.tool.map_or("unknown", Tool::name)
    }

    /// Whether the house behind the door did its part. `None`: nothing was asked of it, or nobody can tell, because what is
    /// urgent is answered by whoever of the house still can.
    pub(super) fn is_by_the_house(&self) -> Option<bool> {
        let failed = self.line.says(Situation::InternalError);
        let is_answered = self.outcome.is_answered().map(|is_answered| is_answered && !failed);
        is_answered.filter(|is_answered| !(*is_answered && self.is_urgent))
    }

    /// A line break makes the platform drop a result.
    fn single_line(&self) -> Cow<'_, str> {
        let line = self.line.reveal();
        if line.contains(['\n', '\r']) { line.replace(['\n', '\r'], " ").into() } else { line.into() }
    }
}

#[derive(Serialize)]
struct Results<'a> {
    results: Vec<ToolResult<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult<'a> {
    tool_call_id: &'a str,
    name: &'a str,
    result: Cow<'a, str>,
}

#[derive(Serialize)]
struct SingleResult<'a> {
    result: Cow<'a, str>,
}

/// The forms without an id hold one answer.
pub(super) fn respond(form: AnswerForm, answered: &[Answered]) -> Response {
    let single = answered.first().map(Answered::single_line).unwrap_or_default();
    match form {
        AnswerForm::Results => {
            Json(Results { results: answered.iter().map(ToolResult::of).collect() }).into_response()
        }
        AnswerForm::Result => Json(SingleResult { result: single }).into_response(),
        AnswerForm::Bare => {
            ([(header::CONTENT_TYPE, "application/json")], single.into_owned()).into_response()
        }
    }
}

/// To a message that wants no answer.
pub(super) fn acknowledge() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], "{}").into_response()
}

impl<'a> ToolResult<'a> {
    fn of(answered: &'a Answered) -> Self {
        Self { tool_call_id: &answered.id, name: &answered.name, result: answered.single_line() }
    }
}
