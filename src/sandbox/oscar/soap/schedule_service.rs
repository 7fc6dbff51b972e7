//! ScheduleService: working days and appointments.

use jiff::ToSpan;

use super::appointment_transfer::{Style, draft, transfer};
use super::demographic_service::Page;
use super::fault::SoapFault;
use super::operation::{Call, Operation};
use crate::sandbox::oscar::faults::Touches;
use crate::sandbox::oscar::world::{Appointment, Draft, slot_minutes, slots};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::reads("getScheduleTemplateCodes", 0, template_codes),
    Operation::reads("getAppointmentTypes", 0, appointment_types),
    Operation::reads("getDayWorkSchedule", 2, day_work_schedule),
    one_row("getAppointment", 1, Touches::ReadsRow, appointment),
    one_row("getAppointment2", 2, Touches::ReadsRow, appointment),
    Operation::reads("getAppointmentsForProvider", 2, provider_day),
    Operation::reads("getAppointmentsForProvider2", 3, provider_day),
    Operation::reads("getAppointmentsForPatient", 3, of_patient),
    Operation::reads("getAppointmentsForPatient2", 4, of_patient),
    Operation::reads("getAppointmentsForDateRangeAndProvider", 3, date_range),
    Operation::reads("getAppointmentsForDateRangeAndProvider2", 4, date_range),
    one_row("addAppointment", 1, Touches::AddsRow, add_appointment),
    one_row("updateAppointment", 1, Touches::UpdatesRow, update_appointment),
];

const fn one_row(
    name: &'static str,
    arity: usize,
    touches: Touches,
    answer: fn(&mut Call<'_>) -> Result<(), SoapFault>,
) -> Operation {
    Operation { name, arity, touches, answer }
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]
fn template_codes(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let reply = &mut call.reply;
    for code in &call.world.schedule.codes {
        reply.open("return");
        reply.int("bookinglimit", code.booking_limit);
        reply.letter("code", code.code);
        reply.text("color", &code.color);
        reply.text("confirm", &code.confirm);
        reply.text("description", &code.description);
        reply.text("duration", &code.duration);
        reply.int("id", code.id);
        reply.close("return");
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]
fn appointment_types(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let reply = &mut call.reply;
    let mut types: Vec<_> = call.world.schedule.types.iter().collect();
    types.sort_by(|one, other| one.name.cmp(&other.name));
    for kind in types {
        reply.open("return");
        reply.int("duration", kind.duration);
        reply.int("id", kind.id);
        reply.text("location", "");
        reply.text("name", &kind.name);
        reply.text("notes", "");
        reply.text("reason", &kind.reason);
        reply.text("resources", "");
        reply.close("return");
    }
    Ok(())
}

/// Slots are made by adding minutes to midnight, so that on the day the clocks change every later slot
/// is an hour off what staff painted. A closed day (`available` 0) is served like any other.
fn day_work_schedule(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let provider_no = call.arguments.text(0)?.unwrap_or_default();
    let date = call.arguments.wall(1, &call.world.jvm)?.ok_or_else(SoapFault::unexplained)?.date();
    let (schedule, jvm) = (&call.world.schedule, &call.world.jvm);
    if schedule.day(provider_no, date).is_none() {
        return Ok(());
    }
    let reply = &mut call.reply;
    reply.open("return");
    reply.flag("holiday", schedule.holidays.contains_key(&date));
    if let Some(timecode) = schedule.timecode(provider_no, date) {
        reply.int("timeSlotDurationMin", slot_minutes(timecode).unwrap_or_default());
        let midnight = jvm.instant(date.at(0, 0, 0, 0));
        for (minutes, code) in slots(timecode) {
            reply.open("timeSlots");
            reply.instant("date", midnight.saturating_add(minutes.minutes()).unwrap_or(midnight), jvm);
            reply.letter("scheduleCode", code);
            reply.close("timeSlots");
        }
    }
    reply.close("return");
    Ok(())
}

fn appointment(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let no_id = || SoapFault::Server("id to load is required for loading".to_owned());
    let id = call.arguments.integer(0)?.ok_or_else(no_id)?;
    let in_gmt = call.arguments.flag(1)?;
    if let Some(row) = call.world.book.get(id) {
        let style = Style::of(call.world, call.now, in_gmt);
        transfer(&mut call.reply, row, &style);
        call.row = Some(id);
    }
    Ok(())
}

/// One local day without exactly `C`; a NULL status falls to the same comparison.
fn provider_day(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let provider_no = call.arguments.text(0)?.unwrap_or_default();
    let date = call.arguments.wall(1, &call.world.jvm)?.ok_or_else(SoapFault::unexplained)?.date();
    let in_gmt = call.arguments.flag(2)?;
    let until = date.saturating_add(1.day());
    let shown = |row: &&Appointment| row.details.status.as_deref().is_some_and(|status| status != "C");
    let rows = call.world.book.of_provider(provider_no, date, until).filter(shown);
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row.start);
    let style = Style::of(call.world, call.now, in_gmt);
    for row in rows {
        transfer(&mut call.reply, row, &style);
    }
    Ok(())
}

/// Every status, newest date first; within a date the time does not count.
fn of_patient(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let number = call.arguments.integer(0)?.ok_or_else(SoapFault::unexplained)?;
    let page = Page::new(call.arguments.int(1)?, call.arguments.int(2)?)?;
    let in_gmt = call.arguments.flag(3)?;
    let mut rows: Vec<_> = call.world.book.of_patient(number).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.date));
    let style = Style::of(call.world, call.now, in_gmt);
    for row in page.of(rows.into_iter()) {
        transfer(&mut call.reply, row, &style);
    }
    Ok(())
}

/// Every status, by date alone: the day of the end is not part of it, and times of day are ignored.
fn date_range(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let (arguments, jvm) = (&call.arguments, &call.world.jvm);
    let from = arguments.wall(0, jvm)?.ok_or_else(SoapFault::unexplained)?.date();
    let until = arguments.wall(1, jvm)?.ok_or_else(SoapFault::unexplained)?.date();
    let provider_no = arguments.text(2)?.unwrap_or_default();
    let in_gmt = arguments.flag(3)?;
    let mut rows: Vec<_> = call.world.book.of_provider(provider_no, from, until).collect();
    rows.sort_by_key(|row| row.id);
    let style = Style::of(call.world, call.now, in_gmt);
    for row in rows {
        transfer(&mut call.reply, row, &style);
    }
    Ok(())
}

fn add_appointment(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let draft = given_draft(call)?;
    let now = call.world.wall(call.now);
    let id = call.world.add(draft, call.caller, now)?;
    call.reply.int("return", id);
    call.row = Some(id);
    Ok(())
}

fn update_appointment(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let draft = given_draft(call)?;
    let now = call.world.wall(call.now);
    call.row = Some(call.world.update(draft, call.caller, now)?);
    Ok(())
}

fn given_draft(call: &Call<'_>) -> Result<Draft, SoapFault> {
    draft(call.arguments.element(0).ok_or_else(SoapFault::unexplained)?, call.world)
}
