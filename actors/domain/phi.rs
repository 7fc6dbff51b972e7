//! Health information, wrapped so that it cannot be printed or logged by accident (law P-1).
//!
//! [`Phi`] has no `Debug`, no `Display` and no `Serialize`: a struct that holds one cannot derive them either.
//!
//! ```compile_fail
//! let name = vitarad_actors::domain::phi::Phi::new("Tremblay");
//! println!("{name}");
//! ```
//! ```compile_fail
//! let name = vitarad_actors::domain::phi::Phi::new("Tremblay");
//! println!("{name:?}");
//! ```
//! ```compile_fail
//! let name = vitarad_actors::domain::phi::Phi::new("Tremblay");
//! serde_json::to_string(&name).unwrap();
//! ```
//! ```compile_fail
//! let name = vitarad_actors::domain::phi::Phi::new("Tremblay".to_owned());
//! tracing::info!(%name, "a caller");
//! ```
//! ```compile_fail
//! #[derive(Debug)]
//! struct Caller { name: vitarad_actors::domain::phi::Phi<String> }
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that says something about a patient.
///
/// [`Phi::reveal`] is the one way out. Grep for it to find every place where health information meets the world: the
/// EMR's wire, the caller's answer and the sealed columns of the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    pub const fn reveal(&self) -> &T {
        &self.0
    }

    pub fn into_revealed(self) -> T {
        self.0
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Phi<U> {
        Phi(change(self.0))
    }
}

impl<T> From<T> for Phi<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Phi<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        T::deserialize(source).map(Self)
    }
}

/// For `#[serde(serialize_with = "phi::sealing")]` on the private records that go, encoded, straight into an envelope.
pub(crate) fn sealing<T: Serialize, S: Serializer>(value: &Phi<T>, sink: S) -> Result<S::Ok, S::Error> {
    value.0.serialize(sink)
}
