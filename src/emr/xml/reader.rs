//! Reads a document into a small tree, within limits.

use quick_xml::NsReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::ResolveResult;

const DEEPEST: usize = 32;
/// As many as a 4 MiB list of appointments holds.
const MOST_ELEMENTS: usize = 100_000;

/// The namespaces that mean something to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    None,
    Soap,
    /// Of OSCAR's operations, in either of the namespaces that builds have them in.
    Oscar,
    Other,
}

/// One element. It may hold a patient's name, so it has no `Debug`.
pub(crate) struct Element {
    space: Space,
    name: String,
    text: String,
    children: Vec<Element>,
}

/// Why a document is not one we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadXml {
    #[error("not UTF-8")]
    Encoding,
    #[error("not well formed")]
    Syntax,
    #[error("it ends too early")]
    Unfinished,
    #[error("a document type is declared")]
    DocumentType,
    #[error("an entity that XML does not predefine")]
    Entity,
    #[error("an undeclared namespace prefix")]
    Prefix,
    #[error("something stands beside the root element")]
    Outside,
    #[error("elements are nested too deeply")]
    TooDeep,
    #[error("too many elements")]
    TooMany,
}

impl Space {
    fn of(uri: &str) -> Self {
        match uri {
            "http://schemas.xmlsoap.org/soap/envelope/" => Self::Soap,
            "http://ws.oscarehr.org/" | "http://v1.soap.external.ws.oscarehr.org/" => Self::Oscar,
            _ => Self::Other,
        }
    }
}

impl Element {
    pub(crate) fn parse(document: &[u8]) -> Result<Self, BadXml> {
        let document = str::from_utf8(document).map_err(|_| BadXml::Encoding)?;
        let mut reader = NsReader::from_str(document.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        let mut tree = Tree::default();
        loop {
            match reader.read_event().map_err(|_| BadXml::Syntax)? {
                Event::Start(start) => {
                    let (space, name) = reader.resolver().resolve_element(start.name());
                    tree.open(&space, name.as_ref())?;
                }
                Event::End(_) => tree.close()?,
                Event::Text(text) => tree.append(&text.xml10_content())?,
                Event::CData(text) => tree.append(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    tree.append(resolve(&reference)?.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => return Err(BadXml::DocumentType),
                Event::Eof => return tree.root.ok_or(BadXml::Unfinished),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    pub(crate) fn is(&self, space: Space, name: &str) -> bool {
        self.space == space && self.name == name
    }

    /// The first child of that name. Absent and empty are told apart: one is NULL, the other is not.
    pub(crate) fn child(&self, space: Space, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(space, name))
    }

    /// Children without a namespace, as all of OSCAR's are below an operation's wrapper.
    pub(crate) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(Space::None, name))
    }

    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(Space::None, name).map(Self::text)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// One line for each element: what a test compares where spelling must not count.
    #[cfg(test)]
    pub(crate) fn outline(&self) -> String {
        let text = if self.children.is_empty() { self.text.as_str() } else { "" };
        let line = format!("{:?} {} [{text}]\n", self.space, self.name);
        self.children.iter().map(Self::outline).fold(line, |lines, child| lines + &child)
    }

    pub(crate) fn into_children(self) -> impl Iterator<Item = Self> {
        self.children.into_iter()
    }
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, space: &ResolveResult<'_>, name: &str) -> Result<(), BadXml> {
        if self.root.is_some() {
            return Err(BadXml::Outside);
        }
        if self.open.len() == DEEPEST {
            return Err(BadXml::TooDeep);
        }
        if self.elements == MOST_ELEMENTS {
            return Err(BadXml::TooMany);
        }
        self.elements += 1;
        let space = match space {
            ResolveResult::Unbound => Space::None,
            ResolveResult::Bound(namespace) => Space::of(namespace.as_ref()),
            ResolveResult::Unknown(_) => return Err(BadXml::Prefix),
        };
        self.open.push(Element { space, name: name.to_owned(), text: String::new(), children: Vec::new() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), BadXml> {
        let closed = self.open.pop().ok_or(BadXml::Syntax)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    /// One text arrives in pieces: plain, quoted and by reference.
    fn append(&mut self, piece: &str) -> Result<(), BadXml> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(piece),
            None if piece.trim().is_empty() => {}
            None => return Err(BadXml::Outside),
        }
        Ok(())
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, BadXml> {
    let numbered = reference.resolve_char_ref().map_err(|_| BadXml::Entity)?;
    let named = || resolve_predefined_entity(reference)?.chars().next();
    numbered.or_else(named).ok_or(BadXml::Entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(document: &str) -> Option<BadXml> {
        Element::parse(document.as_bytes()).err()
    }

    #[test]
    fn plain_quoted_and_referenced_pieces_are_one_text() {
        let document = "<r><a>&lt;R&amp;D&gt; &#x9648;&#38472;<![CDATA[<&>]]><!-- c -->陈\r\n</a></r>";
        let read = Element::parse(document.as_bytes()).unwrap();
        assert_eq!(read.text_of("a"), Some("<R&D> 陈陈<&>陈\n"));
    }

    #[test]
    fn absent_and_empty_are_told_apart() {
        let read = Element::parse(b"<r><a/><b></b></r>").unwrap();
        assert_eq!([read.text_of("a"), read.text_of("b"), read.text_of("c")], [Some(""), Some(""), None]);
    }

    #[test]
    fn names_are_compared_by_namespace_whatever_the_prefix() {
        let document = r#"<x:op xmlns:x="http://ws.oscarehr.org/"><return><a>1</a></return>
            <return xmlns="http://ws.oscarehr.org/"><a xmlns="">2</a></return><x:return/></x:op>"#;
        let read = Element::parse(document.as_bytes()).unwrap();
        assert!(read.is(Space::Oscar, "op"));
        assert_eq!(read.each("return").map(|row| row.text_of("a")).collect::<Vec<_>>(), [Some("1")]);
        assert_eq!(read.child(Space::Oscar, "return").and_then(|other| other.text_of("a")), Some("2"));
    }

    #[test]
    fn hostile_and_broken_documents_are_refused() {
        for (document, why) in [
            ("", BadXml::Unfinished),
            ("<a>", BadXml::Unfinished),
            ("<a", BadXml::Syntax),
            ("<a></b>", BadXml::Syntax),
            ("</a>", BadXml::Syntax),
            ("<a/><b/>", BadXml::Outside),
            ("<a/>text", BadXml::Outside),
            ("text<a/>", BadXml::Outside),
            ("<p:a/>", BadXml::Prefix),
            ("<a>&nbsp;</a>", BadXml::Entity),
            ("<a>&#0;</a>", BadXml::Entity),
            (r#"<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>"#, BadXml::DocumentType),
        ] {
            assert_eq!(refusal(document), Some(why), "{document}");
        }
        assert_eq!(Element::parse(b"<a>\xff</a>").err(), Some(BadXml::Encoding));
    }

    #[test]
    fn depth_and_number_of_elements_are_limited_and_the_limits_are_reachable() {
        let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert_eq!(refusal(&deep(DEEPEST)), None);
        assert_eq!(refusal(&deep(DEEPEST + 1)), Some(BadXml::TooDeep));
        let wide = |elements: usize| format!("<r>{}</r>", "<a/>".repeat(elements - 1));
        assert_eq!(refusal(&wide(MOST_ELEMENTS)), None);
        assert_eq!(refusal(&wide(MOST_ELEMENTS + 1)), Some(BadXml::TooMany));
    }
}
