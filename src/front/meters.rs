//! What the door counts. Labels are names from fixed lists and clinic ids: never a call, a number or a text.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use vitarad_actors::domain::ids::ClinicId;

use super::auth::Failure;
use super::refusal::Refusal;

/// Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct DoorMeters {
    tool_calls: Family<ToolCallLabels, Counter>,
    tool_seconds: Family<ToolLabel, Histogram, fn() -> Histogram>,
    messages: Family<MessageLabels, Counter>,
    refusals: Family<ReasonLabel, Counter>,
    authentication_failures: Family<FailureLabels, Counter>,
    clinic_conflicts: Family<ClinicLabel, Counter>,
    connections: Family<OutcomeLabel, Counter>,
    open_connections: Gauge,
}

/// How a tool call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToolOutcome {
    Answered,
    /// By the door's own timer.
    Deadline,
    /// The task that asked died.
    Broken,
    Busy,
    Limited,
    Unreadable,
    UnknownTool,
    UnknownClinic,
}

impl ToolOutcome {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Deadline => "deadline",
            Self::Broken => "broken",
            Self::Busy => "busy",
            Self::Limited => "limited",
            Self::Unreadable => "unreadable",
            Self::UnknownTool => "unknown_tool",
            Self::UnknownClinic => "unknown_clinic",
        }
    }

    /// Whether the house answered. `None`: it was not asked, or had too much to do.
    pub(super) const fn is_answered(self) -> Option<bool> {
        match self {
            Self::Answered => Some(true),
            Self::Deadline | Self::Broken => Some(false),
            Self::Busy | Self::Limited | Self::Unreadable | Self::UnknownTool | Self::UnknownClinic => None,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageOutcome {
    Kept,
    NotKept,
    /// Over the clinic's limit, and of a kind that may be lost.
    Dropped,
    /// The platform waited for its answer.
    Answered,
    /// Of a type that nothing needs.
    Ignored,
    /// Of no clinic or no call.
    Unbound,
}

impl MessageOutcome {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotKept => "not_kept",
            Self::Dropped => "dropped",
            Self::Answered => "answered",
            Self::Ignored => "ignored",
            Self::Unbound => "unbound",
        }
    }
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionOutcome {
    Accepted,
    /// There were too many already.
    TurnedAway,
    /// The system could not accept it.
    Failed,
    /// Closed by us, because it never sent a request.
    Silent,
    /// Still busy at the end of a drain.
    Cut,
}

impl ConnectionOutcome {
    const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::TurnedAway => "turned_away",
            Self::Failed => "failed",
            Self::Silent => "silent",
            Self::Cut => "cut",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Named(Option<ClinicId>);

impl EncodeLabelValue for Named {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), std::fmt::Error> {
        self.0.as_ref().map_or("", ClinicId::as_str).encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolCallLabels {
    clinic: Named,
    tool: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabel {
    tool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MessageLabels {
    clinic: Named,
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    scheme: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClinicLabel {
    clinic: Named,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl DoorMeters {
    pub fn register(registry: &mut Registry) -> Self {
        // From 1 ms to 8 s: around what a caller notices and what the deadline is.
        let seconds: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let meters = Self {
            tool_calls: Family::default(),
            tool_seconds: Family::new_with_constructor(seconds),
            messages: Family::default(),
            refusals: Family::default(),
            authentication_failures: Family::default(),
            clinic_conflicts: Family::default(),
            connections: Family::default(),
            open_connections: Gauge::default(),
        };
        let door = registry.sub_registry_with_prefix("door");
        door.register("tool_calls", "Tool calls by what they were answered with", meters.tool_calls.clone());
        door.register("tool_seconds", "From a request's arrival to its answer", meters.tool_seconds.clone());
        door.register("messages", "Messages about calls by what became of them", meters.messages.clone());
        door.register("refusals", "Requests that got no further", meters.refusals.clone());
        door.register(
            "authentication_failures",
            "Requests whose credential did not let them in",
            meters.authentication_failures.clone(),
        );
        door.register(
            "clinic_conflicts",
            "Requests that spoke for a clinic other than their credential's",
            meters.clinic_conflicts.clone(),
        );
        door.register("connections", "Connections by what became of them", meters.connections.clone());
        door.register("open_connections", "Connections open now", meters.open_connections.clone());
        meters
    }

    pub(super) fn tool_answered(
        &self,
        clinic: Option<&ClinicId>,
        tool: &'static str,
        outcome: ToolOutcome,
        took: Duration,
    ) {
        let labels = ToolCallLabels { clinic: Named(clinic.cloned()), tool, outcome: outcome.code() };
        self.tool_calls.get_or_create(&labels).inc();
        self.tool_seconds.get_or_create(&ToolLabel { tool }).observe(took.as_secs_f64());
    }

    pub(super) fn message_met(&self, clinic: Option<&ClinicId>, kind: &'static str, outcome: MessageOutcome) {
        let labels = MessageLabels { clinic: Named(clinic.cloned()), kind, outcome: outcome.code() };
        self.messages.get_or_create(&labels).inc();
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        self.refusals.get_or_create(&ReasonLabel { reason: refusal.code() }).inc();
    }

    pub(super) fn not_authenticated(&self, failure: Failure) {
        let labels = FailureLabels { scheme: failure.scheme, reason: failure.reason.code() };
        self.authentication_failures.get_or_create(&labels).inc();
    }

    pub(super) fn clinics_conflicted(&self, credential: Option<&ClinicId>) {
        self.clinic_conflicts.get_or_create(&ClinicLabel { clinic: Named(credential.cloned()) }).inc();
    }

    pub(super) fn connection(&self, outcome: ConnectionOutcome) {
        self.connections.get_or_create(&OutcomeLabel { outcome: outcome.code() }).inc();
    }

    pub(super) fn connection_opened(&self) -> OpenConnection {
        self.connection(ConnectionOutcome::Accepted);
        self.open_connections.inc();
        OpenConnection(self.open_connections.clone())
    }
}

/// Counts one connection until it is dropped, however that comes about.
pub(super) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
