//! Names of things. A newtype each, so that a call id never stands where a clinic id belongs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {rule}")]
pub struct BadId {
    kind: &'static str,
    rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, BadId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(BadId { kind: stringify!($name), rule: $rule }) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

/// Printable ASCII without spaces: safe in a log line, a header and a database key alike.
fn token(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

text_id!(
    /// A clinic's slug, chosen by the operator.
    ClinicId,
    "1 to 63 of a-z, 0-9 and '-', starting with a letter or digit",
    |text| {
        (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
);

text_id!(
    /// The voice platform's id of one phone call.
    CallId,
    "1 to 128 printable ASCII characters",
    |text| token(text, 128)
);

text_id!(
    /// The voice platform's id of one tool call. Unique within its call only.
    ToolCallId,
    "1 to 128 printable ASCII characters",
    |text| token(text, 128)
);

text_id!(
    /// OSCAR's provider number: a text of up to six characters whose leading zeros count.
    ProviderNo,
    "1 to 6 letters, digits or '-'",
    |text| (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
);

/// One phone call of one clinic: the unit of ownership.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    pub clinic: ClinicId,
    pub call: CallId,
}

/// One tool call of one phone call: the unit of idempotency (law B-6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolCallKey {
    pub call: CallKey,
    pub tool_call: ToolCallId,
}

/// OSCAR's `demographicNo`. A chart number identifies a person, so it is never printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DemographicNo(i32);

impl DemographicNo {
    /// The number OSCAR gives to "no patient": a block or a note on the day sheet.
    pub const NOBODY: Self = Self(0);

    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    /// For the EMR's wire and for sealing; not for people.
    pub const fn reveal(self) -> i32 {
        self.0
    }
}

impl fmt::Debug for DemographicNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DemographicNo(..)")
    }
}

/// OSCAR's appointment id: a row number, increasing with each insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppointmentNo(pub i32);

/// The life of one process on one node. Only the newest of a node is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub i64);

/// The number of one ownership. It grows by one whenever the owner changes; an older one writes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub i64);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

random_id!(
    /// One thing a patient wants done: a booking, a move, a cancellation.
    IntentId
);
random_id!(
    /// One write to the EMR: the journal's unit (laws B-1, B-5).
    EffectId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_number_keeps_its_leading_zeros() {
        assert_eq!(ProviderNo::parse("021").unwrap().as_str(), "021");
        assert!(ProviderNo::parse("1234567").is_err());
    }

    #[test]
    fn an_id_with_a_space_or_line_break_is_refused() {
        assert!(CallId::parse("a b").is_err());
        assert!(ToolCallId::parse("a\nb").is_err());
        assert!(ClinicId::parse("Maple").is_err());
        assert_eq!(
            ClinicId::parse("").unwrap_err().to_string(),
            "ClinicId must be 1 to 63 of a-z, 0-9 and '-', starting with a letter or digit"
        );
    }

    #[test]
    fn a_chart_number_does_not_print() {
        assert_eq!(format!("{:?}", DemographicNo::new(4711)), "DemographicNo(..)");
    }
}
