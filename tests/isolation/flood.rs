//! More people than a clinic can bear, who call whether or not those before them were answered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::interval;

use crate::town::MAPLE_LINE;
use crate::voice::Platform;

/// Calls the Maple clinic until it is dropped.
pub(crate) struct Flood(JoinHandle<()>);

impl Flood {
    /// So many tool calls a second, each followed by a report, which nobody limits; in so many phone calls at a time, which
    /// are this flood's own.
    pub(crate) fn of(per_second: u32, calls: usize, platform: &Platform) -> Self {
        static FLOODS: AtomicUsize = AtomicUsize::new(0);
        let (platform, flood) = (platform.clone(), FLOODS.fetch_add(1, Ordering::Relaxed));
        Self(tokio::spawn(async move {
            let mut due = interval(Duration::from_secs(1) / per_second);
            let mut callers = JoinSet::new();
            for nth in 0.. {
                due.tick().await;
                callers.spawn(call(platform.clone(), format!("flood-{flood}-{}", nth % calls), nth));
                while callers.try_join_next().is_some() {}
            }
        }))
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn call(platform: Platform, call: String, nth: usize) {
    let call = platform.call(&call, MAPLE_LINE, Some("604-555-0142"));
    let report = call.message(&json!({ "type": "end-of-call-report", "transcript": "Hello? Hello?" }));
    platform.post("/api/vapi", report.to_string()).await;
    call.try_ask(&format!("ask-{nth}"), "search_patient_by_phone", &json!({})).await;
}
