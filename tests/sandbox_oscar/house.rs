//! A running house with one clinic, and a small SOAP client that never gets in the way.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use reqwest::{Client, Method, RequestBuilder};
use vitarad::sandbox::oscar::{
    Fault, FaultRule, Flavour, Listen, Oscar, Oscars, Profile, Running, World, demo,
};

pub(crate) const CONTEXT: &str = "/maple";
/// A Wednesday in summer.
pub(crate) const TODAY: Date = date(2026, 6, 3);
pub(crate) const NOW: &str = "2026-06-03T16:30:12.417Z";

pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) oscar: Arc<Oscar>,
    pub(crate) client: Client,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
}

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

pub(crate) fn clinic(profile: Profile) -> World {
    World::clinic(profile, zone("America/Vancouver"), TODAY, 11, Flavour::Maple)
}

pub(crate) async fn start(worlds: Vec<(String, World)>) -> Running {
    let any = "127.0.0.1:0".parse().unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    Oscars::start(Listen { emr: any, control: any }, Arc::new(move || now), worlds).await.unwrap()
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

impl House {
    pub(crate) async fn of(world: World) -> Self {
        let running = start(vec![(CONTEXT.to_owned(), world)]).await;
        let oscar = running.oscar(CONTEXT).unwrap();
        Self { running, oscar, client: client() }
    }

    pub(crate) async fn seeded() -> Self {
        Self::of(clinic(Profile::Oscar19)).await
    }

    pub(crate) fn post(&self, service: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let url = format!("{}/ws/{service}", self.running.url(CONTEXT));
        let request = self.client.post(url).header("Content-Type", "text/xml; charset=UTF-8");
        request.header("SOAPAction", "\"\"").body(body)
    }

    pub(crate) async fn send(&self, service: &str, envelope: &str) -> Reply {
        let response = self.post(service, envelope.to_owned()).send().await.unwrap();
        Reply { status: response.status().as_u16(), text: response.text().await.unwrap() }
    }

    /// Calls as the integration account. `operation` is the wrapper element, its prefix `ws`.
    pub(crate) async fn call(&self, service: &str, operation: &str) -> Reply {
        self.send(service, &envelope(&username_token("131", demo::PASSWORD), operation)).await
    }

    /// The same with a good answer, as names and texts.
    pub(crate) async fn ask(&self, service: &str, operation: &str) -> Xml {
        let reply = self.call(service, operation).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        Xml::read(&reply.text)
    }

    /// Adds an appointment of Marie's and tells its number.
    pub(crate) async fn book(&self, provider: &str, start: &str, end: &str) -> i32 {
        let added = self.ask("ScheduleService", &add(provider, start, end)).await;
        added.text("return").parse().unwrap()
    }

    pub(crate) fn fault(&self, operation: &str, fault: Fault) {
        let rule = FaultRule { operation: operation.to_owned(), fault, times: Some(1), probability: None };
        self.oscar.add_fault(rule).unwrap();
    }

    pub(crate) fn order(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.control_url(CONTEXT)))
    }
}

pub(crate) fn envelope(header: &str, operation: &str) -> String {
    format!(
        r#"<e:Envelope xmlns:e="{SOAP}" xmlns:ws="http://ws.oscarehr.org/" xmlns:wsse="{WSSE}"><e:Header>{header}</e:Header><e:Body>{operation}</e:Body></e:Envelope>"#
    )
}

pub(crate) fn username_token(name: &str, password: &str) -> String {
    format!(
        r#"<wsse:Security><wsse:UsernameToken><wsse:Username>{name}</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">{password}</wsse:Password></wsse:UsernameToken></wsse:Security>"#
    )
}

pub(crate) fn add(provider: &str, start: &str, end: &str) -> String {
    format!(
        "<ws:addAppointment><arg0><appointmentEndDateTime>{end}</appointmentEndDateTime>\
         <appointmentStartDateTime>{start}</appointmentStartDateTime><demographicNo>4711</demographicNo>\
         <name>Tremblay,Marie</name><notes>ours</notes><programId>0</programId>\
         <providerNo>{provider}</providerNo><status>t</status></arg0></ws:addAppointment>"
    )
}

/// The day of the clinic's schedule on which most tests book: nobody else has yet.
pub(crate) fn empty_day() -> Date {
    date(2026, 7, 21)
}

/// Every element of a document in order: qualified name and own text.
pub(crate) struct Xml(pub(crate) Vec<(String, String)>);

impl Xml {
    pub(crate) fn read(document: &str) -> Self {
        let mut reader = NsReader::from_str(document);
        reader.config_mut().expand_empty_elements = true;
        let (mut elements, mut open): (Vec<(String, String)>, Vec<usize>) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    let (space, name) = reader.resolver().resolve_element(start.name());
                    let space = match space {
                        ResolveResult::Bound(space) => format!("{{{}}}", space.as_ref()),
                        _ => String::new(),
                    };
                    open.push(elements.len());
                    elements.push((format!("{space}{}", name.as_ref()), String::new()));
                }
                Event::Text(text) => append(&mut elements, &open, &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let whole = format!("&{};", reference.as_ref());
                    append(&mut elements, &open, &quick_xml::escape::unescape(&whole).unwrap());
                }
                Event::End(_) => {
                    let closed = open.pop().unwrap();
                    // Only leaves have a text worth comparing; the rest is somebody's indentation.
                    if closed + 1 < elements.len() {
                        elements[closed].1.clear();
                    }
                }
                Event::Eof => return Self(elements),
                _ => {}
            }
        }
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|element| element.0 == name).map(|element| element.1.as_str()).collect()
    }

    /// The text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no <{name}> in {:?}", self.0))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|element| element.0 == name).map(|element| element.1.as_str())
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|element| element.0.as_str()).collect()
    }
}

fn append(elements: &mut [(String, String)], open: &[usize], text: &str) {
    if let Some(&at) = open.last() {
        elements[at].1.push_str(text);
    }
}

impl Reply {
    /// Local name of the fault code, its namespace when it has one of its own, and the text.
    pub(crate) fn fault(&self) -> (String, String) {
        assert_eq!(self.status, 500, "{}", self.text);
        let read = Xml::read(&self.text);
        let code = read.text("faultcode").rsplit(':').next().unwrap_or_default().to_owned();
        (code, read.text("faultstring").to_owned())
    }
}
