//! Bookings at a clinic with two ways into its EMR, and at one whose only way does not tell when providers work.

use super::*;
use crate::domain::clinic::Clinic;
use crate::domain::clinic_hours::Week;
use crate::domain::work_grid::WorkGrid;
use crate::emr_link::EmrLinkMsg;
use crate::ports::emr::{Operation, Path};

const ONE_FAILS: Fate = Fate::Fails { after: Duration::from_millis(5), with: EmrFailure::HttpError };

fn world_of(maple: Clinic, paths: &[Path]) -> World {
    let world = World::of(vec![maple], &[patient(42), patient(7)]);
    world.emr("maple").has_paths(paths);
    world.emr("maple").lacks(Path::Rest, &[Operation::DaySchedule]);
    world
}

/// It prefers REST, where both ways stand open.
async fn rest_first() -> (World, TestHouse) {
    let world = world_of(Clinic { prefer_rest: true, ..clinic("maple", 2) }, &[Path::Soap, Path::Rest]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    (world, house)
}

fn asked(world: &World, path: Path, ops: &[Op]) -> u64 {
    ops.iter().map(|op| world.emr("maple").requests_by(path, *op)).sum()
}

/// What must go by the path of a booking.
const BOUND: [Op; 4] = [Op::DayRows, Op::Appointment, Op::Add, Op::Cancel];

#[tokio::test(start_paused = true)]
async fn a_booking_is_checked_sent_and_read_back_by_one_path() {
    let (world, house) = rest_first().await;
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED");
    assert_eq!(asked(&world, Path::Rest, &BOUND), 3, "the day, the addition, the day again");
    assert_eq!(asked(&world, Path::Soap, &BOUND), 0);
    assert!(asked(&world, Path::Soap, &[Op::DaySchedule]) > 0, "which REST does not have");
}

#[tokio::test(start_paused = true)]
async fn an_addition_without_an_answer_is_never_sent_by_the_other_path() {
    for fate in [LOST, NEVER_ARRIVED, Fate::Hangs] {
        let (world, house) = rest_first().await;
        once(world.emr("maple"), Op::Add, fate);
        book(&house, "t1", "10:00").await;
        house.wait(Duration::from_mins(1)).await;
        assert_eq!(world.emr("maple").requests(Op::Add), 1);
        assert_eq!(asked(&world, Path::Soap, &BOUND), 0, "nor looked for by it");
        assert!(no_overlap_by_us(&world.emr("maple").live()).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_that_has_just_failed_is_not_trusted_with_a_booking() {
    let (world, house) = rest_first().await;
    let mut left = 1;
    world.emr("maple").script_by_path(move |path, op| {
        if path == Path::Rest && op == Op::AppointmentsOf && left > 0 {
            left -= 1;
            return ONE_FAILS;
        }
        Fate::PROMPT
    });
    assert_eq!(house.ask("c1", "l", Tool::CheckAppointments, json!({})).await["code"], "OK");
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED");
    assert_eq!(asked(&world, Path::Rest, &BOUND), 0);
    assert_eq!(asked(&world, Path::Soap, &BOUND), 3);
}

/// The patient's one appointment, as this call has heard of it.
async fn heard_of(world: &World, house: &TestHouse) -> i32 {
    let slot = quarter(provider_no(1), visit_day(), 0, 1).unwrap();
    let no = world.emr("maple").staff_adds(&slot, patient(42).no);
    let listed = house.ask("c1", "l", Tool::CheckAppointments, json!({})).await;
    assert_eq!(listed["appointments"][0]["appointmentId"], no.0, "{listed}");
    no.0
}

#[tokio::test(start_paused = true)]
async fn a_row_is_compared_by_the_path_the_caller_heard_of_it() {
    let (world, house) = rest_first().await;
    let no = heard_of(&world, &house).await;
    // By now the other one would be chosen.
    once(world.emr("maple"), Op::Appointment, ONE_FAILS);
    let away = house.ask("c1", "t0", Tool::CancelAppointment, json!({ "appointmentId": no })).await;
    assert_eq!(away["code"], "HELD", "{away}");
    let done = house.ask("c1", "t1", Tool::CancelAppointment, json!({ "appointmentId": no })).await;
    assert_eq!(done["code"], "CANCELLED", "{done}");
    assert_eq!(asked(&world, Path::Soap, &BOUND), 0);
}

#[tokio::test(start_paused = true)]
async fn a_move_goes_by_the_path_by_which_its_old_half_was_heard_of() {
    let (world, house) = rest_first().await;
    let no = heard_of(&world, &house).await;
    let mut to = at("10:00");
    to["appointmentId"] = no.into();
    let moved = house.ask("c1", "t1", Tool::UpdateAppointment, to).await;
    assert_eq!(moved["code"], "MOVED", "{moved}");
    assert_eq!(asked(&world, Path::Soap, &BOUND), 0);
}

#[tokio::test(start_paused = true)]
async fn a_row_heard_of_by_a_path_that_is_closed_since_is_looked_up_again() {
    let (world, house) = rest_first().await;
    let no = heard_of(&world, &house).await;
    world.emr("maple").set_open(Path::Rest, false);
    let id = crate::domain::ids::ClinicId::parse("maple").unwrap();
    assert!(house.house.directory.link(&id).unwrap().post(EmrLinkMsg::Survey).is_ok());
    house.wait(Duration::from_millis(1)).await;
    let cancel =
        async |id| house.ask("c1", id, Tool::CancelAppointment, json!({ "appointmentId": no })).await;
    assert_eq!(cancel("t1").await["code"], "APPOINTMENT_CHANGED");
    assert_eq!(world.emr("maple").requests(Op::Cancel), 0);
    house.ask("c1", "l2", Tool::CheckAppointments, json!({})).await;
    assert_eq!(cancel("t2").await["code"], "CANCELLED");
}

#[tokio::test(start_paused = true)]
async fn after_a_death_the_journal_knows_by_which_path_to_look() {
    let mut world = world_of(Clinic { prefer_rest: true, ..clinic("maple", 2) }, &[Path::Soap, Path::Rest]);
    let mut house = world.begin(1, dies_at(Crashpoint::Sent)).await;
    verify(&house).await;
    book(&house, "t1", "10:00").await;
    house.root.actor().kill();
    let _ = house.root.ended().await;
    // Whatever would be chosen now.
    world.clinics[0].prefer_rest = false;
    let before = asked(&world, Path::Rest, &[Op::DayRows]);
    let next = world.begin(2, Crashpoints::default()).await;
    next.wait(Duration::from_secs(5)).await;
    assert_eq!(counts(&world, &next).await, (0, 0), "settled");
    assert!(asked(&world, Path::Rest, &[Op::DayRows]) > before);
    assert_eq!(asked(&world, Path::Soap, &BOUND), 0);
}

/// Number one works on mornings of the day; of number two nobody says when.
fn with_a_grid() -> Clinic {
    let mut maple = clinic("maple", 2);
    let hours = Week { tuesday: vec!["09:00-10:00".parse().unwrap()], ..Week::default() };
    maple.providers[0].work_grid = Some(WorkGrid { slot_minutes: 15, template_code: None, hours });
    maple
}

async fn rest_only(maple: Clinic) -> (World, TestHouse) {
    let world = world_of(maple, &[Path::Rest]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    (world, house)
}

async fn look(house: &TestHouse, id: &str, provider: &str) -> Value {
    let wanted = json!({ "startDate": visit_day().to_string(), "providerId": provider });
    house.ask("c1", id, Tool::FindEarliestAppointment, wanted).await
}

#[tokio::test(start_paused = true)]
async fn what_is_free_by_the_usual_hours_is_offered_as_assumed_and_booked_by_the_same_hours() {
    let (world, house) = rest_only(with_a_grid()).await;
    staff(&world, 0);
    let found = look(&house, "f", "021").await;
    assert_eq!((&found["code"], &found["certainty"]), (&json!("SLOT_FOUND"), &json!("assumed")), "{found}");
    assert_eq!(found["slot"]["startTime"], "09:15", "the day list is minded");
    assert!(found["say"].as_str().unwrap().contains("should be free"), "{found}");
    let booked =
        house.ask("c1", "t1", Tool::CreateAppointment, json!({ "slotId": found["slot"]["slotId"] })).await;
    assert_eq!(booked["code"], "BOOKED", "{booked}");
    assert_eq!(book(&house, "t2", "11:00").await["code"], "SLOT_TAKEN", "outside the usual hours");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_says_when_a_provider_works_no_time_is_made_up() {
    let mut maple = with_a_grid();
    maple.waitlist_enabled = true;
    let (world, house) = rest_only(maple).await;
    let hidden = look(&house, "f", "022").await;
    assert_eq!(hidden["code"], "SCHEDULE_HIDDEN", "{hidden}");
    assert_eq!(hidden["canOffer"], json!(["transfer", "waitlist"]));
    let mut named = at("10:00");
    named["providerId"] = "022".into();
    let refused = house.ask("c1", "t1", Tool::CreateAppointment, named).await;
    assert_eq!(refused["code"], "SCHEDULE_HIDDEN", "{refused}");
    assert_eq!(world.emr("maple").requests(Op::Add), 0);
}

#[tokio::test(start_paused = true)]
async fn usual_hours_do_not_stand_in_for_an_emr_that_is_only_away() {
    let world = world_of(with_a_grid(), &[Path::Soap, Path::Rest]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    world.emr("maple").script_by_path(|path, _| if path == Path::Soap { ONE_FAILS } else { Fate::PROMPT });
    assert_eq!(look(&house, "f", "021").await["code"], "EMR_UNAVAILABLE");
}
