//! The REST paths this server knows. An operation is a row in a table; `*` in its path stands for any one segment.

use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Request, day_view, demographics, handshake, newcomers, persona, provider_service, schedule};
use crate::sandbox::oscar::exchange::Page;
use crate::sandbox::oscar::faults::Touches;
use crate::sandbox::oscar::world::World;

pub(super) struct Operation {
    pub(super) name: &'static str,
    path: &'static [&'static str],
    pub(super) methods: &'static [&'static str],
    /// Whether it wants a token; the handshake comes before there is one.
    pub(super) is_service: bool,
    pub(super) touches: Touches,
    pub(super) answer: fn(&mut Call<'_>) -> Result<Page, Refusal>,
}

/// One operation being answered.
pub(super) struct Call<'a> {
    pub(super) world: &'a mut World,
    pub(super) now: Timestamp,
    /// The provider as whom the token acts.
    pub(super) caller: String,
    pub(super) request: &'a Request,
    pub(super) body: Value,
    /// The one appointment this call turned out to be about.
    pub(super) row: Option<i32>,
}

type Answer = fn(&mut Call<'_>) -> Result<Page, Refusal>;

const fn step(name: &'static str, path: &'static [&'static str], answer: Answer) -> Operation {
    Operation { name, path, methods: &["GET", "POST"], is_service: false, touches: Touches::Nothing, answer }
}

const fn get(name: &'static str, path: &'static [&'static str], answer: Answer) -> Operation {
    Operation { name, path, methods: &["GET"], is_service: true, touches: Touches::Nothing, answer }
}

const fn post(
    name: &'static str,
    path: &'static [&'static str],
    touches: Touches,
    answer: Answer,
) -> Operation {
    Operation { name, path, methods: &["POST"], is_service: true, touches, answer }
}

pub(super) static OPERATIONS: [Operation; 18] = [
    step("oauth/initiate", &["oauth", "initiate"], handshake::initiate),
    step("oauth/authorize", &["oauth", "authorize"], handshake::authorize),
    step("oauth/token", &["oauth", "token"], handshake::token),
    get("status/checkIfAuthed", &["services", "status", "checkIfAuthed"], check_if_authed),
    get("schedule/day", &["services", "schedule", "*", "day", "*"], day_view::day),
    get("schedule/fetchDays", &["services", "schedule", "fetchDays", "*", "*", "*"], schedule::fetch_days),
    get(
        "schedule/fetchMonthly",
        &["services", "schedule", "fetchMonthly", "*", "*", "*"],
        schedule::fetch_monthly,
    ),
    get("schedule/codes", &["services", "schedule", "codes"], schedule::codes),
    post(
        "schedule/appointmentHistory",
        &["services", "schedule", "*", "appointmentHistory"],
        Touches::Nothing,
        schedule::appointment_history,
    ),
    post(
        "schedule/getAppointment",
        &["services", "schedule", "getAppointment"],
        Touches::ReadsRow,
        schedule::get_appointment,
    ),
    post("schedule/add", &["services", "schedule", "add"], Touches::AddsRow, schedule::add),
    post(
        "schedule/updateStatus",
        &["services", "schedule", "appointment", "*", "updateStatus"],
        Touches::UpdatesRow,
        schedule::update_status,
    ),
    // The converter returns null, in every build.
    post(
        "schedule/updateAppointment",
        &["services", "schedule", "updateAppointment"],
        Touches::Nothing,
        |_| Err(Refusal::failed("null")),
    ),
    post(
        "demographics/search",
        &["services", "demographics", "search"],
        Touches::Nothing,
        demographics::search,
    ),
    post("demographics", &["services", "demographics"], Touches::AddsChart, newcomers::create),
    get("demographics/summary", &["services", "demographics", "summary", "*"], demographics::summary),
    post("persona/hasRights", &["services", "persona", "hasRights"], Touches::Nothing, persona::has_rights),
    get(
        "providerService/providers_json",
        &["services", "providerService", "providers_json"],
        provider_service::providers,
    ),
];

pub(super) fn find(path: &[String]) -> Option<&'static Operation> {
    let fits = |operation: &&Operation| {
        operation.path.len() == path.len()
            && operation.path.iter().zip(path).all(|(wanted, segment)| *wanted == "*" || wanted == segment)
    };
    OPERATIONS.iter().find(fits)
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]
fn check_if_authed(call: &mut Call<'_>) -> Result<Page, Refusal> {
    Ok(page(&json!({ "success": true, "message": call.caller })))
}

pub(super) fn page(content: &Value) -> Page {
    Page { status: 200, kind: "application/json", text: content.to_string(), ..Page::default() }
}

/// How lists are wrapped; the total is of no use, as so often.
pub(super) fn listed(now: Timestamp, content: &[Value]) -> Page {
    page(&json!({
        "offset": 0, "limit": 0, "total": 0, "timestamp": now.as_millisecond(), "content": content, "query": null,
    }))
}

/// The pairs of a query or a form.
pub(super) fn form(text: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://localhost/?{text}")).ok();
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

impl Operation {
    /// The path below `services`, with its variable parts in braces.
    pub(super) fn template(&self) -> String {
        let segments = self.path.iter().skip(1).enumerate();
        segments
            .map(|(at, part)| if *part == "*" { format!("/{{part{at}}}") } else { format!("/{part}") })
            .collect()
    }
}

impl Call<'_> {
    /// A segment of the path, counted from `services`.
    pub(super) fn segment<T: std::str::FromStr>(&self, index: usize) -> Result<T, Refusal> {
        let segment = self.request.path.get(index).and_then(|segment| segment.parse().ok());
        segment.ok_or_else(|| Refusal::failed("Internal server error"))
    }

    /// The one value of this name in the query, or else in the posted form.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let posted = String::from_utf8_lossy(&self.request.body);
        let fields = form(&self.request.query).into_iter().chain(form(&posted));
        fields.into_iter().find(|field| field.0 == name).map(|field| field.1)
    }
}
