//! A small XML tree with resolved namespaces. Names are compared by namespace and local name, never by
//! prefix, and no document type is ever read.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

const DEEPEST: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Space {
    None,
    Soap11,
    Soap12,
    Oscar,
    Security,
    Other(String),
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) space: Space,
    pub(super) name: String,
    /// Local name and value; namespace declarations left out.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// Why a body is not a document we read, in the words of the server's parser.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("Unexpected end of input block")]
    Unfinished,
    #[error("Received event DTD, instead of START_ELEMENT or END_ELEMENT.")]
    DocumentType,
    #[error("Undeclared namespace prefix")]
    Prefix,
    #[error("Undeclared general entity")]
    Entity,
    #[error("Maximum Element Depth limit Exceeded")]
    Depth,
    #[error("Unexpected content outside of the root element")]
    Outside,
    #[error("Unexpected character")]
    Syntax,
}

impl Space {
    pub(super) fn uri(&self) -> &str {
        match self {
            Self::None => "",
            Self::Soap11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::Soap12 => "http://www.w3.org/2003/05/soap-envelope",
            Self::Oscar => "http://ws.oscarehr.org/",
            Self::Security => {
                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
            }
            Self::Other(uri) => uri,
        }
    }

    fn of(uri: &str) -> Self {
        let known = [Self::Soap11, Self::Soap12, Self::Oscar, Self::Security];
        known.into_iter().find(|space| space.uri() == uri).unwrap_or_else(|| Self::Other(uri.to_owned()))
    }
}

impl Element {
    pub(super) fn parse(document: &str) -> Result<Self, Malformed> {
        let mut reader = NsReader::from_str(document.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            match reader.read_event().map_err(|_| Malformed::Syntax)? {
                Event::Start(_) if root.is_some() => return Err(Malformed::Outside),
                Event::Start(_) if open.len() == DEEPEST => return Err(Malformed::Depth),
                Event::Start(start) => open.push(Self::open(&reader, &start)?),
                Event::End(_) => {
                    let closed = open.pop().ok_or(Malformed::Syntax)?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(closed),
                        None => root = Some(closed),
                    }
                }
                Event::Text(text) => append(&mut open, &text.xml10_content())?,
                Event::CData(text) => append(&mut open, &text.xml10_content())?,
                Event::GeneralRef(reference) => append(&mut open, resolve(&reference)?.as_str())?,
                Event::DocType(_) => return Err(Malformed::DocumentType),
                Event::Eof => return root.ok_or(Malformed::Unfinished),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    fn open(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Self, Malformed> {
        let (space, name) = reader.resolver().resolve_element(start.name());
        let space = match space {
            ResolveResult::Unbound => Space::None,
            ResolveResult::Bound(namespace) => Space::of(namespace.as_ref()),
            ResolveResult::Unknown(_) => return Err(Malformed::Prefix),
        };
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| Malformed::Syntax)?;
            if attribute.key.as_namespace_binding().is_none() {
                let value =
                    attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Malformed::Entity)?;
                attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
            }
        }
        let name = name.as_ref().to_owned();
        Ok(Self { space, name, attributes, text: String::new(), children: Vec::new() })
    }

    pub(super) fn is(&self, space: &Space, name: &str) -> bool {
        self.space == *space && self.name == name
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(local, _)| local == name).map(|(_, value)| value.as_str())
    }
}

fn append(open: &mut [Element], text: &str) -> Result<(), Malformed> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Malformed::Outside),
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, Malformed> {
    let written = reference.resolve_char_ref().map_err(|_| Malformed::Entity)?;
    let known = || resolve_predefined_entity(reference).map(str::to_owned);
    written.map(String::from).or_else(known).ok_or(Malformed::Entity)
}

#[cfg(test)]
mod tests {
    use super::super::reply::escape;
    use super::*;

    #[test]
    fn entities_and_character_data_are_part_of_the_text() {
        let read = Element::parse("<a>&lt;R&amp;D&gt; &#x9648;&#38472;<![CDATA[<&>]]>陈</a>").unwrap();
        assert_eq!(read.text, "<R&D> 陈陈<&>陈");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_escaped_is_read_back(text in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*") {
            let mut document = "<a>".to_owned();
            escape(&mut document, &text);
            document.push_str("</a>");
            proptest::prop_assert_eq!(Element::parse(&document).unwrap().text, text);
        }
    }

    #[test]
    fn a_default_namespace_reaches_children_until_it_is_reset() {
        let read =
            Element::parse(r#"<op xmlns="http://ws.oscarehr.org/"><arg0/><arg1 xmlns=""/></op>"#).unwrap();
        assert!(read.is(&Space::Oscar, "op"));
        assert!(read.children[0].is(&Space::Oscar, "arg0"));
        assert!(read.children[1].is(&Space::None, "arg1"));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "<a>".repeat(DEEPEST + 1);
        for (document, why) in [
            ("", Malformed::Unfinished),
            ("<a>", Malformed::Unfinished),
            ("<a></b>", Malformed::Syntax),
            ("<a/><b/>", Malformed::Outside),
            ("<a/>text", Malformed::Outside),
            ("<p:a/>", Malformed::Prefix),
            ("<a>&nbsp;</a>", Malformed::Entity),
            (r#"<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>"#, Malformed::DocumentType),
            (deep.as_str(), Malformed::Depth),
        ] {
            assert_eq!(Element::parse(document).unwrap_err(), why, "{document}");
        }
    }
}
