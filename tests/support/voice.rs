//! The voice platform, as far as a test wants to be it: it posts messages about phone calls and reads the answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::Person;

use crate::premises::API_KEY;

#[derive(Clone)]
pub(crate) struct Platform {
    http: reqwest::Client,
    root: String,
    headers: BTreeMap<&'static str, String>,
}

/// One phone call.
pub(crate) struct PhoneCall {
    platform: Platform,
    id: String,
    line: &'static str,
    from: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Platform {
    pub(crate) fn of(addr: SocketAddr) -> Self {
        Self::by(reqwest::Client::builder(), format!("http://{addr}"))
    }

    /// By a client of its own.
    pub(crate) fn by(http: reqwest::ClientBuilder, root: String) -> Self {
        // A connection for each request: none is left for a drain to wait for.
        let http = http.no_proxy().pool_max_idle_per_host(0).build();
        let headers = BTreeMap::from([
            ("x-api-key", API_KEY.to_owned()),
            ("content-type", "application/json".to_owned()),
        ]);
        Self { http: http.expect("a client"), root, headers }
    }

    /// Sends this header instead of what it sends otherwise.
    pub(crate) fn with(&self, header: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.insert(header, value.to_owned());
        other
    }

    pub(crate) fn call(&self, id: &str, line: &'static str, from: Option<&str>) -> PhoneCall {
        PhoneCall { platform: self.clone(), id: id.to_owned(), line, from: from.map(str::to_owned) }
    }

    /// `None` when the connection ended without an answer.
    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Option<Reply> {
        let mut request = self.http.post(format!("{}{path}", self.root)).body(body);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.ok()?;
        Some(Reply { status: response.status().as_u16(), text: response.text().await.ok()? })
    }

    pub(crate) async fn get(&self, path: &str, bearer: &str) -> Option<Reply> {
        let response = self.http.get(format!("{}{path}", self.root)).bearer_auth(bearer).send().await.ok()?;
        Some(Reply { status: response.status().as_u16(), text: response.text().await.ok()? })
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The one answer to one tool call.
    pub(crate) fn answer(&self) -> Value {
        let mut answers = self.answers();
        assert_eq!(answers.len(), 1, "{}", self.text);
        answers.remove(0).1
    }

    /// Each tool call's id and answer.
    pub(crate) fn answers(&self) -> Vec<(String, Value)> {
        assert_eq!(self.status, 200, "{}", self.text);
        let body = self.json();
        let results = body["results"].as_array().expect("results").iter();
        let id = |result: &Value| result["toolCallId"].as_str().expect("an id").to_owned();
        results.map(|result| (id(result), line(&result["result"]))).collect()
    }
}

/// What a result says: JSON in a line of its own.
fn line(result: &Value) -> Value {
    let text = result.as_str().expect("a text");
    assert!(!text.contains(['\n', '\r']), "an answer is one line");
    serde_json::from_str(text).expect("an answer is JSON")
}

impl PhoneCall {
    /// A message about this call.
    pub(crate) fn message(&self, fields: &Value) -> Value {
        let customer = self.from.as_ref().map_or(json!({}), |number| json!({ "number": number }));
        let mut message = json!({
            "call": { "id": self.id, "type": "inboundPhoneCall", "customer": customer },
            "customer": customer,
            "phoneNumber": { "number": self.line },
        });
        let fields = fields.as_object().cloned().unwrap_or_default();
        message.as_object_mut().expect("an object").extend(fields);
        json!({ "message": message })
    }

    pub(crate) fn tool_calls(&self, list: &[(&str, &str, Value)]) -> Value {
        let item = |(id, tool, arguments): &(&str, &str, Value)| json!({ "id": id, "type": "function", "function": { "name": tool, "arguments": arguments } });
        let list: Vec<Value> = list.iter().map(item).collect();
        self.message(&json!({ "type": "tool-calls", "toolCallList": list }))
    }

    /// The message that this call is over.
    pub(crate) fn ended(&self) -> Value {
        self.message(
            &json!({ "type": "status-update", "status": "ended", "endedReason": "customer-ended-call" }),
        )
    }

    /// `None` when the daemon went away with the question.
    pub(crate) async fn try_ask(&self, id: &str, tool: &str, arguments: &Value) -> Option<Value> {
        let body = self.tool_calls(&[(id, tool, arguments.clone())]);
        self.platform.post("/api/vapi", body.to_string()).await.map(|reply| reply.answer())
    }

    pub(crate) async fn ask(&self, id: &str, tool: &str, arguments: Value) -> Value {
        self.try_ask(id, tool, &arguments).await.expect("an answer")
    }

    /// Found by the number that calls, confirmed by a date of birth.
    pub(crate) async fn verify(&self, person: Person) {
        let born = json!({ "dateOfBirth": person.birth.to_string() });
        let answer = self.ask("verify", "search_patient_by_phone", born).await;
        assert_eq!(answer["code"], "VERIFIED", "{answer}");
    }

    /// The id of the earliest slot, which is held for this call from now on.
    pub(crate) async fn earliest(&self) -> Value {
        let answer = self.ask("earliest", "find_earliest_appointment", json!({})).await;
        assert_eq!(answer["code"], "SLOT_FOUND", "{answer}");
        answer["slot"]["slotId"].clone()
    }
}
