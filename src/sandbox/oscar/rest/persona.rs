//! `services/persona`: what the account behind a token may do, and how it fails without. SOAP asks for no such rights.

use serde_json::{Value, json};

use super::operation::{Call, listed};
use super::refusal::Refusal;
use crate::sandbox::oscar::exchange::Page;
use crate::sandbox::oscar::world::World;

pub(super) fn has_rights(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let items = call.body["items"].as_array().ok_or_else(|| Refusal::failed("null"))?;
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let asked = items.iter().map(|item| (text(item, "objectName"), text(item, "privilege")));
    let granted: Vec<Value> =
        asked.map(|(object, privilege)| json!(!lacks(call.world, &object, &privilege))).collect();
    Ok(listed(call.now, &granted))
}

/// One missing right fails the whole request.
pub(super) fn check(world: &World, operation: &str) -> Result<(), Refusal> {
    let (object, privilege) = match operation {
        "schedule/fetchDays" | "schedule/appointmentHistory" | "schedule/getAppointment" => {
            ("_appointment", "r")
        }
        "schedule/add" | "schedule/updateStatus" => ("_appointment", "w"),
        "schedule/day" => ("_demographic", "r"),
        operation if operation.starts_with("demographics/") => ("_demographic", "r"),
        _ => return Ok(()),
    };
    if lacks(world, object, privilege) {
        return Err(Refusal::failed(&format!("missing required security object ({object})")));
    }
    Ok(())
}

fn lacks(world: &World, object: &str, privilege: &str) -> bool {
    world.denied.iter().any(|denied| denied.0 == object && denied.1 == privilege)
}
