//! What our account may do by REST. The services are the same on every build; the rights of whoever approved are not, and
//! a missing one fails whole lists.

use serde::Deserialize;
use serde_json::json;
use vitarad_actors::domain::capabilities::{Can, Capability, Why};
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::{EmrResult, Operation};

use super::link::{Call, Link};
use super::path;

/// The rights asked for, and what each is needed for.
const NEEDED: [(&str, &str, &[Operation]); 4] = [
    ("_appointment", "r", &[Operation::DayRows, Operation::AppointmentsOf, Operation::Appointment]),
    ("_appointment", "w", &[Operation::AddAppointment, Operation::CancelAppointment]),
    (
        "_demographic",
        "r",
        &[
            Operation::ChartsByPhone,
            Operation::ChartsByBirthDate,
            Operation::ChartsByHealthNumber,
            Operation::Chart,
        ],
    ),
    ("_demographic", "w", &[Operation::AddPatient]),
];

#[derive(Deserialize)]
struct Rights {
    content: Vec<bool>,
}

pub(super) async fn read(link: &Link) -> EmrResult<Vec<Capability>> {
    let wanted = |(object, privilege, _)| json!({ "objectName": object, "privilege": privilege });
    let body = json!({ "items": NEEDED.map(wanted) });
    let call = Call::post("persona/hasRights", path(&["persona", "hasRights"]), body);
    let rights = match link.ask::<Rights>(call).await {
        Ok(rights) if rights.content.len() == NEEDED.len() => Some(rights.content),
        // A server that answers, but not this, has no such service.
        Ok(_)
        | Err(
            EmrFailure::HttpError
            | EmrFailure::ServerFault
            | EmrFailure::ClientFault
            | EmrFailure::Unreadable
            | EmrFailure::Firewall,
        ) => None,
        Err(failure) => return Err(failure),
    };
    let never = Capability { operation: Operation::DaySchedule, can: Can::No, why: Why::Never };
    let judged = |(index, (_, _, operations)): (usize, (&str, &str, &'static [Operation]))| {
        let (can, why) = match rights.as_ref().map(|rights| rights[index]) {
            Some(true) => (Can::Yes, Why::Granted),
            Some(false) => (Can::No, Why::NotGranted),
            None => (Can::Unknown, Why::NotTold),
        };
        operations.iter().map(move |operation| Capability { operation: *operation, can, why })
    };
    Ok(NEEDED.into_iter().enumerate().flat_map(judged).chain([never]).collect())
}
