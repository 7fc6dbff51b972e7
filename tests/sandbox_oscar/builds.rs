//! What the builds do differently, and what each of them lists of itself.

use std::collections::BTreeSet;

use quick_xml::NsReader;
use quick_xml::events::Event;
use vitarad::sandbox::oscar::{Fault, Profile};

use crate::house::{CONTEXT, House, Reply, Xml, add, clinic, envelope, username_token};

const PASSWORD: &str = vitarad::sandbox::oscar::demo::PASSWORD;
const JUNO_NAMESPACE: &str = "http://v1.soap.external.ws.oscarehr.org/";

async fn get(house: &House, path: &str) -> Reply {
    let url = format!("{}/ws/{path}", house.running.url(CONTEXT));
    let response = house.client.get(url).send().await.unwrap();
    Reply { status: response.status().as_u16(), text: response.text().await.unwrap() }
}

/// The value of an attribute wherever an element of this name has it.
fn attributes(document: &str, element: &str, attribute: &str) -> BTreeSet<String> {
    let mut reader = NsReader::from_str(document);
    let mut found = BTreeSet::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == element => {
                found.extend(
                    start.try_get_attribute(attribute).unwrap().map(|value| value.value.into_owned()),
                );
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

async fn operations(house: &House, service: &str) -> BTreeSet<String> {
    let wsdl = get(house, &format!("{service}?wsdl")).await;
    assert_eq!(wsdl.status, 200);
    attributes(&wsdl.text, "operation", "name")
}

fn in_juno(envelope: &str) -> String {
    envelope.replace("http://ws.oscarehr.org/", JUNO_NAMESPACE)
}

#[tokio::test]
async fn every_build_lists_the_services_and_operations_that_it_has() {
    for profile in Profile::ALL {
        let house = House::of(clinic(profile)).await;
        let list = get(&house, "").await.text;
        assert!(list.contains("/maple/ws/ScheduleService?wsdl") && list.contains("<li>addAppointment</li>"));
        assert!(operations(&house, "ScheduleService").await.contains("getDayWorkSchedule"));
        let charts = operations(&house, "DemographicService").await;
        let juno = profile == Profile::JunoLike;
        assert_eq!(charts.contains("getDemographicsByHealthNum"), juno, "{profile:?}");
        assert_eq!(charts.contains("getDemographic2"), profile == Profile::OpenO, "{profile:?}");
        let books = !matches!(profile, Profile::Oscar15 | Profile::JunoLike);
        assert_eq!(list.contains("BookingService"), books, "{profile:?}");
        assert_eq!(get(&house, "BookingService?wsdl").await.status == 200, books, "{profile:?}");
        assert_eq!(list.contains("RESTful"), !juno, "{profile:?}");
        assert_eq!(get(&house, "ScheduleService").await.status, 404);
    }
}

#[tokio::test]
async fn the_namespace_of_a_build_stands_in_its_wsdl_and_is_the_only_one_it_takes() {
    for (profile, namespace) in
        [(Profile::Oscar19, "http://ws.oscarehr.org/"), (Profile::JunoLike, JUNO_NAMESPACE)]
    {
        let house = House::of(clinic(profile)).await;
        let wsdl = get(&house, "LoginService?wsdl").await.text;
        let declared = attributes(&wsdl, "definitions", "targetNamespace");
        assert_eq!(declared, [namespace.to_owned()].into());
        let alive = envelope("", "<ws:isAlive/>");
        let (ours, theirs) = (house.send("SystemInfoService", &alive).await, in_juno(&alive));
        let theirs = house.send("SystemInfoService", &theirs).await;
        let (taken, refused) = if profile == Profile::JunoLike { (theirs, ours) } else { (ours, theirs) };
        assert!(taken.text.contains(&format!("isAliveResponse xmlns:ns2=\"{namespace}\"><return>alive")));
        assert_eq!(refused.fault().0, "Client");
        assert!(refused.fault().1.contains("was not recognized"));
    }
}

#[tokio::test]
async fn rest_lists_its_paths_where_it_is_there_and_is_nowhere_found_where_it_is_not() {
    for profile in Profile::ALL {
        let house = House::of(clinic(profile)).await;
        let (wadl, signed) =
            (get(&house, "services?_wadl").await, get(&house, "services/schedule/codes").await);
        if profile == Profile::JunoLike {
            assert_eq!((wadl.status, signed.status), (404, 404));
            assert_eq!(get(&house, "oauth/initiate").await.status, 404);
            continue;
        }
        let paths = attributes(&wadl.text, "resource", "path");
        assert!(paths.contains("/schedule/appointment/{part2}/updateStatus"), "{paths:?}");
        assert!(paths.contains("/demographics/search") && !paths.iter().any(|path| path.contains("oauth")));
        // Unsigned: one build asks who it is, the other finds nobody logged in.
        assert_eq!(signed.status, if profile == Profile::OpenO { 500 } else { 401 });
    }
}

#[tokio::test]
async fn a_web_firewall_stops_soap_before_the_server_hears_of_it_and_lets_the_lists_through() {
    let house = House::of(clinic(Profile::KaiLike)).await;
    for service in ["LoginService", "SystemInfoService", "ScheduleService"] {
        let blocked = house.call(service, "<ws:isAlive/>").await;
        assert_eq!(blocked.status, 403);
        assert!(blocked.text.contains("you have been blocked"));
    }
    assert!(house.oscar.state().requests.is_empty());
    assert!(operations(&house, "ScheduleService").await.contains("addAppointment"));
    assert_eq!(house.oscar.state().requests["wsdl"], 1);
}

#[tokio::test]
async fn an_unlisted_address_is_told_so_in_a_fault_and_changes_nothing() {
    let house = House::of(clinic(Profile::JunoLike)).await;
    let add = in_juno(&envelope(
        &username_token("131", PASSWORD),
        &add("101", "2026-07-21T09:00:00", "2026-07-21T09:15:00"),
    ));
    let listed = house.oscar.with_world(|world| std::mem::take(&mut world.listed));
    let before = house.oscar.state().appointments.len();
    let refused = house.send("ScheduleService", &add).await;
    assert_eq!(refused.fault(), ("Server".to_owned(), "Unauthorized IP Address".to_owned()));
    assert_eq!(house.oscar.state().appointments.len(), before);
    house.oscar.with_world(|world| world.listed = listed);
    assert_eq!(house.send("ScheduleService", &add).await.status, 200);
}

#[tokio::test]
async fn online_booking_that_nobody_set_up_trips_over_itself() {
    let house = House::seeded().await;
    let reply = house.call("BookingService", "<ws:getExternalAppointmentTypes/>").await;
    assert_eq!(reply.fault(), ("Server".to_owned(), "Fault occurred while processing.".to_owned()));
}

#[tokio::test]
async fn the_lists_can_be_made_to_fail_like_anything_else() {
    let house = House::seeded().await;
    house.fault("services", Fault::Http500);
    house.fault("wsdl", Fault::WafPage);
    house.fault("wadl", Fault::GarbageXml);
    assert_eq!(get(&house, "").await.status, 500);
    assert_eq!(get(&house, "ScheduleService?wsdl").await.status, 403);
    assert!(!get(&house, "services?_wadl").await.text.contains("resources"));
    assert_eq!(get(&house, "").await.status, 200);
}

/// Calls as the integration account, in Juno's words.
async fn ask_juno(house: &House, service: &str, operation: &str) -> Reply {
    house.send(service, &in_juno(&envelope(&username_token("131", PASSWORD), operation))).await
}

#[tokio::test]
async fn juno_alone_takes_new_charts_over_soap_and_finds_them_by_health_number() {
    let chart = |more: &str| {
        format!(
            "<ws:addDemographic><arg0><dateOfBirth>07</dateOfBirth><firstName>NELL</firstName><hin>9999000001</hin>\
             <lastName>HARPER</lastName><monthOfBirth>04</monthOfBirth>{more}<phone>604-555-0150</phone>\
             <sex>F</sex><yearOfBirth>1979</yearOfBirth></arg0></ws:addDemographic>"
        )
    };
    let house = House::of(clinic(Profile::JunoLike)).await;
    let added = Xml::read(&ask_juno(&house, "DemographicService", &chart("")).await.text);
    let find = "<ws:getDemographicsByHealthNum><arg0>9999000001</arg0></ws:getDemographicsByHealthNum>";
    let found = Xml::read(&ask_juno(&house, "DemographicService", find).await.text);
    assert_eq!(found.all("demographicNo"), [added.text("return")]);
    assert_eq!((found.text("lastName"), found.text("dateOfBirth")), ("HARPER", "07"));
    assert_eq!(found.text("lastUpdateUser"), "210");
    let unknown = ask_juno(&house, "DemographicService", &chart("<nickName/>")).await;
    assert_eq!(unknown.fault().0, "Client");
    let elsewhere = House::seeded().await.call("DemographicService", &chart("")).await;
    assert!(elsewhere.fault().1.starts_with("Unexpected wrapper element"));
}

#[tokio::test]
async fn juno_alone_has_columns_for_visits_by_video_both_ways() {
    let new = add("101", "2026-07-21T09:00:00", "2026-07-21T09:15:00")
        .replace("<name>", "<isVirtual>0</isVirtual><name>");
    let read = |id: &str| format!("<ws:getAppointment><arg0>{id}</arg0></ws:getAppointment>");
    let house = House::of(clinic(Profile::JunoLike)).await;
    let added = Xml::read(&ask_juno(&house, "ScheduleService", &new).await.text);
    let row = ask_juno(&house, "ScheduleService", &read(added.text("return"))).await;
    let row = Xml::read(&row.text);
    assert_eq!(row.text("isVirtual"), "false");
    assert!(row.text("currentClinicTime").starts_with("2026-06-03T09:30:12"));

    let elsewhere = House::seeded().await;
    assert_eq!(elsewhere.call("ScheduleService", &new).await.fault().0, "Client");
    let id = elsewhere.book("101", "2026-07-21T09:00:00", "2026-07-21T09:15:00").await.to_string();
    assert!(elsewhere.ask("ScheduleService", &read(&id)).await.get("isVirtual").is_none());
}
