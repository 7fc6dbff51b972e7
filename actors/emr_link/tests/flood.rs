//! Several processes are flooded for one clinic at once; its EMR sees no more than it has agreed to.

use std::sync::{Arc, Mutex};

use super::*;
use crate::domain::ids::ClinicId;
use crate::domain::membership::Membership;
use crate::ports::store::RoleStore;
use crate::root::Ended;

const RATE: u32 = 10;
const BURST: u32 = 6;
const LIMITS: EmrLimits = EmrLimits {
    requests_per_second: RATE,
    burst: BURST,
    max_in_flight: 6,
    queue: 1_000,
    slow_ms: 60_000,
    write_timeout_ms: 15_000,
    breaker_error_percent: 100,
    breaker_consecutive: 1_000,
    breaker_open_ms: 30_000,
};
/// With a slow mark that comes before anybody gives up.
const IMPATIENT: EmrLimits = EmrLimits { slow_ms: 4_000, ..LIMITS };
const TICK: Duration = Duration::from_millis(50);

fn maple() -> ClinicId {
    ClinicId::parse("maple").unwrap()
}

type Arrivals = Arc<Mutex<Vec<Instant>>>;

/// The EMR of maple keeps a book of arrivals.
fn world() -> (World, Arrivals) {
    let mut maple = clinic("maple", 1);
    maple.limits = LIMITS;
    let mut world = World::of(vec![maple], &[patient(42)]);
    world.settings.look_every = Duration::from_hours(1);
    world.settings.duty_every = Duration::from_hours(1);
    let arrivals = Arrivals::default();
    let book = Arc::clone(&arrivals);
    world.emr("maple").script(move |_| {
        book.lock().unwrap().push(Instant::now());
        Fate::PROMPT
    });
    (world, arrivals)
}

/// More is asked all the time than anybody may send; what is not sent in time is nobody's loss here.
fn flood(house: &TestHouse) -> tokio::task::JoinHandle<()> {
    let house = Arc::clone(&house.house);
    let (provider, first, end) = (provider_no(1), visit_day(), visit_day().tomorrow().unwrap());
    tokio::spawn(async move {
        loop {
            for _ in 0..4 {
                let maple = house.emr_link(&ClinicId::parse("maple").unwrap());
                let provider = provider.clone();
                tokio::spawn(async move {
                    let asks = move |emr: Arc<dyn crate::ports::emr::Emr>| async move {
                        emr.day_rows(&provider, first, end, None).await.map(|rows| rows.len())
                    };
                    maple.read(Operation::DayRows, Instant::now() + TICK * 20, asks).await
                });
            }
            tokio::time::sleep(TICK).await;
        }
    })
}

fn sharing(house: &TestHouse) -> (u32, bool) {
    let Membership { processes, is_counted, .. } = *house.house.membership.borrow();
    (processes, is_counted)
}

/// Until it has so many in flight, which it must within seconds.
async fn fills(house: &TestHouse, places: usize) {
    let is_there = async {
        while house.house.directory.in_flight(&maple()) < places {
            house.wait(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), is_there).await.expect("its part of the places");
}

/// The most that came in any stretch of time beyond what the rate gives in it.
fn most_beyond_the_rate(arrivals: &[Instant]) -> f64 {
    let (mut most, mut lowest) = (0.0_f64, 0.0_f64);
    let Some(first) = arrivals.first() else { return 0.0 };
    for (before, at) in arrivals.iter().enumerate() {
        let given = at.duration_since(*first).as_secs_f64() * f64::from(RATE);
        let line = |count: usize| f64::from(u32::try_from(count).unwrap()) - given;
        lowest = lowest.min(line(before));
        most = most.max(line(before + 1) - lowest);
    }
    most
}

#[tokio::test(start_paused = true)]
async fn however_many_processes_are_flooded_their_emr_sees_its_budget_and_no_more() {
    let (world, arrivals) = world();
    let mut houses = Vec::new();
    let mut floods = Vec::new();
    for (node, seed) in [("a", 1), ("b", 2), ("c", 3)] {
        let house = world.begin_on(node, seed, Crashpoints::default()).await;
        // It waits until the others have made room.
        floods.push(flood(&house));
        house.wait(Duration::from_secs(12)).await;
        houses.push(house);
    }
    // One dies, and the others share what it had.
    floods.pop().unwrap().abort();
    houses.pop().unwrap().kill().await;
    houses[0].wait(Duration::from_secs(20)).await;
    assert_eq!(sharing(&houses[0]), (2, true));
    floods.iter().for_each(tokio::task::JoinHandle::abort);
    let arrivals = arrivals.lock().unwrap().clone();
    let beyond = most_beyond_the_rate(&arrivals);
    assert!(beyond <= f64::from(BURST) + 1e-6, "{beyond}");
    let took = arrivals.last().unwrap().duration_since(arrivals[0]).as_secs();
    let sent = u64::try_from(arrivals.len()).unwrap();
    assert!(sent > took * u64::from(RATE) * 9 / 10, "and most of it is used: {sent} in {took} s");
    assert!(world.emr("maple").most_at_once() <= 6);
}

/// In order. Whether it leaves a request behind.
async fn end(house: TestHouse) -> bool {
    let (store, ended) = (Arc::clone(&house.store), Arc::clone(&house.house));
    assert_eq!(house.stop().await, Ended::InOrder);
    let is_awaited = ended.directory.has_in_flight();
    store.release(ended.generation, is_awaited).await.unwrap();
    is_awaited
}

#[tokio::test(start_paused = true)]
async fn who_ends_in_order_gives_its_places_back_at_once_and_who_leaves_a_request_behind_does_not() {
    let (world, _) = world();
    world.emr("maple").script(|_| Fate::Answered { after: Duration::from_millis(900) });
    let a = begin(&world).await;
    let _flood = flood(&a);
    let b = world.begin_on("b", 2, Crashpoints::default()).await;
    b.wait(Duration::from_secs(3)).await;
    assert!(!end(b).await);
    fills(&a, 6).await;

    let c = world.begin_on("c", 3, Crashpoints::default()).await;
    let flood = flood(&c);
    fills(&c, 1).await;
    flood.abort();
    assert!(end(c).await);
    for _ in 0..25 {
        a.wait(Duration::from_secs(1)).await;
        assert!(a.house.directory.in_flight(&maple()) <= 3);
    }
    a.wait(Duration::from_secs(10)).await;
    fills(&a, 6).await;
}

#[tokio::test(start_paused = true)]
async fn processes_that_come_and_go_never_have_more_in_flight_together_than_the_emr_has_places() {
    let (world, _) = world();
    world.emr("maple").script(|_| Fate::Answered { after: Duration::from_millis(900) });
    let mut houses = Vec::new();
    for (node, seed) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        let house = world.begin_on(node, seed, Crashpoints::default()).await;
        let flood = flood(&house);
        house.wait(Duration::from_secs(3)).await;
        fills(&house, 1).await;
        house.wait(Duration::from_secs(3)).await;
        houses.push((house, flood));
        if node == "b" {
            let (leaves, flood) = houses.remove(0);
            flood.abort();
            end(leaves).await;
        }
        if node == "c" {
            let (dies, flood) = houses.remove(0);
            flood.abort();
            dies.kill().await;
        }
    }
    let (last, _flood) = houses.pop().unwrap();
    last.wait(Duration::from_mins(1)).await;
    assert_eq!(sharing(&last), (2, true));
    fills(&last, 3).await;
    assert_eq!(world.emr("maple").most_at_once(), 6, "and all of it is used");
}

#[tokio::test(start_paused = true)]
async fn a_clinic_with_one_place_is_served_by_each_of_three_processes_at_once() {
    let (mut world, _) = world();
    world.clinics[0].limits.max_in_flight = 1;
    world.emr("maple").script(|_| Fate::Answered { after: Duration::from_millis(900) });
    let mut houses = Vec::new();
    for (node, seed) in [("a", 1), ("b", 2), ("c", 3)] {
        let started = Instant::now();
        let house = world.begin_on(node, seed, Crashpoints::default()).await;
        let flood = flood(&house);
        fills(&house, 1).await;
        assert!(started.elapsed() < Duration::from_secs(4), "{node}");
        houses.push((house, flood));
    }
}

#[tokio::test(start_paused = true)]
async fn who_joins_waits_at_an_emr_that_hangs_for_what_is_under_way_there_and_at_no_other() {
    let clinics = ["maple", "cedar"].map(|name| Clinic { limits: IMPATIENT, ..clinic(name, 1) });
    let world = World::of(clinics.into(), &[patient(42)]);
    world.emr("maple").script(|_| Fate::Hangs);
    let a = begin(&world).await;
    let until = Instant::now() + Duration::from_secs(12);
    for _ in 0..6 {
        let link = link(&a, "maple");
        let asks = |emr: Arc<dyn crate::ports::emr::Emr>| async move { emr.providers().await };
        tokio::spawn(async move { link.read(Operation::Providers, until, asks).await });
    }
    a.wait(Duration::from_secs(1)).await;
    let b = world.begin_on("b", 2, Crashpoints::default()).await;
    b.wait(Duration::from_millis(1_500)).await;
    assert_eq!(read(&b, "cedar").await, Ok(0));
    assert_eq!(read(&b, "maple").await, Err(EmrFailure::TimedOut));
    assert_eq!(world.emr("maple").requests(Op::DayRows), 0, "six are at it");
    tokio::time::sleep_until(until).await;
    world.emr("maple").script(|_| Fate::PROMPT);
    assert_eq!(read(&b, "maple").await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_nobody_waits_for_keeps_its_place_until_it_is_answered_or_the_emr_counts_as_ill() {
    let (mut world, _) = world();
    world.clinics[0].limits = IMPATIENT;
    let house = begin(&world).await;
    let gone_after = async |fate: Fate| {
        world.emr("maple").script(move |_| fate);
        let began = Instant::now();
        let (link, soon) = (link(&house, "maple"), began + Duration::from_secs(1));
        let asked = link.read(Operation::Providers, soon, |emr| async move { emr.providers().await });
        assert_eq!(asked.await.err(), Some(EmrFailure::TimedOut));
        assert_eq!(began.elapsed(), Duration::from_secs(1));
        while house.house.directory.in_flight(&maple()) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        began.elapsed().as_secs()
    };
    assert_eq!(gone_after(Fate::Answered { after: Duration::from_secs(3) }).await, 3);
    assert_eq!(gone_after(Fate::Hangs).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_process_to_which_the_store_says_nothing_leaves_its_part_to_the_others() {
    let (world, arrivals) = world();
    let a = world.begin_on("a", 1, Crashpoints::default()).await;
    let b = world.begin_on("b", 2, Crashpoints::default()).await;
    let floods = [flood(&a), flood(&b)];
    a.wait(Duration::from_secs(12)).await;
    a.store.hold_answers(true);
    a.wait(Duration::from_secs(2)).await;
    let c = world.begin_on("c", 3, Crashpoints::default()).await;
    let newcomer = flood(&c);
    c.wait(Duration::from_secs(20)).await;
    assert_eq!(sharing(&b), (2, true));
    floods.iter().chain([&newcomer]).for_each(tokio::task::JoinHandle::abort);
    let beyond = most_beyond_the_rate(&arrivals.lock().unwrap());
    assert!(beyond <= f64::from(BURST) + 1e-6, "{beyond}");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_counted_keeps_its_requests_until_it_is_and_sheds_what_is_late() {
    let (mut world, _) = world();
    // Nobody looks who is there but this test.
    world.settings.pace.dead_after = Duration::from_hours(10);
    let house = begin(&world).await;
    let two = Membership { processes: 2, sharers: 2, ..Membership::UNCOUNTED };
    let set = |is_counted| house.house.share(Membership { is_counted, ..two.clone() });
    set(false);
    let began = Instant::now();
    assert_eq!(read(&house, "maple").await, Err(EmrFailure::TimedOut));
    assert_eq!(world.emr("maple").requests(Op::DayRows), 0);
    let (counted, answered) = tokio::join!(
        async {
            house.wait(Duration::from_secs(1)).await;
            set(true);
        },
        read(&house, "maple")
    );
    assert_eq!((counted, answered), ((), Ok(0)));
    assert_eq!(began.elapsed(), SOON + Duration::from_millis(1_000 + 200 + 20), "one token, one answer");
}
