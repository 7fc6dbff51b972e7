//! A chart on the wire, elements in alphabetical order.

use jiff::civil::Date;

use super::reply::Reply;
use crate::sandbox::oscar::profile::ChartColumns;
use crate::sandbox::oscar::world::{Patient, World};

pub(super) fn cell_phone(patient: &Patient) -> Option<&str> {
    patient.cell_phone.as_deref()
}

pub(super) fn transfer(reply: &mut Reply, patient: &Patient, world: &World, cell_phone: Option<&str>) {
    reply.open("return");
    identity(reply, patient, world, cell_phone);
    standing(reply, patient, world);
    reply.close("return");
}

/// `activeCount` to `lastUpdateUser`.
fn identity(reply: &mut Reply, patient: &Patient, world: &World, cell_phone: Option<&str>) {
    let midnight = |day: Date| day.at(0, 0, 0, 0);
    reply.int("activeCount", 1);
    reply.optional("address", patient.address.as_deref());
    reply.optional("alias", patient.alias.as_deref());
    reply.optional("cellPhone", cell_phone);
    reply.text("chartNo", "");
    reply.optional("city", patient.city.as_deref());
    if let Some(joined) = patient.joined {
        reply.wall("dateJoined", midnight(joined), &world.jvm, false);
    }
    reply.text("dateOfBirth", &format!("{:02}", patient.birth.day()));
    reply.int("demographicNo", patient.number);
    reply.text("displayName", &format!("{}, {}", patient.last_name, patient.first_name));
    reply.optional("email", patient.email.as_deref());
    reply.text("familyDoctor", "");
    reply.text("firstName", &patient.first_name);
    reply.optional("hcType", patient.hc_type.as_deref());
    if let Some(head) = patient.head_record {
        reply.int("headRecord", head);
    }
    reply.optional("hin", patient.hin.as_deref());
    reply.int("hsAlertCount", 0);
    reply.text("lastName", &patient.last_name);
    if let Some(updated) = patient.updated {
        reply.wall("lastUpdateDate", updated, &world.jvm, false);
    }
    reply.optional("lastUpdateUser", patient.updated_by.as_deref());
}

/// `monthOfBirth` to `yearOfBirth`.
fn standing(reply: &mut Reply, patient: &Patient, world: &World) {
    reply.text("monthOfBirth", &format!("{:02}", patient.birth.month()));
    if world.build().chart == ChartColumns::MyOscarUserName {
        reply.optional("myOscarUserName", patient.my_oscar_user_name.as_deref());
    }
    reply.text("officialLanguage", "English");
    reply.optional("patientStatus", patient.patient_status.as_deref());
    reply.optional("phone", patient.phone.as_deref());
    reply.optional("phone2", patient.phone2.as_deref());
    reply.optional("postal", patient.postal.as_deref());
    reply.optional("providerNo", patient.provider_no.as_deref());
    reply.optional("province", patient.province.as_deref());
    reply.text("rosterStatus", "");
    reply.text("sex", patient.sex.code());
    reply.text("sexDesc", patient.sex.spelled());
    reply.optional("spokenLanguage", patient.spoken_language.as_deref());
    reply.text("title", "");
    reply.optional("ver", patient.ver.as_deref());
    reply.text("yearOfBirth", &format!("{:04}", patient.birth.year()));
}
