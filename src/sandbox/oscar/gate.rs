//! What some hosts put between the internet and OSCAR's SOAP services.

use std::net::IpAddr;

use super::exchange::{Answer, Done};
use super::profile::Gate;
use super::soap::SoapFault;
use super::world::World;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(pub(super) IpAddr);

/// What a request to a SOAP service gets instead of an answer, if it does not get through.
pub(super) fn refusal(world: &World, caller: Caller, kind: &str, document: &str) -> Option<Done> {
    match world.build().gate {
        Gate::WebFirewall if kind.starts_with("text/xml") && document.contains("Envelope") => {
            Some(Done { answer: Answer::Blocked, row: None, penalty: None })
        }
        Gate::AddressList if !world.listed.contains(&caller.0) => {
            Some(SoapFault::Server("Unauthorized IP Address".to_owned()).done(world.build()))
        }
        _ => None,
    }
}
