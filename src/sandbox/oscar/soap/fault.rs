//! Everything a SOAP endpoint refuses, with the codes and words of each server generation.

use std::time::Duration;

use super::element::{Element, Malformed};
use super::reply::escape;
use crate::sandbox::oscar::profile::{Build, SecurityFaults};
use crate::sandbox::oscar::world::{Denial, NotStored};

/// How long the server sleeps over a wrong password.
const PENALTY: Duration = Duration::from_millis(250);

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSS4J: &str = "http://ws.apache.org/wss4j";

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SoapFault {
    #[error("A SOAP 1.2 message is not valid when sent to a SOAP 1.1 only endpoint.")]
    VersionMismatch,
    #[error("MustUnderstand headers: [{0}] are not understood.")]
    MustUnderstand(String),
    #[error("{0}")]
    Client(String),
    #[error("{0}")]
    Server(String),
    #[error("Invalid Username/Password")]
    NotAuthorised(Denial),
    /// No security header, or one that holds more or less than one user name token.
    #[error("An error was discovered processing the <wsse:Security> header")]
    InvalidSecurity,
    #[error("The security token could not be authenticated or authorized")]
    FailedAuthentication(Option<Denial>),
}

impl SoapFault {
    /// An unchecked Java exception without a message of its own.
    pub(crate) fn unexplained() -> Self {
        Self::Server("Fault occurred while processing.".to_owned())
    }

    pub(super) fn unexpected(element: &Element, expected: &[&str]) -> Self {
        let names: Vec<String> = expected.iter().map(|name| format!("<{{}}{name}>")).collect();
        let expected = if names.is_empty() { "(none)".to_owned() } else { names.join(",") };
        Self::Client(format!(
            "Unmarshalling Error: unexpected element (uri:\"{}\", local:\"{}\"). Expected elements are {expected} ",
            element.space.uri(),
            element.name,
        ))
    }

    pub(super) fn not_a(what: &str, text: &str) -> Self {
        Self::Client(format!("Unmarshalling Error: Not a {what}: {text}"))
    }

    pub(super) fn unknown_operation(element: &Element, build: &Build) -> Self {
        let (uri, name) = (element.space.uri(), &element.name);
        if uri == build.namespace {
            Self::Client(format!("Unexpected wrapper element {{{uri}}}{name} found."))
        } else {
            Self::Client(format!(
                "Message part {{{uri}}}{name} was not recognized.  (Does it exist in service WSDL?)"
            ))
        }
    }

    /// How long the answer is held back.
    pub(crate) fn penalty(&self) -> Option<Duration> {
        match self {
            Self::NotAuthorised(Denial::WrongSecret)
            | Self::FailedAuthentication(Some(Denial::WrongSecret)) => Some(PENALTY),
            _ => None,
        }
    }

    pub(crate) fn to_xml(&self, build: &Build) -> String {
        let (code, text) = self.code_and_text(build.security_faults);
        let detail = match self {
            Self::NotAuthorised(_) => {
                format!("<detail><ns1:NotAuthorisedException xmlns:ns1=\"{}\"/></detail>", build.namespace)
            }
            _ => String::new(),
        };
        let mut escaped = String::new();
        escape(&mut escaped, &text);
        format!(
            "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><soap:Fault>\
             {code}<faultstring>{escaped}</faultstring>{detail}</soap:Fault></soap:Body></soap:Envelope>"
        )
    }

    fn code_and_text(&self, security: SecurityFaults) -> (String, String) {
        let soap = |code: &str| format!("<faultcode>soap:{code}</faultcode>");
        let qualified =
            |uri: &str, code: &str| format!("<faultcode xmlns:ns1=\"{uri}\">ns1:{code}</faultcode>");
        let code = match (self, security) {
            (Self::VersionMismatch, _) => soap("VersionMismatch"),
            (Self::MustUnderstand(_), _) => soap("MustUnderstand"),
            (Self::Client(_), _) => soap("Client"),
            (Self::Server(_) | Self::NotAuthorised(_), _) => soap("Server"),
            (Self::InvalidSecurity, SecurityFaults::Told) => qualified(WSSE, "InvalidSecurity"),
            (Self::FailedAuthentication(_), SecurityFaults::Told) => qualified(WSSE, "FailedAuthentication"),
            (Self::InvalidSecurity | Self::FailedAuthentication(_), SecurityFaults::Withheld) => {
                let text = "A security error was encountered when verifying the message";
                return (qualified(WSS4J, "SecurityError"), text.to_owned());
            }
        };
        (code, self.to_string())
    }
}

impl From<Malformed> for SoapFault {
    fn from(why: Malformed) -> Self {
        Self::Client(format!("Error reading XMLStreamReader: {why}"))
    }
}

impl From<NotStored> for SoapFault {
    fn from(why: NotStored) -> Self {
        Self::Server(why.to_string())
    }
}
