//! The way of a request through the door: body, credential, meaning, clinic, answer. One log line at the end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::{CallId, CallKey, ClinicId};
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::voice::ControlUrl;

use super::Door;
use super::answers::{Answered, acknowledge, respond};
use super::asked::Asked;
use super::auth::{Failure, Unproven};
use super::binding::{Binding, Dialled, bind};
use super::body::Size;
use super::envelope::{AnswerForm, Content, Delivery, Envelope, Event};
use super::gatebook::{Gatebook, Holder};
use super::listener::LastWord;
use super::messages;
use super::meters::MessageOutcome;
use super::refusal::Refusal;
use super::tools::{Asking, turn_away};

/// What needs nobody is not waited for as long as the rest: a caller who wants a human hears of nothing else.
const URGENT_WITHIN: Duration = Duration::from_millis(1500);

/// What the path of a request names.
pub(super) struct Address {
    pub(super) clinic: Option<ClinicId>,
    pub(super) tool: Option<Tool>,
}

/// What the log says of a request.
struct Entry {
    arrival: Instant,
    clinic: Option<ClinicId>,
    call: Option<CallId>,
    /// Or the type of the message.
    tool: &'static str,
    outcome: &'static str,
    failure: Option<Failure>,
}

impl Door {
    pub(super) async fn receive(&self, address: Address, request: Request) -> Response {
        let arrival = Instant::now();
        let mut entry = Entry { arrival, clinic: None, call: None, tool: "", outcome: "", failure: None };
        let response = match self.serve(&address, request, &mut entry).await {
            Ok(response) => response,
            Err(refusal) => {
                self.meters.refused(refusal);
                entry.outcome = refusal.code();
                refusal.into_response()
            }
        };
        entry.log();
        response
    }

    async fn serve(
        &self,
        address: &Address,
        request: Request,
        entry: &mut Entry,
    ) -> Result<Response, Refusal> {
        let gatebook = self.gatebook.load_full();
        let (head, body) = request.into_parts();
        let size = if address.tool.is_some() { Size::ToolCall } else { Size::Message };
        let body = self.bodies.read(body, size).await?;
        let holder = self.authenticate(&gatebook, address, (&head, &body), entry)?;
        let text = std::str::from_utf8(&body).map_err(|_| Refusal::NotText)?;
        let envelope = self.read(&gatebook, address, &head, text)?;
        let clinic = self.bind(&gatebook, address, &holder, &envelope);
        entry.clinic = clinic.as_ref().map(|clinic| clinic.id.clone());
        entry.call.clone_from(&envelope.call);
        match envelope.content {
            Content::ToolCalls { .. } if text.len() > Size::ToolCall.limit() => {
                Err(Refusal::TooLarge(Size::ToolCall))
            }
            Content::ToolCalls { asked, form } => {
                let last_word = head.extensions.get().cloned().unwrap_or_default();
                let from = (envelope.call, envelope.caller, envelope.control);
                Ok(self.answer(clinic, from, (asked, form), last_word, entry).await)
            }
            Content::About(event) => self.keep(clinic, envelope.call, event, text, entry).await,
            Content::Wants(wanted) => {
                let answer = wanted.answer(clinic.as_deref(), self.clock.now());
                self.note(wanted.kind(), MessageOutcome::Answered, entry);
                Ok(Json(answer).into_response())
            }
            Content::Other(kind) => Ok(self.acknowledge(kind, MessageOutcome::Ignored, entry)),
        }
    }

    /// A sender that proves nothing is told nothing but that.
    fn authenticate(
        &self,
        gatebook: &Gatebook,
        address: &Address,
        (head, body): (&Parts, &[u8]),
        entry: &mut Entry,
    ) -> Result<Holder, Refusal> {
        let dialled = match address.clinic {
            Some(_) => Dialled::default(),
            None => Dialled::glimpse(&gatebook.roster, body),
        };
        let (holder, keyring) = gatebook.keyring(address.clinic.as_ref().or(dialled.clinics.first()));
        let Err(failure) = keyring.admit(&head.headers, body, self.clock.now()) else { return Ok(holder) };
        if failure.reason == Unproven::NothingConfigured && self.settings.insecure_no_auth {
            return Ok(holder);
        }
        self.meters.not_authenticated(failure);
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let source = self.sources.source(peer, &head.headers);
        entry.failure = Some(failure);
        let may_fail = self.sources.may_fail(source, entry.arrival);
        Err(if may_fail { Refusal::Unauthenticated } else { Refusal::Throttled })
    }

    fn read(
        &self,
        gatebook: &Gatebook,
        address: &Address,
        head: &Parts,
        text: &str,
    ) -> Result<Envelope, Refusal> {
        let delivery = Delivery {
            roster: &gatebook.roster,
            slug: address.tool,
            call_header: head.headers.get("x-call-id").and_then(|value| value.to_str().ok()),
            fresh: &|| self.luck.id().to_string(),
        };
        Envelope::read(text, &delivery)
    }

    fn bind(
        &self,
        gatebook: &Gatebook,
        address: &Address,
        holder: &Holder,
        envelope: &Envelope,
    ) -> Option<Arc<Clinic>> {
        match bind(gatebook, address.clinic.as_ref(), holder, &envelope.dialled) {
            Binding::To(clinic) => Some(clinic),
            Binding::Nobody => None,
            Binding::Conflict => {
                let credential = match holder {
                    Holder::Clinic(clinic) => Some(clinic),
                    Holder::Platform => None,
                };
                self.meters.clinics_conflicted(credential);
                tracing::warn!(
                    clinic.credential = credential.map_or("", ClinicId::as_str),
                    clinic.url = address.clinic.as_ref().map_or("", ClinicId::as_str),
                    clinic.dialled = envelope.dialled.clinics.first().map_or("", ClinicId::as_str),
                    call.id = envelope.call.as_ref().map_or("", CallId::as_str),
                    "a webhook spoke for a clinic that is not its own"
                );
                None
            }
        }
    }
}

impl Door {
    async fn answer(
        &self,
        clinic: Option<Arc<Clinic>>,
        (call, caller, control): (Option<CallId>, Option<PhoneNumber>, Option<ControlUrl>),
        (asked, form): (Vec<Asked>, AnswerForm),
        last_word: LastWord,
        entry: &mut Entry,
    ) -> Response {
        let answered = match clinic.zip(call.or_else(|| self.lone_call())) {
            Some((clinic, call)) => {
                let asking = Asking {
                    switchboard: Arc::clone(&self.switchboard),
                    call: CallKey { clinic: clinic.id.clone(), call },
                    allowance: self.allowances.of(&clinic.id, entry.arrival),
                    clinic,
                    caller,
                    control,
                    now: self.clock.now(),
                    deadline: entry.arrival + self.settings.tool_deadline,
                    urgent_deadline: entry.arrival + self.settings.tool_deadline.min(URGENT_WITHIN),
                    last_word,
                };
                asking.answer(asked).await
            }
            None => turn_away(asked),
        };
        entry.note_tools(&answered);
        for one in &answered {
            let took = entry.arrival.elapsed();
            self.meters.tool_answered(entry.clinic.as_ref(), one.tool_name(), one.outcome, took);
            one.is_by_the_house().into_iter().for_each(|is_answered| self.proof.note(is_answered));
        }
        respond(form, &answered)
    }

    /// A request that names no call is one by itself: what it learns helps no other.
    fn lone_call(&self) -> Option<CallId> {
        CallId::parse(&format!("lone-{}", self.luck.id())).ok()
    }

    async fn keep(
        &self,
        clinic: Option<Arc<Clinic>>,
        call: Option<CallId>,
        event: Event,
        text: &str,
        entry: &mut Entry,
    ) -> Result<Response, Refusal> {
        let kind = event.kind();
        let Some((clinic, call)) = clinic.zip(call) else {
            return Ok(self.acknowledge(kind, MessageOutcome::Unbound, entry));
        };
        let is_within = self.allowances.of(&clinic.id, entry.arrival).message(entry.arrival);
        if !is_within && !event.is_needed() {
            return Ok(self.acknowledge(kind, MessageOutcome::Dropped, entry));
        }
        let key = CallKey { clinic: clinic.id.clone(), call };
        let deadline = entry.arrival + self.settings.message_deadline;
        let kept = messages::keep(Arc::clone(&self.switchboard), key, event, text, deadline).await;
        self.proof.note(kept.is_ok());
        match kept {
            Ok(()) => Ok(self.acknowledge(kind, MessageOutcome::Kept, entry)),
            Err(refusal) => {
                self.meters.message_met(entry.clinic.as_ref(), kind, MessageOutcome::NotKept);
                entry.tool = kind;
                Err(refusal)
            }
        }
    }

    fn acknowledge(&self, kind: &'static str, outcome: MessageOutcome, entry: &mut Entry) -> Response {
        self.note(kind, outcome, entry);
        acknowledge()
    }

    fn note(&self, kind: &'static str, outcome: MessageOutcome, entry: &mut Entry) {
        self.meters.message_met(entry.clinic.as_ref(), kind, outcome);
        (entry.tool, entry.outcome) = (kind, outcome.code());
    }
}

impl Entry {
    fn note_tools(&mut self, answered: &[Answered]) {
        (self.tool, self.outcome) = match answered {
            [] => ("none", "answered"),
            [one] => (one.tool_name(), one.outcome.code()),
            [_, _, ..] => ("several", "answered"),
        };
    }

    /// A flood of requests without a credential is counted, not written down.
    fn log(&self) {
        if self.outcome == Refusal::Throttled.code() {
            return;
        }
        tracing::info!(
            clinic.id = self.clinic.as_ref().map_or("", ClinicId::as_str),
            call.id = self.call.as_ref().map_or("", CallId::as_str),
            tool = self.tool,
            outcome = self.outcome,
            credential.scheme = self.failure.map(|failure| failure.scheme),
            credential.reason = self.failure.map(|failure| failure.reason.code()),
            elapsed_ms = u64::try_from(self.arrival.elapsed().as_millis()).unwrap_or(u64::MAX),
            "webhook answered"
        );
    }
}
