//! What the daemon itself adds to a tool call, at a thousand of them a second.
//!
//! The platform's view is measured: from when a request was due to the end of its answer. What the EMR takes of that is
//! measured apart (`bare`) and taken off: its median from the median and, because the EMR's own delays are not to excuse
//! ours, its median again from the 99th percentile.

use std::time::Duration;

use crate::bare::Bare;
use crate::config::Budgets;
use crate::house::House;
use crate::load::{Outcome, Schedule, all_once, on_schedule};
use crate::people::{Caller, callers, patients_for, slots};
use crate::platform::{Request, ToolCall};
use crate::scale::Scale;
use crate::table::{Table, ms};
use crate::times::Times;

const CONNECTIONS: usize = 64;
const AIM: &str = "p50 < 1 ms, p99 < 5 ms";

pub fn measure(scale: &Scale, table: &mut Table) {
    let count = count(scale);
    let callers = callers(scale.clinics, scale.calls_per_clinic);
    let in_turn = || callers.iter().cycle().take(count).enumerate();
    let open = || House::open(scale.clinics, patients_for(scale.calls_per_clinic), Budgets::Lifted);

    let house = open();
    let info: Vec<_> = in_turn().map(|(n, c)| ToolCall::clinic_info(n).request(c)).collect();
    add(table, scale, "get_clinic_info", ask(&house, scale, &info, "OK"), Times::default());

    let house = open();
    let bare = Bare::connect(house.emr.addr, &house.clinics);
    let whom: Vec<Caller> = in_turn().map(|(_, caller)| caller.clone()).collect();
    let emr = bare.searches(&whom, scale);
    let searches: Vec<_> = in_turn().map(|(n, c)| ToolCall::search(n, c).request(c)).collect();
    add(table, scale, "search_patient_by_phone", ask(&house, scale, &searches, "VERIFIED"), emr);

    let house = open();
    let verifications: Vec<_> = callers.iter().map(|c| ToolCall::search(0, c).request(c)).collect();
    all_once(house.door, scale.connections, &verifications).must_all_be("VERIFIED");
    let bookings: Vec<_> = callers
        .iter()
        .zip(slots(scale.clinics, 0))
        .enumerate()
        .map(|(n, (caller, slot))| ToolCall::booking(n + 1, &slot).request(caller))
        .take(count)
        .collect();
    let bare = Bare::connect(house.emr.addr, &house.clinics);
    let emr = bare.bookings(&slots(scale.clinics, 1)[..bookings.len()], scale);
    add(table, scale, "create_appointment", ask(&house, scale, &bookings, "BOOKED"), emr);
}

/// As many as are due in a run.
fn count(scale: &Scale) -> usize {
    let seconds = (scale.warm_up + scale.measured).as_secs_f64();
    let due = (0..).take_while(|n| f64::from(*n) < f64::from(scale.rate) * seconds);
    due.count()
}

fn ask(house: &House, scale: &Scale, requests: &[Request], expected: &str) -> Outcome {
    let schedule = Schedule { rate: scale.rate, connections: CONNECTIONS, warm_up: scale.warm_up };
    let outcome = on_schedule(house.door, &schedule, requests, &[&house.daemon, &house.emr.process]);
    outcome.codes.must_all_be(expected);
    outcome
}

fn add(table: &mut Table, scale: &Scale, tool: &str, mut seen: Outcome, mut emr: Times) {
    let emr = emr.median();
    let (p50, p99) = (seen.times.median(), seen.times.quantile(990));
    let own = |time: Duration| ms(time.saturating_sub(emr));
    let measured = format!(
        "p50 {}, p99 {} (with the EMR's {}: p50 {}, p99 {}; {} of processor each)",
        own(p50),
        own(p99),
        ms(emr),
        ms(p50),
        ms(p99),
        ms(seen.cpu_each(0)),
    );
    table.row(format!("own time of {tool} at {} a second", scale.rate), measured, AIM);
}
