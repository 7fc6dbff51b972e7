//! Charts, as `DemographicTo1` and the search's shorter rows carry them.

use jiff::civil::Date;
use vitarad_actors::domain::ids::{DemographicNo, ProviderNo};
use vitarad_actors::domain::patient::{Patient, Standing};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::emr::EmrResult;

use super::row::{Row, required};

/// A chart in full. Home, work and, on the newer fork, cell; the older one shows the cell number in place of work's.
pub(super) fn read(row: &Row) -> EmrResult<Patient> {
    let part = |name| row.text_of(name).and_then(|text| text.trim().parse::<i16>().ok());
    let small = |name| part(name).and_then(|number| i8::try_from(number).ok());
    let born = part("dobYear").zip(small("dobMonth")).zip(small("dobDay"));
    let born = born.and_then(|((year, month), day)| Date::new(year, month, day).ok());
    chart(row, born, &["phone", "alternativePhone", "cellPhone"])
}

/// A chart as a search shows it: of the numbers only the one at home.
pub(super) fn found(row: &Row) -> EmrResult<Patient> {
    // The date beside it is an instant in a zone that nobody names.
    let born = row.text_of("formattedDOB").and_then(|text| text.trim().parse().ok());
    chart(row, born, &["phone"])
}

fn chart(row: &Row, born: Option<Date>, phones: &[&str]) -> EmrResult<Patient> {
    Ok(Patient {
        no: DemographicNo::new(required(row.parsed("demographicNo")?)?),
        first_name: row.owned("firstName").into(),
        last_name: row.owned("lastName").into(),
        birth_date: born.map(Phi::new),
        phones: phones
            .iter()
            .filter_map(|name| row.phi(name))
            .filter(|phone| !phone.reveal().is_empty())
            .collect(),
        standing: Standing::of(row.text_of("patientStatus").unwrap_or_default()),
        // Nobody tells; a search shows a merged chart as the one it was merged into.
        merged_into: None,
        provider: row.text_of("providerNo").and_then(|no| ProviderNo::parse(no.trim()).ok()),
    })
}
