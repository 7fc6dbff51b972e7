//! Unmarshals the arguments of one operation as strictly as the server does: what it does not know or
//! cannot read is a fault, not a shrug.

use jiff::civil::DateTime;

use super::element::{Element, Space};
use super::fault::SoapFault;
use crate::sandbox::oscar::jvm::Jvm;

const NAMES: [&str; 12] =
    ["arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "arg6", "arg7", "arg8", "arg9", "arg10", "arg11"];

pub(super) struct Arguments<'a> {
    given: [Option<&'a Element>; NAMES.len()],
}

impl<'a> Arguments<'a> {
    /// `arity` is how many arguments the operation declares.
    pub(super) fn of(wrapper: &'a Element, arity: usize) -> Result<Self, SoapFault> {
        let expected = NAMES.get(..arity).unwrap_or(&NAMES);
        let mut given = [None; NAMES.len()];
        for child in &wrapper.children {
            given[position(child, expected)?] = present(child);
        }
        Ok(Self { given })
    }

    pub(super) fn element(&self, at: usize) -> Option<&'a Element> {
        self.given.get(at).copied().flatten()
    }

    pub(super) fn text(&self, at: usize) -> Result<Option<&'a str>, SoapFault> {
        self.element(at).map(text).transpose()
    }

    pub(super) fn integer(&self, at: usize) -> Result<Option<i32>, SoapFault> {
        self.element(at).map(integer).transpose()
    }

    /// A Java `int`: 0 when missing.
    pub(super) fn int(&self, at: usize) -> Result<i32, SoapFault> {
        Ok(self.integer(at)?.unwrap_or_default())
    }

    pub(super) fn boolean(&self, at: usize) -> Result<Option<bool>, SoapFault> {
        self.element(at).map(boolean).transpose()
    }

    /// A Java `boolean`: false when missing.
    pub(super) fn flag(&self, at: usize) -> Result<bool, SoapFault> {
        Ok(self.boolean(at)?.unwrap_or_default())
    }

    pub(super) fn wall(&self, at: usize, jvm: &Jvm) -> Result<Option<DateTime>, SoapFault> {
        self.element(at).map(|element| wall(element, jvm)).transpose()
    }
}

/// Which of the expected unqualified names an element has.
pub(super) fn position(element: &Element, expected: &[&str]) -> Result<usize, SoapFault> {
    let named = expected.iter().position(|name| *name == element.name);
    named.filter(|_| element.space == Space::None).ok_or_else(|| SoapFault::unexpected(element, expected))
}

/// `xsi:nil` makes an element count as missing.
pub(super) fn present(element: &Element) -> Option<&Element> {
    (!matches!(element.attribute("nil"), Some("true" | "1"))).then_some(element)
}

pub(super) fn text(element: &Element) -> Result<&str, SoapFault> {
    match element.children.first() {
        Some(child) => Err(SoapFault::unexpected(child, &[])),
        None => Ok(&element.text),
    }
}

pub(super) fn integer(element: &Element) -> Result<i32, SoapFault> {
    let text = text(element)?.trim();
    text.parse().map_err(|_| SoapFault::not_a("number", text))
}

fn boolean(element: &Element) -> Result<bool, SoapFault> {
    match text(element)?.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        text => Err(SoapFault::not_a("boolean", text)),
    }
}

pub(super) fn wall(element: &Element, jvm: &Jvm) -> Result<DateTime, SoapFault> {
    let text = text(element)?.trim();
    jvm.read(text).ok_or_else(|| SoapFault::not_a("date", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulted(wrapper: &str, arity: usize) -> String {
        let wrapper = Element::parse(wrapper).unwrap();
        match Arguments::of(&wrapper, arity).and_then(|arguments| arguments.int(0)) {
            Ok(value) => value.to_string(),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn an_argument_of_another_name_or_namespace_is_refused() {
        assert_eq!(
            faulted("<op><arg2/></op>", 2),
            "Unmarshalling Error: unexpected element (uri:\"\", local:\"arg2\"). Expected elements are <{}arg0>,<{}arg1> "
        );
        assert_eq!(
            faulted(r#"<op xmlns="http://ws.oscarehr.org/"><arg0>1</arg0></op>"#, 1),
            "Unmarshalling Error: unexpected element (uri:\"http://ws.oscarehr.org/\", local:\"arg0\"). Expected elements are <{}arg0> "
        );
        assert_eq!(
            faulted("<op><arg0/></op>", 0),
            "Unmarshalling Error: unexpected element (uri:\"\", local:\"arg0\"). Expected elements are (none) "
        );
    }

    #[test]
    fn a_missing_primitive_is_zero_and_an_unreadable_one_is_a_fault() {
        assert_eq!(faulted("<op/>", 1), "0");
        assert_eq!(faulted(r#"<op><arg0 xmlns:x="i" x:nil="true"/></op>"#, 1), "0");
        assert_eq!(faulted("<op><arg0> 12 </arg0></op>", 1), "12");
        assert_eq!(faulted("<op><arg0>twelve</arg0></op>", 1), "Unmarshalling Error: Not a number: twelve");
    }
}
