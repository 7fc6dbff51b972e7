//! When nobody dies any more and the journals have settled: is what was told what the EMRs hold?

use vitarad::sandbox::oscar::Appointment;

use crate::callers::Visit;
use crate::nodes::Nodes;
use crate::town::{CEDAR_LINE, MAPLE_LINE};
use crate::voice::Platform;

const CLINICS: [(&str, &str); 2] = [("maple", MAPLE_LINE), ("cedar", CEDAR_LINE)];

/// Laws B-2 to B-6, as far as they can be seen from outside.
pub(crate) async fn judge(nodes: &Nodes, platform: &Platform, visits: &[Visit]) {
    nodes.settled().await;
    for node in nodes.running() {
        let metrics = node.metrics().await;
        let broken = metrics
            .lines()
            .find(|line| line.starts_with("vitarad_laws_broken_total{") && !line.ends_with(" 0"));
        assert_eq!(broken, None);
    }
    for visit in visits {
        let call = platform.call(&visit.call, visit.line, None);
        let (id, wish) = &visit.asked;
        let again = call.ask(id, "create_appointment", wish.clone()).await;
        assert_eq!(again, visit.told, "B-6: one tool call, one answer");
    }
    for (clinic, line) in CLINICS {
        let emr = nodes.premises.town.emr(clinic);
        let overlaps = emr.our_overlaps();
        assert!(overlaps.is_empty(), "B-2 at {clinic}: {overlaps:?}");
        let here: Vec<&Visit> = visits.iter().filter(|visit| visit.line == line).collect();
        told_is_true(&emr.marked(), &here);
    }
}

/// B-3 both ways: what was called booked is there and what was called cancelled is not, and nothing else is.
fn told_is_true(rows: &[Appointment], visits: &[&Visit]) {
    for visit in visits.iter().filter(|visit| visit.told["code"] == "BOOKED") {
        let row = rows.iter().find(|row| is_it(row, visit));
        let row = row.unwrap_or_else(|| panic!("told and nowhere: {} of {}", visit.told, visit.call));
        let since = visit.cancelled.as_ref().map(|told| told["code"].as_str().unwrap_or_default());
        assert!(since.is_some() || row.occupies(), "B-3: not live: {} of {}", visit.told, visit.call);
        let is_gone = since == Some("CANCELLED");
        assert!(!(is_gone && row.occupies()), "B-3: still live: {} of {}", visit.told, visit.call);
    }
    for row in rows.iter().filter(|row| row.occupies()) {
        let told = visits.iter().any(|visit| is_it(row, visit));
        // What the clinic was asked to look after may have been done after all.
        let handed = visits.iter().any(|visit| {
            visit.told["code"] == "HANDED_TO_STAFF" && visit.chart == row.details.demographic_no
        });
        assert!(told || handed, "B-2: nobody was told of {row:?}");
    }
}

/// Number, patient, provider, day and time.
fn is_it(row: &Appointment, visit: &Visit) -> bool {
    let told = &visit.told["appointment"];
    let says = |field: &str, is: String| told[field].as_str().map(str::to_owned) == Some(is);
    told["appointmentId"] == row.id
        && row.details.demographic_no == visit.chart
        && says("providerId", row.details.provider_no.clone())
        && says("date", row.date.to_string())
        && says("startTime", row.start.strftime("%H:%M").to_string())
}
