//! Somebody new: one chart and no second one, whatever is lost, repeated, asked for twice or killed.

use std::time::Duration;

use serde_json::{Value, json};

use super::{at, dies_at, once, only};
use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::domain::held::HeldState;
use crate::domain::ids::ClinicId;
use crate::domain::new_patient::NewPatient;
use crate::domain::patient::Standing;
use crate::domain::registration::RegistrationState;
use crate::domain::tool::Tool;
use crate::ports::emr::{EmrFailure, Operation, Path};
use crate::ports::store::BookingStore;
use crate::testing::{Fate, Op, TestHouse, World, clinic, newcomer, patient, provider_no};

/// OSCAR's own trap: the patient is stored, and then it says that it failed.
const STORED_AND_FAILED: Fate =
    Fate::AnswerLost { after: Duration::from_millis(40), with: EmrFailure::HttpError };
const AWAY: Fate = Fate::Fails { after: Duration::ZERO, with: EmrFailure::NoConnection };

fn fails(with: EmrFailure) -> Fate {
    Fate::Fails { after: Duration::from_millis(40), with }
}

async fn house() -> (World, TestHouse) {
    let world = world();
    let house = world.begin(1, Crashpoints::default()).await;
    (world, house)
}

fn world() -> World {
    World::of(vec![clinic("maple", 2)], &[patient(42)])
}

fn zoe() -> NewPatient {
    newcomer("Zoé", "Côté")
}

fn form() -> Value {
    json!({
        "firstName": "Zoé", "lastName": "Côté", "dateOfBirth": "1991-02-03", "sex": "F", "phone": "604-555-0177",
        "address": { "street": "12 Rue King", "city": "Vancouver", "postalCode": "V6B 1A1" },
        "phn": "9999004755", "email": "zoe@mail.example.test", "preferredProviderId": "021",
    })
}

async fn register(house: &TestHouse, call: &str, id: &str) -> Value {
    house.ask(call, id, Tool::RegisterNewPatient, form()).await
}

async fn counts(world: &World) -> (u64, u64) {
    let counts = world.store.journal_counts(&ClinicId::parse("maple").unwrap()).await.unwrap();
    (counts.unsettled, counts.handed_to_staff)
}

fn charts(world: &World) -> usize {
    world.emr("maple").charts().len()
}

fn states(world: &World) -> Vec<RegistrationState> {
    world.store.peek().registrations.iter().map(|entry| entry.row.state).collect()
}

#[tokio::test(start_paused = true)]
async fn somebody_new_is_registered_and_books_in_the_same_call() {
    let (world, house) = house().await;
    let registered = register(&house, "c1", "t1").await;
    assert_eq!(registered["code"], "REGISTERED", "{registered}");
    let chart = world.emr("maple").charts().remove(0);
    assert!(chart.patient.phones[0].reveal() == "604-555-0142", "the number that rang, not the one said");
    let handle = registered["patient"]["patientId"].clone();
    let mut wish = at("10:00");
    wish["patientId"] = handle;
    let booked = house.ask("c1", "t2", Tool::CreateAppointment, wish).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    assert_eq!(world.emr("maple").requests(Op::Charts), 4, "before and after, by number and by birth date");
    assert_eq!((world.emr("maple").requests(Op::AddChart), world.emr("maple").requests(Op::Chart)), (1, 1));
    assert_eq!(counts(&world).await, (0, 0));
    let tables = world.store.peek();
    let audited: Vec<_> = tables.audit.iter().map(|it| (it.action.name(), it.patients.len())).collect();
    assert_eq!(
        audited[..3],
        [("emr_write_announced", 0), ("register_new_patient", 1), ("register_new_patient", 1)]
    );
}

#[tokio::test(start_paused = true)]
async fn who_withholds_their_number_is_registered_with_the_one_they_say() {
    let (world, house) = house().await;
    let ask = house.ask_of("maple", "c1", "t1", Tool::RegisterNewPatient, form(), None);
    assert_eq!(ask.await["code"], "REGISTERED");
    assert!(world.emr("maple").charts()[0].patient.phones[0].reveal() == "604-555-0177");
}

/// Law B-5.
#[tokio::test(start_paused = true)]
async fn a_chart_that_was_stored_while_the_emr_said_it_failed_is_found_and_not_made_again() {
    for lost in [EmrFailure::HttpError, EmrFailure::ServerFault, EmrFailure::ConnectionLost] {
        let (world, house) = house().await;
        let fate = Fate::AnswerLost { after: Duration::from_millis(40), with: lost };
        once(world.emr("maple"), Op::AddChart, fate);
        assert_eq!(register(&house, "c1", "t1").await["code"], "REGISTERED", "{lost}");
        assert_eq!((world.emr("maple").requests(Op::AddChart), charts(&world)), (1, 1));
        assert_eq!(counts(&world).await, (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_chart_that_never_arrived_is_pending_then_with_staff_and_never_sent_again() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::AddChart, fails(EmrFailure::HttpError));
    let pending = register(&house, "c1", "t1").await;
    assert_eq!((&pending["code"], &pending["patient"]), (&json!("PENDING"), &Value::Null), "{pending}");
    assert_eq!(register(&house, "c1", "t2").await["code"], "PENDING", "the same person under a new id");
    assert_eq!(register(&house, "c2", "t1").await["code"], "PATIENT_BUSY", "and in another call");
    house.wait(Duration::from_secs(5)).await;
    assert_eq!(counts(&world).await, (1, 0), "absence does not count yet");
    house.wait(Duration::from_secs(40)).await;
    assert_eq!((counts(&world).await, world.emr("maple").requests(Op::AddChart)), ((0, 1), 1));
    for id in ["t1", "t2"] {
        assert_eq!(register(&house, "c1", id).await["code"], "HANDED_TO_STAFF", "the stored answer");
    }
    house.wait(Duration::from_mins(2)).await;
    assert!(world.store.peek().dead_letters.is_empty(), "staff look after it once");
}

/// Who was told "not confirmed yet; the clinic will make sure" is called.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_once_the_caller_was_told_pending_is_for_staff_to_tell() {
    let (world, house) = house().await;
    let late = Fate::Fails { after: Duration::from_secs(6), with: EmrFailure::ClientFault };
    only(world.emr("maple"), Op::AddChart, late);
    assert_eq!(register(&house, "c1", "t1").await["code"], "PENDING");
    house.wait(Duration::from_secs(3)).await;
    assert_eq!(register(&house, "c1", "t1").await["code"], "HANDED_TO_STAFF");
    assert_eq!((counts(&world).await, charts(&world)), ((0, 1), 0));
}

#[tokio::test(start_paused = true)]
async fn a_repetition_that_was_told_pending_gets_the_outcome_of_what_it_repeats() {
    let (world, house) = house().await;
    only(world.emr("maple"), Op::AddChart, Fate::Answered { after: Duration::from_secs(12) });
    for id in ["t1", "t2"] {
        assert_eq!(register(&house, "c1", id).await["code"], "PENDING");
    }
    house.wait(Duration::from_mins(3)).await;
    for id in ["t1", "t2"] {
        assert_eq!(register(&house, "c1", id).await["code"], "REGISTERED", "{id}");
    }
    assert!(world.store.peek().dead_letters.is_empty());
    assert_eq!((charts(&world), world.emr("maple").requests(Op::AddChart)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_chart_that_arrives_late_is_found_and_said_into_the_call() {
    let (world, house) = house().await;
    let late = Fate::DoneLater { after: Duration::from_secs(8), times: 1, with: EmrFailure::TimedOut };
    once(world.emr("maple"), Op::AddChart, late);
    assert_eq!(register(&house, "c1", "t1").await["code"], "PENDING");
    house.wait(Duration::from_secs(20)).await;
    assert_eq!((counts(&world).await, charts(&world)), ((0, 0), 1));
    assert_eq!(world.voice.said().len(), 1, "{:?}", world.voice.said());
    let known = register(&house, "c1", "t1").await;
    assert_eq!((&known["code"], &known["patient"]), (&json!("REGISTERED"), &Value::Null), "{known}");
    assert_eq!(world.sms.sent().len(), 1, "who may have hung up is texted");
    assert_eq!(register(&house, "c1", "t2").await["code"], "REGISTERED", "this call made it");
    assert_eq!(charts(&world), 1);
}

/// Law B-3.
#[tokio::test(start_paused = true)]
async fn nobody_is_called_registered_whose_chart_does_not_say_what_was_sent() {
    let (world, house) = house().await;
    let emr = std::sync::Arc::clone(world.emr("maple"));
    let clerk = std::sync::Arc::clone(&emr);
    emr.script(move |op| {
        if op == Op::Chart {
            let no = clerk.charts()[0].patient.no;
            clerk.staff_edit_chart(no, |chart| chart.health_number = "9999004787".to_owned().into());
        }
        Fate::PROMPT
    });
    let told = register(&house, "c1", "t1").await;
    assert_eq!(told["code"], "HANDED_TO_STAFF", "{told}");
    assert_eq!((counts(&world).await, charts(&world)), ((0, 1), 1));
}

#[tokio::test(start_paused = true)]
async fn while_the_chart_cannot_be_read_back_nobody_is_called_registered() {
    let (world, house) = house().await;
    only(world.emr("maple"), Op::Chart, fails(EmrFailure::ServerFault));
    assert_eq!(register(&house, "c1", "t1").await["code"], "PENDING");
    world.emr("maple").script(|_| Fate::PROMPT);
    house.wait(Duration::from_secs(10)).await;
    assert_eq!(register(&house, "c1", "t1").await["code"], "REGISTERED");
    assert_eq!(charts(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn a_chart_that_can_never_be_read_is_handed_to_staff() {
    let mut world = world();
    world.settings.give_up_reading = Duration::from_hours(1);
    let house = world.begin(1, Crashpoints::default()).await;
    only(world.emr("maple"), Op::Chart, fails(EmrFailure::ServerFault));
    assert_eq!(register(&house, "c1", "t1").await["code"], "PENDING");
    house.wait(house.house.settings.give_up_reading + Duration::from_mins(5)).await;
    assert_eq!((counts(&world).await, world.emr("maple").requests(Op::AddChart)), ((0, 1), 1));
}

/// Law B-6.
#[tokio::test(start_paused = true)]
async fn a_repeated_registration_is_answered_by_what_came_of_it_and_makes_no_second_chart() {
    let (world, house) = house().await;
    let first = register(&house, "c1", "t1").await;
    assert_eq!(register(&house, "c1", "t1").await, first, "the same tool call");
    assert_eq!(register(&house, "c1", "t2").await, first, "the same person under a new id");
    assert_eq!((charts(&world), world.emr("maple").requests(Op::AddChart)), (1, 1));
    house.stop().await;
    let house = world.begin(2, Crashpoints::default()).await;
    assert_eq!(register(&house, "c1", "t1").await, first, "in another life");
    assert_eq!(register(&house, "c1", "t3").await, first);
    assert_eq!(charts(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn eight_deliveries_and_two_calls_at_once_make_one_chart() {
    let (world, house) = house().await;
    let asks = (0..8).map(|n| register(&house, "c1", if n < 4 { "t1" } else { "t2" }));
    let other = register(&house, "c2", "t1");
    let (answers, other) = tokio::join!(futures::future::join_all(asks), other);
    assert!(answers.iter().all(|answer| answer["code"] == "REGISTERED"), "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(other["code"], "DUPLICATE_PATIENT", "{other}");
    assert_eq!((charts(&world), world.emr("maple").requests(Op::AddChart)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_register_one_person_at_once_make_one_chart() {
    let world = world();
    let (a, b) = (
        world.begin_on("a", 1, Crashpoints::default()).await,
        world.begin_on("b", 2, Crashpoints::default()).await,
    );
    let (one, other) = tokio::join!(register(&a, "c1", "t1"), register(&b, "c2", "t1"));
    let mut codes = [one["code"].as_str().unwrap(), other["code"].as_str().unwrap()];
    codes.sort_unstable();
    assert_eq!(codes, ["DUPLICATE_PATIENT", "REGISTERED"]);
    assert_eq!(charts(&world), 1);
}

/// Law I-3.
#[tokio::test(start_paused = true)]
async fn somebody_who_has_a_chart_gets_no_second_one_and_nothing_is_said_of_the_first() {
    let by_number = |who: &mut NewPatient| who.last_name = "Quite-Different".to_owned().into();
    let by_name = |who: &mut NewPatient| who.health_number = None.into();
    let changes: [fn(&mut NewPatient); 2] = [by_number, by_name];
    for change in changes {
        let (world, house) = house().await;
        let mut who = zoe();
        change(&mut who);
        world.emr("maple").add_chart(&who);
        let refused = register(&house, "c1", "t1").await;
        assert_eq!(refused["code"], "DUPLICATE_PATIENT", "{refused}");
        let said = refused.to_string().to_lowercase();
        for secret in ["quite", "côté", "zoé", "9001", "1991", "9999"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
        let known = house.ask("c1", "t2", Tool::GetPatient, json!({})).await;
        assert_eq!(known["code"], "NOT_VERIFIED");
        assert_eq!((charts(&world), world.emr("maple").requests(Op::AddChart)), (1, 0));
        let tables = world.store.peek();
        let audited = tables.audit.iter().find(|entry| entry.outcome == "DUPLICATE_PATIENT").unwrap();
        assert_eq!(audited.patients.len(), 1, "whose chart was looked at is on record");
    }
}

#[tokio::test(start_paused = true)]
async fn a_former_patients_number_is_no_new_patients() {
    let (world, house) = house().await;
    let no = world.emr("maple").add_chart(&zoe());
    world.emr("maple").staff_edit_chart(no, |chart| {
        chart.patient.standing = Standing::Inactive;
        chart.patient.last_name = "Former".to_owned().into();
    });
    assert_eq!(register(&house, "c1", "t1").await["code"], "DUPLICATE_PATIENT");
}

#[tokio::test(start_paused = true)]
async fn a_clinic_that_takes_nobody_new_says_so_and_offers_its_waiting_list() {
    for (waitlist, program, accepts, code) in [
        (true, Some(1), false, "NOT_ACCEPTING"),
        (false, Some(1), false, "NOT_ACCEPTING"),
        (true, None, true, "REGISTRATION_UNAVAILABLE"),
        (false, None, true, "REGISTRATION_UNAVAILABLE"),
    ] {
        let mut world = world();
        world.clinics[0].waitlist_enabled = waitlist;
        world.clinics[0].accepting_new_patients = accepts;
        world.clinics[0].registration.program_id = program;
        let house = world.begin(1, Crashpoints::default()).await;
        let refused = house.ask("c1", "t1", Tool::RegisterNewPatient, json!({})).await;
        assert_eq!((&refused["code"], &refused["waitlistAvailable"]), (&json!(code), &json!(waitlist)));
        assert_eq!(refused["say"].as_str().unwrap().contains("waiting list"), waitlist, "{refused}");
        assert_eq!(world.emr("maple").all_requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_way_into_the_emr_makes_charts_the_caller_hears_so() {
    let (world, house) = house().await;
    world.emr("maple").lacks(Path::Soap, &[Operation::AddPatient]);
    let refused = register(&house, "c1", "t1").await;
    assert_eq!(refused["code"], "REGISTRATION_UNAVAILABLE", "{refused}");
    assert_eq!((world.emr("maple").all_requests(), states(&world).len()), (0, 0));
    assert_eq!(register(&house, "c1", "t1").await, refused);
}

#[tokio::test(start_paused = true)]
async fn what_the_emr_refused_may_be_tried_again() {
    let (world, house) = house().await;
    once(world.emr("maple"), Op::AddChart, fails(EmrFailure::Unauthorised));
    assert_eq!(register(&house, "c1", "t1").await["code"], "EMR_UNAVAILABLE");
    assert_eq!(register(&house, "c1", "t2").await["code"], "REGISTERED");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_asked_for_and_a_wrong_health_number_by_name() {
    let (world, house) = house().await;
    let asked = house.ask("c1", "t1", Tool::RegisterNewPatient, json!({ "firstName": "Zoé" })).await;
    assert_eq!(asked["code"], "VALIDATION_ERROR", "{asked}");
    assert_eq!((&asked["argument"], asked["ask"].as_array().unwrap().len()), (&json!("lastName"), 5));
    let mut slip = form();
    slip["phn"] = json!("9999004756");
    let asked = house.ask("c1", "t2", Tool::RegisterNewPatient, slip).await;
    assert_eq!((&asked["code"], &asked["argument"]), (&json!("VALIDATION_ERROR"), &json!("healthNumber")));
    assert!(asked["say"].as_str().unwrap().contains("digit by digit"), "{asked}");
    assert_eq!(world.emr("maple").all_requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_registers_without_end_is_stopped() {
    let (world, house) = house().await;
    let mut codes = Vec::new();
    for n in 0..10_u8 {
        let mut who = form();
        (who["phn"], who["firstName"]) = (json!("none"), json!(format!("Child{}", char::from(b'A' + n))));
        who["dateOfBirth"] = json!(format!("2010-01-{:02}", n + 1));
        codes.push(house.ask("c1", &format!("t{n}"), Tool::RegisterNewPatient, who).await["code"].clone());
    }
    assert_eq!(codes.iter().filter(|code| **code == "REGISTERED").count(), 8, "{codes:?}");
    assert_eq!(charts(&world), 8);
}

#[tokio::test(start_paused = true)]
async fn while_the_emr_is_away_a_registration_is_held_and_made_when_it_is_back() {
    let (world, house) = house().await;
    world.emr("maple").script(|_| AWAY);
    let held = register(&house, "c1", "t1").await;
    assert_eq!(held["code"], "HELD", "{held}");
    assert_eq!(register(&house, "c1", "t1").await, held);
    assert_eq!(register(&house, "c1", "t2").await["reference"], held["reference"], "the same person");
    house.wait(Duration::from_hours(1)).await;
    assert_eq!(charts(&world), 0);
    world.emr("maple").script(|_| Fate::PROMPT);
    house.wait(Duration::from_mins(10)).await;
    assert_eq!((charts(&world), counts(&world).await), (1, (0, 0)));
    assert_eq!(world.store.peek().held[0].row.state, HeldState::Done);
    assert_eq!(world.sms.sent().len(), 1);
    assert_eq!(register(&house, "c1", "t1").await, held, "what was answered stays answered");
}

#[tokio::test(start_paused = true)]
async fn a_held_registration_of_somebody_who_got_a_chart_meanwhile_goes_to_staff() {
    let (world, house) = house().await;
    world.emr("maple").script(|_| AWAY);
    assert_eq!(register(&house, "c1", "t1").await["code"], "HELD");
    world.emr("maple").add_chart(&zoe());
    world.emr("maple").script(|_| Fate::PROMPT);
    house.wait(Duration::from_mins(10)).await;
    let held = world.store.peek().held[0].row.clone();
    assert_eq!((held.state, held.outcome.as_deref()), (HeldState::HandedToStaff, Some("DUPLICATE_PATIENT")));
    assert_eq!((charts(&world), world.emr("maple").requests(Op::AddChart)), (1, 0));
}

/// Laws B-5 and O-2.
#[tokio::test(start_paused = true)]
async fn a_registration_that_dies_at_any_point_is_neither_lost_nor_doubled() {
    for point in Crashpoint::ALL {
        for (process_dies, lost) in [(false, false), (true, false), (true, true)] {
            let world = world();
            if lost {
                once(world.emr("maple"), Op::AddChart, STORED_AND_FAILED);
            }
            let mut house = world.begin(1, dies_at(point)).await;
            let first = register(&house, "c1", "t1").await;
            if process_dies {
                house.root.actor().kill();
                let _ = house.root.ended().await;
                house = world.begin(2, Crashpoints::default()).await;
            }
            house.wait(Duration::from_mins(3)).await;
            let told = |what: &str| format!("{what} {point:?} {process_dies} {lost} {first}");
            let (unsettled, with_staff) = counts(&world).await;
            assert_eq!(unsettled, 0, "{}", told("settled"));
            let again = register(&house, "c1", "t1").await;
            let made = charts(&world) as u64;
            assert!(made <= 1 && world.emr("maple").requests(Op::AddChart) <= 1, "{}", told("one"));
            let set_aside = world.store.peek().dead_letters.len() as u64;
            assert_eq!(
                with_staff + set_aside,
                u64::from(again["code"] == "HANDED_TO_STAFF"),
                "{}",
                told("told")
            );
            assert_eq!(made == 1, again["code"] == "REGISTERED", "{again} {}", told("as it is"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_registered_is_new_to_every_provider() {
    let mut world = world();
    world.clinics[0].providers[0].accepts_new_patients = Some(false);
    let house = world.begin(1, Crashpoints::default()).await;
    let mut who = form();
    who["preferredProviderId"] = json!("021");
    let asked = house.ask("c1", "t1", Tool::RegisterNewPatient, who).await;
    assert_eq!(asked["argument"], "preferredProviderId", "who takes nobody new is not named: {asked}");
    let mut who = form();
    who["preferredProviderId"] = json!(provider_no(2).as_str());
    assert_eq!(house.ask("c1", "t2", Tool::RegisterNewPatient, who).await["code"], "REGISTERED");
    let refused = house.ask("c1", "t3", Tool::CreateAppointment, at("10:00")).await;
    assert_eq!(refused["code"], "PROVIDER_UNKNOWN", "{refused}");
}
