//! A new chart as it comes over the wire: what is known and kept, what is known and passed over, and everything else refused.

use jiff::civil::Date;

use super::arguments::{position, present, text};
use super::demographic_service::sex;
use super::element::Element;
use super::fault::SoapFault;
use crate::sandbox::oscar::world::Patient;

const FIELDS: [&str; 50] = [
    "activeCount",
    "address",
    "alias",
    "anonymous",
    "chartNo",
    "children",
    "citizenship",
    "city",
    "dateJoined",
    "dateOfBirth",
    "demographicNo",
    "displayName",
    "effDate",
    "email",
    "endDate",
    "familyDoctor",
    "firstName",
    "hcRenewDate",
    "hcType",
    "headRecord",
    "hin",
    "hsAlertCount",
    "lastName",
    "lastUpdateDate",
    "lastUpdateUser",
    "links",
    "monthOfBirth",
    "myOscarUserName",
    "officialLanguage",
    "patientStatus",
    "patientStatusDate",
    "pcnIndicator",
    "phone",
    "phone2",
    "postal",
    "previousAddress",
    "providerNo",
    "province",
    "rosterDate",
    "rosterStatus",
    "rosterTerminationDate",
    "rosterTerminationReason",
    "sex",
    "sexDesc",
    "sin",
    "sourceOfIncome",
    "spokenLanguage",
    "title",
    "ver",
    "yearOfBirth",
];

pub(super) fn draft(chart: &Element) -> Result<Patient, SoapFault> {
    let mut patient = Patient::default();
    let mut born = ["", "", ""];
    for child in &chart.children {
        position(child, &FIELDS)?;
        let Some(child) = present(child) else { continue };
        let value = text(child)?;
        match child.name.as_str() {
            "firstName" => value.clone_into(&mut patient.first_name),
            "lastName" => value.clone_into(&mut patient.last_name),
            "sex" => patient.sex = sex(value)?,
            "yearOfBirth" => born[0] = value,
            "monthOfBirth" => born[1] = value,
            "dateOfBirth" => born[2] = value,
            name => {
                if let Some(column) = column(&mut patient, name) {
                    *column = Some(value.to_owned());
                }
            }
        }
    }
    patient.birth = birth(born).ok_or_else(SoapFault::unexplained)?;
    Ok(patient)
}

fn column<'a>(patient: &'a mut Patient, name: &str) -> Option<&'a mut Option<String>> {
    Some(match name {
        "address" => &mut patient.address,
        "alias" => &mut patient.alias,
        "city" => &mut patient.city,
        "email" => &mut patient.email,
        "hcType" => &mut patient.hc_type,
        "hin" => &mut patient.hin,
        "patientStatus" => &mut patient.patient_status,
        "phone" => &mut patient.phone,
        "phone2" => &mut patient.phone2,
        "postal" => &mut patient.postal,
        "providerNo" => &mut patient.provider_no,
        "province" => &mut patient.province,
        "spokenLanguage" => &mut patient.spoken_language,
        "ver" => &mut patient.ver,
        _ => return None,
    })
}

fn birth([year, month, day]: [&str; 3]) -> Option<Date> {
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
