//! A caller who asks while the EMR is away leaves with a reference, and what they asked for is done when it is back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{at, book, counts, dies_at, house, only, settles_everything, staff, verify};
use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::domain::appointment::Status;
use crate::domain::held::HeldState;
use crate::domain::ids::AppointmentNo;
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::ports::store::HeldRow;
use crate::testing::{Fate, Op, TestHouse, World, clinic, patient};

const AWAY: Fate = Fate::Fails { after: Duration::ZERO, with: EmrFailure::NoConnection };
/// Long enough for a breaker to try again, and for a request that found the EMR away to be due again.
const SOON: Duration = Duration::from_mins(5);

fn goes_away(world: &World) {
    world.emr("maple").script(|_| AWAY);
}

fn comes_back(world: &World) {
    world.emr("maple").script(|_| Fate::PROMPT);
}

fn rows(world: &World) -> Vec<HeldRow> {
    world.store.peek().held.iter().map(|entry| entry.row.clone()).collect()
}

fn states(world: &World) -> Vec<HeldState> {
    rows(world).iter().map(|row| row.state).collect()
}

async fn cancel(house: &TestHouse, id: &str, no: &Value) -> Value {
    house.ask("c1", id, Tool::CancelAppointment, json!({ "appointmentId": no })).await
}

#[tokio::test(start_paused = true)]
async fn a_booking_asked_for_while_the_emr_is_away_is_made_when_it_is_back_and_texted() {
    let (world, house) = house().await;
    goes_away(&world);
    let held = book(&house, "t1", "10:00").await;
    assert_eq!(held["code"], "HELD", "{held}");
    let reference = held["reference"].as_str().unwrap().to_owned();
    let spoken = reference.chars().map(String::from).collect::<Vec<_>>().join(" ");
    assert!(held["say"].as_str().unwrap().contains(&spoken), "{held}");
    assert_eq!(book(&house, "t1", "10:00").await, held, "the same tool call");
    assert_eq!(book(&house, "t2", "10:00").await["reference"], reference, "the same wish");
    let checked = house.ask("c1", "c", Tool::CheckAppointments, json!({})).await;
    assert_eq!(checked["heldRequests"][0]["reference"], reference, "{checked}");
    assert_eq!((&checked["code"], &checked["appointments"]), (&json!("HELD"), &Value::Null));
    house.wait(Duration::from_hours(2)).await;
    assert_eq!((world.emr("maple").requests(Op::Add), states(&world)), (0, vec![HeldState::Open]));
    comes_back(&world);
    house.wait(SOON).await;
    assert_eq!(states(&world), [HeldState::Done]);
    assert_eq!((world.emr("maple").requests(Op::Add), world.emr("maple").live().len()), (1, 1));
    assert_eq!(world.sms.sent().len(), 1);
    assert_eq!(book(&house, "t1", "10:00").await, held, "what was answered stays answered");
    assert_eq!(book(&house, "t3", "10:00").await["code"], "BOOKED", "a new question hears of the outcome");
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
    assert_eq!(counts(&world, &house).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn however_long_the_emr_was_away_the_booking_is_made_once() {
    for away in [1, 3_600, 24 * 3_600].map(Duration::from_secs) {
        let mut world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
        world.settings.look_every = (away / 1_000).clamp(Duration::from_secs(1), Duration::from_mins(1));
        world.settings.duty_every = world.settings.look_every;
        world.settings.pace.dead_after = world.settings.look_every * 10;
        world.settings.role_lasts = Duration::from_mins(10);
        let house = world.begin(1, Crashpoints::default()).await;
        verify(&house).await;
        goes_away(&world);
        assert_eq!(book(&house, "t1", "10:00").await["code"], "HELD");
        house.wait(away).await;
        comes_back(&world);
        house.wait(Duration::from_mins(15)).await;
        assert_eq!((states(&world), world.emr("maple").live().len()), (vec![HeldState::Done], 1), "{away:?}");
        // Or it would work on through the next, longer time.
        house.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_and_a_cancellation_are_held_and_done_in_the_order_they_were_asked_for() {
    let (world, house) = house().await;
    let first = book(&house, "t1", "10:00").await["appointment"]["appointmentId"].clone();
    let second = book(&house, "t2", "11:00").await["appointment"]["appointmentId"].clone();
    house.ask("c1", "t3", Tool::CheckAppointments, json!({})).await;
    goes_away(&world);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = first;
    assert_eq!(house.ask("c1", "t4", Tool::UpdateAppointment, move_it).await["code"], "HELD");
    assert_eq!(cancel(&house, "t5", &second).await["code"], "HELD");
    house.wait(Duration::from_mins(10)).await;
    comes_back(&world);
    house.wait(SOON).await;
    assert_eq!(states(&world), [HeldState::Done, HeldState::Done]);
    let live = world.emr("maple").live();
    assert_eq!(live.len(), 1, "the moved one");
    assert_eq!(live[0].slot.interval.start.to_string(), "14:00");
}

#[tokio::test(start_paused = true)]
async fn a_held_booking_whose_time_is_gone_goes_to_staff_with_others_near_it_and_is_not_made_elsewhere() {
    let (world, house) = house().await;
    goes_away(&world);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "HELD");
    staff(&world, 4);
    comes_back(&world);
    house.wait(SOON).await;
    let held = rows(&world);
    assert_eq!((held[0].state, held[0].outcome.as_deref()), (HeldState::HandedToStaff, Some("SLOT_TAKEN")));
    let times: Vec<String> =
        held[0].alternatives.iter().map(|slot| slot.interval.start.to_string()).collect();
    assert_eq!(times.len(), 3, "{times:?}");
    assert!(times.contains(&"10:15".to_owned()) && !times.contains(&"10:00".to_owned()), "{times:?}");
    assert_eq!(world.emr("maple").requests(Op::Add), 0);
    assert_eq!(world.sms.sent().len(), 1, "the patient hears that it was not done");
}

#[tokio::test(start_paused = true)]
async fn a_call_leaves_three_requests_behind_and_is_refused_the_fourth() {
    let (world, house) = house().await;
    goes_away(&world);
    for (id, time) in [("t1", "10:00"), ("t2", "11:00"), ("t3", "13:00")] {
        assert_eq!(book(&house, id, time).await["code"], "HELD");
    }
    assert_eq!(book(&house, "t4", "14:00").await["code"], "EMR_UNAVAILABLE");
    assert_eq!(book(&house, "t5", "11:00").await["code"], "HELD", "known already");
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_time_passes_while_the_emr_is_away_is_not_made_and_the_patient_is_told() {
    let mut world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
    world.settings.look_every = Duration::from_mins(2);
    world.settings.duty_every = Duration::from_mins(2);
    world.settings.pace.dead_after = Duration::from_mins(20);
    world.settings.role_lasts = Duration::from_mins(20);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    goes_away(&world);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "HELD");
    house.wait(Duration::from_hours(49)).await;
    assert_eq!(states(&world), [HeldState::Expired]);
    comes_back(&world);
    house.wait(Duration::from_hours(1)).await;
    assert_eq!((world.emr("maple").requests(Op::Add), world.sms.sent().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_the_emr_refuses_is_not_held() {
    let (world, house) = house().await;
    only(world.emr("maple"), Op::Add, super::REFUSED);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "EMR_UNAVAILABLE");
    assert!(rows(&world).is_empty());
}

/// Laws B-2 and O-2.
#[tokio::test(start_paused = true)]
async fn a_death_at_any_point_of_carrying_one_out_books_no_more_than_once_and_it_ends() {
    for point in [Crashpoint::Announced, Crashpoint::Sent, Crashpoint::Verified, Crashpoint::Settled] {
        for process_dies in [false, true] {
            let (world, calm) = house().await;
            goes_away(&world);
            assert_eq!(book(&calm, "t1", "10:00").await["code"], "HELD");
            calm.stop().await;
            comes_back(&world);
            let mut house = world.begin(2, dies_at(point)).await;
            while states(&world)[0] == HeldState::Open {
                house.wait(Duration::from_millis(5)).await;
            }
            if process_dies {
                // A connection that has just begun has little to spend.
                house.wait(Duration::from_millis(400)).await;
                house.root.actor().kill();
                let _ = house.root.ended().await;
                house = world.begin(3, Crashpoints::default()).await;
            }
            settles_everything(&world, &house).await;
            house.wait(Duration::from_mins(6)).await;
            let (live, adds) = (world.emr("maple").live().len(), world.emr("maple").requests(Op::Add));
            let expected = u64::from(point != Crashpoint::Announced);
            assert_eq!((live as u64, adds), (expected, expected), "{point:?} {process_dies}");
            let booked = [HeldState::HandedToStaff, HeldState::Done][live];
            assert_eq!(states(&world), [booked], "{point:?} {process_dies}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_held_booking_is_settled_by_reading() {
    let (world, house) = house().await;
    goes_away(&world);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "HELD");
    let mut lost = false;
    world.emr("maple").script(move |op| {
        if op == Op::Add && !std::mem::replace(&mut lost, true) { super::LOST } else { Fate::PROMPT }
    });
    house.wait(SOON).await;
    assert_eq!(states(&world), [HeldState::Done]);
    assert_eq!(world.emr("maple").live().iter().map(|row| row.no).collect::<Vec<_>>(), [AppointmentNo(1)]);
}

/// Law B-7: what was done before a death is found done, and is not done again after staff have cancelled it.
#[tokio::test(start_paused = true)]
async fn a_held_booking_that_was_made_before_a_death_is_not_made_again_after_staff_cancel_it() {
    let (world, calm) = house().await;
    goes_away(&world);
    assert_eq!(book(&calm, "t1", "10:00").await["code"], "HELD");
    calm.stop().await;
    comes_back(&world);
    let mut house = world.begin(2, dies_at(Crashpoint::Settled)).await;
    while world.emr("maple").live().is_empty() {
        house.wait(Duration::from_millis(5)).await;
    }
    house.wait(Duration::from_millis(150)).await;
    house.root.actor().kill();
    let _ = house.root.ended().await;
    assert!(states(&world)[0].is_waiting(), "nobody noted that it was done");
    let no = world.emr("maple").live()[0].no;
    world.emr("maple").staff_edits(no, |row| row.status = Status::of(Status::CANCELLED));
    let house = world.begin(3, Crashpoints::default()).await;
    house.wait(Duration::from_mins(6)).await;
    assert_eq!((world.emr("maple").requests(Op::Add), states(&world)), (1, vec![HeldState::Done]));
}

#[tokio::test(start_paused = true)]
async fn held_requests_wait_while_callers_do() {
    const SLOW: Fate = Fate::Answered { after: Duration::from_secs(3) };
    let (world, house) = house().await;
    goes_away(&world);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "HELD");
    house.wait(Duration::from_mins(2)).await;
    world.emr("maple").script(|op| if op == Op::Charts { SLOW } else { Fate::PROMPT });
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    let crowd =
        (0..90_u64).flat_map(|second| (0..8).map(move |caller| (second, caller))).map(|(second, caller)| {
            let (house, call, born) =
                (&house, format!("crowd-{second}-{caller}"), json!({ "dateOfBirth": born }));
            async move {
                house.wait(Duration::from_secs(second)).await;
                house.ask(&call, "v", Tool::SearchPatientByPhone, born).await;
            }
        });
    let crowd = futures::future::join_all(crowd);
    let look = async {
        house.wait(Duration::from_secs(85)).await;
        assert!(world.emr("maple").requests(Op::Charts) > 20, "the EMR is back");
        assert_eq!((world.emr("maple").requests(Op::Add), states(&world)), (0, vec![HeldState::Open]));
    };
    tokio::join!(crowd, look);
    house.wait(SOON).await;
    assert_eq!(states(&world), [HeldState::Done]);
}
