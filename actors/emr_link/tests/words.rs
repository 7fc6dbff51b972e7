//! Several processes before one EMR: what one of them finds out, the others know.

use tokio::time::sleep;

use super::*;
use crate::domain::ids::{ClinicId, Generation};
use crate::domain::trouble::{Lasts, Part};
use crate::ports::store::TroubleStore;

const SCHEDULE: Part = Part::Service(Path::Soap, Service::Schedule);
/// The longest that a breaker waits which has heard of another.
const PAST_THE_SPREAD: Duration = Duration::from_secs(34);

async fn two_houses() -> (World, TestHouse, TestHouse) {
    let mut world = World::of(vec![clinic("maple", 1), clinic("cedar", 1)], &[patient(42)]);
    world.settings.look_every = Duration::from_hours(1);
    world.settings.duty_every = Duration::from_hours(1);
    let a = world.begin_on("a", 1, Crashpoints::default()).await;
    let b = world.begin_on("b", 2, Crashpoints::default()).await;
    b.wait(Duration::from_secs(3)).await;
    (world, a, b)
}

async fn trips(world: &World, house: &TestHouse) {
    world.emr("maple").script(|_| FAILS);
    for _ in 0..3 {
        assert_eq!(read(house, "maple").await, Err(EmrFailure::HttpError));
    }
    // What is told travels behind the answer.
    house.wait(Duration::from_millis(1)).await;
}

async fn dies(house: &TestHouse) {
    let maple = ClinicId::parse("maple").unwrap();
    while house.house.directory.link(&maple).is_none() {
        house.wait(Duration::from_millis(100)).await;
    }
    let _ = house.house.directory.link(&maple).unwrap().post(EmrLinkMsg::Die(Death::Panic));
    house.wait(Duration::from_millis(100)).await;
}

async fn comes_to_rest(house: &TestHouse) {
    for _ in 0..=crate::tree::policy(crate::tree::Role::EmrLink).budget.failures {
        dies(house).await;
    }
}

/// What rests at maple's elsewhere, as this process has heard.
fn resting(house: &TestHouse) -> Vec<(String, String)> {
    let resting = house.house.hearsay.resting(&ClinicId::parse("maple").unwrap()).into_iter();
    resting.map(|one| (one.role, one.node)).collect()
}

/// Whether this is so before a second has passed.
async fn in_a_second(is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() && began.elapsed() < Duration::from_secs(1) {
        sleep(Duration::from_millis(10)).await;
    }
    is_so()
}

fn asked(world: &World) -> u64 {
    world.emr("maple").requests(Op::DayRows)
}

async fn told(world: &World) -> (Lasts, Generation) {
    let troubles = world.store.troubles(&ClinicId::parse("maple").unwrap()).await.unwrap();
    let trouble = troubles.into_iter().find(|trouble| trouble.part == SCHEDULE).unwrap();
    (trouble.lasts, trouble.told_by)
}

#[tokio::test(start_paused = true)]
async fn an_emr_that_is_ill_costs_all_processes_one_trip_and_one_probe() {
    let (world, a, b) = two_houses().await;
    trips(&world, &a).await;
    b.house.hear().await.unwrap();
    assert_eq!(read(&b, "maple").await, Err(EmrFailure::BreakerOpen));
    assert_eq!(read(&b, "cedar").await, Ok(0));
    assert_eq!(asked(&world), 3);
    a.wait(Duration::from_secs(30)).await;
    assert_eq!(read(&b, "maple").await, Err(EmrFailure::BreakerOpen), "the other one goes first");
    assert_eq!(read(&a, "maple").await, Err(EmrFailure::HttpError), "the probe");
    a.wait(Duration::from_secs(1)).await;
    b.house.hear().await.unwrap();
    b.wait(Duration::from_secs(29)).await;
    assert_eq!(read(&b, "maple").await, Err(EmrFailure::BreakerOpen), "shut again by it");
    assert_eq!(asked(&world), 4);
}

#[tokio::test(start_paused = true)]
async fn who_hears_that_another_gets_through_finds_out_for_itself_at_once() {
    let (world, a, b) = two_houses().await;
    trips(&world, &a).await;
    b.house.hear().await.unwrap();
    world.emr("maple").script(|_| Fate::PROMPT);
    b.wait(PAST_THE_SPREAD).await;
    assert_eq!(read(&b, "maple").await, Ok(0), "the probe");
    trips(&world, &b).await;
    a.house.hear().await.unwrap();
    world.emr("maple").script(|_| Fate::PROMPT);
    let elsewhere = Generation(99);
    let maple = ClinicId::parse("maple").unwrap();
    world.store.tell(&maple, &SCHEDULE, Lasts::IsOver, elsewhere).await.unwrap();
    assert_eq!(read(&a, "maple").await, Err(EmrFailure::BreakerOpen));
    a.house.hear().await.unwrap();
    let (first, second) = tokio::join!(read(&a, "maple"), read(&a, "maple"));
    assert_eq!((first, second), (Ok(0), Err(EmrFailure::BreakerOpen)), "a probe, and not a herd");
    assert_eq!(read(&a, "maple").await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn who_alone_does_not_get_through_shuts_nobody_else_a_second_time() {
    let (world, a, b) = two_houses().await;
    trips(&world, &a).await;
    assert_eq!(told(&world).await.1, a.house.generation);
    let maple = ClinicId::parse("maple").unwrap();
    let well = (Lasts::IsOver, b.house.generation);
    world.store.tell(&maple, &SCHEDULE, well.0, well.1).await.unwrap();
    a.house.hear().await.unwrap();
    for _ in 0..2 {
        assert_eq!(read(&a, "maple").await, Err(EmrFailure::HttpError), "the probe");
        assert_eq!(read(&a, "maple").await, Err(EmrFailure::BreakerOpen));
        a.wait(PAST_THE_SPREAD).await;
        a.house.hear().await.unwrap();
    }
    assert_eq!(told(&world).await, well);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_begins_knows_what_the_others_know_and_tries_before_it_trusts() {
    let (world, a, b) = two_houses().await;
    trips(&world, &a).await;
    a.kill().await;
    let next = world.begin_on("a", 3, Crashpoints::default()).await;
    next.wait(Duration::from_secs(3)).await;
    assert_eq!(read(&next, "maple").await, Err(EmrFailure::BreakerOpen));
    assert_eq!(read(&next, "cedar").await, Ok(0));
    assert_eq!(asked(&world), 3);
    next.kill().await;
    b.wait(PAST_THE_SPREAD).await;
    // Nobody has tried since.
    let last = world.begin_on("a", 4, Crashpoints::default()).await;
    last.wait(Duration::from_secs(3)).await;
    world.emr("maple").script(|_| Fate::PROMPT);
    let (first, second) = tokio::join!(read(&last, "maple"), read(&last, "maple"));
    assert_eq!((first, second), (Ok(0), Err(EmrFailure::BreakerOpen)));
    last.wait(Duration::from_secs(1)).await;
    assert_eq!(told(&world).await, (Lasts::IsOver, last.house.generation));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_cannot_ask_the_others_tries_each_service_by_one_request() {
    let (world, a, b) = two_houses().await;
    a.kill().await;
    b.kill().await;
    world.store.set_away(true);
    let house = world.begin_on("a", 3, Crashpoints::default()).await;
    house.wait(Duration::from_millis(1)).await;
    world.store.set_away(false);
    // The others are called dead, and it has saved something up.
    house.wait(Duration::from_secs(20)).await;
    let (first, second) = tokio::join!(read(&house, "maple"), read(&house, "maple"));
    assert_eq!((first, second), (Ok(0), Err(EmrFailure::BreakerOpen)));
    assert_eq!(read(&house, "maple").await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_dies_comes_back_as_shut_as_it_was() {
    let (world, a, _) = two_houses().await;
    trips(&world, &a).await;
    let id = ClinicId::parse("maple").unwrap();
    assert!(a.house.directory.link(&id).unwrap().post(EmrLinkMsg::Die(Death::Panic)).is_ok());
    a.wait(Duration::from_secs(3)).await;
    assert_eq!(read(&a, "maple").await, Err(EmrFailure::BreakerOpen));
    assert_eq!(asked(&world), 3);
}

#[tokio::test(start_paused = true)]
async fn what_rests_in_one_process_rests_in_another_after_its_own_first_failure_and_not_before() {
    let (_, a, b) = two_houses().await;
    let maple = ClinicId::parse("maple").unwrap();
    comes_to_rest(&a).await;
    b.house.hear().await.unwrap();
    assert_eq!(resting(&b), [("emr_link".to_owned(), "a".to_owned())]);
    assert_eq!(read(&b, "maple").await, Ok(0), "it may be the other machine's own trouble");
    dies(&b).await;
    b.wait(Duration::from_mins(2)).await;
    assert_eq!(read(&b, "maple").await, Err(EmrFailure::Stopped));
    a.house.hear().await.unwrap();
    assert_eq!(a.house.hearsay.resting(&maple).len(), 1, "its own rest is no hearsay");
    b.wait(Duration::from_mins(5)).await;
    assert_eq!(b.house.hearsay.resting(&maple), []);
    assert_eq!(read(&b, "maple").await, Ok(0));
    dies(&b).await;
    b.wait(Duration::from_secs(3)).await;
    assert_eq!(read(&b, "maple").await, Ok(0), "with nobody resting it is tried again as ever");
}

#[tokio::test(start_paused = true)]
async fn what_one_process_learns_the_others_know_within_a_second() {
    let (world, a, b) = two_houses().await;
    trips(&world, &a).await;
    b.wait(Duration::from_secs(1)).await;
    assert_eq!(read(&b, "maple").await, Err(EmrFailure::BreakerOpen));
    assert_eq!(asked(&world), 3, "it need not find out for itself");
    comes_to_rest(&a).await;
    assert!(in_a_second(|| !resting(&b).is_empty()).await);
    // At whatever moment between two beats.
    for revision in 1..=10 {
        world.store.peek().revision = revision;
        let have_it = || [&a, &b].iter().all(|house| *house.house.declared.borrow() == revision);
        assert!(in_a_second(have_it).await, "{revision}");
        a.wait(Duration::from_millis(130)).await;
    }
}
