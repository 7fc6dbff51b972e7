//! DemographicService: charts by number and by search, and on one build a new one.

use jiff::civil::DateTime;

use super::demographic_draft::draft;
use super::demographic_transfer::{cell_phone, transfer};
use super::fault::SoapFault;
use super::operation::{Call, Operation};
use super::system_info_service::MAX_LIST_RETURN_SIZE;
use crate::sandbox::oscar::profile::ChartColumns;
use crate::sandbox::oscar::world::{Attributes, Patient, Sex};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::reads("addDemographic", 1, add_demographic),
    Operation::reads("getDemographic", 1, demographic),
    Operation::reads("getDemographic2", 1, demographic),
    Operation::reads("getDemographicsByHealthNum", 1, by_health_number),
    Operation::reads("searchDemographicByName", 3, by_name),
    Operation::reads("searchDemographicsByAttributes", 12, by_attributes),
];

/// No more checked than anything else here; the number of the new chart is the answer.
fn add_demographic(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let chart = draft(call.arguments.element(0).ok_or_else(SoapFault::unexplained)?)?;
    let author = call.world.logins.get(call.caller).map(|user| user.provider_no.clone());
    let (number, now) = (call.world.patients.highest_number() + 1, call.world.wall(call.now));
    call.world.patients.insert(Patient {
        number,
        joined: Some(now.date()),
        updated: Some(now),
        updated_by: author,
        ..chart
    });
    call.reply.int("return", number);
    Ok(())
}

fn demographic(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let number = call.arguments.integer(0)?.ok_or_else(SoapFault::unexplained)?;
    let world = &*call.world;
    if let Some(patient) = world.patients.get(number) {
        // Only the call for one chart looks into the side table.
        let cell_phone = cell_phone(patient).filter(|_| world.build().chart == ChartColumns::CellPhone);
        transfer(&mut call.reply, patient, world, cell_phone);
    }
    Ok(())
}

fn by_health_number(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let hin = call.arguments.text(0)?.ok_or_else(SoapFault::unexplained)?;
    let world = &*call.world;
    for patient in world.patients.iter().filter(|patient| patient.hin.as_deref() == Some(hin)) {
        transfer(&mut call.reply, patient, world, None);
    }
    Ok(())
}

fn by_name(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let term = call.arguments.text(0)?.ok_or_else(SoapFault::unexplained)?;
    let page = Page::new(call.arguments.int(1)?, call.arguments.int(2)?)?;
    let world = &*call.world;
    for patient in page.of(world.patients.by_name(term)) {
        transfer(&mut call.reply, patient, world, None);
    }
    Ok(())
}

fn by_attributes(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let arguments = &call.arguments;
    let wanted = Attributes {
        hin: arguments.text(0)?,
        first_name: arguments.text(1)?,
        last_name: arguments.text(2)?,
        sex: arguments.text(3)?.map(sex).transpose()?,
        birth: arguments.wall(4, &call.world.jvm)?.map(DateTime::date),
        city: arguments.text(5)?,
        province: arguments.text(6)?,
        phone: arguments.text(7)?,
        email: arguments.text(8)?,
        alias: arguments.text(9)?,
    };
    let page = Page::new(arguments.int(10)?, arguments.int(11)?)?;
    if wanted.is_empty() {
        return Err(SoapFault::Server("at least one parameter must be present".to_owned()));
    }
    let world = &*call.world;
    for patient in page.of(world.patients.by_attributes(&wanted)) {
        transfer(&mut call.reply, patient, world, None);
    }
    Ok(())
}

pub(super) fn sex(code: &str) -> Result<Sex, SoapFault> {
    let known = Sex::ALL.into_iter().find(|sex| sex.code() == code);
    known.ok_or_else(|| SoapFault::not_a("gender", code))
}

/// Start index and items to return, as every list operation takes them.
pub(super) struct Page {
    start: usize,
    items: usize,
}

impl Page {
    pub(super) fn new(start: i32, items: i32) -> Result<Self, SoapFault> {
        if items > MAX_LIST_RETURN_SIZE {
            return Err(SoapFault::Server(format!("itemsToReturn must not exceed {MAX_LIST_RETURN_SIZE}")));
        }
        let negative =
            |_| SoapFault::Server("Negative value passed to setFirstResult or setMaxResults".to_owned());
        Ok(Self { start: start.try_into().map_err(negative)?, items: items.try_into().map_err(negative)? })
    }

    pub(super) fn of<T>(&self, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        rows.skip(self.start).take(self.items)
    }
}
