//! Callers who name what is not theirs (laws I-2, I-3): another patient's appointment, another clinic's, a chart number.

use rand::RngExt;
use serde_json::{Value, json};
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::testing::patient;

use crate::callers::{Caller, elsewhere};
use crate::record::Record;
use crate::town::{CLINICS, patients_of};

/// Answers that grant or tell something.
const GRANTS: [&str; 7] = ["BOOKED", "MOVED", "MOVED_OLD_REMAINS", "CANCELLED", "HELD", "VERIFIED", "OK"];

fn refused(record: &Record, what: &str, answer: &Value) {
    record.count("attempts at what is not theirs");
    if let Some(code) = answer["code"].as_str().filter(|code| GRANTS.contains(code)) {
        record.breach(format!("I-3: {what} was answered with {code}"));
    }
}

pub async fn pry_before_verification(caller: &mut Caller) {
    let tool = [Tool::CheckAppointments, Tool::CancelAppointment, Tool::GetPatient]
        [caller.line.rng.random_range(0..3)];
    let answer = caller.ask(tool, json!({ "appointmentId": 1, "patientId": "p1" })).await;
    refused(&caller.line.record, "who is not verified", &answer);
}

pub async fn pry(caller: &mut Caller) {
    match caller.line.rng.random_range(0..3) {
        0 => {
            let chart = 4_000 + elsewhere(caller.line.clinic);
            let answer = caller.ask(Tool::CheckAppointments, json!({ "patientId": chart })).await;
            refused(&caller.line.record, "a chart number", &answer);
        }
        1 => {
            let born = patient(elsewhere(caller.line.clinic)).birth_date.unwrap().reveal().to_string();
            let answer = caller.ask(Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
            refused(&caller.line.record, "another clinic's patient", &answer);
        }
        _ => {
            // Whoever's that is: the verdict finds out whether a row of another patient was touched.
            let no = caller.line.rng.random_range(1..40);
            let other = CLINICS[(caller.line.clinic + 1) % CLINICS.len()];
            let arguments = json!({ "appointmentId": no, "clinicId": other, "clinic": other });
            caller.line.record.count("attempts at what is not theirs");
            caller.change(Tool::CancelAppointment, arguments).await;
        }
    }
}

/// I-3: nobody else's name is in any answer, of whichever clinic, and one's own only once one is verified.
pub fn learn_nothing(record: &Record, clinic: usize, own: i32, verified: bool, line: &str) {
    for other in 0..CLINICS.len() {
        for n in patients_of(other) {
            let chart = patient(n);
            let named = line.contains(chart.first_name.reveal()) || line.contains(chart.last_name.reveal());
            let may = (other, n) == (clinic, own) && (verified || line.contains("\"VERIFIED\""));
            if named && !may {
                record
                    .breach(format!("I-3: a caller of {} heard a name that is not theirs", CLINICS[clinic]));
            }
        }
    }
}
