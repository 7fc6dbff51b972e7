//! What a message adds to its call's record. Times, lengths and costs come in several units and places; here they are
//! one each. What cannot be read adds nothing.

use jiff::Timestamp;
use serde_json::Value;
use vitarad_actors::domain::call_note::CallOutcome;
use vitarad_actors::domain::call_record::{CallFacts, CallStage, EndedReason};
use vitarad_actors::domain::time::Ts;

use crate::front::envelope::Event;

/// From the message itself: the call object in it is as old as the call.
pub(super) fn facts(event: &Event, message: &Value) -> CallFacts {
    match event {
        Event::Status { status, ended_reason } => CallFacts {
            stage: CallStage::named(status),
            ended_reason: reason(Some(ended_reason)),
            ..CallFacts::default()
        },
        Event::Report => report(message),
        Event::Transfer => {
            let away = ["number", "sip"].iter().any(|kind| message["destination"]["type"] == *kind);
            CallFacts { outcome: away.then_some(CallOutcome::Transferred), ..CallFacts::default() }
        }
        Event::Hang => CallFacts::default(),
    }
}

fn report(message: &Value) -> CallFacts {
    let (started_at, ended_at) = (instant(&message["startedAt"]), instant(&message["endedAt"]));
    let between = || Some((ended_at?.0 - started_at?.0) / 1_000);
    CallFacts {
        stage: Some(CallStage::Ended),
        ended_reason: reason(message["endedReason"].as_str()),
        started_at,
        ended_at,
        duration_ms: scaled(&message["durationMs"], 1.0)
            .or_else(|| scaled(&message["durationSeconds"], 1e3))
            .or_else(|| scaled(&message["durationMinutes"], 6e4))
            .or_else(between)
            .filter(|duration| *duration >= 0),
        cost_micros: scaled(&message["cost"], 1e6)
            .or_else(|| scaled(&message["costBreakdown"]["total"], 1e6)),
        ..CallFacts::default()
    }
}

fn reason(text: Option<impl AsRef<str>>) -> Option<EndedReason> {
    text.filter(|text| !text.as_ref().is_empty()).map(|text| EndedReason::new(text.as_ref()))
}

/// Epoch milliseconds, or a text as they were before.
fn instant(value: &Value) -> Option<Ts> {
    match value {
        Value::String(text) => text.parse::<Timestamp>().ok().map(|at| Ts(at.as_microsecond())),
        value => scaled(value, 1e3).map(Ts),
    }
}

/// A number that may be written as a fraction, in whole units.
#[expect(clippy::cast_possible_truncation, reason = "it is within what both can hold")]
fn scaled(value: &Value, by: f64) -> Option<i64> {
    const MOST: f64 = 9e15;
    let scaled = (value.as_f64()? * by).round();
    (0.0..MOST).contains(&scaled).then_some(scaled as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const REPORT: &str =
        include_str!("../../../tests/fixtures/vapi/10-end-of-call-report.squad.2024-07.json");

    #[test]
    fn a_report_of_today_and_one_of_before_say_the_same_in_one_unit() {
        let today = json!({
            "endedReason": "customer-ended-call", "startedAt": "2026-03-10T18:00:00.000Z",
            "endedAt": 1_773_165_661_500.0, "durationMs": 61_500, "cost": 0.0715,
        });
        let facts = facts(&Event::Report, &today);
        assert_eq!((facts.duration_ms, facts.cost_micros), (Some(61_500), Some(71_500)));
        assert_eq!(facts.ended_at.unwrap().0 - facts.started_at.unwrap().0, 61_500_000);
        for (fields, duration) in [
            (json!({ "durationSeconds": 61.5 }), Some(61_500)),
            (json!({ "durationMinutes": 1.025 }), Some(61_500)),
            (json!({ "startedAt": 1_000, "endedAt": 62_500 }), Some(61_500)),
            (json!({ "startedAt": 62_500, "endedAt": 1_000 }), None),
            (json!({ "durationMs": "long", "costBreakdown": { "total": -1 } }), None),
        ] {
            assert_eq!(report(&fields).duration_ms, duration, "{fields}");
            assert_eq!(report(&fields).cost_micros, None);
        }
        assert_eq!(report(&json!({ "costBreakdown": { "total": 0.5 } })).cost_micros, Some(500_000));
    }

    #[test]
    fn a_captured_report_without_times_or_cost_still_says_how_the_call_ended() {
        let body: Value = serde_json::from_str(REPORT).unwrap();
        let facts = facts(&Event::Report, &body["message"]);
        assert_eq!(facts.stage, Some(CallStage::Ended));
        assert_eq!(facts.ended_reason.unwrap().as_str(), "customer-ended-call");
        assert_eq!((facts.duration_ms, facts.cost_micros), (None, None));
    }

    #[test]
    fn a_status_is_a_stage_and_a_transfer_away_an_outcome() {
        let status = |status: &str, reason: &str| {
            let event = Event::Status { status: status.to_owned(), ended_reason: reason.to_owned() };
            facts(&event, &Value::Null)
        };
        assert_eq!(status("in-progress", "").stage, Some(CallStage::InProgress));
        assert!(!status("not-found", "").says_something());
        assert_eq!(status("ended", "voicemail").ended_reason, Some(EndedReason::new("voicemail")));
        let moved = |kind: &str| facts(&Event::Transfer, &json!({ "destination": { "type": kind } })).outcome;
        assert_eq!((moved("number"), moved("assistant")), (Some(CallOutcome::Transferred), None));
    }
}
