//! What a call was about and how it ended, in the words that are counted. Nothing here names anybody.

use serde::{Deserialize, Serialize};

use super::transfer::TransferReason;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($variant:ident $word:literal $(or $older:literal)*,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What a model writes, in today's word or an older one.
            pub fn named(text: &str) -> Option<Self> {
                match text.trim().to_lowercase().as_str() {
                    $($word $(| $older)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Why somebody called.
    CallIntent:
    Book "book",
    Reschedule "reschedule",
    Cancel "cancel",
    Register "register",
    Inquiry "inquiry" or "info",
    Other "other",
}

words! {
    /// What came of it.
    CallOutcome:
    Booked "booked",
    Rescheduled "rescheduled",
    Cancelled "cancelled",
    Registered "registered",
    Waitlisted "waitlisted",
    Transferred "transferred",
    NoAction "no_action" or "abandoned" or "error",
}

/// What the agent, and we ourselves, noted of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CallNote {
    pub intent: Option<CallIntent>,
    pub outcome: Option<CallOutcome>,
    pub transfer_reason: Option<TransferReason>,
}

impl CallNote {
    /// What is newly said goes before what was noted; what is not said stays.
    #[must_use]
    pub fn with(self, said: Self) -> Self {
        Self {
            intent: said.intent.or(self.intent),
            outcome: said.outcome.or(self.outcome),
            transfer_reason: said.transfer_reason.or(self.transfer_reason),
        }
    }

    pub const fn transferred(reason: TransferReason) -> Self {
        Self { intent: None, outcome: Some(CallOutcome::Transferred), transfer_reason: Some(reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_itself_and_older_words_their_successors() {
        for intent in CallIntent::ALL {
            assert_eq!(CallIntent::named(intent.name()), Some(*intent));
        }
        for outcome in CallOutcome::ALL {
            assert_eq!(CallOutcome::named(outcome.name()), Some(*outcome));
        }
        assert_eq!(CallIntent::named(" Info "), Some(CallIntent::Inquiry));
        assert_eq!(CallOutcome::named("abandoned"), Some(CallOutcome::NoAction));
        assert_eq!(CallOutcome::named("whatever"), None);
    }

    #[test]
    fn what_is_not_said_again_stays() {
        let noted = CallNote { intent: Some(CallIntent::Book), ..CallNote::default() };
        let noted = noted.with(CallNote::transferred(TransferReason::Billing));
        assert_eq!((noted.intent, noted.outcome), (Some(CallIntent::Book), Some(CallOutcome::Transferred)));
    }
}
