//! SOAP 1.1 as OSCAR speaks it: document/literal wrapped, a user name token in the header, faults in the body.

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

use super::http::{self, Answer};
use super::xml::{Element, Space, Writer, escape};

pub(super) const LOGIN: &str = "login2";

const OSCAR: &str = "http://ws.oscarehr.org/";
const EXTERNAL: &str = "http://v1.soap.external.ws.oscarehr.org/";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const PASSWORD_TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

/// The namespace in which a build has its operations. It takes them in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Oscar,
    /// Of Juno and its like.
    External,
}

impl Dialect {
    const fn namespace(self) -> &'static str {
        match self {
            Self::Oscar => OSCAR,
            Self::External => EXTERNAL,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Oscar => Self::External,
            Self::External => Self::Oscar,
        }
    }
}

/// One operation with its arguments.
pub(super) struct Call {
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    /// Whether it changes something in the EMR.
    pub(super) writes: bool,
    arguments: Writer,
}

/// What a login gives: the account's number, and a key that dies with the server's process.
pub(super) struct Token {
    pub(super) security_id: i32,
    pub(super) key: SecretString,
}

impl Call {
    pub(super) fn new(
        service: &'static str,
        operation: &'static str,
        write: impl FnOnce(&mut Writer),
    ) -> Self {
        let mut arguments = Writer::default();
        write(&mut arguments);
        Self { service, operation, writes: false, arguments }
    }

    pub(super) fn writing(
        service: &'static str,
        operation: &'static str,
        write: impl FnOnce(&mut Writer),
    ) -> Self {
        Self { writes: true, ..Self::new(service, operation, write) }
    }

    pub(super) fn envelope(&self, token: Option<&Token>, dialect: Dialect) -> String {
        let (operation, arguments, namespace) =
            (self.operation, self.arguments.as_str(), dialect.namespace());
        let header = token.map(security).unwrap_or_default();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <soapenv:Envelope xmlns:soapenv=\"{SOAP}\" xmlns:ws=\"{namespace}\">{header}\
             <soapenv:Body><ws:{operation}>{arguments}</ws:{operation}></soapenv:Body></soapenv:Envelope>"
        )
    }
}

/// The name is the account's number, not its login name; and no time stamp stands beside the token, because a server
/// that expects a token alone refuses more than that.
fn security(token: &Token) -> String {
    let mut key = String::new();
    escape(&mut key, token.key.expose_secret());
    format!(
        "<soapenv:Header><wsse:Security xmlns:wsse=\"{WSSE}\"><wsse:UsernameToken>\
         <wsse:Username>{}</wsse:Username><wsse:Password Type=\"{PASSWORD_TEXT}\">{key}</wsse:Password>\
         </wsse:UsernameToken></wsse:Security></soapenv:Header>",
        token.security_id
    )
}

/// The response wrapper of an operation, or what it means that there is none.
pub(super) fn response(answer: &Answer, operation: &str) -> EmrResult<Element> {
    match answer.status {
        StatusCode::UNAUTHORIZED => return Err(EmrFailure::Unauthorised),
        StatusCode::FORBIDDEN => return Err(EmrFailure::Firewall),
        _ => {}
    }
    match content(&answer.body) {
        Ok(content) if content.is(Space::Soap, "Fault") => Err(meaning(&content, operation)),
        _ if !answer.status.is_success() => Err(EmrFailure::HttpError),
        Ok(content) if content.is(Space::Oscar, &format!("{operation}Response")) => Ok(content),
        Ok(_) => Err(EmrFailure::Unreadable),
        Err(failure) => Err(failure),
    }
}

/// The one element in the body of an envelope.
fn content(document: &[u8]) -> EmrResult<Element> {
    // OSCAR itself never answers a SOAP request so.
    let is_plain_text = http::unmarked(document).first().is_some_and(|first| *first != b'<');
    if is_plain_text || http::is_web_page(document) {
        return Err(EmrFailure::Firewall);
    }
    let envelope = Element::parse(document).map_err(|_| EmrFailure::Unreadable)?;
    if !envelope.is(Space::Soap, "Envelope") {
        return Err(EmrFailure::Unreadable);
    }
    let body = envelope.into_children().find(|part| part.is(Space::Soap, "Body"));
    body.and_then(|body| body.into_children().next()).ok_or(EmrFailure::Unreadable)
}

/// Only the code's local name counts: prefixes and texts differ from build to build.
fn meaning(fault: &Element, operation: &str) -> EmrFailure {
    let part = |name| fault.text_of(name).unwrap_or_default().trim();
    let code = part("faultcode");
    match code.rsplit_once(':').map_or(code, |(_, local)| local) {
        "InvalidSecurity" | "FailedAuthentication" | "SecurityError" | "InvalidSecurityToken" => {
            EmrFailure::Unauthorised
        }
        "Client" => EmrFailure::ClientFault,
        // Said before anything was looked at, and as good as a firewall: our address is not on the server's list.
        _ if part("faultstring") == "Unauthorized IP Address" => EmrFailure::Firewall,
        // The one fault that a login declares; of any other operation it would prove nothing.
        _ if operation == LOGIN && part("faultstring") == "Invalid Username/Password" => {
            EmrFailure::Unauthorised
        }
        _ => EmrFailure::ServerFault,
    }
}

#[cfg(test)]
mod tests;
