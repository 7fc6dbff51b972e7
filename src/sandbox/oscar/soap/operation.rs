//! The services and operations this server knows. An operation is a row in its service's table.

use jiff::Timestamp;

use super::arguments::Arguments;
use super::fault::SoapFault;
use super::reply::Reply;
use super::{
    booking_service, demographic_service, login_service, program_service, provider_service, schedule_service,
    system_info_service,
};
use crate::sandbox::oscar::faults::Touches;
use crate::sandbox::oscar::profile::Build;
use crate::sandbox::oscar::world::World;

pub(crate) struct Service {
    pub(crate) name: &'static str,
    /// Whether it wants WS-Security.
    pub(super) secured: bool,
    operations: &'static [Operation],
}

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// How many arguments it declares: `arg0`, `arg1`, …
    pub(super) arity: usize,
    pub(crate) touches: Touches,
    pub(super) answer: fn(&mut Call<'_>) -> Result<(), SoapFault>,
}

/// One operation being answered.
pub(super) struct Call<'a> {
    pub(super) world: &'a mut World,
    pub(super) now: Timestamp,
    /// The account that calls.
    pub(super) caller: i32,
    pub(super) arguments: Arguments<'a>,
    pub(super) reply: Reply,
    /// The one appointment this call turned out to be about.
    pub(super) row: Option<i32>,
}

pub(crate) static SERVICES: [Service; 7] = [
    Service { name: "SystemInfoService", secured: false, operations: system_info_service::OPERATIONS },
    Service { name: "LoginService", secured: false, operations: login_service::OPERATIONS },
    Service { name: "ScheduleService", secured: true, operations: schedule_service::OPERATIONS },
    Service { name: "BookingService", secured: true, operations: booking_service::OPERATIONS },
    Service { name: "ProviderService", secured: true, operations: provider_service::OPERATIONS },
    Service { name: "DemographicService", secured: true, operations: demographic_service::OPERATIONS },
    Service { name: "ProgramService", secured: true, operations: program_service::OPERATIONS },
];

pub(crate) fn service(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

pub(crate) fn operation(name: &str) -> Option<&'static Operation> {
    SERVICES.iter().flat_map(|service| service.operations).find(|operation| operation.name == name)
}

impl Service {
    /// What its Java class is called.
    pub(crate) fn class(&self) -> String {
        self.name.replace("Service", "Ws")
    }

    pub(crate) fn operations_in(&self, build: &Build) -> impl Iterator<Item = &'static Operation> {
        self.operations.iter().filter(|operation| build.has(operation.name))
    }

    pub(crate) fn is_in(&self, build: &Build) -> bool {
        self.operations_in(build).next().is_some()
    }
}

impl Operation {
    pub(super) const fn reads(
        name: &'static str,
        arity: usize,
        answer: fn(&mut Call<'_>) -> Result<(), SoapFault>,
    ) -> Self {
        Self { name, arity, touches: Touches::Nothing, answer }
    }
}
