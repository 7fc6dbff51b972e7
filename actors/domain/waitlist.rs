//! People who wait for a place at a clinic that takes nobody new at the moment.

use serde::{Deserialize, Serialize};

use super::patient::folded;
use super::phi::{self, Phi};
use super::phone::PhoneNumber;
use super::say::Language;

/// How far the clinic's staff have come with somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitlistStatus {
    Pending,
    Contacted,
    Registered,
    Cancelled,
}

impl WaitlistStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Contacted, Self::Registered, Self::Cancelled];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Contacted => "contacted",
            Self::Registered => "registered",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }

    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::Contacted)
    }
}

/// Somebody who waits, and why. Wholly sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    #[serde(serialize_with = "phi::sealing")]
    pub first_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub last_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub phone: Phi<PhoneNumber>,
    #[serde(serialize_with = "phi::sealing")]
    pub reason: Phi<Option<String>>,
    #[serde(serialize_with = "phi::sealing")]
    pub notes: Phi<Option<String>>,
    pub language: Language,
}

impl Waiting {
    /// The same for somebody who asks again: their name without case and accents, and their number.
    pub fn person(&self) -> Phi<String> {
        let (first, last) = (folded(self.first_name.reveal()), folded(self.last_name.reveal()));
        Phi::new(format!("{last}|{first}|{}", self.phone.reveal().digits()))
    }

    /// The form that is sealed and stored.
    pub fn encode(&self) -> Phi<Vec<u8>> {
        Phi::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// `None` for what a later release wrote, or not we.
    pub fn decode(bytes: &Phi<Vec<u8>>) -> Option<Self> {
        serde_json::from_slice(bytes.reveal()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_asks_again_in_another_spelling_is_the_same_person() {
        let waiting = |first: &str, last: &str, phone: &str| Waiting {
            first_name: first.to_owned().into(),
            last_name: last.to_owned().into(),
            phone: PhoneNumber::parse(phone).unwrap().into(),
            reason: None.into(),
            notes: Some("mornings".to_owned()).into(),
            language: Language::Zh,
        };
        let zoe = waiting("Zoé", "Côté", "604-555-0142");
        assert!(zoe.person() == waiting("ZOE", "cote", "+16045550142").person());
        assert!(zoe.person() != waiting("Zoé", "Côté", "604-555-0143").person());
        assert!(Waiting::decode(&zoe.encode()) == Some(zoe));
    }
}
