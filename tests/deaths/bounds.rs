//! Every bound of an actor: reaching it is an answer, at once, and is counted; then there is room again.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use vitarad_actors::crashpoint::{Crashpoint, Crashpoints};
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::emr_link::EmrLink;
use vitarad_actors::house::House;
use vitarad_actors::mailbox::Post;
use vitarad_actors::ports::emr::{EmrFailure, EmrResult, Operation};
use vitarad_actors::testing::{Fate, World, provider_no, visit_day};
use vitarad_actors::tree::Role;

use super::scene::{BOOKER, CALLERS, NEIGHBOUR, READER, SILENT, Scene, id, until};

const SLOW: Duration = Duration::from_secs(1);

fn world(change: impl FnOnce(&mut World)) -> World {
    let mut world = Scene::world();
    change(&mut world);
    world
}

fn refused(scene: &Scene, role: Role) -> u64 {
    scene.house.meters().refused(role).load(std::sync::atomic::Ordering::Relaxed)
}

fn counted(scene: &Scene, role: Role) {
    assert_eq!(refused(scene, role), 1);
    let line = format!("mailbox_refusals_total{{role=\"{}\"}} 1\n", role.name());
    assert!(scene.metrics().contains(&line), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_asked_too_much_at_once_says_it_is_busy() {
    let scene = Scene::on(world(|world| world.settings.mailbox = 2), Crashpoints::default()).await;
    scene.emrs_take(SLOW);
    let waiting = [scene.asks(READER.looks()), scene.asks(READER.books("book"))];
    tokio::task::yield_now().await;
    let begun = Instant::now();
    assert_eq!(scene.code(READER.inquires("extra")).await, "BUSY");
    assert_eq!(begun.elapsed(), Duration::ZERO, "an answer, not a wait");
    counted(&scene, Role::Call);
    assert_eq!(scene.code(SILENT.inquires("other")).await, "VERIFIED");
    for answer in waiting {
        answer.await.unwrap();
    }
    assert_eq!(scene.code(READER.inquires("extra")).await, "VERIFIED", "busy was not its last word");
    assert_eq!(refused(&scene, Role::Call), 1);
}

#[tokio::test(start_paused = true)]
async fn a_desk_with_a_full_mailbox_says_it_is_busy_and_nothing_is_written() {
    let (house, full) = (Arc::new(OnceLock::<Arc<House>>::new()), Arc::new(OnceLock::new()));
    let (inside, once) = (Arc::clone(&house), Arc::clone(&full));
    // Between the claim and the order the mailbox fills up.
    let crashpoints = Crashpoints::armed(move |point| {
        if point == Crashpoint::Claimed && once.set(()).is_ok() {
            let house = inside.get().expect("a house");
            let desk = house.directory.desk(&id("maple")).expect("a desk");
            for _ in 0..house.settings.mailbox {
                assert!(desk.post(DeskMsg::Look).is_ok());
            }
        }
    });
    let scene = Scene::on(Scene::world(), crashpoints).await;
    assert!(house.set(Arc::clone(&scene.house.house)).is_ok());
    assert_eq!(scene.code(BOOKER.books("book")).await, "BUSY");
    assert!(full.get().is_some());
    counted(&scene, Role::Desk);
    assert!(scene.world.store.peek().effects.is_empty());
    assert_eq!(scene.code(BOOKER.books("book")).await, "BUSY", "law B-6");
    assert_eq!(scene.code(BOOKER.books("anew")).await, "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn a_desk_with_as_many_bookings_as_it_may_says_it_is_busy() {
    let scene = Scene::on(world(|world| world.settings.sagas_per_clinic = 1), Crashpoints::default()).await;
    scene.emrs_take(SLOW);
    let first = scene.asks(BOOKER.books("book"));
    until("it is announced", || !scene.world.store.peek().effects.is_empty()).await;
    assert_eq!(scene.code(SILENT.books("book")).await, "BUSY");
    assert!(scene.metrics().contains("bookings_total{clinic=\"maple\",outcome=\"BUSY\"} 1\n"));
    assert_eq!(scene.code(NEIGHBOUR.books("book")).await, "BOOKED", "law I-1");
    assert_eq!(super::scene::code_of(&first.await.unwrap()), "BOOKED");
}

fn link(scene: &Scene) -> EmrLink {
    scene.house.house.emr_link(&id("maple"))
}

async fn read(link: EmrLink) -> EmrResult<usize> {
    let (provider, first, end) = (provider_no(1), visit_day(), visit_day().tomorrow().unwrap());
    let deadline = Instant::now() + Duration::from_mins(1);
    link.read(Operation::DayRows, deadline, move |emr| async move {
        emr.day_rows(&provider, first, end, None).await.map(|rows| rows.len())
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_emr_connection_refuses_at_the_bound_of_its_mailbox_and_at_that_of_its_queue() {
    let (of_mailbox, of_queue) = ((2, 100), (100, 2));
    for (mailbox, queue) in [of_mailbox, of_queue] {
        let bounded = world(|world| {
            world.settings.mailbox = mailbox;
            world.clinics[0].limits.max_in_flight = 1;
            world.clinics[0].limits.queue = queue;
        });
        let scene = Scene::on(bounded, Crashpoints::default()).await;
        // Nothing is in flight before the connection knows which paths stand open.
        assert_eq!(read(link(&scene)).await, Ok(0));
        // Nothing but the bulkhead keeps them once enough has been saved up.
        scene.house.wait(Duration::from_secs(3)).await;
        scene.emr(READER).script(|_| Fate::Answered { after: SLOW });
        let mut reads = Vec::new();
        for _ in 0..4 {
            // One after the other, so that each finds the others where they wait.
            reads.push(tokio::spawn(read(link(&scene))));
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        let outcomes = futures::future::try_join_all(reads).await.unwrap();
        assert_eq!(outcomes, [Ok(0), Ok(0), Ok(0), Err(EmrFailure::QueueFull)], "one in flight, two waiting");
        if mailbox == of_mailbox.0 {
            counted(&scene, Role::EmrLink);
        } else {
            let line = "emr_requests_total{clinic=\"maple\",path=\"none\",service=\"schedule\",outcome=\"queue_full\"} 1\n";
            assert!(scene.metrics().contains(line));
        }
        assert_eq!(read(link(&scene)).await, Ok(0), "there is room again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clinic_with_as_many_live_calls_as_it_may_answers_the_next_that_it_is_busy() {
    let of_maple = CALLERS.iter().filter(|caller| caller.clinic == "maple").count();
    let crowded = world(|world| world.settings.live_calls_per_clinic = of_maple);
    let scene = Scene::on(crowded, Crashpoints::default()).await;
    let newcomer = super::scene::Caller { call: "newcomer", ..READER };
    assert_eq!(scene.code(newcomer.verifies()).await, "BUSY");
    counted(&scene, Role::Calls);
    let neighbour = super::scene::Caller { call: "newcomer", ..NEIGHBOUR };
    assert_eq!(scene.code(neighbour.verifies()).await, "VERIFIED", "law I-1");
    scene.mailbox(SILENT).unwrap().actor().stop(None);
    until("there is room", || scene.mailbox(SILENT).is_none()).await;
    assert_eq!(scene.code(newcomer.verifies()).await, "VERIFIED");
}

#[tokio::test(start_paused = true)]
async fn what_an_actor_tells_itself_needs_no_place() {
    let scene = Scene::on(world(|world| world.settings.mailbox = 1), Crashpoints::default()).await;
    let desk = scene.house.house.directory.desk(&id("maple")).unwrap();
    assert!(desk.post(DeskMsg::Look).is_ok());
    assert!(desk.post(DeskMsg::Look).is_err(), "full for others");
    assert!(desk.actor().send_message(Post::own(DeskMsg::Look)).is_ok());
}
