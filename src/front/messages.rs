//! Messages about a call that are kept for its record: cleaned of secrets, told apart from their own repetitions, handed
//! to the switchboard. The platform sends most of them once, so what cannot be kept is refused for it to send again.

mod facts;
pub(super) mod found;
mod redaction;

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::store::{AuditAction, CallEvent};
use vitarad_actors::switchboard::{Switchboard, Tiding};

use self::facts::facts;
use self::redaction::{drop_volatile, redact};
use super::digest::hex_digest;
use super::envelope::Event;
use super::refusal::Refusal;

impl Event {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status-update",
            Self::Report => CallEvent::REPORT,
            Self::Hang => "hang",
            Self::Transfer => "transfer-update",
        }
    }

    /// Whether the record is incomplete without it; such a message is never refused for its number.
    pub(super) const fn is_needed(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Report | Self::Transfer)
    }

    fn tiding(&self) -> Tiding {
        match self {
            Self::Status { status, .. } if status == "ended" => Tiding::Ended,
            Self::Report => Tiding::Ended,
            Self::Status { .. } | Self::Hang | Self::Transfer => Tiding::Goes,
        }
    }

    /// What of a message says which one it is. A status is that status; a report may come again with more in it, so it is
    /// everything but what differs in every delivery; the rest are what they are.
    fn digest(&self, mut message: Value) -> String {
        let kind = self.kind().as_bytes();
        match self {
            Self::Status { status, ended_reason } => {
                hex_digest(&[kind, status.as_bytes(), ended_reason.as_bytes()])
            }
            Self::Report => {
                drop_volatile(&mut message);
                hex_digest(&[kind, message.to_string().as_bytes()])
            }
            Self::Hang | Self::Transfer => hex_digest(&[kind, message.to_string().as_bytes()]),
        }
    }

    /// The record of a message whose body is `text`.
    fn record(&self, key: CallKey, text: &str) -> Result<CallEvent, Refusal> {
        let mut body: Map<String, Value> = serde_json::from_str(text).map_err(|_| Refusal::NotJson)?;
        let message = body.remove("message").unwrap_or_default();
        let audited = (*self == Self::Report).then_some(AuditAction::ReportKept);
        Ok(self.kept(key, message, audited))
    }

    fn kept(&self, key: CallKey, mut message: Value, audited: Option<AuditAction>) -> CallEvent {
        redact(&mut message);
        let body = Phi::new(message.to_string().into_bytes());
        let facts = facts(self, &message);
        CallEvent { key, kind: self.kind().to_owned(), digest: self.digest(message), body, facts, audited }
    }
}

/// In a task of its own, so that a connection that ends early does not end it half-way.
pub(super) async fn keep(
    switchboard: Arc<dyn Switchboard>,
    key: CallKey,
    event: Event,
    text: &str,
    deadline: Instant,
) -> Result<(), Refusal> {
    let (record, tiding) = (event.record(key, text)?, event.tiding());
    let told = tokio::spawn(async move { switchboard.tell(record, tiding).await });
    match timeout_at(deadline, told).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(_)) | Err(_)) | Err(_) => Err(Refusal::NotKept),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vitarad_actors::domain::ids::{CallId, ClinicId};

    use super::*;

    fn record(event: &Event, message: &Value) -> CallEvent {
        let key =
            CallKey { clinic: ClinicId::parse("maple").unwrap(), call: CallId::parse("call-1").unwrap() };
        event.record(key, &json!({ "message": message }).to_string()).unwrap_or_else(|_| panic!("not read"))
    }

    fn status(status: &str, reason: &str) -> Event {
        Event::Status { status: status.into(), ended_reason: reason.into() }
    }

    #[test]
    fn a_status_is_the_same_message_whenever_and_with_whatever_it_comes() {
        let first = record(&status("ended", "customer-busy"), &json!({"timestamp": 1, "cost": 0}));
        let again = record(&status("ended", "customer-busy"), &json!({"timestamp": 2, "cost": 1}));
        assert_eq!(first.digest, again.digest);
        assert_eq!(first.digest.len(), 64);
        let other = record(&status("ended", "voicemail"), &json!({"timestamp": 1, "cost": 0}));
        assert_ne!(first.digest, other.digest);
    }

    #[test]
    fn a_report_is_the_same_until_there_is_more_in_it() {
        let report = |timestamp: u64, signature: &str, summary: &str| {
            let artifact = json!({
                "presignedMonoUrl": signature, "presignedUrlsExpiresAt": timestamp, "transcript": "AI: hello"
            });
            let message =
                json!({"timestamp": timestamp, "artifact": artifact, "analysis": {"summary": summary}});
            record(&Event::Report, &message).digest
        };
        assert_eq!(report(1, "https://one.test/a?sig=1", ""), report(2, "https://one.test/a?sig=2", ""));
        assert_ne!(report(1, "", ""), report(1, "", "booked a visit"));
    }

    #[test]
    fn a_warning_that_comes_twice_is_two_warnings() {
        let hang = |timestamp: u64| record(&Event::Hang, &json!({"timestamp": timestamp})).digest;
        assert_eq!(hang(1), hang(1));
        assert_ne!(hang(1), hang(2));
    }

    #[test]
    fn only_an_end_ends_a_call() {
        assert_eq!(status("ended", "").tiding(), Tiding::Ended);
        assert_eq!(Event::Report.tiding(), Tiding::Ended);
        assert_eq!(status("in-progress", "").tiding(), Tiding::Goes);
        assert_eq!(Event::Transfer.tiding(), Tiding::Goes);
    }
}
