//! The ways into a clinic's EMR, and what can be asked by them.

use serde::{Deserialize, Serialize};

/// A way into an EMR. Builds differ in which of them stand open and in what each can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// By login.
    #[default]
    Soap,
    /// By a token that a person of the clinic approved.
    Rest,
    /// By the key of a server that stands before the EMR.
    Bridge,
}

impl Path {
    pub const ALL: [Self; 3] = [Self::Soap, Self::Rest, Self::Bridge];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Soap => "soap",
            Self::Rest => "rest",
            Self::Bridge => "bridge",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|path| path.name() == text)
    }
}

/// An EMR's services fail separately; each has a breaker of its own on each path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    Schedule,
    Demographic,
    Provider,
    /// The server itself.
    System,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Schedule, Self::Demographic, Self::Provider, Self::System];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Demographic => "demographic",
            Self::Provider => "provider",
            Self::System => "system",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == text)
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $service:ident $label:literal)+) => {
        /// What can be asked of an EMR: the methods of the port.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation { $($(#[$doc])* $name),+ }

        impl Operation {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub const fn service(self) -> Service {
                match self { $(Self::$name => Service::$service),+ }
            }

            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $label),+ }
            }
        }
    };
}

operations! {
    Providers Provider "providers"
    TemplateCodes Schedule "template_codes"
    DaySchedule Schedule "day_schedule"
    DayRows Schedule "day_rows"
    AppointmentsOf Schedule "appointments_of"
    Appointment Schedule "appointment"
    ChartsByPhone Demographic "charts_by_phone"
    ChartsByBirthDate Demographic "charts_by_birth_date"
    ChartsByHealthNumber Demographic "charts_by_health_number"
    Chart Demographic "chart"
    AddPatient Demographic "add_patient"
    AddAppointment Schedule "add_appointment"
    CancelAppointment Schedule "cancel_appointment"
    /// What the server says it can do: asked most urgently when everything else fails.
    Discover System "discover"
}

impl Operation {
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.name() == text)
    }
}

/// What has to go by one path in a booking: a row reads differently on each, so what is written by one is checked and
/// compared by the same.
pub const FOR_ADDING: &[Operation] =
    &[Operation::AddAppointment, Operation::DayRows, Operation::CancelAppointment, Operation::Appointment];
/// A registration is settled by searching where it was sent.
pub const FOR_REGISTERING: &[Operation] =
    &[Operation::AddPatient, Operation::Chart, Operation::ChartsByHealthNumber, Operation::ChartsByBirthDate];
pub const FOR_CANCELLING: &[Operation] = &[Operation::CancelAppointment, Operation::Appointment];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_and_operation_is_read_back_by_its_name() {
        assert!(Path::ALL.iter().all(|path| Path::named(path.name()) == Some(*path)));
        assert!(
            Operation::ALL.iter().all(|operation| Operation::named(operation.name()) == Some(*operation))
        );
        assert_eq!(Operation::named("telepathy"), None);
    }
}
