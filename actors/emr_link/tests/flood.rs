//! Several processes are flooded for one clinic at once; its EMR sees no more than it has agreed to.

use std::sync::{Arc, Mutex};

use super::*;
use crate::domain::ids::ClinicId;
use crate::domain::membership::Membership;

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
    assert_eq!(*houses[0].house.membership.borrow(), Membership { processes: 2, is_counted: true });
    floods.iter().for_each(tokio::task::JoinHandle::abort);
    let arrivals = arrivals.lock().unwrap().clone();
    let beyond = most_beyond_the_rate(&arrivals);
    assert!(beyond <= f64::from(BURST) + 1e-6, "{beyond}");
    let took = arrivals.last().unwrap().duration_since(arrivals[0]).as_secs();
    let sent = u64::try_from(arrivals.len()).unwrap();
    assert!(sent > took * u64::from(RATE) * 9 / 10, "and most of it is used: {sent} in {took} s");
    assert!(world.emr("maple").most_at_once() <= 6);
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
    assert_eq!(*b.house.membership.borrow(), Membership { processes: 2, is_counted: true });
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
    let set = |is_counted| house.house.share(Membership { processes: 2, is_counted });
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
