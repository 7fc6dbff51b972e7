//! What the voice platform posts, read leniently: tool calls in all their shapes, messages about a call, and the bare
//! arguments of an `apiRequest` tool, which come without any envelope.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;
use vitarad_actors::domain::clinic::Roster;
use vitarad_actors::domain::ids::CallId;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::voice::ControlUrl;

use super::asked::{Asked, Function, Occasion};
use super::binding::Dialled;
use super::refusal::Refusal;
use super::requests::Wanted;
use super::wire::{Assistant, CallObject, Customer, Items, Maybe, PhoneLine};

pub(super) struct Envelope {
    pub(super) call: Option<CallId>,
    /// Who is on the line, by the platform's word. A bare body has nobody's word but the model's.
    pub(super) caller: Option<PhoneNumber>,
    pub(super) control: Option<ControlUrl>,
    pub(super) dialled: Dialled,
    pub(super) content: Content,
}

pub(super) enum Content {
    ToolCalls {
        asked: Vec<Asked>,
        form: AnswerForm,
    },
    About(Event),
    Wants(Wanted),
    /// A type of message that we need not do anything about.
    Other(&'static str),
}

/// How the answer to tool calls is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerForm {
    /// `{"results": [{"toolCallId", "name", "result"}]}`
    Results,
    /// `{"result"}`, for the message type that came before lists.
    Result,
    /// The answer itself.
    Bare,
}

/// A message that is kept for the record of its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Status { status: String, ended_reason: String },
    Report,
    Hang,
    Transfer,
}

/// Where a body was sent and what came with it.
pub(super) struct Delivery<'a> {
    pub(super) roster: &'a Roster,
    /// The tool of the path, if it names one.
    pub(super) slug: Option<Tool>,
    /// The `x-call-id` header.
    pub(super) call_header: Option<&'a str>,
    /// Different for every request.
    pub(super) fresh: &'a dyn Fn() -> String,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Message<'a> {
    r#type: Maybe<String>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    call: Maybe<CallObject>,
    customer: Maybe<Customer>,
    phone_number: Maybe<PhoneLine>,
    assistant: Maybe<Assistant>,
    #[serde(borrow)]
    tool_call_list: Items<'a>,
    #[serde(borrow)]
    tool_calls: Items<'a>,
    #[serde(borrow)]
    tool_with_tool_call_list: Items<'a>,
    function_call: Maybe<Function>,
    parameters: Maybe<Map<String, Value>>,
    status: Maybe<String>,
    ended_reason: Maybe<String>,
}

impl Envelope {
    pub(super) fn read(text: &str, delivery: &Delivery<'_>) -> Result<Self, Refusal> {
        if !text.trim_start().starts_with('{') {
            let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
            return Err(if is_json { Refusal::NotAnObject } else { Refusal::NotJson });
        }
        let body: Body<'_> = serde_json::from_str(text).map_err(|_| Refusal::NotJson)?;
        let message = body.message.map(RawValue::get).filter(|message| message.starts_with('{'));
        let message: Message<'_> =
            serde_json::from_str(message.unwrap_or("{}")).map_err(|_| Refusal::NotJson)?;
        match (message.r#type.0.is_some(), delivery.slug) {
            (true, _) => Ok(message.into_envelope(delivery)),
            (false, Some(tool)) => bare(text, tool, delivery),
            (false, None) => Err(Refusal::NoType),
        }
    }
}

impl Message<'_> {
    fn into_envelope(self, delivery: &Delivery<'_>) -> Envelope {
        let content = self.content(delivery);
        let line = self.phone_number.0.unwrap_or_default();
        let call = self.call.0.unwrap_or_default();
        let assistant = self.assistant.0.unwrap_or_default();
        let customers = [self.customer.0.as_ref(), call.customer.0.as_ref()];
        let mut numbers = customers.into_iter().flatten().filter_map(|customer| customer.number.0.as_deref());
        let id = call.id.0.as_deref().and_then(|id| CallId::parse(id).ok());
        let control = call.monitor.0.as_ref().and_then(|monitor| monitor.control_url.0.as_deref());
        Envelope {
            control: control.zip(id.as_ref()).and_then(|(url, id)| ControlUrl::parse(url, id)),
            call: id,
            caller: numbers.find_map(|number| PhoneNumber::parse(number).ok()),
            dialled: Dialled::of(delivery.roster, &line, &call, &assistant),
            content,
        }
    }

    fn content(&self, delivery: &Delivery<'_>) -> Content {
        let text = |field: &Maybe<String>| field.0.clone().unwrap_or_default();
        match self.r#type.0.as_deref().unwrap_or_default() {
            "tool-calls" => Content::ToolCalls { asked: self.listed(delivery), form: AnswerForm::Results },
            "function-call" => {
                let unnamed = Function::default();
                let function = self.function_call.0.as_ref().unwrap_or(&unnamed);
                let asked = Asked::unlisted(function, delivery.slug, &self.occasion(delivery));
                Content::ToolCalls { asked: vec![asked], form: AnswerForm::Result }
            }
            "status-update" => Content::About(Event::Status {
                status: text(&self.status),
                ended_reason: text(&self.ended_reason),
            }),
            "end-of-call-report" => Content::About(Event::Report),
            "hang" => Content::About(Event::Hang),
            "transfer-update" => Content::About(Event::Transfer),
            "assistant-request" => Content::Wants(Wanted::Assistant),
            "transfer-destination-request" => Content::Wants(Wanted::Transfer),
            "handoff-destination-request" => {
                Content::Wants(Wanted::Handoff(self.parameters.0.clone().unwrap_or_default()))
            }
            other => Content::Other(known(other)),
        }
    }

    /// From the first of its lists that holds any: they are copies of one another. An id that comes twice is one tool
    /// call.
    fn listed(&self, delivery: &Delivery<'_>) -> Vec<Asked> {
        let occasion = self.occasion(delivery);
        let mut known = HashSet::new();
        [&self.tool_call_list, &self.tool_calls, &self.tool_with_tool_call_list]
            .into_iter()
            .map(|list| list.0.iter().filter_map(|item| Asked::listed(item.get(), delivery.slug, &occasion)))
            .map(|asked| asked.filter(|asked| known.insert(asked.id.clone())).collect())
            .find(|asked: &Vec<Asked>| !asked.is_empty())
            .unwrap_or_default()
    }

    fn occasion<'b>(&'b self, delivery: &'b Delivery<'_>) -> Occasion<'b> {
        Occasion { told_at: self.timestamp.map(RawValue::get), fresh: delivery.fresh }
    }
}

/// The whole body is the arguments. Its call is known only from a header or a static parameter of the tool, and because
/// a model could fill in the latter, only an id in the platform's own form counts.
fn bare(text: &str, tool: Tool, delivery: &Delivery<'_>) -> Result<Envelope, Refusal> {
    let arguments: Map<String, Value> = serde_json::from_str(text).map_err(|_| Refusal::NotJson)?;
    let parameter = || arguments.get("call_id").and_then(Value::as_str);
    let call = delivery.call_header.or_else(parameter).filter(|id| Uuid::try_parse(id).is_ok());
    let call = call.and_then(|id| CallId::parse(id).ok());
    let occasion = Occasion { told_at: None, fresh: delivery.fresh };
    let asked = Asked::bare(tool, arguments, &occasion);
    Ok(Envelope {
        call,
        caller: None,
        control: None,
        dialled: Dialled::default(),
        content: Content::ToolCalls { asked: vec![asked], form: AnswerForm::Bare },
    })
}

/// A type's name for the metrics, from a list that does not grow with what is sent.
fn known(kind: &str) -> &'static str {
    const KNOWN: [&str; 21] = [
        "knowledge-base-request",
        "voice-request",
        "call.endpointing.request",
        "campaign.predial",
        "conversation-update",
        "transcript",
        "speech-update",
        "assistant.speechStarted",
        "assistant.started",
        "model-output",
        "voice-input",
        "user-interrupted",
        "language-change-detected",
        "language-changed",
        "phone-call-control",
        "chat.created",
        "session.created",
        "session.updated",
        "call.deleted",
        "call.delete.failed",
        "call.artifact.upload",
    ];
    let plain = kind.split_once('[').map_or(kind, |(plain, _)| plain);
    KNOWN.into_iter().find(|name| *name == plain).unwrap_or("other")
}
