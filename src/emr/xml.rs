//! XML as SOAP uses it: a writer that escapes everything, and a reader that trusts nothing.
//!
//! No names are compared by prefix, no document type is read, and every limit is ours.

mod reader;
mod writer;

pub(crate) use reader::{Element, Space};
pub(crate) use writer::{Writer, escape};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(text: &str) -> String {
        let mut xml = Writer::default();
        xml.nested("a", |inner| inner.text("b", text));
        let read = Element::parse(xml.as_str().as_bytes()).unwrap();
        read.text_of("b").unwrap().to_owned()
    }

    fn is_lawful(c: char) -> bool {
        matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
    }

    #[test]
    fn markup_line_breaks_and_other_scripts_come_back_as_they_were() {
        for text in ["<R&D> ]]> \"quoted\"", "first\r\nsecond\rthird\n", " two  spaces ", "陈 Zoé 𠮷", ""]
        {
            assert_eq!(read_back(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_without_what_xml_forbids(text in any::<String>()) {
            let lawful: String = text.chars().filter(|c| is_lawful(*c)).collect();
            prop_assert_eq!(read_back(&text), lawful);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in any::<Vec<u8>>()) {
            let _ = Element::parse(&bytes);
        }

        #[test]
        fn any_heap_of_markup_can_be_read(pieces in prop::collection::vec(prop::sample::select(vec![
            "<a>", "</a>", "<a/>", "<p:a>", "</p:a>", "<a xmlns='u'>", "<a xmlns:p=\"u\" q='", "'>", "<![CDATA[", "]]>",
            "<!--", "-->", "<?x", "?>", "<!DOCTYPE a [", "<!ENTITY", "&amp;", "&#1;", "&#x110000;", "&", ";", "<", ">", "陈",
        ]), 0..40)) {
            let _ = Element::parse(pieces.concat().as_bytes());
        }
    }
}
