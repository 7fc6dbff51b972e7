//! How many tool calls a second are answered when the platform asks as fast as it is answered.

use crate::config::Budgets;
use crate::house::House;
use crate::load::{FlatOut, Outcome, all_once, flat_out};
use crate::people::{Caller, callers, patients_for, slots};
use crate::platform::{Request, ToolCall};
use crate::scale::Scale;
use crate::table::{Table, ms};

pub fn measure(scale: &Scale, table: &mut Table) {
    let callers = callers(scale.clinics, scale.calls_per_clinic);
    clinic_info(scale, &callers, table);
    searches(scale, &callers, table);
    bookings(scale, &callers, table);
}

/// On live calls: nothing is written.
fn clinic_info(scale: &Scale, callers: &[Caller], table: &mut Table) {
    let house = open(scale);
    let plain: Vec<_> =
        callers.iter().enumerate().map(|(n, c)| ToolCall::clinic_info(n).request(c)).collect();
    all_once(house.door, scale.connections, &plain).must_all_be("OK");
    let outcome = run(&house, scale, &plain, true, "OK");
    add(table, "get_clinic_info", outcome, "> 20,000 a second");
    let recorded: Vec<_> =
        callers.iter().enumerate().map(|(n, c)| ToolCall::clinic_info(n).recorded_request(c)).collect();
    let outcome = run(&house, scale, &recorded, true, "OK");
    add(table, "get_clinic_info in a recorded message of 4 KB", outcome, "");
}

/// On live calls, each verified by birth date and audited.
fn searches(scale: &Scale, callers: &[Caller], table: &mut Table) {
    /// More than are answered in a run, and few enough for a call to be one.
    const OF_EACH_CALL: usize = 10;
    let house = open(scale);
    let greetings: Vec<_> = callers.iter().map(|c| ToolCall::clinic_info(0).request(c)).collect();
    all_once(house.door, scale.connections, &greetings).must_all_be("OK");
    let searches: Vec<_> = (0..OF_EACH_CALL)
        .flat_map(|_| callers)
        .enumerate()
        .map(|(n, c)| ToolCall::search(n + 1, c).request(c))
        .collect();
    let outcome = run(&house, scale, &searches, false, "VERIFIED");
    add(table, "search_patient_by_phone", outcome, "> 8,000 a second");
}

/// One on each of as many verified calls: journal, EMR write, read-back, audit.
fn bookings(scale: &Scale, callers: &[Caller], table: &mut Table) {
    let house = open(scale);
    let searches: Vec<_> = callers.iter().map(|c| ToolCall::search(0, c).request(c)).collect();
    all_once(house.door, scale.connections, &searches).must_all_be("VERIFIED");
    let slots = slots(scale.clinics, 0);
    let bookings: Vec<_> = callers
        .iter()
        .zip(&slots)
        .enumerate()
        .map(|(n, (caller, slot))| ToolCall::booking(n + 1, slot).request(caller))
        .collect();
    let outcome = run(&house, scale, &bookings, false, "BOOKED");
    add(table, "create_appointment", outcome, "> 1,000 a second");
}

fn open(scale: &Scale) -> House {
    House::open(scale.clinics, patients_for(scale.calls_per_clinic), Budgets::Lifted)
}

fn run(house: &House, scale: &Scale, requests: &[Request], again: bool, expected: &str) -> Outcome {
    let run =
        FlatOut { connections: scale.connections, warm_up: scale.warm_up, measured: scale.measured, again };
    let outcome = flat_out(house.door, &run, requests, &[&house.daemon, &house.emr.process]);
    outcome.codes.must_all_be(expected);
    outcome
}

fn add(table: &mut Table, what: &str, mut seen: Outcome, aim: &'static str) {
    let measured = format!(
        "{:.0} a second (p50 {}, p99 {}; processor time of daemon {}, EMR {} each)",
        seen.per_second(),
        ms(seen.times.median()),
        ms(seen.times.quantile(990)),
        ms(seen.cpu_each(0)),
        ms(seen.cpu_each(1)),
    );
    table.row(format!("{what}, flat out"), measured, aim);
}
