//! An appointment as the REST services print it. What was just made carries its dates as instants; what was read from the
//! database, as the text of its columns.

use serde_json::{Value, json};

use crate::sandbox::oscar::world::{Appointment, BookingSource, World};

pub(super) fn appointment(row: &Appointment, world: &World, fresh: bool) -> Value {
    let instant = |wall| world.jvm.instant(wall).as_millisecond();
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
