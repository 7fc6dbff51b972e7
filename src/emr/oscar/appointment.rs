//! Appointments, both ways: `appointmentTransfer`, its elements in alphabetical order.

use jiff::civil::Date;
use vitarad_actors::domain::appointment::{
    Appointment, AppointmentTexts, DayRow, NewAppointment, Status, stored_interval,
};
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::time::Interval;
use vitarad_actors::ports::emr::EmrResult;

use super::field::{parsed, phi, required, wall};
use crate::emr::xml::{Element, Writer};

/// What day sheets are ruled in: an end one minute before a line means an end at the line.
const GRID_MINUTES: u16 = 5;

/// Column widths in characters. What is longer, the server cuts without a word.
const NAME: usize = 50;
const REASON: usize = 80;
const NOTES: usize = 255;

/// A row without what it says about its patient, who is compared here and goes no further.
pub(super) fn day_row(row: &Element, for_patient: Option<DemographicNo>) -> EmrResult<DayRow> {
    let (date, interval) = when(row)?;
    let patient = patient(row)?;
    Ok(DayRow {
        no: no(row)?,
        provider: provider(row)?,
        date,
        interval,
        status: status(row),
        mark: row.text_of("notes").and_then(Mark::leading),
        for_patient: for_patient == Some(patient),
    })
}

pub(super) fn read(row: &Element) -> EmrResult<Appointment> {
    let (date, interval) = when(row)?;
    Ok(Appointment {
        no: no(row)?,
        provider: provider(row)?,
        date,
        interval,
        status: status(row),
        patient: patient(row)?,
        program: parsed(row, "programId")?.unwrap_or_default(),
        texts: AppointmentTexts {
            billing: phi(row, "billing"),
            booking_source: phi(row, "bookingSource"),
            location: phi(row, "location"),
            name: phi(row, "name"),
            notes: phi(row, "notes"),
            reason: phi(row, "reason"),
            remarks: phi(row, "remarks"),
            resources: phi(row, "resources"),
            style: phi(row, "style"),
            kind: phi(row, "type"),
            urgency: phi(row, "urgency"),
        },
        changed_at: row.text_of("updateDateTime").map(str::to_owned),
    })
}

/// Date and both times share one row and one date, so a row without them is not an appointment.
fn when(row: &Element) -> EmrResult<(Date, Interval)> {
    let start = required(wall(row, "appointmentStartDateTime")?)?;
    let end = required(wall(row, "appointmentEndDateTime")?)?;
    let interval = required(stored_interval(start.time(), end.time(), GRID_MINUTES))?;
    Ok((start.date(), interval))
}

fn no(row: &Element) -> EmrResult<AppointmentNo> {
    required(parsed(row, "id")?).map(AppointmentNo)
}

/// The database finds a number with spaces behind it too.
fn provider(row: &Element) -> EmrResult<ProviderNo> {
    required(row.text_of("providerNo").and_then(|no| ProviderNo::parse(no.trim()).ok()))
}

fn patient(row: &Element) -> EmrResult<DemographicNo> {
    Ok(parsed(row, "demographicNo")?.map_or(DemographicNo::NOBODY, DemographicNo::new))
}

fn status(row: &Element) -> Status {
    Status(row.text_of("status").map(str::to_owned))
}

pub(super) fn write_new(row: &mut Writer, new: &NewAppointment) {
    let notes = format!("{} {}", new.mark, new.note);
    // The end is exclusive on the way in. Neither time carries an offset: the server stores wall clocks.
    row.plain("appointmentEndDateTime", new.interval.end.on(new.date));
    row.plain("appointmentStartDateTime", new.interval.start.on(new.date));
    row.plain("demographicNo", new.patient.reveal());
    row.text("location", "");
    row.text("name", cut(new.name.reveal(), NAME));
    row.text("notes", cut(notes.trim_end(), NOTES));
    row.plain("programId", 0);
    row.text("providerNo", new.provider.as_str());
    row.text("reason", cut(new.reason.reveal(), REASON));
    row.text("resources", "");
    row.text("status", Status::BOOKED);
    row.text("type", "");
    row.text("urgency", "");
}

/// An update overwrites every column, so every column goes back as it was seen. Only the times may stay out, and must:
/// the server takes a millisecond off an end each time it is sent.
pub(super) fn write_cancelled(row: &mut Writer, seen: &Appointment) {
    let texts = &seen.texts;
    row.optional("billing", texts.billing.as_ref());
    row.optional("bookingSource", texts.booking_source.as_ref());
    row.plain("demographicNo", seen.patient.reveal());
    row.plain("id", seen.no.0);
    row.optional("location", texts.location.as_ref());
    row.optional("name", texts.name.as_ref());
    row.optional("notes", texts.notes.as_ref());
    row.plain("programId", seen.program);
    row.text("providerNo", seen.provider.as_str());
    row.optional("reason", texts.reason.as_ref());
    row.optional("remarks", texts.remarks.as_ref());
    row.optional("resources", texts.resources.as_ref());
    row.text("status", Status::CANCELLED);
    row.optional("style", texts.style.as_ref());
    row.optional("type", texts.kind.as_ref());
    row.optional("urgency", texts.urgency.as_ref());
}

fn cut(text: &str, width: usize) -> &str {
    text.char_indices().nth(width).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests;
