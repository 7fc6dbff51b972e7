//! Law I-1: while one clinic's EMR hangs and its telephones never stop, the callers of another notice nothing: every
//! answer is the one they would have had, within the same time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::testing::{Fate, TestHouse, World, clinic, patient, visit_day};

const FLOOD: usize = 300;
/// Of virtual time, on the quiet clinic's line: a few requests to a prompt EMR.
const AT_MOST: Duration = Duration::from_millis(500);

/// One call at the quiet clinic, from hello to a booking that is cancelled again.
async fn quiet_call(house: &TestHouse, n: usize) {
    let born = patient(7).birth_date.unwrap().reveal().to_string();
    let day = visit_day().to_string();
    let verified = hears(house, n, "t1", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    assert_eq!(verified["code"], "VERIFIED", "{verified}");
    let offer = hears(house, n, "t2", Tool::FindEarliestAppointment, json!({ "startDate": day })).await;
    let slot = json!({ "slotId": offer["slot"]["slotId"] });
    let booked = hears(house, n, "t3", Tool::CreateAppointment, slot).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    let no = json!({ "appointmentId": booked["appointment"]["appointmentId"] });
    let cancelled = hears(house, n, "t4", Tool::CancelAppointment, no).await;
    assert_eq!(cancelled["code"], "CANCELLED", "{cancelled}");
}

async fn hears(house: &TestHouse, n: usize, id: &str, tool: Tool, arguments: Value) -> Value {
    let asked = Instant::now();
    let call = format!("quiet-{n}");
    let answer = house.ask_of("cedar", &call, id, tool, arguments, Some("604-555-0107")).await;
    assert!(asked.elapsed() <= AT_MOST, "{tool:?} took {:?}", asked.elapsed());
    answer
}

/// Whatever they hear, they call again.
async fn flood(house: Arc<TestHouse>, n: usize, until: Instant) {
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    for asked in 0.. {
        if Instant::now() >= until {
            return;
        }
        let (call, id) = (format!("flood-{n}-{}", asked / 3), format!("t{asked}"));
        let tool =
            [Tool::SearchPatientByPhone, Tool::FindEarliestAppointment, Tool::CreateAppointment][asked % 3];
        let arguments = json!({
            "dateOfBirth": born, "date": visit_day().to_string(), "startTime": "10:00", "providerId": "021",
        });
        house.ask_of("maple", &call, &id, tool, arguments, Some("604-555-0142")).await;
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_one_clinics_emr_hangs_and_is_flooded_the_callers_of_another_notice_nothing() {
    let clinics = vec![clinic("maple", 2), clinic("cedar", 2)];
    let world = World::of(clinics, &[patient(7), patient(42)]);
    world.emr("maple").script(|_| Fate::Hangs);
    let house = Arc::new(world.begin(1, Crashpoints::default()).await);
    let until = Instant::now() + Duration::from_mins(1);
    let mut callers = JoinSet::new();
    for n in 0..FLOOD {
        callers.spawn(flood(Arc::clone(&house), n, until));
    }
    for n in 0..10 {
        quiet_call(&house, n).await;
        sleep(Duration::from_secs(5)).await;
    }
    callers.join_all().await;
    assert!(world.emr("maple").rows().is_empty());
    assert_eq!(world.emr("cedar").rows().len(), 10);
}
