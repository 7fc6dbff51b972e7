//! An appointment as the REST services print it. What was just made carries its dates as instants; what was read from the
//! database, as the text of its columns.

use jiff::civil::{DateTime, Time};
use serde_json::{Value, json};

use crate::sandbox::oscar::profile::Dates;
use crate::sandbox::oscar::world::{Appointment, BookingSource, World};

/// An instant, in the server's zone, as this build prints it.
pub(super) fn instant(wall: DateTime, world: &World) -> Value {
    let dates = world.build().rest.map_or(Dates::Milliseconds, |rest| rest.dates);
    if dates == Dates::ByValue && wall.time() == Time::midnight() {
        json!(wall.date().to_string())
    } else {
        json!(world.jvm.instant(wall).as_millisecond())
    }
}

pub(super) fn appointment(row: &Appointment, world: &World, fresh: bool) -> Value {
    let instant = |wall| instant(wall, world);
    let times = if fresh {
        let start = instant(row.date.to_datetime(row.start));
        json!([start, start, instant(row.date.to_datetime(row.end))])
    } else {
        json!([row.date.to_string(), row.start.to_string(), row.end.to_string()])
    };
    let details = &row.details;
    json!({
        "id": row.id,
        "providerNo": details.provider_no,
        "appointmentDate": times[0],
        "startTime": times[1],
        "endTime": times[2],
        "name": details.name,
        "demographicNo": details.demographic_no,
        "programId": details.program_id,
        "notes": details.notes,
        "reason": details.reason,
        "location": details.location,
        "resources": details.resources,
        "type": details.kind,
        "style": details.style,
        "billing": details.billing,
        "status": details.status,
        "createDateTime": instant(row.created),
        "updateDateTime": instant(row.updated),
        "creator": row.creator,
        "lastUpdateUser": row.last_update_user,
        "remarks": details.remarks,
        "urgency": details.urgency,
        "creatorSecurityId": row.creator_security_id,
        "bookingSource": details.booking_source.map(BookingSource::code),
        "reasonCode": null,
        "demographic": null,
        "provider": null,
        "billingDetail": null,
    })
}
