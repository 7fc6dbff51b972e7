//! Time that a cancellation freed is offered to those who wait for it, one at a time, and is theirs alone meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use super::at;
use crate::crashpoint::Crashpoints;
use crate::desk::DeskMsg;
use crate::domain::clinic::Clinic;
use crate::domain::ids::ClinicId;
use crate::domain::slot_offer::OfferState;
use crate::domain::tool::Tool;
use crate::domain::waitlist::WaitlistStatus;
use crate::testing::{Death, Op, TestHouse, World, clinic, marie, patient, provider_no, quarter, visit_day};

/// Long enough for the desk to look at what came free, and for a text to go out.
const SOON: Duration = Duration::from_secs(30);
const KEPT: Duration = Duration::from_mins(30);

use OfferState::{Accepted, Declined, Expired, Offered, Taken, ToBeCalled, Withdrawn};

/// Somebody on the telephone, from their own number.
struct Caller<'a> {
    house: &'a TestHouse,
    n: i32,
    call: String,
}

impl Caller<'_> {
    async fn ask(&self, id: &str, tool: Tool, arguments: Value) -> Value {
        let from = format!("604-555-01{:02}", self.n);
        self.house.ask_of("maple", &self.call, id, tool, arguments, Some(&from)).await
    }

    async fn search(&self, id: &str) -> Value {
        self.ask(id, Tool::FindEarliestAppointment, json!({ "startDate": visit_day().to_string() })).await
    }

    async fn books(&self, id: &str, time: &str) -> Value {
        self.ask(id, Tool::CreateAppointment, at(time)).await
    }

    async fn cancels(&self, booked: &Value) {
        let no = &booked["appointment"]["appointmentId"];
        let answer = self.ask("cancel", Tool::CancelAppointment, json!({ "appointmentId": no })).await;
        assert_eq!(answer["code"], "CANCELLED", "{answer}");
    }
}

async fn rings<'a>(house: &'a TestHouse, n: i32, call: &str) -> Caller<'a> {
    let caller = Caller { house, n, call: call.to_owned() };
    let born = json!({ "dateOfBirth": patient(n).birth_date.unwrap().reveal().to_string() });
    let verified = caller.ask("verify", Tool::SearchPatientByPhone, born).await;
    assert_eq!(verified["code"], "VERIFIED", "{verified}");
    caller
}

/// Agrees to be texted and waits for whatever `wanted` says.
async fn waits(house: &TestHouse, n: i32, wanted: Value) -> Value {
    let mut wish = json!({ "smsConsent": true });
    for (key, value) in wanted.as_object().unwrap() {
        wish[key] = value.clone();
    }
    let caller = rings(house, n, &format!("wait-{n}")).await;
    caller.ask("wait", Tool::AddToWaitlist, wish).await
}

async fn in_line(house: &TestHouse, line: &[i32]) {
    for n in line {
        let answer = waits(house, *n, json!({})).await;
        assert_eq!(answer["code"], "WAITLISTED", "{answer}");
    }
}

fn world_with(change: impl FnOnce(&mut Clinic)) -> World {
    let mut maple = clinic("maple", 2);
    maple.slot_offers.enabled = true;
    change(&mut maple);
    let mut world = World::of(vec![maple], &[marie(), patient(7), patient(8), patient(9)]);
    // Hours pass in these tests.
    world.settings.look_every = Duration::from_secs(4);
    world.settings.duty_every = world.settings.look_every;
    world.settings.role_lasts = Duration::from_mins(1);
    world
}

async fn with(world: &World) -> (TestHouse, Value, Value) {
    let house = world.begin(1, Crashpoints::default()).await;
    let (ten, eleven) = two_visits(&house).await;
    (house, ten, eleven)
}

/// Of seven, at ten and at eleven.
async fn two_visits(house: &TestHouse) -> (Value, Value) {
    let seven = rings(house, 7, "book").await;
    let (ten, eleven) = (seven.books("ten", "10:00").await, seven.books("eleven", "11:00").await);
    assert_eq!((&ten["code"], &eleven["code"]), (&json!("BOOKED"), &json!("BOOKED")));
    (ten, eleven)
}

async fn frees(house: &TestHouse, booked: &Value, call: &str) {
    rings(house, 7, call).await.cancels(booked).await;
    house.wait(SOON).await;
}

/// Of whom each offer is, the start of its time, and where it stands, oldest first.
fn offers(world: &World) -> Vec<(i32, String, OfferState)> {
    let tables = world.store.peek();
    let told = |offer: &crate::testing::OfferEntry| {
        let start = offer.row.slot.interval.start.to_string();
        (offer.patient.reveal() - 4_000, start, offer.row.state)
    };
    tables.offers.iter().map(told).collect()
}

fn ten(n: i32, state: OfferState) -> (i32, String, OfferState) {
    (n, "10:00".to_owned(), state)
}

fn texts_of_offers(world: &World) -> usize {
    world.sms.sent().iter().filter(|text| text.contains("kept for you")).count()
}

#[tokio::test(start_paused = true)]
async fn freed_time_is_offered_to_one_after_the_other_and_kept_for_each() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42, 8]).await;
    frees(&house, &booked, "c1").await;
    assert_eq!(offers(&world), [ten(42, Offered)]);
    let text = world.sms.sent().pop().unwrap();
    let said = "maple clinic: Tuesday, November 24 at 10 AM with Dr. Number 1 has come free. It is kept for you until \
                Monday, November 23 at 8:30 AM. To take it call 604-555-0100.";
    assert_eq!(text, said);
    house.wait(KEPT.saturating_sub(SOON * 2)).await;
    assert_eq!(offers(&world), [ten(42, Offered)], "one at a time");
    house.wait(SOON * 3).await;
    assert_eq!(offers(&world), [ten(42, Expired), ten(8, Offered)]);
    house.wait(KEPT + SOON).await;
    assert_eq!(offers(&world), [ten(42, Expired), ten(8, Expired)]);
    house.wait(KEPT).await;
    assert_eq!((offers(&world).len(), texts_of_offers(&world)), (2, 2), "nobody is asked twice");
    let found = rings(&house, 9, "c9").await.books("t", "10:00").await;
    assert_eq!(found["code"], "BOOKED", "it is free for whoever calls: {found}");
}

#[tokio::test(start_paused = true)]
async fn the_next_call_of_who_was_offered_it_hears_of_it_and_books_it_while_others_cannot() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42, 8]).await;
    frees(&house, &booked, "c1").await;
    let (nine, marie) = (rings(&house, 9, "c9").await, rings(&house, 42, "c42").await);
    assert_eq!(nine.books("t1", "10:00").await["code"], "SLOT_TAKEN");
    let other = nine.search("t2").await;
    assert_eq!((&other["offeredByText"], &other["slot"]["startTime"]), (&Value::Null, &json!("09:00")));
    let found = marie.search("t1").await;
    assert_eq!((&found["code"], &found["slot"]["startTime"]), (&json!("SLOT_FOUND"), &json!("10:00")));
    assert_eq!(found["keptUntil"], "2026-11-23 08:30", "{found}");
    assert!(found["say"].as_str().unwrap().contains("still yours until Monday, November 23 at 8:30 AM"));
    assert_eq!(found["alternatives"].as_array().unwrap().len(), 3, "and what else is free");
    let slot = json!({ "slotId": found["slot"]["slotId"] });
    let (won, lost) = tokio::join!(marie.ask("t2", Tool::CreateAppointment, slot), nine.books("t3", "10:00"));
    assert_eq!((&won["code"], &lost["code"]), (&json!("BOOKED"), &json!("SLOT_TAKEN")), "{won}");
    house.wait(KEPT + SOON).await;
    assert_eq!(offers(&world), [ten(42, Accepted)]);
    let maple = ClinicId::parse("maple").unwrap();
    assert_eq!(house.meters().slot_offers(&maple, "accepted"), 1);
    let tables = world.store.peek();
    let statuses: Vec<WaitlistStatus> = tables.waitlist.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [WaitlistStatus::Registered, WaitlistStatus::Pending]);
    assert!(
        tables.freed.iter().all(|row| !row.is_open) && tables.holds.iter().all(|hold| hold.patient.is_none())
    );
    let audited = |action: &str| tables.audit.iter().filter(|entry| entry.action.name() == action).count();
    assert_eq!(audited("slot_offer_made"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_offer_is_taken_up_by_moving_there_too() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    let marie = rings(&house, 42, "before").await;
    let later = marie.books("t", "15:00").await["appointment"]["appointmentId"].clone();
    in_line(&house, &[42]).await;
    frees(&house, &booked, "c1").await;
    let marie = rings(&house, 42, "c42").await;
    let to = json!({ "appointmentId": later, "slotId": marie.search("t1").await["slot"]["slotId"] });
    assert_eq!(marie.ask("t2", Tool::UpdateAppointment, to).await["code"], "MOVED");
    house.wait(SOON).await;
    assert_eq!(offers(&world), [ten(42, Accepted)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_declined_goes_to_the_next_at_once() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42, 8]).await;
    frees(&house, &booked, "c1").await;
    let marie = rings(&house, 42, "c42").await;
    let declines = json!({ "declineOffer": true, "startDate": visit_day().to_string() });
    let found = marie.ask("t1", Tool::FindEarliestAppointment, declines).await;
    assert_eq!((&found["offeredByText"], &found["slot"]["startTime"]), (&Value::Null, &json!("09:00")));
    house.wait(SOON).await;
    assert_eq!(offers(&world), [ten(42, Declined), ten(8, Offered)]);
    assert_eq!(marie.books("t2", "10:00").await["code"], "SLOT_TAKEN");
}

/// Law I-3.
#[tokio::test(start_paused = true)]
async fn nobody_hears_of_an_offer_from_the_right_number_alone() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42]).await;
    frees(&house, &booked, "c1").await;
    let stranger = Caller { house: &house, n: 42, call: "c2".to_owned() };
    let found = stranger.search("t1").await;
    assert_eq!((&found["offeredByText"], &found["slot"]["startTime"]), (&Value::Null, &json!("09:00")));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_offered_in_quiet_hours_and_the_time_is_kept_from_the_sending_on() {
    let world = world_with(|maple| {
        maple.slot_offers.quiet_hours = "07:00-09:00".to_owned().try_into().unwrap();
    });
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42]).await;
    frees(&house, &booked, "c1").await;
    house.wait(Duration::from_mins(58)).await;
    assert_eq!((offers(&world).len(), texts_of_offers(&world)), (0, 0));
    house.wait(Duration::from_mins(2)).await;
    assert_eq!((offers(&world), texts_of_offers(&world)), (vec![ten(42, Offered)], 1));
    let text = world.sms.sent().pop().unwrap();
    assert!(text.contains("until Monday, November 23 at 9:30 AM"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_any_more_when_the_quiet_is_over_is_not_offered() {
    let world = world_with(|maple| {
        maple.slot_offers.quiet_hours = "07:00-09:00".to_owned().try_into().unwrap();
        maple.slot_offers.least_notice_minutes = 25 * 60 + 1;
    });
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42]).await;
    frees(&house, &booked, "c1").await;
    house.wait(Duration::from_hours(2)).await;
    assert!(offers(&world).is_empty());
    assert!(world.store.peek().freed.iter().all(|row| !row.is_open));
}

#[tokio::test(start_paused = true)]
async fn who_did_not_agree_to_texts_or_hides_their_number_is_not_offered_anything() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    for (n, consent) in [(42, json!(false)), (8, Value::Null)] {
        let answer = waits(&house, n, json!({ "smsConsent": consent })).await;
        assert!(answer["say"].as_str().unwrap().contains("Somebody will call you"), "{answer}");
        assert_eq!(answer["smsConsentNeeded"] == true, consent.is_null(), "{answer}");
    }
    let name = |n: i32| json!({ "firstName": patient(n).first_name.reveal(), "lastName": patient(n).last_name.reveal() });
    let mut hidden = name(9);
    hidden["dateOfBirth"] = json!(patient(9).birth_date.unwrap().reveal().to_string());
    let ask = |id, tool, arguments| house.ask_of("maple", "hidden", id, tool, arguments, None);
    assert_eq!(ask("v", Tool::SearchPatient, hidden).await["code"], "VERIFIED");
    let told = json!({ "smsConsent": true, "phone": "604-555-0109" });
    assert_eq!(ask("w", Tool::AddToWaitlist, told).await["code"], "WAITLISTED");
    frees(&house, &booked, "c1").await;
    assert!(offers(&world).is_empty());
    let eight = rings(&house, 8, "agrees").await;
    let agreed = eight.ask("t", Tool::AddToWaitlist, json!({ "smsConsent": true })).await;
    assert!(agreed["say"].as_str().unwrap().contains("we'll text you"), "{agreed}");
    assert_eq!(world.store.peek().waitlist.len(), 3, "asked again, entered once");
    let seven = rings(&house, 7, "again").await;
    let booked = seven.books("t", "10:00").await;
    frees(&house, &booked, "c2").await;
    assert_eq!(offers(&world), [ten(8, Offered)]);
}

#[tokio::test(start_paused = true)]
async fn newcomers_and_those_who_wait_for_something_else_are_passed_over() {
    let world = world_with(|maple| maple.waitlist_enabled = true);
    let (house, booked, _) = with(&world).await;
    let robin = json!({ "firstName": "Robin", "lastName": "Example", "smsConsent": true });
    let stranger = Caller { house: &house, n: 77, call: "robin".to_owned() };
    assert_eq!(stranger.ask("t", Tool::AddToWaitlist, robin).await["code"], "WAITLISTED");
    assert_eq!(stranger.ask("u", Tool::AddToWaitlist, json!({})).await["code"], "NOT_VERIFIED");
    waits(&house, 42, json!({ "providerId": "022" })).await;
    waits(&house, 8, json!({ "earliestDate": "2026-11-25" })).await;
    waits(&house, 9, json!({ "providerId": "021", "latestDate": "2026-11-24", "visitType": "2" })).await;
    frees(&house, &booked, "c1").await;
    assert_eq!(offers(&world), [ten(9, Offered)]);
    let kept = world.store.peek().offers[0].row.slot.interval.minutes();
    assert_eq!(kept, 30, "as long as that visit takes");
}

#[tokio::test(start_paused = true)]
async fn time_that_staff_have_filled_is_not_offered_and_not_told_as_still_kept() {
    let world = world_with(|_| {});
    let (house, booked, eleven) = with(&world).await;
    in_line(&house, &[42, 8]).await;
    rings(&house, 7, "c1").await.cancels(&booked).await;
    let slot = |quarters| quarter(provider_no(1), visit_day(), quarters, 1).unwrap();
    world.emr("maple").staff_adds(&slot(4), patient(9).no);
    house.wait(SOON).await;
    assert!(offers(&world).is_empty() && world.store.peek().freed.iter().all(|row| !row.is_open));
    frees(&house, &eleven, "c2").await;
    world.emr("maple").staff_adds(&slot(8), patient(9).no);
    let marie = rings(&house, 42, "c42").await;
    assert_eq!(marie.books("t1", "11:00").await["code"], "SLOT_TAKEN", "law B-2");
    assert_eq!(marie.search("t2").await["offeredByText"], Value::Null);
    house.wait(SOON).await;
    assert_eq!(offers(&world), [(42, "11:00".to_owned(), Taken)], "nor is the next in line offered it");
}

#[tokio::test(start_paused = true)]
async fn two_freed_times_go_to_two_people() {
    let world = world_with(|_| {});
    let (house, booked, eleven) = with(&world).await;
    in_line(&house, &[42, 8, 9]).await;
    frees(&house, &booked, "c1").await;
    frees(&house, &eleven, "c2").await;
    assert_eq!(offers(&world), [ten(42, Offered), (8, "11:00".to_owned(), Offered)]);
    house.wait(KEPT).await;
    let third = offers(&world)[2].clone();
    assert_eq!((third.0, third.2), (9, Offered), "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn who_gave_a_time_up_is_not_offered_it_and_a_move_frees_one_too() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[7, 8]).await;
    let seven = rings(&house, 7, "c1").await;
    let mut away = at("16:00");
    away["appointmentId"] = booked["appointment"]["appointmentId"].clone();
    assert_eq!(seven.ask("t", Tool::UpdateAppointment, away).await["code"], "MOVED");
    house.wait(SOON).await;
    assert_eq!(offers(&world), [ten(8, Offered)]);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_refused_keeps_nothing_for_anybody() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42, 8]).await;
    frees(&house, &booked, "c1").await;
    world.store.peek().refuse_newest_text(world.clock.now());
    house.wait(SOON).await;
    assert_eq!(offers(&world), [ten(42, Withdrawn), ten(8, Offered)]);
}

#[tokio::test(start_paused = true)]
async fn without_texts_the_first_in_line_is_left_to_the_clinic_to_call_and_nothing_is_kept() {
    let world = world_with(|maple| maple.sms.enabled = false);
    let (house, booked, _) = with(&world).await;
    let answer = waits(&house, 42, json!({})).await;
    assert!(answer["say"].as_str().unwrap().contains("Somebody will call you"), "{answer}");
    waits(&house, 8, json!({})).await;
    frees(&house, &booked, "c1").await;
    house.wait(KEPT + SOON).await;
    assert_eq!((offers(&world), world.sms.sent().len()), (vec![ten(42, ToBeCalled)], 0));
    assert_eq!(rings(&house, 9, "c9").await.books("t", "10:00").await["code"], "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn a_clinic_that_does_not_want_it_offers_nothing() {
    let world = world_with(|maple| {
        maple.slot_offers.enabled = false;
        maple.waitlist_enabled = true;
    });
    let (house, booked, _) = with(&world).await;
    assert!(waits(&house, 42, json!({})).await["say"].as_str().unwrap().contains("Somebody will call you"));
    frees(&house, &booked, "c1").await;
    house.wait(KEPT).await;
    assert!(offers(&world).is_empty() && world.store.peek().freed.is_empty());
    assert_eq!(texts_of_offers(&world), 0);
}

/// Law O-2.
#[tokio::test(start_paused = true)]
async fn offers_go_on_after_the_desk_or_the_whole_process_has_died() {
    for process_dies in [false, true] {
        let world = world_with(|_| {});
        let (mut house, booked, _) = with(&world).await;
        in_line(&house, &[42, 8]).await;
        rings(&house, 7, "c1").await.cancels(&booked).await;
        for _ in 0..2 {
            if process_dies {
                house.root.actor().kill();
                let _ = house.root.ended().await;
                house = world.begin(2, Crashpoints::default()).await;
            } else {
                let maple = ClinicId::parse("maple").unwrap();
                let desk = house.house.directory.desk(&maple).unwrap();
                assert!(desk.post(DeskMsg::Die(Death::Panic)).is_ok());
            }
            house.wait(SOON).await;
            assert_eq!(offers(&world), [ten(42, Offered)], "{process_dies}");
        }
        house.wait(KEPT).await;
        assert_eq!(offers(&world), [ten(42, Expired), ten(8, Offered)], "{process_dies}");
        assert_eq!(texts_of_offers(&world), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn two_processes_at_once_offer_a_time_to_one_person() {
    let world = world_with(|_| {});
    let house = world.begin(1, Crashpoints::default()).await;
    // From the same moment on: they look at the same moments.
    let other = world.begin_on("node-2", 2, Crashpoints::default()).await;
    let (booked, _) = two_visits(&house).await;
    in_line(&house, &[42, 8]).await;
    frees(&house, &booked, "c1").await;
    assert_eq!(offers(&world), [ten(42, Offered)]);
    other.wait(KEPT + Duration::from_mins(2)).await;
    assert_eq!(offers(&world), [ten(42, Expired), ten(8, Offered)]);
    assert_eq!(texts_of_offers(&world), 2);
}

#[tokio::test(start_paused = true)]
async fn while_the_emr_is_away_nothing_is_offered_and_afterwards_it_is() {
    let world = world_with(|_| {});
    let (house, booked, _) = with(&world).await;
    in_line(&house, &[42]).await;
    rings(&house, 7, "c1").await.cancels(&booked).await;
    super::only(world.emr("maple"), Op::DayRows, super::NEVER_ARRIVED);
    house.wait(SOON).await;
    assert!(offers(&world).is_empty());
    world.emr("maple").script(|_| crate::testing::Fate::PROMPT);
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(offers(&world), [ten(42, Offered)]);
}
