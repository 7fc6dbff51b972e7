//! Reading what may hold anything. The voice platform changes its bodies without notice, so a field of an unexpected
//! type counts as absent and spoils nothing around it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A field that is a `T`, or something else.
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    /// The text is found first, without building or nesting anything, and then read as a `T`: what `T` ignores is never
    /// looked into, however large or deep it is. A list is never taken for the fields of an object in their order.
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(source)?.get();
        Ok(Self(if text.starts_with('[') { None } else { serde_json::from_str(text).ok() }))
    }
}

/// A list of anything; what is no list holds nothing.
#[derive(Default)]
pub(super) struct Items<'a>(pub(super) Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(source)?;
        Ok(Self(serde_json::from_str(text.get()).unwrap_or_default()))
    }
}

/// Our line, as the platform describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PhoneLine {
    pub(super) id: Maybe<String>,
    pub(super) number: Maybe<String>,
}

/// The other party.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Customer {
    pub(super) number: Maybe<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Assistant {
    pub(super) id: Maybe<String>,
}

/// The call as it was when it was created: its ids hold, its status is out of date.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CallObject {
    pub(super) id: Maybe<String>,
    pub(super) customer: Maybe<Customer>,
    pub(super) phone_number_id: Maybe<String>,
    pub(super) phone_number: Maybe<PhoneLine>,
    pub(super) assistant_id: Maybe<String>,
    pub(super) squad_id: Maybe<String>,
    pub(super) monitor: Maybe<Monitor>,
}

/// The ways into the live call.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Monitor {
    pub(super) control_url: Maybe<String>,
}
