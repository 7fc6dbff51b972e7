//! Envelopes, namespaces, compression, and what is not SOAP at all.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use vitarad::sandbox::oscar::Profile;

use crate::house::{House, SOAP, Xml, clinic, envelope, username_token};

#[tokio::test]
async fn a_soap_1_2_envelope_is_a_version_mismatch() {
    let house = House::seeded().await;
    let newer = envelope("", "<ws:isAlive/>").replace(SOAP, "http://www.w3.org/2003/05/soap-envelope");
    let (code, text) = house.send("SystemInfoService", &newer).await.fault();
    assert_eq!(code, "VersionMismatch");
    assert!(text.contains("SOAP 1.2"), "{text}");
}

#[tokio::test]
async fn a_child_with_another_name_or_namespace_is_refused_with_what_was_expected() {
    let house = House::seeded().await;
    let ask = |operation: &'static str| house.call("ProviderService", operation);
    let (code, text) = ask("<ws:getProviders2><ws:arg0>true</ws:arg0></ws:getProviders2>").await.fault();
    assert_eq!(code, "Client");
    let expected = "Unmarshalling Error: unexpected element (uri:\"http://ws.oscarehr.org/\", local:\"arg0\"). \
                    Expected elements are <{}arg0> ";
    assert_eq!(text, expected);
    let inherited = r#"<getProviders2 xmlns="http://ws.oscarehr.org/"><arg0>true</arg0></getProviders2>"#;
    assert_eq!(ask(inherited).await.fault(), (code.clone(), expected.to_owned()));
    let reset =
        r#"<getProviders2 xmlns="http://ws.oscarehr.org/"><arg0 xmlns="">true</arg0></getProviders2>"#;
    assert_eq!(ask(reset).await.status, 200);
    let (code, text) = ask("<ws:getProviders2><active>true</active></ws:getProviders2>").await.fault();
    assert!(code == "Client" && text.contains("(uri:\"\", local:\"active\")"), "{text}");
}

#[tokio::test]
async fn an_unknown_field_of_an_appointment_is_refused_and_nothing_is_written() {
    let house = House::seeded().await;
    let rows = house.oscar.state().appointments.len();
    let operation = crate::house::add("101", "2026-07-21T09:00:00", "2026-07-21T09:15:00")
        .replace("<status>", "<isVirtual>true</isVirtual><status>");
    let (code, text) = house.call("ScheduleService", &operation).await.fault();
    assert_eq!(code, "Client");
    assert!(text.contains("local:\"isVirtual\"") && text.contains("<{}appointmentEndDateTime>,"), "{text}");
    assert_eq!(house.oscar.state().appointments.len(), rows);
}

#[tokio::test]
async fn an_unknown_operation_and_an_unqualified_wrapper_are_client_faults() {
    let house = House::seeded().await;
    for operation in ["<ws:bookAppointment/>", "<getProviders2/>", "<ws:isAlive/>"] {
        assert_eq!(house.call("ProviderService", operation).await.fault().0, "Client", "{operation}");
    }
}

#[tokio::test]
async fn what_cannot_be_parsed_is_a_client_fault() {
    let house = House::seeded().await;
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>"#;
    for document in ["", "not xml", "{\"json\":true}", "<a/>", bomb, "<e:Envelope xmlns:e=\"urn:other\"/>"] {
        assert_eq!(house.send("SystemInfoService", document).await.fault().0, "Client", "{document}");
    }
}

#[tokio::test]
async fn an_unreadable_argument_is_a_client_fault_and_a_missing_object_a_server_fault() {
    let house = House::seeded().await;
    let ask = |operation: &'static str| house.call("ScheduleService", operation);
    let (code, text) = ask("<ws:getAppointment><arg0>soon</arg0></ws:getAppointment>").await.fault();
    assert_eq!((code.as_str(), text.as_str()), ("Client", "Unmarshalling Error: Not a number: soon"));
    let day = "<ws:getDayWorkSchedule><arg0>101</arg0><arg1>tomorrow</arg1></ws:getDayWorkSchedule>";
    assert_eq!(ask(day).await.fault().0, "Client");
    let (code, text) = ask("<ws:getDayWorkSchedule><arg0>101</arg0></ws:getDayWorkSchedule>").await.fault();
    assert_eq!((code.as_str(), text.as_str()), ("Server", "Fault occurred while processing."));
}

#[tokio::test]
async fn replies_are_compressed_for_whoever_offers_it_and_for_nobody_else() {
    let house = House::seeded().await;
    let alive = || house.post("SystemInfoService", envelope("", "<ws:isAlive/>"));
    // The client library unpacks only what it offered by itself.
    let packed = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    let request = alive().header("Accept-Encoding", "gzip, deflate").build().unwrap();
    let response = packed.execute(request).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.headers()["content-type"], "text/xml;charset=UTF-8");
    let mut plain = String::new();
    GzDecoder::new(&*response.bytes().await.unwrap()).read_to_string(&mut plain).unwrap();
    assert_eq!(Xml::read(&plain).text("return"), "alive");
    let response = packed.execute(alive().build().unwrap()).await.unwrap();
    assert!(!response.headers().contains_key("content-encoding"));
    assert_eq!(Xml::read(&response.text().await.unwrap()).text("return"), "alive");
}

#[tokio::test]
async fn compressed_requests_are_read_and_large_ones_are_not() {
    let house = House::seeded().await;
    let pack = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let send =
        |text: &str| house.post("SystemInfoService", pack(text)).header("Content-Encoding", "gzip").send();
    let alive = envelope("", "<ws:isAlive/>");
    assert_eq!(send(&alive).await.unwrap().status(), 200);
    let padding = " ".repeat(1024 * 1024);
    assert_eq!(send(&format!("{alive}{padding}")).await.unwrap().status(), 400);
    let plain = house.post("SystemInfoService", format!("{alive}{padding}")).send().await.unwrap();
    assert_eq!(plain.status(), 413);
}

#[tokio::test]
async fn any_unicode_and_any_markup_come_back_as_they_were_sent() {
    let house = House::seeded().await;
    let text = "陈伟 & <Zoé> \"Côté\" 'x' 𠮷 ]]>";
    let sent =
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;").replace("陈", "&#x9648;");
    let operation = crate::house::add("101", "2026-07-21T09:00:00", "2026-07-21T09:15:00")
        .replace("<notes>ours</notes>", &format!("<notes>{sent}</notes><reason>{sent}</reason>"))
        .replace("Tremblay,Marie", &sent);
    let id = house.ask("ScheduleService", &operation).await.text("return").to_owned();
    let read = format!("<ws:getAppointment><arg0>{id}</arg0></ws:getAppointment>");
    let row = house.ask("ScheduleService", &read).await;
    for field in ["name", "notes", "reason"] {
        assert_eq!(row.text(field), text, "{field}");
    }
}

#[tokio::test]
async fn unknown_addresses_are_not_found() {
    let house = House::seeded().await;
    assert_eq!(house.call("AllergyService", "<ws:isAlive/>").await.status, 404);
    for path in ["/elsewhere/ws/LoginService", "/maple/ws/services/persona", "/"] {
        let url = format!("http://{}{path}", house.running.emr_addr);
        assert_eq!(house.client.post(url).body("").send().await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn elements_come_in_alphabetical_order_in_both_generations() {
    for profile in [Profile::Oscar19, Profile::OpenO] {
        let house = House::of(clinic(profile)).await;
        for (service, operation) in [
            ("ProviderService", "<ws:getProviders2/>"),
            ("DemographicService", "<ws:getDemographic><arg0>4711</arg0></ws:getDemographic>"),
            (
                "ScheduleService",
                "<ws:getAppointmentsForPatient><arg0>4711</arg0><arg2>1</arg2></ws:getAppointmentsForPatient>",
            ),
            ("ScheduleService", "<ws:getAppointmentTypes/>"),
            ("ScheduleService", "<ws:getScheduleTemplateCodes/>"),
            ("ProgramService", "<ws:getAllPrograms/>"),
        ] {
            let reply = house.ask(service, operation).await;
            for entry in reply.names().split(|name| *name == "return").skip(1) {
                assert!(!entry.is_empty() && entry.is_sorted(), "{operation}: {entry:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_generations_differ_in_what_they_tell_of_a_patient() {
    let chart = "<ws:getDemographic><arg0>4711</arg0></ws:getDemographic>";
    let older = House::of(clinic(Profile::Oscar19)).await.ask("DemographicService", chart).await;
    assert_eq!((older.get("myOscarUserName"), older.get("cellPhone")), (Some("marie.tremblay"), None));
    let house = House::of(clinic(Profile::OpenO)).await;
    let newer = house.ask("DemographicService", chart).await;
    assert_eq!((newer.get("myOscarUserName"), newer.get("cellPhone")), (None, Some("604-555-0143")));
}

#[tokio::test]
async fn null_columns_are_left_out_and_empty_ones_are_empty_elements() {
    let house = House::seeded().await;
    let providers = house.ask("ProviderService", "<ws:getProviders2/>").await;
    let names = providers.names();
    let entries: Vec<_> = names.split(|name| *name == "return").skip(1).collect();
    assert!(!entries[0].contains(&"address"), "made by the install script: {:?}", entries[0]);
    assert!(entries[1].contains(&"address"), "made on a screen: {:?}", entries[1]);
    assert_eq!(providers.all("address")[0], "");
}

#[tokio::test]
async fn the_account_password_may_contain_markup() {
    let house = House::of(clinic(Profile::Oscar19).with_password("a<b&c")).await;
    let token = username_token("131", "a&lt;b&amp;c");
    let reply = house.send("ProviderService", &envelope(&token, "<ws:getProviders2/>")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}
