//! What came back.

use std::collections::BTreeMap;

use crate::connection::Reply;

/// Answers by their code.
#[derive(Default, Clone)]
pub struct Codes(BTreeMap<String, u64>);

impl Codes {
    pub fn add(&mut self, reply: &Reply<'_>) {
        *self.0.entry(code(reply)).or_default() += 1;
    }

    pub fn fail(&mut self, failure: &std::io::Error) {
        *self.0.entry(format!("no answer: {}", failure.kind())).or_default() += 1;
    }

    pub fn merge(&mut self, other: Self) {
        for (code, count) in other.0 {
            *self.0.entry(code).or_default() += count;
        }
    }

    pub fn of(&self, code: &str) -> u64 {
        self.0.get(code).copied().unwrap_or(0)
    }

    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// A figure over answers of which some were refusals says nothing.
    pub fn must_all_be(&self, code: &str) {
        assert!(self.of(code) == self.total(), "answers that are not {code}: {:?}", self.0);
    }
}

/// The `code` within the text of the first result, or the status of an answer that has none.
fn code(reply: &Reply<'_>) -> String {
    const BEFORE: &[u8] = br#"\"code\":\""#;
    let after =
        reply.body.windows(BEFORE.len()).position(|piece| piece == BEFORE).map(|at| at + BEFORE.len());
    let code = after.and_then(|at| reply.body[at..].split(|byte| *byte == b'\\').next());
    code.map_or_else(|| format!("HTTP {}", reply.status), |code| String::from_utf8_lossy(code).into_owned())
}
