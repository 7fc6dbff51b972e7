//! Law P-1: the log names clinics, calls and tools, and no person.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::house::{House, MAPLE_LINE, PLATFORM_KEY, Plan, about};

/// Every event and every span of every target at every level, on one thread.
#[derive(Clone)]
struct Log {
    of: ThreadId,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Log {
    fn add(&self, fields: Fields) {
        if thread::current().id() == self.of {
            self.lines.lock().unwrap().push(fields.0.into());
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.add(fields);
    }

    fn on_new_span(&self, span: &tracing::span::Attributes<'_>, _: &tracing::Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.add(fields);
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

/// The subscriber is the whole process's, because a callsite that another test's thread meets first asks only that
/// thread's subscriber whether it is wanted. All tasks of this test run on one thread.
#[tokio::test(flavor = "current_thread")]
async fn a_request_leaves_one_line_with_ids_and_no_person_in_it_at_any_level() {
    let log = Log { of: thread::current().id(), lines: Arc::default() };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(log.clone())).unwrap();

    let house = House::open(Plan::default());
    let arguments = json!({"lastName": "Zebrowski", "dateOfBirth": "1979-04-07", "phone": "6045550142"});
    let call = json!({"id": "tool-call-1", "name": "search_patient", "arguments": arguments});
    let tools = about(MAPLE_LINE, &json!({"type": "tool-calls", "toolCallList": [call]}));
    house.tell("/api/vapi", &tools).await;
    let report = about(MAPLE_LINE, &json!({"type": "end-of-call-report", "transcript": "User: Zebrowski"}));
    house.tell("/api/vapi", &report).await;
    house.tell("/clinics/cedar/api/vapi", &tools).await;
    house.post("/clinics/cedar/api/vapi", &[("x-api-key", "cedar-key")], tools.to_string()).await;
    house.post("/api/vapi", &[("x-api-key", PLATFORM_KEY)], "Zebrowski").await;

    let log = log.lines.lock().unwrap().clone();
    let text = Value::from(log.clone()).to_string();
    for person in ["Zebrowski", "1979", "5550142", "5550101", "555-0142", PLATFORM_KEY, "cedar-key"] {
        assert!(!text.contains(person), "{person}");
    }
    let lines: Vec<_> = log.iter().filter(|fields| fields["message"] == "webhook answered").collect();
    assert_eq!(lines.len(), 5, "one for each request");
    let first = lines[0];
    assert_eq!(
        [&first["clinic.id"], &first["call.id"], &first["tool"], &first["outcome"]],
        ["maple", "call-1", "search_patient", "answered"]
    );
    assert!(first["elapsed_ms"].is_u64());
    let refused = lines[2];
    assert_eq!([&refused["outcome"], &refused["credential.reason"]], ["unauthenticated", "wrong"]);
    assert!(text.contains("spoke for a clinic that is not its own"));
}
