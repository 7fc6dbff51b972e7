//! `services/demographics`: making a chart. Nothing looks for a duplicate, and nothing holds the two inserts together.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::demographics::full;
use super::operation::{Call, page};
use super::refusal::Refusal;
use crate::sandbox::oscar::exchange::Page;
use crate::sandbox::oscar::world::{Patient, Sex};

/// Of the many that `DemographicTo1` has, those that both generations know. Any other fails the request.
const KEYS: [&str; 59] = [
    "demographicNo",
    "address",
    "phone",
    "alternativePhone",
    "patientStatus",
    "patientStatusDate",
    "rosterStatus",
    "providerNo",
    "hin",
    "ver",
    "dateOfBirth",
    "dobYear",
    "dobMonth",
    "dobDay",
    "sex",
    "sexDesc",
    "dateJoined",
    "familyDoctor",
    "firstName",
    "lastName",
    "hcRenewDate",
    "pcnIndicator",
    "endDate",
    "hcType",
    "chartNo",
    "email",
    "effDate",
    "rosterDate",
    "rosterTerminationDate",
    "rosterTerminationReason",
    "links",
    "alias",
    "previousAddress",
    "children",
    "sourceOfIncome",
    "citizenship",
    "sin",
    "anonymous",
    "spokenLanguage",
    "displayName",
    "provider",
    "lastUpdateUser",
    "lastUpdateDate",
    "title",
    "officialLanguage",
    "countryOfOrigin",
    "newsletter",
    "nurse",
    "resident",
    "alert",
    "midwife",
    "notes",
    "waitingListID",
    "waitingListNote",
    "onWaitingListSinceDate",
    "age",
    "admissionProgramId",
    "middleNames",
    "extras",
];

/// Widths of the columns: what is longer is cut without a word.
const NAME: usize = 30;
const PHONE: usize = 20;
const STREET: usize = 60;
const CITY: usize = 50;
const PROVINCE: usize = 20;
const POSTAL: usize = 9;
const EMAIL: usize = 100;
const HIN: usize = 20;
const VERSION: usize = 3;

/// The chart is stored before the admission to a programme is; without a number for that, it stays while the request
/// fails.
pub(super) fn create(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let body = call.body.as_object().ok_or_else(|| Refusal::failed("null"))?;
    let refuses = call.request.build.refuses_unknown_keys;
    if refuses && body.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(Refusal::failed("Unrecognized field"));
    }
    let patient = row(call).ok_or_else(|| Refusal::failed("null"))?;
    let has_program = call.body["admissionProgramId"].is_i64();
    let number = patient.number;
    call.world.patients.insert(patient);
    if !has_program {
        return Err(Refusal::failed("not-null property references a null or transient value: programId"));
    }
    let made = call.world.patients.get(number).ok_or_else(|| Refusal::failed("null"))?;
    // The echo is of the object in memory, with numbers for dates.
    let mut echo = full(made, call.world, call.request.build.cell_phone);
    echo["familyDoctor"] = json!("<rdohip></rdohip><rd></rd>");
    echo["lastUpdateUser"] = json!(call.caller);
    echo["lastUpdateDate"] = json!(call.now.as_millisecond());
    Ok(page(&echo))
}

/// `None` where OSCAR would stumble over what is missing.
fn row(call: &Call<'_>) -> Option<Patient> {
    let body = &call.body;
    let text =
        |value: &Value, width: usize| value.as_str().map(|text| text.chars().take(width).collect::<String>());
    let part = |name: &str| body[name].as_str()?.trim().parse::<i16>().ok();
    let small = |name: &str| part(name).and_then(|number| i8::try_from(number).ok());
    let address = body["address"].as_object().map(|_| &body["address"])?;
    let now = call.world.wall(call.now);
    Some(Patient {
        number: call.world.patients.highest_number() + 1,
        first_name: text(&body["firstName"], NAME)?,
        last_name: text(&body["lastName"], NAME)?,
        birth: Date::new(part("dobYear")?, small("dobMonth")?, small("dobDay")?).ok()?,
        sex: Sex::of(body["sex"].as_str()?)?,
        phone: text(&body["phone"], PHONE),
        phone2: text(&body["alternativePhone"], PHONE),
        email: text(&body["email"], EMAIL),
        hin: text(&body["hin"], HIN),
        ver: text(&body["ver"], VERSION),
        hc_type: text(&body["hcType"], PROVINCE),
        roster_status: text(&body["rosterStatus"], PROVINCE),
        address: text(&address["address"], STREET),
        city: text(&address["city"], CITY),
        province: text(&address["province"], PROVINCE).map(|province| province.to_uppercase()),
        postal: text(&address["postal"], POSTAL),
        spoken_language: text(&body["spokenLanguage"], CITY),
        // Whatever was sent.
        patient_status: Some("AC".to_owned()),
        provider_no: text(&body["providerNo"], VERSION * 2),
        joined: Some(now.date()),
        updated: Some(now),
        updated_by: Some(call.caller.clone()),
        ..Patient::default()
    })
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use jiff::Timestamp;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::super::Request;
    use super::*;
    use crate::sandbox::oscar::profile::Profile;
    use crate::sandbox::oscar::seed::Flavour;
    use crate::sandbox::oscar::world::World;

    fn body() -> Value {
        json!({
            "firstName": "Ann", "lastName": "Other", "dobYear": "1991", "dobMonth": "02", "dobDay": "03", "sex": "F",
            "address": { "province": "bc" }, "admissionProgramId": 10_034,
        })
    }

    /// What came of it, and how many patients there are more.
    fn created(change: impl FnOnce(&mut Value)) -> (bool, usize) {
        let mut world = World::clinic(Profile::Oscar19, TimeZone::UTC, date(2026, 6, 3), 1, Flavour::Maple);
        let before = world.patients.count();
        let mut body = body();
        change(&mut body);
        let request = Request {
            build: Profile::Oscar19.build().rest.unwrap(),
            operation: None,
            base: String::new(),
            method: Method::POST,
            path: Vec::new(),
            query: String::new(),
            authorization: String::new(),
            is_json: true,
            takes_json: true,
            body: Vec::new(),
        };
        let (now, caller) = (Timestamp::UNIX_EPOCH, "210".to_owned());
        let mut call = Call { world: &mut world, now, caller, request: &request, body, row: None };
        (create(&mut call).is_ok(), world.patients.count() - before)
    }

    #[test]
    fn a_chart_is_stored_even_when_the_programme_is_missing_and_the_request_fails() {
        assert_eq!(created(|_| {}), (true, 1));
        assert_eq!(created(|body| body["admissionProgramId"] = Value::Null), (false, 1));
        assert_eq!(created(|body| body["cellPhone"] = json!("604-555-0142")), (false, 0));
        assert_eq!(created(|body| body["address"] = json!("12 Rue King")), (false, 0));
        assert_eq!(created(|body| body["dobMonth"] = json!("13")), (false, 0));
    }
}
