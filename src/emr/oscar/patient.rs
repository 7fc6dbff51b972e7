//! Charts, as `demographicTransfer` carries them.

use jiff::civil::Date;
use vitarad_actors::domain::ids::{DemographicNo, ProviderNo};
use vitarad_actors::domain::patient::{Patient, Standing};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::emr::EmrResult;

use super::field::{owned, parsed, phi, required};
use crate::emr::xml::Element;

/// Home, work and, on the newer fork, cell.
const PHONES: [&str; 3] = ["phone", "phone2", "cellPhone"];

pub(super) fn read(row: &Element) -> EmrResult<Patient> {
    let no = DemographicNo::new(required(parsed(row, "demographicNo")?)?);
    // A head record that is the chart itself is no merger, and neither is nobody's.
    let head = parsed(row, "headRecord")?.map(DemographicNo::new);
    Ok(Patient {
        no,
        first_name: owned(row, "firstName").into(),
        last_name: owned(row, "lastName").into(),
        birth_date: birth_date(row).map(Phi::new),
        phones: PHONES
            .iter()
            .filter_map(|name| phi(row, name))
            .filter(|phone| !phone.reveal().is_empty())
            .collect(),
        standing: Standing::of(row.text_of("patientStatus").unwrap_or_default()),
        merged_into: head.filter(|head| *head != no && *head != DemographicNo::NOBODY),
        provider: row.text_of("providerNo").and_then(|no| ProviderNo::parse(no).ok()),
    })
}

/// Three columns of text that nobody checks; what is no date is no birth date.
fn birth_date(row: &Element) -> Option<Date> {
    let part = |name| row.text_of(name).map(str::trim);
    let (year, month, day) = (part("yearOfBirth")?, part("monthOfBirth")?, part("dateOfBirth")?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use vitarad_actors::ports::EmrFailure;

    use super::*;
    use crate::emr::recorded;

    fn chart(fields: &str) -> EmrResult<Patient> {
        read(&Element::parse(format!("<return>{fields}</return>").as_bytes()).unwrap())
    }

    #[test]
    fn a_recorded_chart_is_read() {
        let operation = "searchDemographicsByAttributes";
        let reply = recorded::reply("09-searchDemographicsByAttributes-phone", operation);
        let chart = read(reply.each("return").next().unwrap()).unwrap();
        assert!(chart.no == DemographicNo::new(4006));
        assert!(chart.last_name.reveal() == "CHÉN-TEST" && chart.first_name.reveal() == "HOTEL");
        assert!(chart.birth_date == Some(Phi::new(date(1996, 9, 23))));
        assert_eq!(chart.phones.iter().map(Phi::reveal).collect::<Vec<_>>(), ["604.555.0105", "2505550135"]);
        assert_eq!(chart.standing, Standing::Active);
        assert_eq!(chart.provider, ProviderNo::parse("102").ok());
        assert!(chart.merged_into.is_none());
    }

    #[test]
    fn a_chart_is_merged_only_when_its_head_is_another_one() {
        for (head, merged) in
            [("", None), ("<headRecord>7</headRecord>", None), ("<headRecord>9</headRecord>", Some(9))]
        {
            let chart = chart(&format!("<demographicNo>7</demographicNo>{head}")).unwrap();
            assert_eq!(chart.merged_into.map(DemographicNo::reveal), merged);
        }
    }

    #[test]
    fn a_birth_date_that_is_no_date_is_none() {
        for (year, month, day, born) in [
            ("1979", "04", "07", Some(date(1979, 4, 7))),
            ("1979", "02", "30", None),
            ("", "", "", None),
            ("79 ", "x", "07", None),
        ] {
            let fields = format!(
                "<dateOfBirth>{day}</dateOfBirth><demographicNo>7</demographicNo>\
                 <monthOfBirth>{month}</monthOfBirth><yearOfBirth>{year}</yearOfBirth>"
            );
            assert!(
                chart(&fields).unwrap().birth_date.map(Phi::into_revealed) == born,
                "{year}-{month}-{day}"
            );
        }
        assert!(chart("<demographicNo>7</demographicNo>").unwrap().birth_date.is_none());
    }

    #[test]
    fn cell_phones_count_and_blank_ones_do_not() {
        let chart = chart(
            "<cellPhone>604-555-0101</cellPhone><demographicNo>7</demographicNo><patientStatus>DE</patientStatus>\
             <phone></phone><phone2>604-555-0102</phone2>",
        )
        .unwrap();
        assert_eq!(
            chart.phones.iter().map(Phi::reveal).collect::<Vec<_>>(),
            ["604-555-0102", "604-555-0101"]
        );
        assert_eq!(chart.standing, Standing::Deceased);
    }

    #[test]
    fn a_chart_without_a_number_is_unreadable() {
        assert!(chart("<firstName>A</firstName>").err() == Some(EmrFailure::Unreadable));
    }
}
