//! A provider's days. No one list has all there is to know: the list of days has every row with its start, the list of a
//! month has the ends, and misses the month's last two days; what is still missing is asked for row by row.

use std::collections::HashMap;

use jiff::civil::Date;
use serde_json::json;
use vitarad_actors::domain::appointment::{Appointment, DayRow};
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::time::{Interval, Minute};
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

use super::appointment::{patient, provider, read, status, when};
use super::link::{Call, Link};
use super::path;
use super::row::{Listed, Row, Scheduled, required};

/// Rows from the first day up to, not including, the end, in order of their numbers.
pub(super) async fn rows(
    link: &Link,
    of: &ProviderNo,
    (first, end): (Date, Date),
    for_patient: Option<DemographicNo>,
) -> EmrResult<Vec<DayRow>> {
    if !of.as_str().bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(EmrFailure::Unsupported);
    }
    let Some(last) = end.yesterday().ok().filter(|last| first <= *last) else { return Ok(Vec::new()) };
    let listed = listed(link, of, first, last).await?;
    let ends = if listed.is_empty() { HashMap::new() } else { ends(link, of, first, last).await? };
    let mut rows = Vec::with_capacity(listed.len());
    for row in listed {
        rows.push(match completed(&row, &ends, for_patient)? {
            Some(row) => row,
            None => reduced(&one(link, number(&row)?).await?, for_patient),
        });
    }
    rows.retain(|row| row.provider == *of && (first..=last).contains(&row.date));
    rows.sort_by_key(|row| row.no.0);
    Ok(rows)
}

/// One row by its number, with everything in it.
pub(super) async fn one(link: &Link, no: AppointmentNo) -> EmrResult<Appointment> {
    let path = path(&["schedule", "getAppointment"]);
    let call = Call::post("schedule/getAppointment", path, json!({ "id": no.0 }));
    let answer: Scheduled = link.ask(call).await?;
    let row = read(&required(answer.appointment)?)?;
    required(Some(row).filter(|row| row.no == no))
}

async fn listed(link: &Link, of: &ProviderNo, first: Date, last: Date) -> EmrResult<Vec<Row>> {
    let path = path(&["schedule", "fetchDays", &first.to_string(), &last.to_string(), of.as_str()]);
    let days: Listed = link.ask(Call::get("schedule/fetchDays", path)).await?;
    Ok(days.content)
}

type Ends = HashMap<i32, (Date, Interval)>;

async fn ends(link: &Link, of: &ProviderNo, first: Date, last: Date) -> EmrResult<Ends> {
    let mut known = HashMap::new();
    let mut month = first.first_of_month();
    while month <= last {
        // Counted from zero.
        let number = (month.month() - 1).to_string();
        let path = path(&["schedule", "fetchMonthly", of.as_str(), &month.year().to_string(), &number]);
        let rows: Scheduled = link.ask(Call::get("schedule/fetchMonthly", path)).await?;
        for row in rows.appointments.unwrap_or_default() {
            // A row that cannot be read here is asked for by itself, if it is one that counts.
            if let (Ok(Some(no)), Ok(when)) = (row.parsed("id"), when(&row)) {
                known.insert(no, when);
            }
        }
        month = month.last_of_month().tomorrow().map_err(|_| EmrFailure::Unsupported)?;
    }
    Ok(known)
}

/// A listed row, if the month knows its end. It does not when the month misses its day, nor when staff have moved the row
/// since it was listed.
fn completed(row: &Row, ends: &Ends, for_patient: Option<DemographicNo>) -> EmrResult<Option<DayRow>> {
    let no = number(row)?;
    let (date, start) = (row.date("appointmentDate")?, Minute::of(row.time("startTime")?));
    let Some((_, interval)) =
        ends.get(&no.0).filter(|(day, interval)| *day == date && interval.start == start)
    else {
        return Ok(None);
    };
    Ok(Some(DayRow {
        no,
        provider: provider(row)?,
        date,
        interval: *interval,
        status: status(row),
        mark: row.text_of("notes").and_then(Mark::leading),
        for_patient: for_patient == Some(patient(row)?),
    }))
}

/// A whole row without what it says about its patient.
fn reduced(row: &Appointment, for_patient: Option<DemographicNo>) -> DayRow {
    DayRow {
        no: row.no,
        provider: row.provider.clone(),
        date: row.date,
        interval: row.interval,
        status: row.status.clone(),
        mark: row.mark(),
        for_patient: for_patient == Some(row.patient),
    }
}

fn number(row: &Row) -> EmrResult<AppointmentNo> {
    required(row.parsed("appointmentNo")?).map(AppointmentNo)
}
