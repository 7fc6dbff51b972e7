//! Appointments, both ways: `AppointmentTo1` is read, `NewAppointmentTo1` is written.

use jiff::civil::Date;
use serde_json::{Value, json};
use vitarad_actors::domain::appointment::{
    Appointment, AppointmentTexts, NewAppointment, Status, stored_interval,
};
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use vitarad_actors::domain::time::Interval;
use vitarad_actors::ports::emr::EmrResult;

use super::row::{Row, required};

/// What day sheets are ruled in: an end one minute before a line means an end at the line.
const GRID_MINUTES: u16 = 5;

/// Column widths in characters. What is longer, the server cuts without a word.
const REASON: usize = 80;
const NOTES: usize = 255;

pub(super) fn read(row: &Row) -> EmrResult<Appointment> {
    let (date, interval) = when(row)?;
    Ok(Appointment {
        no: required(row.parsed("id")?).map(AppointmentNo)?,
        provider: provider(row)?,
        date,
        interval,
        status: status(row),
        patient: patient(row)?,
        program: row.parsed("programId")?.unwrap_or_default(),
        texts: AppointmentTexts {
            billing: row.phi("billing"),
            booking_source: row.phi("bookingSource"),
            location: row.phi("location"),
            name: row.phi("name"),
            notes: row.phi("notes"),
            reason: row.phi("reason"),
            remarks: row.phi("remarks"),
            resources: row.phi("resources"),
            style: row.phi("style"),
            kind: row.phi("type"),
            urgency: row.phi("urgency"),
        },
        changed_at: row.text_of("updateDateTime").map(str::to_owned),
    })
}

pub(super) fn when(row: &Row) -> EmrResult<(Date, Interval)> {
    let interval = stored_interval(row.time("startTime")?, row.time("endTime")?, GRID_MINUTES);
    Ok((row.date("appointmentDate")?, required(interval)?))
}

pub(super) fn provider(row: &Row) -> EmrResult<ProviderNo> {
    required(row.text_of("providerNo").and_then(|no| ProviderNo::parse(no.trim()).ok()))
}

pub(super) fn patient(row: &Row) -> EmrResult<DemographicNo> {
    Ok(row.parsed("demographicNo")?.map_or(DemographicNo::NOBODY, DemographicNo::new))
}

pub(super) fn status(row: &Row) -> Status {
    Status(row.text_of("status").map(str::to_owned))
}

/// No key more than every build knows: an unknown one fails the request. The name is the server's to fill in; without a
/// status the booking would be hidden from every screen.
pub(super) fn written(new: &NewAppointment) -> Value {
    let notes = format!("{} {}", new.mark, new.note);
    json!({
        "providerNo": new.provider.as_str(),
        "demographicNo": new.patient.reveal(),
        "appointmentDate": new.date.to_string(),
        "startTime": new.interval.start.to_string(),
        "duration": new.interval.minutes(),
        "status": Status::BOOKED,
        "type": "",
        "reason": cut(new.reason.reveal(), REASON),
        "notes": cut(notes.trim_end(), NOTES),
        "location": "",
        "resources": "",
        "urgency": "",
    })
}

fn cut(text: &str, width: usize) -> &str {
    text.char_indices().nth(width).map_or(text, |(at, _)| &text[..at])
}
