//! `services/demographics`: the search, and one chart.

use serde_json::{Value, json};

use super::json::instant;
use super::operation::{Call, listed, page};
use super::refusal::Refusal;
use crate::sandbox::oscar::exchange::Page;
use crate::sandbox::oscar::profile::CellPhone;
use crate::sandbox::oscar::world::{Patient, World};

const MOST: usize = 500;
const KEYS: [&str; 6] = ["type", "term", "active", "integrator", "outofdomain", "params"];
/// What a regular expression takes for something else than itself.
const SPECIAL: [char; 6] = ['+', '?', '(', ')', '[', ']'];
const INACTIVE: [&str; 6] = ["IN", "DE", "IC", "ID", "MO", "FI"];

pub(super) fn search(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let number = |name| call.field(name).and_then(|text| text.parse::<usize>().ok());
    let (Some(start), Some(items)) = (number("startIndex"), number("itemsToReturn")) else {
        return Err(Refusal::failed("null"));
    };
    if items > MOST || KEYS.iter().any(|key| call.body[key].is_null()) {
        return Err(Refusal::failed("null"));
    }
    let (kind, term) =
        (call.body["type"].as_str().unwrap_or_default(), call.body["term"].as_str().unwrap_or_default());
    let active = call.body["active"].as_bool().unwrap_or_default();
    let wanted = wanted(kind, term)?;
    let world = &*call.world;
    let is_inactive = |patient: &Patient| {
        patient.patient_status.as_deref().is_some_and(|status| INACTIVE.contains(&status))
    };
    let found = world.patients.iter().filter(|patient| wanted(patient) && is_inactive(patient) != active);
    // A merged chart is shown as the one it was merged into, which may then be there twice.
    let heads =
        found.map(|patient| patient.head_record.and_then(|no| world.patients.get(no)).unwrap_or(patient));
    let rows: Vec<Value> = heads.skip(start).take(items).map(|patient| item(patient, world)).collect();
    Ok(listed(call.now, &rows))
}

type Wanted = Box<dyn Fn(&Patient) -> bool>;

fn wanted(kind: &str, term: &str) -> Result<Wanted, Refusal> {
    let column = Column::of(term)?;
    Ok(match kind {
        // At home only.
        "Phone" => Box::new(move |patient| patient.phone.as_deref().is_some_and(|phone| column.fits(phone))),
        "HIN" => Box::new(move |patient| patient.hin.as_deref().is_some_and(|hin| column.fits(hin))),
        "DOB" => {
            let born = term.to_owned();
            Box::new(move |patient| patient.birth.to_string() == born)
        }
        "Name" => {
            let (last, first) = term.split_once(',').unwrap_or((term, ""));
            let (last, first) = (Column::of(last)?, Column::of(first)?);
            Box::new(move |patient| last.fits(&patient.last_name) && first.fits(&patient.first_name))
        }
        _ => return Err(Refusal::failed("null")),
    })
}

/// What a column is compared with: a pattern if there is a wildcard in it, else a regular expression, of which this server
/// understands plain words.
enum Column {
    Like(Vec<String>),
    Within(String),
}

impl Column {
    fn of(term: &str) -> Result<Self, Refusal> {
        let term = term.trim().to_lowercase();
        if term.contains(['%', '*']) {
            return Ok(Self::Like(term.split('%').map(str::to_owned).collect()));
        }
        if term.contains(SPECIAL) {
            return Err(Refusal::failed("Got error 'repetition-operator operand invalid' from regexp"));
        }
        Ok(Self::Within(term))
    }

    fn fits(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        match self {
            Self::Within(word) => value.contains(word),
            Self::Like(parts) => like(&value, parts),
        }
    }
}

/// SQL's `LIKE`, anchored at both ends.
fn like(value: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return value.is_empty() };
    let Some(mut left) = value.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for part in middle {
        match left.split_once(part.as_str()) {
            Some((_, behind)) => left = behind,
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}

fn item(patient: &Patient, world: &World) -> Value {
    let provider = patient.provider_no.as_deref().and_then(|no| world.provider(no));
    json!({
        "demographicNo": patient.number,
        "lastName": patient.last_name,
        "firstName": patient.first_name,
        "chartNo": "",
        "sex": patient.sex.code(),
        "dob": instant(patient.birth.at(0, 0, 0, 0), world),
        "providerNo": patient.provider_no,
        "providerName": provider.map(|row| format!("{},{}", row.last_name, row.first_name)),
        "rosterStatus": "",
        "patientStatus": patient.patient_status,
        "phone": patient.phone,
        "hin": patient.hin,
        "remoteFacilityId": null,
        "formattedDOB": patient.birth.to_string(),
    })
}

pub(super) fn summary(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let number: i32 = call.segment(3)?;
    let world = &*call.world;
    let patient = world.patients.get(number).ok_or_else(|| Refusal::failed("null"))?;
    let cell_phone = call.request.build.cell_phone;
    Ok(page(&full(patient, world, cell_phone)))
}

/// Without the long lists of doctors.
pub(super) fn full(patient: &Patient, world: &World, cell_phone: CellPhone) -> Value {
    let beside = cell_phone == CellPhone::BesideWork;
    let mut chart = json!({
        "demographicNo": patient.number,
        "address": { "province": patient.province, "postal": patient.postal, "city": patient.city, "address": patient.address },
        "phone": patient.phone,
        "alternativePhone": patient.cell_phone.as_ref().filter(|_| !beside).or(patient.phone2.as_ref()),
        "patientStatus": patient.patient_status,
        "rosterStatus": patient.roster_status,
        "providerNo": patient.provider_no,
        "hin": patient.hin,
        "ver": patient.ver,
        "dateOfBirth": world.jvm.instant(patient.birth.at(0, 0, 0, 0)).as_millisecond(),
        "dobYear": format!("{:04}", patient.birth.year()),
        "dobMonth": format!("{:02}", patient.birth.month()),
        "dobDay": format!("{:02}", patient.birth.day()),
        "sex": patient.sex.code(),
        "firstName": patient.first_name,
        "lastName": patient.last_name,
        "hcType": patient.hc_type,
        "email": patient.email,
        "extras": [],
    });
    if beside {
        chart["cellPhone"] = json!(patient.cell_phone);
    }
    chart
}
