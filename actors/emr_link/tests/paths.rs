//! A clinic with two ways into its EMR.

use super::*;
use crate::domain::capabilities::{Can, Capability, Why};
use crate::domain::clinic::Clinic;
use crate::domain::ids::ClinicId;
use crate::emr_link::LinkHealth;

const REST_FIRST: bool = true;

async fn two_paths(rest_first: bool) -> (World, TestHouse) {
    let mut world = World::of(vec![Clinic { prefer_rest: rest_first, ..clinic("maple", 1) }], &[patient(42)]);
    world.emr("maple").has_paths(&[Path::Soap, Path::Rest]);
    // Days go by here, and nothing happens at the desk.
    world.settings.look_every = Duration::from_hours(1);
    world.settings.duty_every = Duration::from_hours(1);
    world.settings.pace.dead_after = Duration::from_hours(10);
    let house = begin(&world).await;
    (world, house)
}

fn by(world: &World, path: Path) -> u64 {
    world.emr("maple").requests_by(path, Op::DayRows)
}

/// One path meets a fate, the other is well.
fn only(world: &World, ill: Path, fate: Fate) {
    world.emr("maple").script_by_path(move |path, _| if path == ill { fate } else { Fate::PROMPT });
}

async fn health(house: &TestHouse) -> LinkHealth {
    let link = house.house.directory.link(&ClinicId::parse("maple").unwrap()).unwrap();
    link.ask(Instant::now() + SOON, EmrLinkMsg::GetHealth).await.ok().unwrap()
}

fn survey(house: &TestHouse) {
    let link = house.house.directory.link(&ClinicId::parse("maple").unwrap()).unwrap();
    assert!(link.post(EmrLinkMsg::Survey).is_ok());
}

#[tokio::test(start_paused = true)]
async fn each_clinic_is_asked_first_by_the_path_it_prefers() {
    for (rest_first, path) in [(REST_FIRST, Path::Rest), (!REST_FIRST, Path::Soap)] {
        let (world, house) = two_paths(rest_first).await;
        assert_eq!(read(&house, "maple").await, Ok(0));
        assert_eq!((by(&world, path), world.emr("maple").requests(Op::DayRows)), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_whose_path_is_closed_is_answered_by_the_other_within_its_deadline() {
    for with in
        [EmrFailure::HttpError, EmrFailure::Unauthorised, EmrFailure::Unsupported, EmrFailure::Firewall]
    {
        let (world, house) = two_paths(REST_FIRST).await;
        only(&world, Path::Rest, Fate::Fails { after: Duration::from_millis(5), with });
        let began = Instant::now();
        assert_eq!(read(&house, "maple").await, Ok(0), "{with}");
        assert_eq!(began.elapsed(), Duration::from_millis(25), "at once");
        assert_eq!((by(&world, Path::Rest), by(&world, Path::Soap)), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_emr_has_answered_is_not_asked_again_elsewhere() {
    for with in [EmrFailure::ServerFault, EmrFailure::ClientFault] {
        let (world, house) = two_paths(REST_FIRST).await;
        only(&world, Path::Rest, Fate::Fails { after: Duration::from_millis(5), with });
        assert_eq!(read(&house, "maple").await, Err(with));
        assert_eq!(by(&world, Path::Soap), 0);
    }
    let (world, house) = two_paths(REST_FIRST).await;
    only(&world, Path::Rest, Fate::Hangs);
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::TimedOut));
    assert_eq!(by(&world, Path::Soap), 0, "no time is left");
}

#[tokio::test(start_paused = true)]
async fn the_breakers_of_two_paths_are_separate_and_only_both_together_shut_a_service() {
    let (world, house) = two_paths(REST_FIRST).await;
    only(&world, Path::Rest, FAILS);
    for _ in 0..5 {
        assert_eq!(read(&house, "maple").await, Ok(0));
    }
    assert_eq!((by(&world, Path::Rest), by(&world, Path::Soap)), (3, 5), "a shut path is not asked");
    assert_eq!(health(&house).await.shut, [(Path::Rest, Service::Schedule)]);
    world.emr("maple").script(|_| FAILS);
    for _ in 0..3 {
        assert_eq!(read(&house, "maple").await, Err(EmrFailure::HttpError));
    }
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::BreakerOpen));
    assert_eq!(health(&house).await.shut.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_tried_again_and_hangs_costs_half_of_the_time_and_no_answer() {
    let (world, house) = two_paths(REST_FIRST).await;
    only(&world, Path::Rest, FAILS);
    for _ in 0..3 {
        let _ = read(&house, "maple").await;
    }
    house.wait(Duration::from_secs(31)).await;
    only(&world, Path::Rest, Fate::Hangs);
    let began = Instant::now();
    assert_eq!(read(&house, "maple").await, Ok(0));
    assert_eq!(began.elapsed(), SOON / 2 + Duration::from_millis(20));
    assert_eq!(by(&world, Path::Rest), 4);
    assert_eq!(health(&house).await.shut, [(Path::Rest, Service::Schedule)], "it did not come back");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_refuses_our_credentials_is_asked_last_for_a_while() {
    let (world, house) = two_paths(REST_FIRST).await;
    only(&world, Path::Rest, Fate::Fails { after: Duration::ZERO, with: EmrFailure::Unauthorised });
    for _ in 0..4 {
        assert_eq!(read(&house, "maple").await, Ok(0));
    }
    assert_eq!(by(&world, Path::Rest), 1);
    house.wait(Duration::from_secs(31)).await;
    assert_eq!(read(&house, "maple").await, Ok(0));
    assert_eq!(by(&world, Path::Rest), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_by_its_one_path_whatever_becomes_of_it() {
    for with in [EmrFailure::NoConnection, EmrFailure::Unauthorised, EmrFailure::ConnectionLost] {
        let (world, house) = two_paths(REST_FIRST).await;
        only(&world, Path::Rest, Fate::Fails { after: Duration::from_millis(5), with });
        let until = Instant::now() + Duration::from_mins(1);
        let lease = Lease { fence: crate::domain::ids::Fence(1), until };
        let seen = an_appointment(&world);
        let sent = link(&house, "maple")
            .by(Path::Rest)
            .write(Operation::CancelAppointment, lease, Instant::now() + SOON, move |emr| async move {
                emr.cancel_appointment(&seen).await
            })
            .await;
        assert_eq!(sent, Err(with));
        assert_eq!(world.emr("maple").requests(Op::Cancel), 1);
        assert_eq!(world.emr("maple").requests_by(Path::Soap, Op::Cancel), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_opens_and_closes_while_the_connection_lives() {
    let (world, house) = two_paths(REST_FIRST).await;
    world.emr("maple").set_open(Path::Rest, false);
    survey(&house);
    house.wait(Duration::from_millis(1)).await;
    assert_eq!(health(&house).await.open, [Path::Soap]);
    assert_eq!(read(&house, "maple").await, Ok(0));
    assert_eq!(by(&world, Path::Rest), 0);
    world.emr("maple").set_open(Path::Rest, true);
    house.wait(Duration::from_secs(61)).await;
    assert_eq!(read(&house, "maple").await, Ok(0));
    assert_eq!(by(&world, Path::Rest), 1, "found out unasked");
}

#[tokio::test(start_paused = true)]
async fn without_an_open_path_the_emr_counts_as_away() {
    let (world, house) = two_paths(REST_FIRST).await;
    world.emr("maple").set_open(Path::Rest, false);
    world.emr("maple").set_open(Path::Soap, false);
    survey(&house);
    house.wait(Duration::from_millis(1)).await;
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::NoConnection));
}

const NOT_GRANTED: Capability =
    Capability { operation: Operation::DayRows, can: Can::No, why: Why::NotGranted };

#[tokio::test(start_paused = true)]
async fn what_a_path_cannot_do_is_found_out_kept_and_not_asked_of_it_again() {
    let (world, house) = two_paths(REST_FIRST).await;
    world.emr("maple").says_it_can(Path::Rest, Ok(vec![NOT_GRANTED]));
    house.wait(Duration::from_mins(6)).await;
    assert_eq!(read(&house, "maple").await, Ok(0));
    assert_eq!((by(&world, Path::Rest), by(&world, Path::Soap)), (0, 1));
    assert!(health(&house).await.table.rules_out(Operation::DayRows, Path::Rest));
    house.stop().await;
    let next = world.begin(2, Crashpoints::default()).await;
    next.ask("c0", "t0", Tool::GetClinicInfo, json!({})).await;
    assert_eq!(read(&next, "maple").await, Ok(0));
    assert_eq!(by(&world, Path::Rest), 0, "the next life knows it from the start");
    assert_eq!(world.emr("maple").discoveries(Path::Rest), 1);
}

#[tokio::test(start_paused = true)]
async fn a_discovery_that_fails_leaves_the_last_table_and_is_tried_again() {
    let (world, house) = two_paths(REST_FIRST).await;
    world.emr("maple").says_it_can(Path::Rest, Ok(vec![NOT_GRANTED]));
    house.wait(Duration::from_mins(6)).await;
    world.emr("maple").says_it_can(Path::Rest, Err(EmrFailure::NoConnection));
    house.wait(Duration::from_hours(24)).await;
    let tried = world.emr("maple").discoveries(Path::Rest);
    assert!(tried > 1, "a day later");
    assert!(health(&house).await.table.rules_out(Operation::DayRows, Path::Rest), "the last one stands");
    world.emr("maple").says_it_can(Path::Rest, Ok(Vec::new()));
    house.wait(Duration::from_mins(16)).await;
    assert!(!health(&house).await.table.rules_out(Operation::DayRows, Path::Rest));
}
