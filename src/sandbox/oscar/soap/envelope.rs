//! Takes a SOAP 1.1 envelope apart: the one element in its body, and the credentials in its header.

use super::element::{Element, Space};
use super::fault::SoapFault;

const PASSWORD_TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

pub(super) struct Envelope {
    headers: Vec<Element>,
    pub(super) wrapper: Element,
}

/// A user name token as the server reads it. OSCAR wants the number of the account as the name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credentials<'a> {
    pub(super) security_id: i32,
    pub(super) secret: &'a str,
}

impl Envelope {
    pub(super) fn parse(document: &str) -> Result<Self, SoapFault> {
        let root = Element::parse(document)?;
        if root.is(&Space::Soap12, "Envelope") {
            return Err(SoapFault::VersionMismatch);
        }
        if !root.is(&Space::Soap11, "Envelope") {
            let text = format!(
                "\"{}\", the namespace on the \"{}\" element, is not a valid SOAP version.",
                root.space.uri(),
                root.name
            );
            return Err(SoapFault::Client(text));
        }
        let mut headers = Vec::new();
        let mut body = None;
        for part in root.children {
            if part.is(&Space::Soap11, "Header") {
                headers = part.children;
            } else if part.is(&Space::Soap11, "Body") {
                body = Some(part.children);
            }
        }
        match <[Element; 1]>::try_from(body.unwrap_or_default()) {
            Ok([wrapper]) => Ok(Self { headers, wrapper }),
            Err(_) => Err(SoapFault::Client("Message part was not found in the SOAP body.".to_owned())),
        }
    }

    /// Refuses headers that demand to be understood. Services without security have no handler for
    /// the security header either.
    pub(super) fn check_headers(&self, secured: bool) -> Result<(), SoapFault> {
        let handled = |header: &Element| secured && header.is(&Space::Security, "Security");
        let demands = |header: &Element| matches!(header.attribute("mustUnderstand"), Some("1" | "true"));
        match self.headers.iter().find(|header| demands(header) && !handled(header)) {
            Some(header) => {
                Err(SoapFault::MustUnderstand(format!("{{{}}}{}", header.space.uri(), header.name)))
            }
            None => Ok(()),
        }
    }

    /// The credentials, if the security header holds one user name token and nothing else: a time
    /// stamp or signature beside it is an action that the server was not told to expect.
    pub(super) fn credentials(&self) -> Result<Credentials<'_>, SoapFault> {
        let header = self.headers.iter().find(|header| header.is(&Space::Security, "Security"));
        let [token] = header.ok_or(SoapFault::InvalidSecurity)?.children.as_slice() else {
            return Err(SoapFault::InvalidSecurity);
        };
        if !token.is(&Space::Security, "UsernameToken") {
            return Err(SoapFault::InvalidSecurity);
        }
        let part = |name: &str| token.children.iter().find(|part| part.is(&Space::Security, name));
        let name = part("Username").ok_or(SoapFault::InvalidSecurity)?.text.trim();
        let password = part("Password").ok_or(SoapFault::FailedAuthentication(None))?;
        if password.attribute("Type").is_some_and(|kind| kind != PASSWORD_TEXT) {
            return Err(SoapFault::FailedAuthentication(None));
        }
        let security_id = name.parse().map_err(|_| SoapFault::FailedAuthentication(None))?;
        Ok(Credentials { security_id, secret: &password.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(header: &str) -> Envelope {
        Envelope::parse(&format!(
            r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
                xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">
                <s:Header>{header}</s:Header><s:Body><op xmlns="http://ws.oscarehr.org/"/></s:Body></s:Envelope>"#
        ))
        .unwrap()
    }

    fn token(name: &str, kind: &str) -> String {
        let (name, password) =
            (format!("<w:Username>{name}</w:Username>"), format!("<w:Password{kind}>s</w:Password>"));
        format!("<w:Security><w:UsernameToken>{name}{password}</w:UsernameToken></w:Security>")
    }

    #[test]
    fn a_token_with_the_account_number_is_read_with_or_without_a_password_type() {
        let right = format!(" Type=\"{PASSWORD_TEXT}\"");
        for kind in ["", right.as_str()] {
            let envelope = envelope(&token("131", kind));
            assert_eq!(envelope.credentials(), Ok(Credentials { security_id: 131, secret: "s" }));
        }
    }

    #[test]
    fn a_login_name_or_another_password_type_fails_like_a_wrong_password() {
        let wrong = " Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-username-token-profile-1.0#PasswordText\"";
        for header in [token("voicedesk", ""), token("131", wrong)] {
            assert_eq!(envelope(&header).credentials(), Err(SoapFault::FailedAuthentication(None)));
        }
    }

    #[test]
    fn a_missing_header_a_second_token_and_a_time_stamp_are_invalid_security() {
        let one = token("131", "");
        let stamped = one.replace("<w:Security>", "<w:Security><w:Timestamp/>");
        let twice = one.replace("</w:Security>", "<w:UsernameToken/></w:Security>");
        for header in ["", &stamped, &twice] {
            assert_eq!(envelope(header).credentials(), Err(SoapFault::InvalidSecurity), "{header}");
        }
    }

    #[test]
    fn a_demand_to_be_understood_is_met_only_where_there_is_security() {
        let header =
            "<w:Security xmlns:m=\"http://schemas.xmlsoap.org/soap/envelope/\" m:mustUnderstand=\"1\"/>";
        assert_eq!(envelope(header).check_headers(true), Ok(()));
        assert!(matches!(envelope(header).check_headers(false), Err(SoapFault::MustUnderstand(_))));
    }

    #[test]
    fn the_newer_envelope_is_a_version_mismatch() {
        let newer = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>"#;
        assert_eq!(Envelope::parse(newer).err(), Some(SoapFault::VersionMismatch));
    }
}
