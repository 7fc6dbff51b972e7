//! Telephone numbers of the North American plan, as people and machines type them.

use serde::{Deserialize, Serialize};

use super::phi::Phi;

/// Ten digits without the country code, whatever the spelling they came in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// A text that holds no ten-digit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ten-digit North American number")]
pub struct NotANumber;

/// What carriers and voice platforms send for a withheld number, and prompts for "the server knows it".
const PLACEHOLDERS: [&str; 3] = ["0000000000", "1111111111", "9999999999"];

impl PhoneNumber {
    /// Accepts any punctuation and an optional leading `1` or `+1`; an extension after `x` is cut.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let spoken = text.split(['x', 'X', '#', ';', '@']).next().unwrap_or_default();
        let digits: String = spoken.chars().filter(char::is_ascii_digit).collect();
        let national = match digits.len() {
            10 => digits,
            11 if digits.starts_with('1') => digits[1..].to_owned(),
            _ => return Err(NotANumber),
        };
        if PLACEHOLDERS.contains(&national.as_str()) { Err(NotANumber) } else { Ok(Self(national)) }
    }

    pub fn digits(&self) -> &str {
        &self.0
    }

    pub fn e164(&self) -> String {
        format!("+1{}", self.0)
    }

    /// Area code, exchange and line, to be joined as the reader needs.
    pub fn groups(&self) -> [&str; 3] {
        [&self.0[..3], &self.0[3..6], &self.0[6..]]
    }

    /// `604-555-0142`: for a clinic's own number in a spoken line.
    pub fn spoken(&self) -> String {
        self.groups().join("-")
    }

    /// Whether this number is among what a chart holds, typed by whoever at whatever desk.
    pub fn is_among<'a>(&self, typed: impl IntoIterator<Item = &'a Phi<String>>) -> bool {
        typed.into_iter().any(|text| Self::parse(text.reveal()).is_ok_and(|number| number == *self))
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotANumber;
    fn try_from(text: String) -> Result<Self, NotANumber> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> String {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_spelling_is_the_same_number() {
        for typed in [
            "6045550142",
            "604-555-0142",
            "(604) 555-0142",
            "+16045550142",
            "1 604.555.0142",
            "604 555 0142 x12",
        ] {
            assert_eq!(
                PhoneNumber::parse(typed).map(|n| n.digits().to_owned()),
                Ok("6045550142".to_owned()),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_placeholder_or_a_fragment_is_no_number() {
        for typed in ["0000000000", "", "604-", "5550142", "anonymous", "+4420 7946 0958"] {
            assert!(PhoneNumber::parse(typed).is_err(), "{typed}");
        }
    }
}
