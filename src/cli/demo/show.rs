//! What the demo prints.

use std::io::Write;

use super::house::{CEDAR_LINE, DemoHouse, MAPLE_LINE};
use crate::cli::call::seconds;
use crate::cli::{complain, say};
use crate::sandbox::oscar::demo::MARIE;
use crate::sandbox::oscar::{Fault, FaultRule};
use crate::sandbox::vapi::{Caller, Cast, Platform, Script, Signing, play};

/// Plays the script as Marie Tremblay, who has one appointment at the Maple clinic, and shows her day sheet afterwards.
pub async fn one_call(house: &DemoHouse, script: &'static Script) -> bool {
    say(&format!("vitarad demo: {}\n", script.about));
    if script.name == "emr-down" {
        take_the_emr_down(house);
    }
    let platform = Platform {
        url: format!("http://{}/api/vapi", house.app.addr()),
        signing: Signing::Hmac(house.secret.clone()),
        now: seconds,
    };
    let cast = Cast { birth_date: MARIE.birth };
    let mut out = std::io::stdout();
    let played = match Caller::dial(platform, "demo-call-1", MAPLE_LINE, Some(MARIE.phone)) {
        Ok(caller) => play(script, &cast, caller, &mut out).await,
        Err(failure) => Err(failure),
    };
    match played {
        Ok(played) => {
            day_sheet(house, &mut out);
            if !played.as_written {
                complain("the call did not end as the script says it should");
            }
            played.as_written
        }
        Err(failure) => {
            complain(&failure.to_string());
            false
        }
    }
}

fn take_the_emr_down(house: &DemoHouse) {
    let down = FaultRule { operation: "*".to_owned(), fault: Fault::Http500, times: None, probability: None };
    if let Some(oscar) = house.sandbox.oscar("maple") {
        let _ = oscar.add_fault(down);
    }
}

/// Marie's appointments as the EMR has them, cancelled ones too.
fn day_sheet(house: &DemoHouse, out: &mut dyn Write) {
    let Some(oscar) = house.sandbox.oscar("maple") else { return };
    let _ = writeln!(out, "\n  In the EMR now, for {},{}:", MARIE.last_name, MARIE.first_name);
    let state = oscar.state();
    for row in state.appointments.iter().filter(|row| row.details.demographic_no == MARIE.demographic_no) {
        let status = row.details.status.as_deref().unwrap_or("-");
        let meaning = if status == "C" { "cancelled" } else { "booked" };
        let _ = writeln!(
            out,
            "    #{} {} {}-{} provider {} status {status} ({meaning}), by {}, notes: {}",
            row.id,
            row.date,
            row.start,
            row.end,
            row.details.provider_no,
            row.creator.as_deref().unwrap_or("-"),
            row.details.notes.as_deref().unwrap_or(""),
        );
    }
}

pub fn how_to_go_on(house: &DemoHouse) {
    let (addr, key) = (house.app.addr(), &house.api_key);
    say(&format!(
        "
  Serving on. The webhook is http://{addr}/api/vapi, the lines are {MAPLE_LINE} (maple) and {CEDAR_LINE} (cedar).
  The pretend EMR's control: {control}/state
  How is it: http://{addr}/health

  Ask something yourself:
    curl -s http://{addr}/clinics/maple/api/vapi/get-clinic-info \\
      -H 'x-api-key: {key}' -H 'content-type: application/json' -d '{{}}'

  Ctrl-C drains and leaves.
",
        control = house.sandbox.control_url("maple"),
    ));
}
