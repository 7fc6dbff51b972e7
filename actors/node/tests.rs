//! Houses on one store, of which some fall silent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::clinics::adopt_now_and_later;
use crate::crashpoint::Crashpoints;
use crate::domain::ids::{ClinicId, Generation, IntentId};
use crate::domain::membership::Membership;
use crate::domain::node::{Passage, Request};
use crate::domain::tool::Tool;
use crate::ports::store::{BookingStore, HandoffStore, LATEST_COMMIT, LifeStore};
use crate::switchboard::Switchboard;
use crate::testing::{
    EffectRow, Fate, IntentRow, Op, TestHouse, World, clinic, patient, tool_call, visit_day,
};

const DEAD_AFTER: Duration = Duration::from_secs(10);
/// Enough for a beat, what it tells, and the others' beats after it.
const BEATS: Duration = Duration::from_secs(3);

async fn houses(nodes: [&str; 2]) -> (World, TestHouse, TestHouse) {
    let world = World::of(vec![clinic("maple", 2)], &[patient(42), patient(7)]);
    let a = world.begin_on(nodes[0], 1, Crashpoints::default()).await;
    let b = world.begin_on(nodes[1], 2, Crashpoints::default()).await;
    (world, a, b)
}

fn shared(house: &TestHouse) -> (u32, bool) {
    let Membership { processes, is_counted, .. } = *house.house.membership.borrow();
    (processes, is_counted)
}

async fn living(world: &World) -> Vec<Generation> {
    world.store.lives().await.unwrap().iter().map(|life| life.generation).collect()
}

async fn verify(house: &TestHouse) {
    let born = patient(42).birth_date.unwrap().reveal().to_string();
    let told = house.ask("c1", "v", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born })).await;
    assert_eq!(told["code"], "VERIFIED", "{told}");
}

async fn book(house: &TestHouse, id: &str, time: &str) -> Value {
    let when = json!({ "date": visit_day().to_string(), "startTime": time, "providerId": "021" });
    house.ask("c1", id, Tool::CreateAppointment, when).await
}

/// What a booking under way has written, and is not there any more.
async fn pending_rows(world: &World, house: &TestHouse) -> (BTreeMap<IntentId, IntentRow>, Vec<EffectRow>) {
    let slow = Fate::Answered { after: Duration::from_secs(10) };
    world.emr("maple").script(move |op| if op == Op::Add { slow } else { Fate::PROMPT });
    assert_eq!(book(house, "t1", "10:00").await["code"], "PENDING");
    let mut tables = world.store.peek();
    (std::mem::take(&mut tables.intents), std::mem::take(&mut tables.effects))
}

async fn unsettled(world: &World) -> u64 {
    world.store.journal_counts(&ClinicId::parse("maple").unwrap()).await.unwrap().unsettled
}

#[tokio::test(start_paused = true)]
async fn a_process_counts_who_lives_and_is_counted_by_them_before_it_takes_its_part() {
    let (world, a, b) = houses(["a", "b"]).await;
    assert_eq!(shared(&b), (1, false), "nobody knows of it yet");
    a.wait(BEATS).await;
    assert_eq!((shared(&a), shared(&b)), ((2, true), (2, true)));

    a.store.set_cut(true);
    let c = world.begin_on("c", 3, Crashpoints::default()).await;
    c.wait(Duration::from_secs(2)).await;
    assert_eq!((shared(&b), shared(&c)), ((3, true), (3, false)), "a has beaten lately and does not count c");
    c.wait(BEATS).await;
    assert_eq!(shared(&c), (3, true), "who is silent asks nothing of an EMR");
    assert!(!shared(&a).1, "and does not think that it may");
    c.wait(DEAD_AFTER).await;
    assert_eq!((shared(&b), shared(&c)), ((2, true), (2, true)));
    c.stop().await;
    b.wait(BEATS).await;
    assert_eq!(shared(&b).0, 2, "stopped, but what it owned is not given back yet");
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_knows_that_it_is_counted_long_before_its_next_beat() {
    let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
    let a = world.begin_on("a", 1, Crashpoints::default()).await;
    // Just before a beat of the other's.
    a.wait(Duration::from_millis(20_950)).await;
    let began = Instant::now();
    let b = world.begin_on("b", 2, Crashpoints::default()).await;
    while shared(&b) != (2, true) {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(began.elapsed() <= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_claims_a_node_is_counted_by_who_had_it_long_before_its_next_beat() {
    let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
    let a = world.begin_on("a", 1, Crashpoints::default()).await;
    // Just after a beat of its own.
    a.wait(Duration::from_millis(20_050)).await;
    let incumbent = a.house.generation;
    let successor = world.store.stand_by("a", a.house.now()).await.unwrap();
    assert!(a.house.rest.call(BEATS).await);
    let offer = world.store.offer("a", incumbent).await.unwrap().unwrap();
    let claim = Request::Claim(Passage { incumbent, successor, offer });
    assert!(world.store.ask("a", claim).await.unwrap());
    let began = Instant::now();
    let c = world.begin_as(successor, 3, Crashpoints::default()).await;
    while shared(&c) != (2, true) {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(shared(&a), (2, true), "and not before it makes do with less");
    assert!(began.elapsed() <= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_silent_process_left_is_settled_by_another_and_its_call_goes_on_there_at_once() {
    let (world, a, b) = houses(["a", "b"]).await;
    b.wait(DEAD_AFTER).await;
    let emr = world.emr("maple");
    verify(&a).await;
    let slow = Fate::Answered { after: Duration::from_secs(3) };
    emr.script(move |op| if op == Op::Add { slow } else { Fate::PROMPT });
    let exchange = Arc::clone(&a.exchange);
    let died_of = a.house.generation;
    let asked = tokio::spawn(async move {
        let when = json!({ "date": visit_day().to_string(), "startTime": "10:00", "providerId": "021" });
        let tool_call = tool_call("maple", "c1", "t1", Tool::CreateAppointment, when, None);
        exchange.ask(tool_call, Instant::now() + Duration::from_secs(4)).await
    });
    while emr.requests(Op::Add) == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    a.kill().await;
    asked.abort();
    let slots = b.ask("c1", "t2", Tool::CheckAppointments, json!({})).await;
    assert_eq!(slots["code"], "OK", "the call is known here, who it was verified for too: {slots}");
    b.wait(Duration::from_secs(9)).await;
    assert!(living(&world).await.contains(&died_of), "nobody is called dead in a hurry");
    assert_eq!(unsettled(&world).await, 1);

    b.wait(BEATS).await;
    assert_eq!(living(&world).await, [b.house.generation]);
    b.wait(BEATS).await;
    assert_eq!(unsettled(&world).await, 0);
    assert_eq!(book(&b, "t1", "10:00").await["code"], "BOOKED", "the same tool call has its answer");
    assert_eq!(emr.requests(Op::Add), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_committed_long_after_its_process_was_called_dead_is_settled_all_the_same() {
    let mut world = World::of(vec![clinic("maple", 2)], &[patient(42), patient(7)]);
    world.settings.pace.dead_after = Duration::from_secs(2);
    let a = world.begin_on("a", 1, Crashpoints::default()).await;
    let b = world.begin_on("b", 2, Crashpoints::default()).await;
    b.wait(BEATS).await;
    verify(&a).await;
    // Its transaction takes longer than its death.
    let late = pending_rows(&world, &a).await;
    a.kill().await;
    b.wait(BEATS).await;
    assert_eq!(living(&world).await, [b.house.generation]);
    b.wait(LATEST_COMMIT.saturating_sub(2 * BEATS)).await;
    {
        let mut tables = world.store.peek();
        (tables.intents, tables.effects) = late;
    }
    assert_eq!(unsettled(&world).await, 1);
    b.wait(Duration::from_mins(1)).await;
    assert_eq!(unsettled(&world).await, 0);
}

/// Its whole life as the node's owner fell between two beats.
#[tokio::test(start_paused = true)]
async fn what_a_successor_was_committing_when_the_node_was_taken_back_is_settled_though_nobody_counted_it() {
    let world = World::of(vec![clinic("maple", 2)], &[patient(42)]);
    let a = world.begin_on("a", 1, Crashpoints::default()).await;
    verify(&a).await;
    let late = pending_rows(&world, &a).await;
    a.wait(Duration::from_mins(1)).await;
    let (incumbent, now) = (a.house.generation, a.house.now());
    let successor = world.store.stand_by("a", now).await.unwrap();
    let offer = world.store.offer("a", incumbent).await.unwrap().unwrap();
    let passage = Passage { incumbent, successor, offer };
    assert!(world.store.ask("a", Request::Claim(passage)).await.unwrap());
    assert!(world.store.ask("a", Request::TakeBack(passage)).await.unwrap());
    adopt_now_and_later(&a.house);
    a.wait(LATEST_COMMIT.saturating_sub(BEATS)).await;
    {
        let mut tables = world.store.peek();
        (tables.intents, tables.effects) = late;
        tables.intents.values_mut().for_each(|row| row.owner = successor);
        tables.effects.iter_mut().for_each(|row| row.sender = successor);
    }
    assert_eq!(unsettled(&world).await, 1);
    a.wait(Duration::from_mins(1)).await;
    assert_eq!(unsettled(&world).await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_hears_nothing_from_the_store_takes_no_part_from_when_the_others_may_take_it() {
    let (_, a, b) = houses(["a", "b"]).await;
    let gap = a.house.settings.pace.gap();
    a.wait(BEATS).await;
    a.store.hold_answers(true);
    let began = Instant::now();
    let mut counted = a.house.membership.subscribe();
    let ended = timeout(DEAD_AFTER, counted.wait_for(|shared| !shared.is_counted)).await.is_ok();
    assert!(ended, "its beats do not fail");
    assert!(began.elapsed() <= gap, "its row is as old as its last answered beat: {:?}", began.elapsed());
    a.wait(BEATS).await;
    assert_eq!((shared(&a), shared(&b)), ((2, false), (2, true)));
    a.store.set_cut(true);
    a.store.hold_answers(false);
    a.wait(Duration::from_millis(1)).await;
    assert!(!shared(&a).1, "what it hears now is as old as the beat that asked for it");
    a.store.set_cut(false);
    a.wait(BEATS).await;
    assert_eq!((shared(&a), shared(&b)), ((2, true), (2, true)));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_called_dead_because_the_store_was_away_or_a_clock_is_wrong() {
    let (world, a, b) = houses(["a", "b"]).await;
    a.wait(Duration::from_mins(1)).await;
    b.clock.set_ahead(3_600);
    a.wait(Duration::from_mins(1)).await;
    world.store.set_away(true);
    a.wait(Duration::from_mins(1)).await;
    // The one beats as soon as the store is back, the other nine seconds later.
    a.store.set_cut(true);
    world.store.set_away(false);
    a.wait(Duration::from_secs(9)).await;
    a.store.set_cut(false);
    a.wait(Duration::from_mins(1)).await;
    assert_eq!(living(&world).await, [a.house.generation, b.house.generation]);
    assert!(!*a.house.usurped.borrow() && !*b.house.usurped.borrow());
}

#[tokio::test(start_paused = true)]
async fn who_was_called_dead_learns_of_it_and_begins_nothing_more() {
    let (world, a, b) = houses(["a", "b"]).await;
    b.wait(DEAD_AFTER).await;
    verify(&a).await;
    a.store.set_cut(true);
    b.wait(DEAD_AFTER + BEATS).await;
    assert_eq!(living(&world).await, [b.house.generation]);
    assert!(!*a.house.usurped.borrow(), "it cannot know");
    a.store.set_cut(false);
    let told = book(&a, "t1", "10:00").await;
    assert_eq!(told["success"], false, "{told}");
    assert_eq!((world.emr("maple").requests(Op::Add), unsettled(&world).await), (0, 0));
    timeout(BEATS, a.house.usurped()).await.expect("its next beat tells it");
    assert_eq!(book(&b, "t2", "10:00").await["code"], "BOOKED");
}

#[tokio::test(start_paused = true)]
async fn the_roles_of_a_process_that_died_are_held_by_another_as_soon_as_their_lease_is_over() {
    let (world, a, b) = houses(["a", "b"]).await;
    b.wait(2 * DEAD_AFTER + BEATS).await;
    let held_by = |one: Generation| {
        let (tables, now) = (world.store.peek(), Instant::now());
        tables.roles.values().filter(|row| row.owner == one && row.expires_at > now).count()
    };
    let (died, lease, next_try) = (a.house.generation, Duration::from_secs(10), Duration::from_secs(1));
    assert_eq!(held_by(died), 3);
    a.kill().await;
    b.wait(lease + next_try).await;
    assert_eq!((held_by(died), held_by(b.house.generation)), (0, 3));
}
