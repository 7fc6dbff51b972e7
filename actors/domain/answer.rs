//! The answer to one tool call: a single-line JSON text that cannot be malformed.

use serde_json::{Map, Value};

use super::phi::Phi;
use super::say::{Language, Situation};

/// What a tool call came to, for the agent and for the caller's ear.
#[derive(Clone)]
pub struct Answer {
    pub situation: Situation,
    facts: Map<String, Value>,
    say: String,
}

/// An [`Answer`] as it goes out and as it is kept for a second delivery: one line of JSON. It may name a patient.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerLine(Phi<String>);

impl AnswerLine {
    /// For what was rendered before and comes back from the store.
    pub const fn stored(line: Phi<String>) -> Self {
        Self(line)
    }

    pub const fn reveal(&self) -> &String {
        self.0.reveal()
    }

    /// A text inside the line cannot look like this: its quotation marks are escaped.
    pub fn says(&self, situation: Situation) -> bool {
        self.reveal().contains(&format!("\"code\":\"{}\"", situation.code()))
    }
}

impl Answer {
    /// `values` fill the situation's line; a value it does not use is ignored.
    pub fn new(situation: Situation, language: Language, values: &[(&str, &str)]) -> Self {
        Self { situation, facts: Map::new(), say: situation.render(language, values) }
    }

    pub fn say(&self) -> &str {
        &self.say
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(key.to_owned(), value.into());
        self
    }

    /// `success`, `code`, the facts and `say`, on one line. JSON escapes every line break inside a text, so a chart that
    /// holds one cannot break the answer.
    pub fn line(&self) -> AnswerLine {
        let mut object = self.facts.clone();
        object.insert("success".to_owned(), self.situation.success().into());
        object.insert("code".to_owned(), self.situation.code().into());
        object.insert("say".to_owned(), self.say.as_str().into());
        if self.situation.retryable() {
            object.insert("retryable".to_owned(), true.into());
        }
        AnswerLine(Phi::new(Value::Object(object).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_line_whatever_it_carries() {
        let answer =
            Answer::new(Situation::PatientVerified, Language::En, &[("first_name", "A\nB\u{2028}\r")])
                .with("note", "x\ny");
        let line = answer.line();
        assert!(!line.reveal().contains(['\n', '\r']));
        let parsed: Value = serde_json::from_str(line.reveal()).unwrap();
        assert_eq!(parsed["success"], true);
        assert_eq!(parsed["code"], "VERIFIED");
        assert_eq!(parsed["note"], "x\ny");
    }
}
