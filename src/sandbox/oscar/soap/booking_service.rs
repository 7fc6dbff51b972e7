//! BookingService: OSCAR's own online booking. It works from a search that the clinic has set up for the provider who is
//! logged in; nobody here has one, and without one every operation trips over it.

use super::fault::SoapFault;
use super::operation::{Call, Operation};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::reads("bookAppointment", 2, not_set_up),
    Operation::reads("findAppointment", 3, not_set_up),
    Operation::reads("getAppointmentTypesByProvider", 1, not_set_up),
    Operation::reads("getExternalAppointmentTypes", 1, not_set_up),
];

fn not_set_up(_: &mut Call<'_>) -> Result<(), SoapFault> {
    Err(SoapFault::unexplained())
}
