//! A registration as data: what a clinic says of its new charts, and where the writing of one stands.

use serde::{Deserialize, Serialize};

use super::health_number::Province;
use super::ids::{DemographicNo, IntentId, ProviderNo};
use super::new_patient::NewPatient;

/// Registrations that one call may try. More than a family has children.
pub const MAX_REGISTRATIONS: u8 = 8;

/// What a clinic says of the charts that are made by telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrationRules {
    /// The programme patients are admitted to. Without it OSCAR stores half a patient and says that it failed, so nobody is
    /// registered.
    pub program_id: Option<i32>,
    /// Who looks after a patient who names nobody.
    pub provider: Option<ProviderNo>,
    pub roster_status: String,
    /// Where callers live, and whose health cards they have, who name no other.
    pub province: Province,
}

impl Default for RegistrationRules {
    fn default() -> Self {
        Self { program_id: None, provider: None, roster_status: String::new(), province: Province::Bc }
    }
}

/// A chart to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewChart {
    pub who: NewPatient,
    pub program: i32,
    pub roster_status: String,
}

/// Where the writing of a chart stands (law B-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationState {
    /// The row is committed; the write may or may not have left.
    Announced,
    /// Sent, and not answered in a way that settles it.
    Unknown,
    /// Read back, and in agreement.
    Done(DemographicNo),
    /// Known: nothing was sent, or the EMR refused it.
    NotDone,
    /// Not found after the last moment it could have arrived, not readable, or not what was sent.
    HandedToStaff,
}

impl RegistrationState {
    /// Nobody else may register the same person meanwhile.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Announced | Self::Unknown)
    }

    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Announced => true,
            Self::Unknown => !matches!(next, Self::Announced | Self::NotDone),
            Self::Done(_) | Self::NotDone | Self::HandedToStaff => false,
        }
    }
}

/// By what a call names a patient whom it has registered. Drawn with the registration: no other patient ever has it, even
/// when what the call knew is lost.
pub fn handle(registration: IntentId) -> String {
    format!("n{:08x}", registration.0.as_u128() >> 96)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_sent_is_settled_by_reading_alone_and_stays_so() {
        use RegistrationState::{Announced, Done, HandedToStaff, NotDone, Unknown};
        let done = Done(DemographicNo::new(1));
        assert!(Announced.may_become(NotDone) && Announced.may_become(done));
        assert!(!Unknown.may_become(NotDone), "unknown is settled by reading");
        assert!(Unknown.may_become(Unknown) && Unknown.may_become(HandedToStaff) && Unknown.may_become(done));
        for settled in [done, NotDone, HandedToStaff] {
            assert!(settled.is_settled() && !settled.may_become(done) && !settled.may_become(Unknown));
        }
    }
}
