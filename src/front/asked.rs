//! One tool call as the voice platform asks it, in any of the shapes it has been seen in.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use vitarad_actors::domain::ids::ToolCallId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::tool::Tool;

use super::digest::hex_digest;
use super::wire::Maybe;

pub(super) struct Asked {
    /// As it came: the answer is matched by it.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) tool: Option<Tool>,
    /// `None` for arguments that are no object, for example because the model was cut off.
    pub(super) arguments: Option<Phi<Map<String, Value>>>,
}

/// What tells one asking of a tool from the next when the platform gives it no id.
pub(super) struct Occasion<'a> {
    /// When the message was made, as written in it: a second delivery says the same, a second asking does not.
    pub(super) told_at: Option<&'a str>,
    /// Different for every request.
    pub(super) fresh: &'a dyn Fn() -> String,
}

impl Asked {
    /// One element of a list of tool calls; `None` if it is none. `slug` is the tool of the path, which decides when the
    /// platform has given the function another name.
    pub(super) fn listed(text: &str, slug: Option<Tool>, occasion: &Occasion<'_>) -> Option<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Wrapped {
            tool_call: Maybe<Item>,
        }
        let wrapped: Maybe<Wrapped> = serde_json::from_str(text).ok()?;
        let item = match wrapped.0.and_then(|wrapped| wrapped.tool_call.0) {
            Some(item) => item,
            None => serde_json::from_str::<Maybe<Item>>(text).ok()?.0?,
        };
        let (id, name, arguments) = item.read();
        Some(Self::new(id, name.unwrap_or_default(), slug, arguments, occasion))
    }

    /// A tool call of the message type that came before lists, which gives no id.
    pub(super) fn unlisted(function: &Function, slug: Option<Tool>, occasion: &Occasion<'_>) -> Self {
        let arguments = function.parameters.clone().or(function.arguments.clone());
        Self::new(None, function.name.0.clone().unwrap_or_default(), slug, arguments, occasion)
    }

    /// A tool call that is nothing but its arguments.
    pub(super) fn bare(tool: Tool, arguments: Map<String, Value>, occasion: &Occasion<'_>) -> Self {
        Self::new(None, tool.name().to_owned(), Some(tool), Arguments::Given(arguments), occasion)
    }

    fn new(
        id: Option<String>,
        name: String,
        slug: Option<Tool>,
        arguments: Arguments,
        occasion: &Occasion<'_>,
    ) -> Self {
        let tool = Tool::named(&name).or(slug);
        let arguments = match arguments {
            Arguments::Absent => Some(Map::new()),
            Arguments::Given(object) => Some(object),
            Arguments::Unreadable => None,
        };
        let id = id.unwrap_or_else(|| derived_id(&name, tool, arguments.as_ref(), occasion));
        Self { id, name, tool, arguments: arguments.map(Phi::new) }
    }

    /// The id by which this tool call is executed once; an odd one is replaced by its digest.
    pub(super) fn key(&self) -> Option<ToolCallId> {
        ToolCallId::parse(&self.id)
            .or_else(|_| ToolCallId::parse(&format!("odd-{}", hex_digest(&[self.id.as_bytes()]))))
            .ok()
    }
}

/// Reads are asked again and want a new answer, so without a time each asking stands alone. What changes the EMR is the
/// same wish when it is asked in the same words.
fn derived_id(
    name: &str,
    tool: Option<Tool>,
    arguments: Option<&Map<String, Value>>,
    on: &Occasion<'_>,
) -> String {
    let changes = tool.is_some_and(Tool::changes_the_emr);
    let occasion = match on.told_at {
        Some(told_at) => told_at.to_owned(),
        None if changes => String::new(),
        None => (on.fresh)(),
    };
    let words = arguments.map(|object| serde_json::to_string(object).unwrap_or_default()).unwrap_or_default();
    format!("made-{}", hex_digest(&[name.as_bytes(), words.as_bytes(), occasion.as_bytes()]))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Item {
    id: Maybe<String>,
    tool_call_id: Maybe<String>,
    name: Maybe<String>,
    arguments: Arguments,
    parameters: Arguments,
    function: Maybe<Function>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Function {
    pub(super) name: Maybe<String>,
    pub(super) arguments: Arguments,
    pub(super) parameters: Arguments,
}

impl Item {
    fn read(self) -> (Option<String>, Option<String>, Arguments) {
        let function = self.function.0.unwrap_or_default();
        let arguments = function.arguments.or(self.arguments).or(function.parameters).or(self.parameters);
        (self.id.0.or(self.tool_call_id.0), function.name.0.or(self.name.0), arguments)
    }
}

/// An object, or a text that holds one; nothing at all stands for an empty one.
#[derive(Clone, Default)]
pub(super) enum Arguments {
    #[default]
    Absent,
    Given(Map<String, Value>),
    Unreadable,
}

impl Arguments {
    fn or(self, other: Self) -> Self {
        if matches!(self, Self::Absent) { other } else { self }
    }

    fn of_text(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self::Absent;
        }
        serde_json::from_str(text).map_or(Self::Unreadable, Self::Given)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(source)?;
        Ok(match serde_json::from_str(text.get()) {
            Ok(Value::Null) => Self::Absent,
            Ok(Value::Object(object)) => Self::Given(object),
            Ok(Value::String(inner)) => Self::of_text(&inner),
            Ok(_) | Err(_) => Self::Unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Asked {
        Asked::listed(text, None, &Occasion { told_at: None, fresh: &|| "fresh".to_owned() }).unwrap()
    }

    #[test]
    fn every_shape_of_an_element_is_the_same_tool_call() {
        for text in [
            r#"{"id":"a","type":"function","function":{"name":"search_patient","arguments":{"x":1}}}"#,
            r#"{"id":"a","type":"function","function":{"name":"search_patient","arguments":"{\"x\":1}"}}"#,
            r#"{"id":"a","name":"search_patient","arguments":{"x":1}}"#,
            r#"{"id":"a","name":"search_patient","arguments":"{\"x\":1}"}"#,
            r#"{"id":"a","name":"search_patient","parameters":{"x":1}}"#,
            r#"{"toolCallId":"a","name":"search_patient","parameters":{"x":1}}"#,
            r#"{"id":"a","function":{"name":"search_patient","parameters":{"x":1}}}"#,
            r#"{"type":"function","function":{"name":"search_patient","parameters":{"type":"object"}},
                "toolCall":{"id":"a","type":"function","function":{"name":"search_patient","arguments":{"x":1}}}}"#,
        ] {
            let asked = listed(text);
            assert_eq!((asked.id.as_str(), asked.tool), ("a", Some(Tool::SearchPatient)), "{text}");
            assert_eq!(asked.arguments.unwrap().reveal()["x"], 1, "{text}");
        }
    }

    #[test]
    fn nothing_stands_for_no_arguments_and_a_cut_off_text_for_unreadable_ones() {
        for nothing in [r#"{"id":"a"}"#, r#"{"id":"a","arguments":null}"#, r#"{"id":"a","arguments":" "}"#] {
            assert!(listed(nothing).arguments.unwrap().reveal().is_empty(), "{nothing}");
        }
        for unreadable in [
            r#"{"id":"a","arguments":"{\"x\":"}"#,
            r#"{"id":"a","arguments":[1]}"#,
            r#"{"id":"a","arguments":7}"#,
        ] {
            assert!(listed(unreadable).arguments.is_none(), "{unreadable}");
        }
    }

    #[test]
    fn a_derived_id_does_not_depend_on_the_order_of_the_arguments() {
        let id = |text: &str, told_at| {
            let Arguments::Given(arguments) = Arguments::of_text(text) else { panic!("no object") };
            let fresh = std::cell::Cell::new(0);
            let fresh = || format!("{}", fresh.replace(fresh.get() + 1));
            let on = Occasion { told_at, fresh: &fresh };
            [0, 1].map(|_| Asked::bare(Tool::CreateAppointment, arguments.clone(), &on).id)
        };
        assert_eq!(id(r#"{"a":1,"b":{"c":2,"d":3}}"#, None), id(r#"{"b":{"d":3,"c":2},"a":1}"#, None));
        assert_ne!(id(r#"{"a":1}"#, None), id(r#"{"a":2}"#, None));
        assert_ne!(id(r#"{"a":1}"#, Some("1")), id(r#"{"a":1}"#, Some("2")), "asked again");
        let [first, second] = id(r#"{"a":1}"#, None);
        assert_eq!(first, second, "the same words");
    }

    #[test]
    fn a_read_without_id_and_time_is_a_new_asking_every_time() {
        let count = std::cell::Cell::new(0);
        let fresh = || format!("{}", count.replace(count.get() + 1));
        let ask = || {
            let on = Occasion { told_at: None, fresh: &fresh };
            Asked::bare(Tool::GetProviders, Map::new(), &on).id
        };
        assert_ne!(ask(), ask());
    }

    #[test]
    fn an_odd_id_is_echoed_as_it_came_and_kept_by_its_digest() {
        let asked = listed(r#"{"id":"with space","name":"get_providers"}"#);
        assert_eq!(asked.id, "with space");
        assert!(asked.key().unwrap().as_str().starts_with("odd-"));
    }
}
