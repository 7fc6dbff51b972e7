use super::*;
use crate::emr::recorded;

fn token() -> Token {
    Token { security_id: 131, key: "securityTokenKey-or-password".into() }
}

fn outline(envelope: &str) -> String {
    Element::parse(envelope.as_bytes()).unwrap().outline()
}

fn answered(status: u16, body: &str) -> Option<EmrFailure> {
    let answer = Answer { status: StatusCode::from_u16(status).unwrap(), body: body.as_bytes().to_vec() };
    response(&answer, "getProviders2").err()
}

fn fault(code: &str, text: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{SOAP}\"><s:Body><s:Fault><faultcode>{code}</faultcode>\
         <faultstring>{text}</faultstring></s:Fault></s:Body></s:Envelope>"
    )
}

#[test]
fn a_login_is_sent_without_a_security_header() {
    let call = Call::new("LoginService", LOGIN, |arguments| {
        arguments.text("arg0", "voicedesk");
        arguments.text("arg1", "correct horse");
    });
    assert_eq!(outline(&call.envelope(None, Dialect::Oscar)), recorded::request("01-login2").outline());
}

#[test]
fn a_call_carries_the_account_number_and_the_key_as_plain_text_password() {
    let call = Call::new("ProviderService", "getProviders2", |arguments| arguments.plain("arg0", true));
    let envelope = call.envelope(Some(&token()), Dialect::Oscar);
    assert_eq!(outline(&envelope), recorded::request("03-getProviders2").outline());
    let recorded = String::from_utf8(recorded::file("03-getProviders2", "request")).unwrap();
    let password = |xml: &str| xml.split_once("Type=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    assert_eq!(password(&envelope), password(&recorded));
}

#[test]
fn a_key_with_markup_in_it_is_escaped() {
    let token = Token { security_id: 131, key: "<&>".into() };
    let call = Call::new("ProviderService", "getProviders2", |_| {});
    assert!(outline(&call.envelope(Some(&token), Dialect::Oscar)).contains("Password [<&>]"));
}

#[test]
fn recorded_faults_mean_that_the_credentials_were_refused() {
    for (exchange, operation) in
        [("02-login2-refused-fault", LOGIN), ("10-failed-authentication-fault", "getAppointmentTypes")]
    {
        let answer =
            Answer { status: StatusCode::INTERNAL_SERVER_ERROR, body: recorded::file(exchange, "response") };
        assert_eq!(response(&answer, operation).err(), Some(EmrFailure::Unauthorised), "{exchange}");
    }
}

#[test]
fn a_fault_is_judged_by_the_local_name_of_its_code() {
    for (code, meaning) in [
        ("ns1:InvalidSecurity", EmrFailure::Unauthorised),
        ("x:FailedAuthentication", EmrFailure::Unauthorised),
        ("SecurityError", EmrFailure::Unauthorised),
        ("ns1:InvalidSecurityToken", EmrFailure::Unauthorised),
        ("soap:Client", EmrFailure::ClientFault),
        ("soap:Server", EmrFailure::ServerFault),
        ("soap:VersionMismatch", EmrFailure::ServerFault),
        ("", EmrFailure::ServerFault),
    ] {
        assert_eq!(answered(500, &fault(code, "whatever")), Some(meaning), "{code}");
        assert_eq!(answered(200, &fault(code, "whatever")), Some(meaning), "{code} with status 200");
    }
}

#[test]
fn the_words_of_a_refused_login_prove_nothing_about_another_operation() {
    let words = fault("soap:Server", "Invalid Username/Password");
    assert_eq!(answered(500, &words), Some(EmrFailure::ServerFault));
}

#[test]
fn what_is_no_soap_is_told_apart_by_status_and_kind() {
    let cut = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>";
    let other =
        format!("<s:Envelope xmlns:s=\"{SOAP}\"><s:Body><o xmlns=\"{OSCAR}\"/></s:Body></s:Envelope>");
    for (status, body, meaning) in [
        (401, "", EmrFailure::Unauthorised),
        (403, "<html>blocked</html>", EmrFailure::Firewall),
        (200, "\n<!doctype HTML><p>checking your browser", EmrFailure::Firewall),
        (200, "Unauthorized IP Address", EmrFailure::Firewall),
        (200, "", EmrFailure::Unreadable),
        (200, cut, EmrFailure::Unreadable),
        (200, "<rest/>", EmrFailure::Unreadable),
        (200, &other, EmrFailure::Unreadable),
        (302, "", EmrFailure::HttpError),
        (404, "<html>no such page</html>", EmrFailure::HttpError),
        (500, "<html>stack trace</html>", EmrFailure::HttpError),
        (500, cut, EmrFailure::HttpError),
        (503, "", EmrFailure::HttpError),
    ] {
        assert_eq!(answered(status, body), Some(meaning), "{status} {body}");
    }
}

#[test]
fn an_empty_response_is_a_response() {
    let body = format!(
        "<soap:Envelope xmlns:soap=\"{SOAP}\"><soap:Body>\
         <ns2:getProviders2Response xmlns:ns2=\"{OSCAR}\"/></soap:Body></soap:Envelope>"
    );
    assert_eq!(answered(200, &body), None);
}

#[test]
fn an_address_that_is_not_on_the_servers_list_is_as_good_as_behind_a_firewall() {
    assert_eq!(answered(500, &fault("soap:Server", "Unauthorized IP Address")), Some(EmrFailure::Firewall));
    assert_eq!(answered(500, &fault("soap:Server", "Unauthorized")), Some(EmrFailure::ServerFault));
}
