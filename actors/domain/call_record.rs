//! What is written down of a call for those who look at many: one row, never taken back, filled in by whatever comes
//! however late. It names nobody.

use std::time::Duration;

use super::call_note::{CallIntent, CallOutcome};
use super::say::Language;
use super::time::Ts;
use super::transfer::TransferReason;

/// The voice platform reports a call some seconds after its end, sometimes a minute. A call of which nothing was heard for
/// so long has lost its report, or goes on in silence.
pub const REPORT_WITHIN: Duration = Duration::from_mins(10);

/// How far a call has come. Messages overtake each other; a call never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallStage {
    Scheduled,
    Queued,
    Ringing,
    InProgress,
    Forwarding,
    Ended,
}

impl CallStage {
    pub const ALL: [Self; 6] =
        [Self::Scheduled, Self::Queued, Self::Ringing, Self::InProgress, Self::Forwarding, Self::Ended];

    /// The voice platform's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Forwarding => "forwarding",
            Self::Ended => "ended",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == text)
    }
}

/// Why a call ended, in the platform's own word: an open list that changes often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedReason(String);

impl EndedReason {
    const LONGEST: usize = 160;

    /// What is not a word could be anything, so nothing is kept of it but that it was there.
    pub fn new(text: &str) -> Self {
        let in_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_word = !text.is_empty() && text.len() <= Self::LONGEST && text.chars().all(in_a_word);
        Self(if is_word { text.to_owned() } else { "unreadable".to_owned() })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose doing it was, by how the word begins or what it is about.
    pub fn ended_by(&self) -> EndedBy {
        const RULES: [(EndedBy, &[&str], &[&str]); 7] = [
            (EndedBy::Customer, &["customer-", "silence-timed-out", "voicemail"], &[]),
            (
                EndedBy::Transfer,
                &["assistant-forwarded-call", "call.forwarding."],
                &["warm-transfer", "transfer-failed", "hook-executed-transfer"],
            ),
            (
                EndedBy::Setup,
                &[
                    "assistant-request-",
                    "call.start.",
                    "assistant-not-",
                    "call-start-error-",
                    "assistant-join-",
                ],
                &[],
            ),
            (EndedBy::Assistant, &["assistant-ended-", "assistant-said-", "exceeded-max-duration"], &[]),
            (EndedBy::Admin, &["manually-canceled", "scheduled-call-deleted", "call-deleted"], &[]),
            (EndedBy::Platform, &["worker-shutdown"], &["vapifault"]),
            (
                EndedBy::Provider,
                &[
                    "pipeline-error-",
                    "vonage-",
                    "twilio-",
                    "call.in-progress.twilio-",
                    "call.in-progress.sip-",
                ],
                &["providerfault", "-voice-failed", "-transcriber-", "-llm-failed"],
            ),
        ];
        let fits = |(_, begins, holds): &&(EndedBy, &[&str], &[&str])| {
            begins.iter().any(|prefix| self.0.starts_with(prefix))
                || holds.iter().any(|part| self.0.contains(part))
        };
        RULES.iter().find(fits).map_or(EndedBy::Other, |(by, ..)| *by)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    Customer,
    Assistant,
    Transfer,
    /// It never began as it should; mostly a matter of our own answers.
    Setup,
    Provider,
    Platform,
    Admin,
    Other,
}

impl EndedBy {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Assistant => "assistant",
            Self::Transfer => "transfer",
            Self::Setup => "setup",
            Self::Provider => "provider",
            Self::Platform => "platform",
            Self::Admin => "admin",
            Self::Other => "other",
        }
    }
}

/// What one message, or the call itself, adds to the record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFacts {
    pub stage: Option<CallStage>,
    pub ended_reason: Option<EndedReason>,
    pub started_at: Option<Ts>,
    pub ended_at: Option<Ts>,
    pub duration_ms: Option<i64>,
    /// Millionths of a US dollar.
    pub cost_micros: Option<i64>,
    pub language: Option<Language>,
    pub intent: Option<CallIntent>,
    pub outcome: Option<CallOutcome>,
    pub transfer_reason: Option<TransferReason>,
    pub sms_consent: Option<bool>,
}

impl CallFacts {
    pub fn says_something(&self) -> bool {
        *self != Self::default()
    }

    /// The record after it has learnt `later`: the stage only grows, what is said anew replaces, what is not said stays.
    #[must_use]
    pub fn with(self, later: Self) -> Self {
        Self {
            stage: self.stage.max(later.stage),
            ended_reason: later.ended_reason.or(self.ended_reason),
            started_at: later.started_at.or(self.started_at),
            ended_at: later.ended_at.or(self.ended_at),
            duration_ms: later.duration_ms.or(self.duration_ms),
            cost_micros: later.cost_micros.or(self.cost_micros),
            language: later.language.or(self.language),
            intent: later.intent.or(self.intent),
            outcome: later.outcome.or(self.outcome),
            transfer_reason: later.transfer_reason.or(self.transfer_reason),
            sms_consent: later.sms_consent.or(self.sms_consent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_classed_by_its_word_and_an_unknown_one_is_other() {
        for (reason, by) in [
            ("customer-ended-call", EndedBy::Customer),
            ("customer-ended-call-during-transfer", EndedBy::Customer),
            ("silence-timed-out", EndedBy::Customer),
            ("assistant-ended-call-after-message-spoken", EndedBy::Assistant),
            ("exceeded-max-duration", EndedBy::Assistant),
            ("assistant-forwarded-call", EndedBy::Transfer),
            ("call.forwarding.no-answer", EndedBy::Transfer),
            ("call.in-progress.error-warm-transfer-max-duration", EndedBy::Transfer),
            ("assistant-request-returned-invalid-assistant", EndedBy::Setup),
            ("call.start.error-vapifault-get-org", EndedBy::Setup),
            ("call.in-progress.error-vapifault-worker-died", EndedBy::Platform),
            ("call.in-progress.error-providerfault-openai-llm-failed", EndedBy::Provider),
            ("pipeline-error-deepgram-transcriber-failed", EndedBy::Provider),
            ("twilio-failed-to-connect-call", EndedBy::Provider),
            ("manually-canceled", EndedBy::Admin),
            ("hangup", EndedBy::Other),
        ] {
            assert_eq!(EndedReason::new(reason).ended_by(), by, "{reason}");
        }
    }

    #[test]
    fn what_is_no_word_is_not_kept() {
        for text in ["", "ended by Marie Tremblay", "a\nb", &"x".repeat(161)] {
            assert_eq!(EndedReason::new(text).as_str(), "unreadable");
        }
    }

    #[test]
    fn a_late_message_enriches_an_ended_call_and_does_not_reopen_it() {
        let ended = CallFacts { stage: Some(CallStage::Ended), cost_micros: Some(5), ..CallFacts::default() };
        let late =
            CallFacts { stage: Some(CallStage::InProgress), duration_ms: Some(7), ..CallFacts::default() };
        let record = ended.with(late);
        assert_eq!(record.stage, Some(CallStage::Ended));
        assert_eq!((record.cost_micros, record.duration_ms), (Some(5), Some(7)));
    }
}
