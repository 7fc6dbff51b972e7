//! Sagas against an EMR that misbehaves, staff who book over us, and deaths at every named point.

mod days;
mod forsaken;
mod held;
mod limits;
mod offers;
mod paths;
mod registration;

use std::time::Duration;

use serde_json::{Value, json};

use super::DeskMsg;
use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::domain::ids::AppointmentNo;
use crate::domain::laws::no_overlap_by_us;
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::testing::{
    Death, Fate, Op, PretendEmr, TestHouse, World, clinic, patient, provider_no, quarter, visit_day,
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

/// Who was told "not confirmed yet; the clinic will make sure" does not find out by not turning up in the book.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_once_the_caller_was_told_pending_is_for_staff_to_tell() {
    let (world, house) = house().await;
    let refused = EmrFailure::ClientFault;
    only(world.emr("maple"), Op::Add, Fate::Fails { after: Duration::from_secs(6), with: refused });
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_secs(3)).await;
    assert_eq!(book(&house, "t1", "10:00").await["code"], "HANDED_TO_STAFF");
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_reading_while_the_caller_waits() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, LOST);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED");
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
    assert_eq!(counts(&world, &house).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_arrived_stays_unknown_until_absence_counts_and_ends_with_staff() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    let pending = book(&house, "t1", "10:00").await;
    assert_eq!(pending["code"], "PENDING", "{pending}");
    let taken = house
        .ask_of(
            "maple",
            "c2",
            "x",
            Tool::FindEarliestAppointment,
            json!({ "startDate": visit_day().to_string() }),
            None,
        )
        .await;
    assert_eq!(taken["code"], "SLOT_FOUND");
    house.wait(Duration::from_secs(10)).await;
    assert_eq!(counts(&world, &house).await, (1, 0), "absence does not count yet");
    house.wait(Duration::from_secs(25)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
    assert_eq!(world.emr("maple").requests(Op::Add), 1, "never sent again");
    let told = book(&house, "t1", "10:00").await;
    assert_eq!(told["code"], "HANDED_TO_STAFF", "the stored answer: {told}");
}

#[tokio::test(start_paused = true)]
async fn an_unsettled_write_occupies_its_time_and_its_patient() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    assert_eq!(book(&house, "t2", "11:00").await["code"], "PATIENT_BUSY");
    let born = patient(7).birth_date.unwrap().reveal().to_string();
    let other = |id: &'static str, tool, arguments| {
        house.ask_of("maple", "c2", id, tool, arguments, Some("604-555-0107"))
    };
    assert_eq!(
        other("v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await["code"],
        "VERIFIED"
    );
    assert_eq!(other("t3", Tool::CreateAppointment, at("10:00")).await["code"], "SLOT_TAKEN");
    assert_eq!(other("t4", Tool::CreateAppointment, at("10:15")).await["code"], "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn a_write_the_emr_refused_is_known_not_to_be_done() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, REFUSED);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "EMR_UNAVAILABLE");
    assert_eq!(counts(&world, &house).await, (0, 0));
    assert_eq!(book(&house, "t2", "10:00").await["code"], "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_write_is_pending_for_the_caller_and_found_later() {
    let (world, house) = house().await;
    let late = Fate::DoneLater { after: Duration::from_secs(8), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_secs(15)).await;
    assert_eq!(counts(&world, &house).await, (0, 0));
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED", "the answer is stored when it is known");
    assert_eq!(world.sms.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_turns_up_after_it_was_given_up_is_adopted() {
    let (world, house) = house().await;
    let very_late = Fate::DoneLater { after: Duration::from_mins(3), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, very_late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
    house.wait(Duration::from_mins(10)).await;
    let tables = world.store.peek();
    assert!(matches!(tables.effects[0].state, crate::domain::booking::EffectState::Done(_)));
    assert_eq!(world.emr("maple").live().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_turns_up_twice_after_it_was_given_up_leaves_one_row() {
    let (world, house) = house().await;
    let very_late = Fate::DoneLater { after: Duration::from_mins(3), times: 2, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, very_late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(counts(&world, &house).await, (0, 1));
    house.wait(Duration::from_mins(10)).await;
    assert_eq!(world.emr("maple").live().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_turns_up_in_somebodys_way_is_taken_back() {
    let (world, house) = house().await;
    let very_late = Fate::DoneLater { after: Duration::from_mins(3), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::Add, very_late);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    house.wait(Duration::from_mins(2)).await;
    staff(&world, 4);
    house.wait(Duration::from_mins(12)).await;
    let live = world.emr("maple").live();
    assert_eq!((live.len(), live[0].made_by_us), (1, false));
}

#[tokio::test(start_paused = true)]
async fn staff_who_take_the_slot_just_before_or_just_after_keep_it() {
    for before in [true, false] {
        let (world, house) = house().await;
        let emr = std::sync::Arc::clone(world.emr("maple"));
        let clerk = std::sync::Arc::clone(&emr);
        let mut reads = 0;
        emr.script(move |op| {
            let slot = quarter(provider_no(1), visit_day(), 4, 1).unwrap();
            reads += usize::from(op == Op::DayRows);
            if before && op == Op::Add || !before && op == Op::DayRows && reads == 2 {
                clerk.staff_adds(&slot, patient(7).no);
            }
            Fate::PROMPT
        });
        let refused = book(&house, "t1", "10:00").await;
        assert_eq!(refused["code"], "SLOT_TAKEN", "{refused}");
        let live = emr.live();
        assert_eq!((live.len(), live[0].made_by_us), (1, false), "ours yields");
        assert_eq!(counts(&world, &house).await, (0, 0));
        emr.script(|_| Fate::PROMPT);
        assert_eq!(book(&house, "t2", "10:30").await["code"], "BOOKED");
    }
}

#[tokio::test(start_paused = true)]
async fn one_write_that_the_emr_did_twice_leaves_one_row() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::Add, Fate::DoneTwice { after: Duration::from_millis(20) });
    let booked = book(&house, "t1", "10:00").await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    let live = world.emr("maple").live();
    assert_eq!(live.len(), 1);
    assert_eq!(booked["appointment"]["appointmentId"], live[0].no.0);
}

#[tokio::test(start_paused = true)]
async fn what_staff_changed_since_the_caller_heard_of_it_is_left_alone() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    let id = booked["appointment"]["appointmentId"].clone();
    house.ask("c1", "t2", Tool::CheckAppointments, json!({})).await;
    let no = AppointmentNo(i32::try_from(id.as_i64().unwrap()).unwrap());
    world.emr("maple").staff_edits(no, |row| row.texts.reason = Some("rewritten by staff".to_owned().into()));
    let refused = house.ask("c1", "t3", Tool::CancelAppointment, json!({ "appointmentId": id })).await;
    assert_eq!(refused["code"], "APPOINTMENT_CHANGED", "{refused}");
    let mut move_it = at("14:00");
    move_it["appointmentId"] = id.clone();
    let refused = house.ask("c1", "t4", Tool::UpdateAppointment, move_it).await;
    assert_eq!(refused["code"], "APPOINTMENT_CHANGED", "{refused}");
    assert_eq!(world.emr("maple").requests(Op::Cancel), 0);
    assert_eq!(world.emr("maple").live().len(), 1);
    house.ask("c1", "t5", Tool::CheckAppointments, json!({})).await;
    let cancelled = house.ask("c1", "t6", Tool::CancelAppointment, json!({ "appointmentId": id })).await;
    assert_eq!(cancelled["code"], "CANCELLED", "heard of again: {cancelled}");
}

#[tokio::test(start_paused = true)]
async fn a_move_whose_old_half_cannot_be_cancelled_leaves_both_and_says_so() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    only(world.emr("maple"), Op::Cancel, REFUSED);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let moved = house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
    assert_eq!(moved["code"], "MOVED_OLD_REMAINS", "{moved}");
    assert_eq!(world.emr("maple").live().len(), 2);
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_move_wished_again_under_a_new_id_is_answered_by_its_outcome() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    house.ask("c1", "t2", Tool::CheckAppointments, json!({})).await;
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let moved = house.ask("c1", "t3", Tool::UpdateAppointment, move_it.clone()).await;
    assert_eq!(moved["code"], "MOVED", "{moved}");
    let again = house.ask("c1", "t4", Tool::UpdateAppointment, move_it).await;
    assert_eq!((&again["code"], &again["appointment"]), (&moved["code"], &moved["appointment"]));
    let emr = world.emr("maple");
    assert_eq!((emr.requests(Op::Add), emr.requests(Op::Cancel)), (2, 1));
}

/// Law B-6.
#[tokio::test(start_paused = true)]
async fn a_wish_that_is_under_way_in_another_call_is_waited_for_and_answered_alike() {
    let (world, house) = house().await;
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    house.ask("c2", "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    once(world.emr("maple"), Op::Add, Fate::Answered { after: Duration::from_millis(900) });
    let later = async {
        house.wait(Duration::from_millis(300)).await;
        house.ask("c2", "t1", Tool::CreateAppointment, at("10:00")).await
    };
    let (first, second) = tokio::join!(book(&house, "t1", "10:00"), later);
    assert_eq!(first["code"], "BOOKED", "{first}");
    assert_eq!((&second["code"], &second["appointment"]), (&first["code"], &first["appointment"]));
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}

/// Law B-6: another life of the desk knows of the wish by the journal only.
#[tokio::test(start_paused = true)]
async fn a_wish_that_an_earlier_desk_still_carries_is_waited_for_and_answered_alike() {
    let (world, house) = house().await;
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    house.ask("c2", "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    once(world.emr("maple"), Op::Add, Fate::Answered { after: Duration::from_secs(2) });
    let later = async {
        house.wait(Duration::from_millis(300)).await;
        let maple = house.house.roster.load().clinics().next().unwrap().id.clone();
        let desk = house.house.directory.desk(&maple).unwrap();
        assert!(desk.post(DeskMsg::Die(Death::Error)).is_ok());
        house.wait(Duration::from_millis(300)).await;
        house.ask("c2", "t1", Tool::CreateAppointment, at("10:00")).await
    };
    let (first, second) = tokio::join!(book(&house, "t1", "10:00"), later);
    assert_eq!(first["code"], "BOOKED", "{first}");
    assert_eq!((&second["code"], &second["appointment"]), (&first["code"], &first["appointment"]));
    assert_eq!(world.emr("maple").requests(Op::Add), 1);
}

#[tokio::test(start_paused = true)]
async fn a_move_to_where_the_appointment_is_writes_nothing() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    let mut move_it = at("10:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    for id in ["t2", "t3"] {
        let there = house.ask("c1", id, Tool::UpdateAppointment, move_it.clone()).await;
        assert_eq!((&there["code"], &there["appointment"]), (&booked["code"], &booked["appointment"]));
    }
    let emr = world.emr("maple");
    assert_eq!((emr.requests(Op::Add), emr.requests(Op::Cancel)), (1, 0));
}

/// Law B-4.
#[tokio::test(start_paused = true)]
async fn a_move_whose_new_half_never_arrived_leaves_the_old_one() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    once(world.emr("maple"), Op::Add, NEVER_ARRIVED);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let answer = house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
    assert_eq!(answer["code"], "PENDING", "{answer}");
    house.wait(Duration::from_mins(2)).await;
    let emr = world.emr("maple");
    assert_eq!(emr.requests(Op::Cancel), 0);
    assert_eq!(emr.live().len(), 1);
    assert_eq!(counts(&world, &house).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_move_whose_new_half_is_taken_leaves_the_old_one() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    staff(&world, 20);
    let mut move_it = at("14:00");
    move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    let refused = house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
    assert_eq!(refused["code"], "SLOT_TAKEN", "{refused}");
    assert_eq!(world.emr("maple").live().iter().filter(|row| row.made_by_us).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_cancellation_is_settled_by_reading() {
    for (fate, code, live) in [(LOST, "CANCELLED", 0), (NEVER_ARRIVED, "PENDING", 1)] {
        let (world, house) = house().await;
        let booked = book(&house, "t1", "10:00").await;
        once(world.emr("maple"), Op::Cancel, fate);
        let id = &booked["appointment"]["appointmentId"];
        let answer = house.ask("c1", "t2", Tool::CancelAppointment, json!({ "appointmentId": id })).await;
        assert_eq!(answer["code"], code, "{answer}");
        house.wait(Duration::from_secs(40)).await;
        assert_eq!(world.emr("maple").live().len(), live);
        assert_eq!(counts(&world, &house).await, (0, u64::from(live == 1)));
        assert_eq!(world.emr("maple").requests(Op::Cancel), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_held_a_caller_hears_that_the_emr_is_down_and_nothing_is_left_behind() {
    let mut maple = clinic("maple", 2);
    maple.held_requests = false;
    let world = World::of(vec![maple], &[patient(42), patient(7)]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    world.emr("maple").script(|_| Fate::Fails { after: Duration::ZERO, with: EmrFailure::NoConnection });
    for id in ["t1", "t2", "t3", "t4"] {
        let refused = book(&house, id, "10:00").await;
        assert_eq!(refused["code"], "EMR_UNAVAILABLE", "{refused}");
        assert!(refused["say"].as_str().unwrap().contains("604-555-0100"), "the clinic's number is given");
    }
    assert_eq!(world.emr("maple").requests(Op::Add), 0);
    assert_eq!(counts(&world, &house).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_before_the_journal_row_stops_the_write() {
    let (world, house) = house().await;
    world.store.set_away(true);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "INTERNAL_ERROR");
    assert_eq!(world.emr("maple").requests(Op::Add), 0, "law B-1");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_after_the_write_leaves_a_line_that_is_taken_up() {
    let (world, house) = house().await;
    let (store, emr) = (std::sync::Arc::clone(&world.store), world.emr("maple"));
    emr.watch(move |_| store.set_away(true));
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    world.store.set_away(false);
    house.wait(Duration::from_mins(1)).await;
    assert_eq!(counts(&world, &house).await, (0, 0));
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED");
    assert_eq!(emr.requests(Op::Add), 1);
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

#[tokio::test(start_paused = true)]
async fn a_booking_that_dies_at_any_point_is_neither_lost_nor_doubled() {
    for point in Crashpoint::ALL {
        for process_dies in [false, true] {
            let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
            let mut house = world.begin(1, dies_at(point)).await;
            verify(&house).await;
            let first = book(&house, "t1", "10:00").await;
            if process_dies {
                house.root.actor().kill();
                let _ = house.root.ended().await;
                house = world.begin(2, Crashpoints::default()).await;
            }
            settles_everything(&world, &house).await;
            let live = world.emr("maple").live().len();
            let again = book(&house, "t1", "10:00").await;
            assert!(live <= 1, "{point:?}");
            match again["code"].as_str().unwrap() {
                "BOOKED" => assert_eq!(world.emr("maple").live().len(), 1, "{point:?} {first}"),
                "HANDED_TO_STAFF" | "PENDING" => assert_eq!(live, 0, "{point:?} {first} {again}"),
                other => panic!("{point:?} {process_dies}: {other}"),
            }
            assert!(world.emr("maple").requests(Op::Add) <= 1, "{point:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_dies_at_any_point_leaves_the_patient_with_an_appointment() {
    for point in Crashpoint::ALL {
        let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
        let calm = world.begin(1, Crashpoints::default()).await;
        verify(&calm).await;
        let booked = book(&calm, "t1", "10:00").await;
        calm.stop().await;
        let mut house = world.begin(2, dies_at(point)).await;
        let mut move_it = at("14:00");
        move_it["appointmentId"] = booked["appointment"]["appointmentId"].clone();
        house.ask("c1", "t2", Tool::UpdateAppointment, move_it).await;
        assert!(!world.emr("maple").live().is_empty(), "{point:?}: law B-4");
        house.root.actor().kill();
        let _ = house.root.ended().await;
        let house = world.begin(3, Crashpoints::default()).await;
        settles_everything(&world, &house).await;
        let live = world.emr("maple").live();
        assert_eq!(live.len(), 1, "{point:?}: {live:?}");
        let moved = world.emr("maple").requests(Op::Add) == 2;
        let expected = if moved { "14:00" } else { "10:00" };
        assert_eq!(live[0].slot.interval.start.to_string(), expected, "{point:?}");
    }
}
