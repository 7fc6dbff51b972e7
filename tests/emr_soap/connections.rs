//! Servers that are not there, break off, or answer with something no EMR would.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use vitarad::access::{EmrAccess, TlsMode};
use vitarad::emr::{Clients, Connector, OscarSoap};
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::DemographicNo;
use vitarad_actors::ports::emr::EmrConnector;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::{Desk, access, connect};
use crate::server::booking;

const LOGGED_IN: &str =
    "<return><securityId>131</securityId><securityTokenKey>2718281828459</securityTokenKey></return>";

fn envelope(content: &str) -> String {
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>{content}</soap:Body>\
         </soap:Envelope>"
    )
}

fn reply(operation: &str, content: &str) -> String {
    let name = format!("ns2:{operation}Response");
    envelope(&format!("<{name} xmlns:ns2=\"http://ws.oscarehr.org/\">{content}</{name}>"))
}

fn alive() -> String {
    reply("isAlive", "<return>alive</return>")
}

/// A server that lets anybody log in, answers these bytes to everything else, and closes after each answer.
async fn canned(answer: Vec<u8>) -> OscarSoap {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/oscar", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            // To its end: what is left unread when a connection closes may take the answer with it.
            while !request.ends_with(b"</soapenv:Envelope>") {
                if stream.read_buf(&mut request).await.unwrap() == 0 {
                    break;
                }
            }
            let logs_in = request.windows(6).any(|name| name == b"login2");
            let granted = response("200 OK", reply("login2", LOGGED_IN).as_bytes());
            let bytes = if logs_in { &granted } else { &answer };
            // The client may have had enough of it.
            let _ = stream.write_all(bytes).await;
        }
    });
    connect(access(&url))
}

fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn probed(answer: Vec<u8>) -> Result<(), EmrFailure> {
    canned(answer).await.probe().await
}

#[tokio::test]
async fn plain_and_packed_answers_are_read() {
    assert_eq!(probed(response("200 OK", alive().as_bytes())).await, Ok(()));
    let gzip = response("200 OK\r\ncontent-encoding: gzip", &packed(alive().as_bytes()));
    assert_eq!(probed(gzip).await, Ok(()));
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    // Bound, so that nobody else gets the port, and not listening.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let emr = connect(access(&format!("http://{}/oscar", taken.local_addr().unwrap())));
    assert_eq!(emr.probe().await, Err(EmrFailure::NoConnection));
    assert_eq!(emr.providers().await, Err(EmrFailure::NoConnection));
}

/// The clock is paused, so the time limit passes as soon as nothing else can happen.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_finishes_the_handshake_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let emr = connect(access(&format!("https://{}/oscar", listener.local_addr().unwrap())));
    assert_eq!(emr.probe().await, Err(EmrFailure::NoConnection));
    drop(listener);
}

#[tokio::test]
async fn a_connection_that_ends_after_the_request_is_lost() {
    assert_eq!(probed(Vec::new()).await, Err(EmrFailure::ConnectionLost));
    let mut cut = response("200 OK", alive().as_bytes());
    cut.truncate(cut.len() - 20);
    assert_eq!(probed(cut).await, Err(EmrFailure::ConnectionLost));
    let mut cut = response("200 OK\r\ncontent-encoding: gzip", &packed(alive().as_bytes()));
    cut.truncate(cut.len() - 20);
    assert_eq!(probed(cut).await, Err(EmrFailure::ConnectionLost));
}

#[tokio::test]
async fn an_answer_without_end_is_unreadable_packed_or_not() {
    let endless = [alive().as_bytes(), &b" ".repeat(5 * 1024 * 1024)].concat();
    assert_eq!(probed(response("200 OK", &endless)).await, Err(EmrFailure::Unreadable));
    let gzip = response("200 OK\r\ncontent-encoding: gzip", &packed(&endless));
    assert!(gzip.len() < 100_000);
    assert_eq!(probed(gzip).await, Err(EmrFailure::Unreadable));
}

#[tokio::test]
async fn what_is_not_soap_is_named_by_what_it_is() {
    for (head, body, failure) in [
        ("401 Unauthorized", "", EmrFailure::Unauthorised),
        ("403 Forbidden", "<html>", EmrFailure::Firewall),
        ("200 OK", "<!DOCTYPE html><html></html>", EmrFailure::Firewall),
        ("503 Service Unavailable", "busy", EmrFailure::HttpError),
        ("200 OK", "<a>", EmrFailure::Unreadable),
        ("200 OK\r\ncontent-encoding: gzip", "not packed", EmrFailure::Unreadable),
    ] {
        assert_eq!(probed(response(head, body.as_bytes())).await, Err(failure), "{head} {body}");
    }
}

#[tokio::test]
async fn a_refused_request_is_a_client_fault_and_not_done() {
    let body = envelope(
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Unmarshalling Error</faultstring></soap:Fault>",
    );
    let emr = canned(response("500 Internal Server Error", body.as_bytes())).await;
    let failure = emr.add_appointment(&booking()).await.unwrap_err();
    assert!(failure == EmrFailure::ClientFault && failure.nothing_done());
}

/// Law I-3: whatever a server sends, only the patient who was asked for is released.
#[tokio::test]
async fn somebody_elses_row_in_a_patients_list_is_not_released() {
    let row = |id: i32, patient: i32| {
        format!(
            "<return><appointmentEndDateTime>2026-07-21T09:14:59</appointmentEndDateTime>\
             <appointmentStartDateTime>2026-07-21T09:00:00</appointmentStartDateTime>\
             <demographicNo>{patient}</demographicNo><id>{id}</id><providerNo>101</providerNo></return>"
        )
    };
    let body = reply("getAppointmentsForPatient2", &[row(1, 4711), row(2, 4712)].concat());
    let emr = canned(response("200 OK", body.as_bytes())).await;
    let rows = emr.appointments_of(DemographicNo::new(4711), 5).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.no.0).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let desk = Desk::seeded().await;
    let head = format!("307 Temporary Redirect\r\nlocation: {}/ws/SystemInfoService", desk.server.url());
    assert_eq!(probed(response(&head, b"")).await, Err(EmrFailure::HttpError));
    assert_eq!(desk.server.requests("isAlive"), 0);
}

#[tokio::test]
async fn an_access_that_cannot_be_used_fails_every_request_and_says_why() {
    let clients = Clients::default();
    let bundle =
        TlsMode::CaBundle { pem: "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----".to_owned() };
    let usable = access("https://127.0.0.1:1/oscar");
    for (access, failure) in [
        (None, EmrFailure::NoConnection),
        (Some(access("no address")), EmrFailure::NoConnection),
        (Some(access("ftp://127.0.0.1/oscar")), EmrFailure::NoConnection),
        (Some(EmrAccess { tls: bundle, ..usable }), EmrFailure::Certificate),
    ] {
        let emr = OscarSoap::new(access, &clients);
        assert_eq!(emr.probe().await, Err(failure));
        assert_eq!(emr.template_codes().await, Err(failure));
    }
}

fn declared(id: &str) -> Clinic {
    let declaration = serde_json::json!({
        "id": id, "name": id, "phone": "604-555-0100", "timezone": "America/Vancouver", "hours": {}, "providers": [],
    });
    serde_json::from_value(declaration).unwrap()
}

#[tokio::test]
async fn a_clinic_is_connected_to_its_own_server_and_a_clinic_without_access_to_none() {
    let desk = Desk::seeded().await;
    let url = desk.server.url();
    let connector = Connector::new(move |clinic| (clinic.as_str() == "maple").then(|| access(&url)));
    let [maple] = connector.connect(&declared("maple")).try_into().ok().unwrap();
    let [cedar] = connector.connect(&declared("cedar")).try_into().ok().unwrap();
    assert_eq!(maple.probe().await, Ok(()));
    assert_eq!(cedar.probe().await, Err(EmrFailure::NoConnection));
    assert_eq!(desk.server.requests("isAlive"), 1);
}
