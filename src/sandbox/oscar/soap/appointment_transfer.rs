//! An appointment on the wire, both ways, elements in alphabetical order.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::arguments::{integer, position, present, text, wall};
use super::element::Element;
use super::fault::SoapFault;
use super::reply::Reply;
use crate::sandbox::oscar::jvm::Jvm;
use crate::sandbox::oscar::world::{Appointment, BookingSource, Draft, World};

const FIELDS: [&str; 22] = [
    "appointmentEndDateTime",
    "appointmentStartDateTime",
    "billing",
    "bookingSource",
    "createDateTime",
    "creator",
    "demographicNo",
    "id",
    "lastUpdateUser",
    "location",
    "name",
    "notes",
    "programId",
    "providerNo",
    "reason",
    "remarks",
    "resources",
    "status",
    "style",
    "type",
    "updateDateTime",
    "urgency",
];

/// Further columns of builds with visits by video. Nobody is seen that way here.
const VIRTUAL: [&str; 3] = ["currentClinicTime", "isVirtual", "virtualAppointmentType"];

/// How one call wants its appointments printed.
pub(super) struct Style<'a> {
    jvm: &'a Jvm,
    in_gmt: bool,
    /// The clinic's clock, on builds that print it on each row.
    clinic_time: Option<DateTime>,
}

impl<'a> Style<'a> {
    pub(super) fn of(world: &'a World, now: Timestamp, in_gmt: bool) -> Self {
        let clinic_time = world.build().has_virtual_visits.then(|| world.wall(now));
        Self { jvm: &world.jvm, in_gmt, clinic_time }
    }
}

pub(super) fn transfer(reply: &mut Reply, row: &Appointment, style: &Style<'_>) {
    let (details, jvm, in_gmt) = (&row.details, style.jvm, style.in_gmt);
    reply.open("return");
    reply.wall("appointmentEndDateTime", row.date.to_datetime(row.end), jvm, in_gmt);
    reply.wall("appointmentStartDateTime", row.date.to_datetime(row.start), jvm, in_gmt);
    reply.optional("billing", details.billing.as_deref());
    reply.optional("bookingSource", details.booking_source.map(BookingSource::code));
    reply.wall("createDateTime", row.created, jvm, in_gmt);
    reply.optional("creator", row.creator.as_deref());
    if let Some(clinic_time) = style.clinic_time {
        reply.wall("currentClinicTime", clinic_time, jvm, in_gmt);
    }
    reply.int("demographicNo", details.demographic_no);
    reply.int("id", row.id);
    if style.clinic_time.is_some() {
        reply.flag("isVirtual", false);
    }
    reply.optional("lastUpdateUser", row.last_update_user.as_deref());
    reply.optional("location", details.location.as_deref());
    reply.optional("name", details.name.as_deref());
    reply.optional("notes", details.notes.as_deref());
    reply.int("programId", details.program_id);
    reply.text("providerNo", &details.provider_no);
    reply.optional("reason", details.reason.as_deref());
    reply.optional("remarks", details.remarks.as_deref());
    reply.optional("resources", details.resources.as_deref());
    reply.optional("status", details.status.as_deref());
    reply.optional("style", details.style.as_deref());
    reply.optional("type", details.kind.as_deref());
    reply.wall("updateDateTime", row.updated, jvm, in_gmt);
    reply.optional("urgency", details.urgency.as_deref());
    reply.close("return");
}

pub(super) fn draft(appointment: &Element, world: &World) -> Result<Draft, SoapFault> {
    let mut draft = Draft::default();
    for child in &appointment.children {
        if world.build().has_virtual_visits && VIRTUAL.contains(&child.name.as_str()) {
            continue;
        }
        position(child, &FIELDS)?;
        if let Some(child) = present(child) {
            read_field(&mut draft, child, &world.jvm)?;
        }
    }
    Ok(draft)
}

fn read_field(draft: &mut Draft, field: &Element, jvm: &Jvm) -> Result<(), SoapFault> {
    let details = &mut draft.details;
    let column = match field.name.as_str() {
        "billing" => &mut details.billing,
        "location" => &mut details.location,
        "name" => &mut details.name,
        "notes" => &mut details.notes,
        "providerNo" => &mut draft.provider_no,
        "reason" => &mut details.reason,
        "remarks" => &mut details.remarks,
        "resources" => &mut details.resources,
        "status" => &mut details.status,
        "style" => &mut details.style,
        "type" => &mut details.kind,
        "urgency" => &mut details.urgency,
        _ => return read_typed_field(draft, field, jvm),
    };
    *column = Some(text(field)?.to_owned());
    Ok(())
}

fn read_typed_field(draft: &mut Draft, field: &Element, jvm: &Jvm) -> Result<(), SoapFault> {
    match field.name.as_str() {
        "appointmentEndDateTime" => draft.end = Some(wall(field, jvm)?),
        "appointmentStartDateTime" => draft.start = Some(wall(field, jvm)?),
        "bookingSource" => draft.details.booking_source = Some(booking_source(text(field)?)?),
        "demographicNo" => draft.details.demographic_no = integer(field)?,
        "id" => draft.id = Some(integer(field)?),
        "programId" => draft.details.program_id = integer(field)?,
        // The server's own columns are read, so they must be well formed, and then ignored.
        "createDateTime" | "updateDateTime" => {
            wall(field, jvm)?;
        }
        _ => {
            text(field)?;
        }
    }
    Ok(())
}

fn booking_source(code: &str) -> Result<BookingSource, SoapFault> {
    let known = BookingSource::ALL.into_iter().find(|source| source.code() == code);
    known.ok_or_else(|| SoapFault::not_a("booking source", code))
}
