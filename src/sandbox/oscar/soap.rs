//! OSCAR's SOAP services: one request in, one reply or fault out, against the world of one clinic.

mod appointment_transfer;
mod arguments;
mod booking_service;
mod demographic_draft;
mod demographic_service;
mod demographic_transfer;
mod element;
mod envelope;
mod fault;
mod login_service;
mod operation;
mod program_service;
mod provider_service;
mod reply;
mod schedule_service;
mod system_info_service;

use jiff::Timestamp;

use self::arguments::Arguments;
use self::envelope::Envelope;
pub(crate) use self::fault::SoapFault;
use self::operation::Call;
pub(crate) use self::operation::{Operation, SERVICES, Service, operation, service};
use self::reply::Reply;
use super::exchange::{Answer, Done, Order, Page};
use super::faults::{Fault, Touches};
use super::profile::Build;
use super::world::{Draft, World};

pub(crate) const XML: &str = "text/xml;charset=UTF-8";

/// A well-formed envelope for one service. Whether it may be answered is not known yet.
pub(crate) struct Request {
    envelope: Envelope,
    service: &'static Service,
    operation: Option<&'static Operation>,
}

struct Answered {
    xml: String,
    row: Option<i32>,
}

impl Order for Request {
    fn operation(&self) -> Option<(&'static str, Touches)> {
        self.operation.map(|operation| (operation.name, operation.touches))
    }

    fn draft(&self, world: &World) -> Option<Draft> {
        let operation = self.operation.filter(|operation| operation.touches.writes())?;
        let arguments = Arguments::of(&self.envelope.wrapper, operation.arity).ok()?;
        appointment_transfer::draft(arguments.element(0)?, world).ok()
    }

    fn carry_out(&self, world: &mut World, now: Timestamp) -> Done {
        match self.answer(world, now) {
            Ok(Answered { xml, row }) => Done { answer: Answer::Reply(page(200, xml)), row, penalty: None },
            Err(fault) => fault.done(world.build()),
        }
    }

    fn refuse(&self, world: &World, fault: &Fault) -> Done {
        let refusal = match fault {
            Fault::SoapFault { text } => SoapFault::Server(text.clone()),
            _ => SoapFault::FailedAuthentication(None),
        };
        refusal.done(world.build())
    }
}

impl SoapFault {
    pub(crate) fn done(&self, build: &Build) -> Done {
        let answer = Answer::Fault(page(500, self.to_xml(build)));
        Done { answer, row: None, penalty: self.penalty() }
    }
}

fn page(status: u16, text: String) -> Page {
    Page { status, kind: XML, text, ..Page::default() }
}

impl Request {
    pub(crate) fn read(service: &'static Service, build: &Build, document: &str) -> Result<Self, SoapFault> {
        let envelope = Envelope::parse(document)?;
        let wrapper = &envelope.wrapper;
        let named = service.operations_in(build).find(|operation| operation.name == wrapper.name);
        let operation = named.filter(|_| wrapper.space.uri() == build.namespace);
        Ok(Self { envelope, service, operation })
    }

    fn answer(&self, world: &mut World, now: Timestamp) -> Result<Answered, SoapFault> {
        let caller = self.authenticate(world, now)?;
        let wrapper = &self.envelope.wrapper;
        let operation = self.operation.ok_or_else(|| SoapFault::unknown_operation(wrapper, world.build()))?;
        let arguments = Arguments::of(wrapper, operation.arity)?;
        let reply = Reply::new(operation.name, world.build().namespace);
        let mut call = Call { world, now, caller, arguments, reply, row: None };
        (operation.answer)(&mut call)?;
        Ok(Answered { xml: call.reply.finish(), row: call.row })
    }

    /// The number of the calling account, 0 where none is asked for.
    fn authenticate(&self, world: &World, now: Timestamp) -> Result<i32, SoapFault> {
        self.envelope.check_headers(self.service.secured)?;
        if !self.service.secured {
            return Ok(0);
        }
        let credentials = self.envelope.credentials()?;
        let today = world.jvm.wall(now).date();
        let user = world.logins.by_id(credentials.security_id, credentials.secret, today);
        user.map(|user| user.security_id).map_err(|denial| SoapFault::FailedAuthentication(Some(denial)))
    }
}
