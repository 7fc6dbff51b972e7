//! What a curious client gets with `GET`: the list of services, the operations of each, the paths of REST. Enough to find
//! out which build this is and what it can do. A firewall that looks for SOAP in bodies lets all of it through, so what is
//! listed may still be out of reach.

mod listing;

use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use jiff::Timestamp;

use self::listing::{service_list, wadl, wsdl};
use super::Contexts;
use super::emr::{not_found, respond};
use super::exchange::{Answer, Done, Order, Page, exchange};
use super::faults::{Fault, Touches};
use super::gzip;
use super::profile::Build;
use super::soap::{Service, XML, service};
use super::world::{Draft, World};

const HTML: &str = "text/html;charset=UTF-8";
const WADL: &str = "application/vnd.sun.wadl+xml";

/// One look at what is there.
struct Look {
    subject: Subject,
    /// Where the server believes it is: scheme, host and context path, as the client wrote them.
    base: String,
}

#[derive(Clone, Copy)]
enum Subject {
    Services,
    Operations(&'static Service),
    RestPaths,
}

impl Subject {
    const NAMES: [&str; 3] = ["services", "wsdl", "wadl"];

    fn name(self) -> &'static str {
        match self {
            Self::Services => Self::NAMES[0],
            Self::Operations(_) => Self::NAMES[1],
            Self::RestPaths => Self::NAMES[2],
        }
    }
}

/// So that faults can be ordered for it by name.
pub(super) fn touches(name: &str) -> Option<Touches> {
    Subject::NAMES.contains(&name).then_some(Touches::Nothing)
}

pub(super) async fn services(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
    headers: HeaderMap,
) -> Response {
    look(&contexts, &context, &headers, Subject::Services).await
}

pub(super) async fn operations(
    State(contexts): State<Contexts>,
    Path((context, name)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    match service(&name).filter(|_| uri.query() == Some("wsdl")) {
        Some(service) => look(&contexts, &context, &headers, Subject::Operations(service)).await,
        None => not_found().await,
    }
}

pub(super) async fn rest_paths(
    State(contexts): State<Contexts>,
    Path(context): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    if uri.query().is_some_and(|query| query.split('&').any(|part| part == "_wadl")) {
        look(&contexts, &context, &headers, Subject::RestPaths).await
    } else {
        not_found().await
    }
}

async fn look(contexts: &Contexts, context: &str, headers: &HeaderMap, subject: Subject) -> Response {
    let Some(oscar) = contexts.get(context).filter(|oscar| subject.is_in(oscar.build())) else {
        return not_found().await;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let order = Look { subject, base: format!("http://{host}/{context}") };
    respond(exchange(oscar, order).await, gzip::offered(headers))
}

impl Subject {
    fn is_in(self, build: &Build) -> bool {
        match self {
            Self::Services => true,
            Self::Operations(service) => service.is_in(build),
            Self::RestPaths => build.rest.is_some(),
        }
    }
}

impl Order for Look {
    fn operation(&self) -> Option<(&'static str, Touches)> {
        Some((self.subject.name(), Touches::Nothing))
    }

    fn draft(&self, _: &World) -> Option<Draft> {
        None
    }

    fn carry_out(&self, world: &mut World, _: Timestamp) -> Done {
        let base = world.rest.seen_as.as_deref().unwrap_or(&self.base);
        let build = world.build();
        let (kind, text) = match self.subject {
            Subject::Services => (HTML, service_list(base, build)),
            Subject::Operations(service) => (XML, wsdl(base, build, service)),
            Subject::RestPaths => (WADL, wadl(base)),
        };
        let page = Page { status: 200, kind, text, ..Page::default() };
        Done { answer: Answer::Reply(page), row: None, penalty: None }
    }

    fn refuse(&self, _: &World, _: &Fault) -> Done {
        Done { answer: Answer::ServerError, row: None, penalty: None }
    }
}
