//! Charts that are made and read back: `DemographicTo1`, both ways.

use serde_json::{Value, json};
use vitarad_actors::domain::health_number::HealthNumber;
use vitarad_actors::domain::new_patient::ChartRecord;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::registration::NewChart;
use vitarad_actors::domain::say::Language;
use vitarad_actors::ports::emr::EmrResult;

use super::patient;
use super::row::Row;

pub(super) fn read(row: &Row) -> EmrResult<ChartRecord> {
    let text = |name: &str| Phi::new(row.owned(name));
    let address = row.inner("address");
    let place = |name: &str| Phi::new(address.map(|row| row.owned(name)).unwrap_or_default());
    Ok(ChartRecord {
        patient: patient::read(row)?,
        sex: text("sex"),
        health_number: text("hin"),
        street: place("address"),
        city: place("city"),
        province: place("province"),
        postal_code: place("postal"),
        email: text("email"),
    })
}

/// The keys that both generations know: an unknown one fails the request. The birth date is taken from its three parts
/// alone. Names in capitals, as clerks type them.
pub(super) fn written(new: &NewChart) -> Value {
    let who = &new.who;
    let (born, address) = (who.born.reveal(), who.address.reveal());
    let number = who.health_number.reveal().as_ref();
    let card = number.map_or(address.province, HealthNumber::province);
    json!({
        "firstName": who.first_name.reveal().to_uppercase(),
        "lastName": who.last_name.reveal().to_uppercase(),
        "dobYear": format!("{:04}", born.year()),
        "dobMonth": format!("{:02}", born.month()),
        "dobDay": format!("{:02}", born.day()),
        "sex": who.sex.reveal().written(),
        "address": {
            "address": address.street,
            "city": address.city,
            "province": address.province.code(),
            "postal": address.postal_code,
        },
        "previousAddress": {},
        "phone": who.phone.reveal().spoken(),
        "alternativePhone": "",
        "email": who.email.reveal(),
        "hin": number.map_or("", |number| number.number()),
        "ver": number.map_or("", |number| number.version()),
        "hcType": card.code(),
        "providerNo": who.provider.as_ref().map_or("", |no| no.as_str()),
        "rosterStatus": new.roster_status,
        "patientStatus": "AC",
        "officialLanguage": "English",
        "spokenLanguage": match who.language {
            Language::En => "English",
            Language::Zh => "Mandarin",
        },
        "admissionProgramId": new.program,
        "extras": [],
    })
}
