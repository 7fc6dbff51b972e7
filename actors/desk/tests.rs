//! A clinic with one caller who is known, and an EMR that does to each request what it is told: where the desk's tests play.

mod clerks;
mod days;
mod deaths;
mod forsaken;
mod held;
mod limits;
mod moves;
mod offers;
mod outages;
mod paths;
mod registration;
mod unknown;
mod wishes;

use std::time::Duration;

use serde_json::{Value, json};

use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::domain::ids::AppointmentNo;
use crate::domain::laws::no_overlap_by_us;
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::testing::{
    Fate, Op, PretendEmr, TestHouse, World, clinic, patient, provider_no, quarter, visit_day,
};

const LOST: Fate = Fate::AnswerLost { after: Duration::from_millis(40), with: EmrFailure::ConnectionLost };
const NEVER_ARRIVED: Fate =
    Fate::Fails { after: Duration::from_millis(40), with: EmrFailure::ConnectionLost };
const REFUSED: Fate = Fate::Fails { after: Duration::from_millis(40), with: EmrFailure::ClientFault };

async fn house() -> (World, TestHouse) {
    let world = World::of(vec![clinic("maple", 2)], &[patient(42), patient(7)]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    (world, house)
}

async fn verify(house: &TestHouse) {
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    let verified = house.ask("c1", "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    assert_eq!(verified["code"], "VERIFIED", "{verified}");
}

fn at(time: &str) -> Value {
    json!({ "date": visit_day().to_string(), "startTime": time, "providerId": "021" })
}

async fn book(house: &TestHouse, id: &str, time: &str) -> Value {
    house.ask("c1", id, Tool::CreateAppointment, at(time)).await
}

fn only(emr: &PretendEmr, op: Op, fate: Fate) {
    emr.script(move |asked| if asked == op { fate } else { Fate::PROMPT });
}

/// The next request of this kind meets its fate; those after it do not.
fn once(emr: &PretendEmr, op: Op, fate: Fate) {
    let mut left = 1;
    emr.script(move |asked| {
        if asked == op && left > 0 {
            left -= 1;
            fate
        } else {
            Fate::PROMPT
        }
    });
}

fn staff(world: &World, quarters_after_nine: u16) -> AppointmentNo {
    let slot = quarter(provider_no(1), visit_day(), quarters_after_nine, 1).unwrap();
    world.emr("maple").staff_adds(&slot, patient(7).no)
}

async fn counts(world: &World, house: &TestHouse) -> (u64, u64) {
    use crate::ports::store::BookingStore;
    let counts =
        world.store.journal_counts(&house.house.roster.load().clinics().next().unwrap().id).await.unwrap();
    (counts.unsettled, counts.handed_to_staff)
}

/// How long after a write that was not answered its absence counts, and has been found to.
fn until_given_up(house: &TestHouse) -> Duration {
    let (clinic, settings) = (clinic("maple", 2), &house.house.settings);
    clinic.limits.write_timeout() + settings.arrival_horizon + 2 * settings.look_every
}

/// Panics the saga the first time it passes a point.
fn dies_at(point: Crashpoint) -> Crashpoints {
    let armed = std::sync::atomic::AtomicBool::new(true);
    Crashpoints::armed(move |passed| {
        assert!(
            !(passed == point && armed.swap(false, std::sync::atomic::Ordering::SeqCst)),
            "told to die at {}",
            point.name()
        );
    })
}

async fn settles_everything(world: &World, house: &TestHouse) {
    house.wait(Duration::from_mins(3)).await;
    let (unsettled, _) = counts(world, house).await;
    assert_eq!(unsettled, 0);
    assert!(no_overlap_by_us(&world.emr("maple").live()).is_none());
}
