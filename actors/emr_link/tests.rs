mod flood;
mod paths;
mod words;

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::crashpoint::Crashpoints;
use crate::domain::clinic::EmrLimits;
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::ports::store::Lease;
use crate::testing::{Death, Fate, Op, TestHouse, World, clinic, patient, provider_no, visit_day};

const SOON: Duration = Duration::from_secs(4);

async fn house(limits: EmrLimits) -> (World, TestHouse) {
    let mut maple = clinic("maple", 1);
    maple.limits = limits;
    let world = World::of(vec![maple, clinic("cedar", 1)], &[patient(42)]);
    let house = begin(&world).await;
    (world, house)
}

/// A house whose connections have saved up all they may spend at once.
async fn begin(world: &World) -> TestHouse {
    let house = world.begin(1, Crashpoints::default()).await;
    house.ask("c0", "t0", Tool::GetClinicInfo, json!({})).await;
    house.wait(Duration::from_secs(3)).await;
    house
}

fn link(house: &TestHouse, id: &str) -> EmrLink {
    house.house.emr_link(&crate::domain::ids::ClinicId::parse(id).unwrap())
}

async fn read(house: &TestHouse, id: &str) -> EmrResult<usize> {
    let (provider, first, end) = (provider_no(1), visit_day(), visit_day().tomorrow().unwrap());
    link(house, id)
        .read(Operation::DayRows, Instant::now() + SOON, move |emr| async move {
            emr.day_rows(&provider, first, end, None).await.map(|rows| rows.len())
        })
        .await
}

const FAILS: Fate = Fate::Fails { after: Duration::from_millis(5), with: EmrFailure::HttpError };

#[tokio::test(start_paused = true)]
async fn an_ill_service_is_left_alone_until_one_probe_succeeds() {
    let (world, house) = house(EmrLimits::default()).await;
    world.emr("maple").script(|_| FAILS);
    for _ in 0..3 {
        assert_eq!(read(&house, "maple").await, Err(EmrFailure::HttpError));
    }
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::BreakerOpen));
    assert_eq!(world.emr("maple").requests(Op::DayRows), 3);
    house.wait(Duration::from_secs(31)).await;
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::HttpError), "the probe");
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::BreakerOpen));
    world.emr("maple").script(|_| Fate::PROMPT);
    house.wait(Duration::from_secs(31)).await;
    assert_eq!(read(&house, "maple").await, Ok(0));
    assert_eq!(read(&house, "maple").await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer_and_shuts_nothing() {
    let (world, house) = house(EmrLimits::default()).await;
    world.emr("maple").script(|_| Fate::Fails { after: Duration::ZERO, with: EmrFailure::Unauthorised });
    for _ in 0..10 {
        assert_eq!(read(&house, "maple").await, Err(EmrFailure::Unauthorised));
    }
}

#[tokio::test(start_paused = true)]
async fn an_emr_that_hangs_costs_its_neighbour_nothing() {
    let (world, house) = house(EmrLimits::default()).await;
    world.emr("maple").script(|_| Fate::Hangs);
    let hanging: Vec<_> = (0..200).map(|_| read(&house, "maple")).collect();
    let (hung, near) = tokio::join!(futures::future::join_all(hanging), async {
        let mut waits = Vec::new();
        for _ in 0..50 {
            let began = Instant::now();
            assert_eq!(read(&house, "cedar").await, Ok(0));
            waits.push(began.elapsed());
            house.wait(Duration::from_millis(80)).await;
        }
        waits
    });
    assert!(hung.iter().all(Result::is_err));
    assert!(
        near.iter().all(|wait| *wait == Duration::from_millis(20)),
        "no wait but the EMR's own: {near:?}"
    );
    let refused = |why| hung.iter().filter(|result| **result == Err(why)).count();
    assert_eq!(refused(EmrFailure::QueueFull), 200 - 4 - 64, "four in flight, sixty-four waiting");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_bulkhead_are_in_flight_and_no_more_than_the_budget_leave() {
    let limits = EmrLimits { requests_per_second: 10, burst: 5, max_in_flight: 3, ..EmrLimits::default() };
    let (world, house) = house(limits).await;
    world.emr("maple").script(|_| Fate::Answered { after: Duration::from_millis(50) });
    let began = Instant::now();
    let asks: Vec<_> = (0..25).map(|_| read(&house, "maple")).collect();
    let answers = futures::future::join_all(asks).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(world.emr("maple").most_at_once(), 3);
    // Five at once, then ten a second.
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_millis(2_200), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_rarely_changes_is_asked_once_and_served_stale_when_the_emr_is_away() {
    let (world, house) = house(EmrLimits::default()).await;
    let soon = || Instant::now() + SOON;
    let maple = link(&house, "maple");
    let asks: Vec<_> = (0..20).map(|_| maple.providers(soon())).collect();
    let lists = futures::future::join_all(asks).await;
    assert!(lists.iter().all(|list| list.as_ref().is_ok_and(|dated| !dated.stale)));
    assert_eq!(world.emr("maple").requests(Op::Providers), 1);
    house.wait(Duration::from_mins(6)).await;
    world.emr("maple").script(|_| FAILS);
    for _ in 0..5 {
        assert!(maple.providers(soon()).await.is_ok_and(|dated| dated.stale));
    }
    assert_eq!(
        maple.template_codes(soon()).await.err(),
        Some(EmrFailure::HttpError),
        "never read, not invented"
    );
    let listed = house.ask("c1", "t1", Tool::GetProviders, json!({})).await;
    assert_eq!(listed["code"], "OK");
    assert_eq!(listed["asOf"], "2026-11-23 08:00", "{listed}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_have_left_runs_on_to_its_own_limit_and_keeps_its_place() {
    let limits = EmrLimits { max_in_flight: 1, ..EmrLimits::default() };
    let (world, house) = house(limits).await;
    world.emr("maple").script(|op| if op == Op::Cancel { Fate::Hangs } else { Fate::PROMPT });
    let maple = link(&house, "maple");
    let lease = Lease { fence: crate::domain::ids::Fence(1), until: Instant::now() + Duration::from_mins(1) };
    let seen = an_appointment(&world);
    let began = Instant::now();
    let write = tokio::spawn(async move {
        maple
            .by(Path::Soap)
            .write(
                Operation::CancelAppointment,
                lease,
                Instant::now() + Duration::from_millis(100),
                move |emr| async move { emr.cancel_appointment(&seen).await },
            )
            .await
    });
    tokio::task::yield_now().await;
    assert!(read(&house, "maple").await.is_err(), "its place is taken");
    assert_eq!(write.await.unwrap(), Err(EmrFailure::TimedOut));
    assert_eq!(began.elapsed(), Duration::from_secs(15));
    house.wait(Duration::from_secs(31)).await;
    assert_eq!(read(&house, "maple").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_lease_might_end_first_is_not_sent() {
    let (world, house) = house(EmrLimits::default()).await;
    let lease =
        Lease { fence: crate::domain::ids::Fence(1), until: Instant::now() + Duration::from_secs(14) };
    let seen = an_appointment(&world);
    let result = link(&house, "maple")
        .by(Path::Soap)
        .write(Operation::CancelAppointment, lease, Instant::now() + SOON, move |emr| async move {
            emr.cancel_appointment(&seen).await
        })
        .await;
    assert_eq!(result, Err(EmrFailure::LeaseOver));
    assert_eq!(world.emr("maple").requests(Op::Cancel), 0);
}

fn an_appointment(world: &World) -> crate::domain::appointment::Appointment {
    let slot = crate::testing::quarter(provider_no(1), visit_day(), 0, 1).unwrap();
    let no = world.emr("maple").staff_adds(&slot, patient(42).no);
    world.emr("maple").row(no).unwrap().appointment
}

#[tokio::test(start_paused = true)]
async fn a_link_that_dies_returns_with_an_empty_budget_and_its_neighbour_does_not_notice() {
    let (_, house) = house(EmrLimits::default()).await;
    let id = crate::domain::ids::ClinicId::parse("maple").unwrap();
    for death in [Death::Panic, Death::Error] {
        let mailbox = house.house.directory.link(&id).unwrap();
        assert!(mailbox.post(EmrLinkMsg::Die(death)).is_ok());
        house.wait(Duration::from_secs(70)).await;
        assert_eq!(read(&house, "maple").await, Ok(0));
    }
    assert_eq!(read(&house, "cedar").await, Ok(0));
    assert_eq!(house.meters().exits(crate::tree::Role::EmrLink, crate::supervisor::Exit::Failed), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_place_that_an_earlier_life_holds_gets_it_when_that_one_ends() {
    let limits = EmrLimits { max_in_flight: 1, ..EmrLimits::default() };
    let (world, house) = house(limits).await;
    let id = crate::domain::ids::ClinicId::parse("maple").unwrap();
    let link = || house.house.directory.link(&id);
    let slow = Fate::Answered { after: Duration::from_millis(3_500) };
    world.emr("maple").script(move |_| slow);
    let second_life = async {
        house.wait(Duration::from_millis(100)).await;
        assert!(link().unwrap().post(EmrLinkMsg::Die(Death::Error)).is_ok());
        house.wait(Duration::from_millis(100)).await;
        while link().is_none() {
            house.wait(Duration::from_millis(10)).await;
        }
        world.emr("maple").script(|_| Fate::PROMPT);
        let health = link().unwrap().ask(Instant::now() + SOON, EmrLinkMsg::GetHealth).await.unwrap();
        assert_eq!(health.in_flight, 1, "the place is the former life's");
        read(&house, "maple").await
    };
    let (_, second) = tokio::join!(read(&house, "maple"), second_life);
    assert_eq!(second, Ok(0), "it is told of no end, and looks again");
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_link_refuses_and_calls_are_still_answered() {
    let (_, house) = house(EmrLimits::default()).await;
    let id = crate::domain::ids::ClinicId::parse("maple").unwrap();
    for _ in 0..=crate::tree::policy(crate::tree::Role::EmrLink).budget.failures {
        while house.house.directory.link(&id).is_none() {
            house.wait(Duration::from_millis(100)).await;
        }
        let _ = house.house.directory.link(&id).unwrap().post(EmrLinkMsg::Die(Death::Panic));
        house.wait(Duration::from_millis(100)).await;
    }
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::Stopped));
    let refused = house.ask("c1", "t1", Tool::GetProviders, json!({})).await;
    assert_eq!(refused["code"], "EMR_UNAVAILABLE");
    assert_eq!(house.ask("c1", "t2", Tool::GetClinicInfo, json!({})).await["code"], "OK");
    assert_eq!(read(&house, "cedar").await, Ok(0));
}
