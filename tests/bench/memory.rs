//! What ten thousand live calls over a hundred clinics weigh, each with its verified patient.

use crate::config::Budgets;
use crate::house::House;
use crate::load::all_once;
use crate::people::{callers, patients_for};
use crate::platform::{Request, ToolCall};
use crate::scale::Scale;
use crate::table::Table;

pub fn measure(scale: &Scale, table: &mut Table) {
    let house = House::open(scale.clinics, patients_for(scale.calls_per_clinic), Budgets::Lifted);
    let idle = house.daemon.memory();
    let callers = callers(scale.clinics, scale.calls_per_clinic);
    let searches: Vec<Request> = callers.iter().map(|c| ToolCall::search(0, c).request(c)).collect();
    all_once(house.door, scale.connections, &searches).must_all_be("VERIFIED");
    let busy = house.daemon.memory();
    table.row(
        format!("memory with {} live calls over {} clinics", scale.calls(), scale.clinics),
        format!(
            "{} resident, {} proportional (without calls {})",
            busy.resident, busy.proportional, idle.resident
        ),
        "< 200 MB",
    );
}
