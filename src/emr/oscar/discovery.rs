//! What a server's SOAP services say they can do: builds differ by more than a decade, and what one lacks would otherwise
//! be found out with a patient on the line.

use vitarad_actors::domain::capabilities::{Can, Capability, Why};
use vitarad_actors::ports::emr::{EmrResult, Operation};

use super::{DEMOGRAPHIC, PROVIDER, SCHEDULE};
use crate::emr::http::Answer;
use crate::emr::session::Session;

/// What each of the port's operations is made of.
const MADE_OF: [(Operation, &str, &str); 10] = [
    (Operation::Providers, PROVIDER, "getProviders2"),
    (Operation::TemplateCodes, SCHEDULE, "getScheduleTemplateCodes"),
    (Operation::DaySchedule, SCHEDULE, "getDayWorkSchedule"),
    (Operation::DayRows, SCHEDULE, "getAppointmentsForDateRangeAndProvider2"),
    (Operation::AppointmentsOf, SCHEDULE, "getAppointmentsForPatient2"),
    (Operation::Appointment, SCHEDULE, "getAppointment2"),
    (Operation::ChartsByPhone, DEMOGRAPHIC, "searchDemographicsByAttributes"),
    (Operation::ChartsByBirthDate, DEMOGRAPHIC, "searchDemographicsByAttributes"),
    (Operation::AddAppointment, SCHEDULE, "addAppointment"),
    (Operation::CancelAppointment, SCHEDULE, "updateAppointment"),
];

pub(super) fn behind_a_firewall() -> Vec<Capability> {
    let line =
        |(operation, ..): (Operation, &str, &str)| Capability { operation, can: Can::No, why: Why::Firewall };
    MADE_OF.into_iter().map(line).collect()
}

/// Reads each service's description, and the list of services where one is missing.
pub(super) async fn read(session: &Session) -> EmrResult<Vec<Capability>> {
    let list = text(&session.page("").await?);
    let mut found = Vec::new();
    for service in [SCHEDULE, DEMOGRAPHIC, PROVIDER] {
        let description = text(&session.page(&format!("{service}?wsdl")).await?);
        let of_service = MADE_OF.into_iter().filter(|(_, of, _)| *of == service);
        found.extend(of_service.map(|(operation, _, name)| {
            let (can, why) = judged(&description, &list, service, name);
            Capability { operation, can, why }
        }));
    }
    Ok(found)
}

/// A page that is not what was asked for says nothing.
fn text(answer: &Answer) -> String {
    if answer.status.is_success() {
        String::from_utf8_lossy(&answer.body).into_owned()
    } else {
        String::new()
    }
}

fn judged(description: &str, list: &str, service: &str, operation: &str) -> (Can, Why) {
    // The prefix before the element's name differs, its only attribute does not.
    let mut described = description.split("operation name=\"").skip(1).peekable();
    if described.peek().is_none() {
        let is_legible = list.contains("LoginService");
        return if is_legible && !list.contains(service) {
            (Can::No, Why::NoService)
        } else {
            (Can::Unknown, Why::NotTold)
        };
    }
    let has_it = described.any(|rest| rest.split('"').next() == Some(operation));
    if has_it { (Can::Yes, Why::Described) } else { (Can::No, Why::NotDescribed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"<wsdl:portType name="ScheduleWs"><wsdl:operation name="addAppointment"/>
        <wsdl:operation name="getAppointment"/></wsdl:portType>"#;
    const LIST: &str = "<a href=\"LoginService?wsdl\"/><a href=\"ScheduleService?wsdl\"/>";

    #[test]
    fn an_operation_is_there_if_its_whole_name_is_described() {
        assert_eq!(judged(OLD, LIST, SCHEDULE, "addAppointment"), (Can::Yes, Why::Described));
        assert_eq!(judged(OLD, LIST, SCHEDULE, "getAppointment2"), (Can::No, Why::NotDescribed));
    }

    #[test]
    fn without_a_description_only_a_list_that_can_be_read_rules_a_service_out() {
        assert_eq!(judged("", LIST, DEMOGRAPHIC, "x"), (Can::No, Why::NoService));
        assert_eq!(judged("", LIST, SCHEDULE, "x"), (Can::Unknown, Why::NotTold));
        assert_eq!(judged("<html>Just a moment</html>", "", DEMOGRAPHIC, "x"), (Can::Unknown, Why::NotTold));
    }
}
