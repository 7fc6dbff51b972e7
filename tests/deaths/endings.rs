//! How the whole house ends: in order, or because its root died.

use std::time::Duration;

use tokio::time::Instant;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::booking::EffectState;
use vitarad_actors::ports::store::AuditAction;
use vitarad_actors::root::Ended;
use vitarad_actors::testing::{Fate, Op};
use vitarad_actors::tree::{Role, policy};

use super::scene::{AFTERMATH, BOOKER, READER, SILENT, Scene, code_of, until};
use super::tree::{Way, cell, strike};

#[tokio::test(start_paused = true)]
async fn a_root_that_dies_is_a_failed_end_and_the_next_process_goes_on_where_it_was() {
    for way in [Way::Panic, Way::Error, Way::Kill] {
        let mut scene = Scene::begin().await;
        scene.emrs_take(Duration::from_millis(400));
        let booking = scene.asks(BOOKER.books("book"));
        until("the booking is on the wire", || scene.emr(BOOKER).requests(Op::Add) == 1).await;
        strike(&cell(&scene, Role::Root), Role::Root, way);
        assert_eq!(scene.house.root.ended().await, Ended::Failed, "{way:?}");
        assert_eq!(scene.house.door.drained(), 0, "nothing was in order");
        assert_eq!(code_of(&booking.await.unwrap()), "PENDING", "nobody is there to say how it ended");

        let mut scene =
            Scene { house: scene.world.begin(2, Crashpoints::default()).await, world: scene.world };
        assert_eq!(scene.code(SILENT.inquires("again")).await, "VERIFIED", "the call knows what it knew");
        tokio::time::sleep(AFTERMATH).await;
        assert_eq!(scene.code(BOOKER.books("book")).await, "BOOKED", "{way:?}");
        assert_eq!(scene.emr(BOOKER).requests(Op::Add), 1, "law B-6");
        scene.house.root.stop().await;
        assert_eq!(scene.house.root.ended().await, Ended::InOrder);
    }
}

#[tokio::test(start_paused = true)]
async fn a_house_that_is_stopped_closes_its_door_first_and_answers_who_is_inside() {
    let scene = Scene::begin().await;
    scene.emrs_take(Duration::from_millis(300));
    let booking = scene.asks(BOOKER.books("book"));
    until("the booking is on the wire", || scene.emr(BOOKER).requests(Op::Add) == 1).await;
    scene.house.door.drains_for(Duration::from_secs(1));
    let (ended, answers) = tokio::join!(scene.house.root.stop(), async {
        let looked = scene.code(READER.looks()).await;
        assert_eq!(scene.house.door.drained(), 0, "it is still draining");
        (looked, code_of(&booking.await.unwrap()))
    });
    let ((), (looked, booked)) = (ended, answers);
    assert_eq!((looked.as_str(), booked.as_str()), ("SLOT_FOUND", "BOOKED"));
    assert_eq!(scene.house.door.drained(), 1);
    assert_eq!(scene.house.stop().await, Ended::InOrder);
}

#[tokio::test(start_paused = true)]
async fn a_house_that_is_stopped_settles_what_is_on_the_wire_and_seals_the_audit_log_last() {
    let scene = Scene::begin().await;
    scene.emrs_take(Duration::from_millis(700));
    let booking = scene.asks(BOOKER.books("book"));
    until("the booking is on the wire", || scene.emr(BOOKER).requests(Op::Add) == 1).await;
    let before = scene.world.store.peek().audit.len();
    let Scene { world, house } = scene;
    assert_eq!(house.stop().await, Ended::InOrder);
    booking.abort();
    let tables = world.store.peek();
    let written = &tables.audit[before..];
    assert!(written.iter().any(|entry| entry.action == AuditAction::Settled), "while it was stopping");
    assert_eq!(tables.sealed, tables.audit.len(), "the last entry is sealed");
    assert!(tables.effects.iter().all(|row| matches!(row.state, EffectState::Done(_))));
}

#[tokio::test(start_paused = true)]
async fn a_house_whose_emr_hangs_stops_in_its_time_and_leaves_the_rest_to_the_journal() {
    let scene = Scene::begin().await;
    let mut hangs = true;
    scene.emr(BOOKER).script(move |op| match op {
        // It arrives, and neither the answer nor the next hour ever do.
        Op::Add if std::mem::take(&mut hangs) => Fate::Hangs,
        _ => Fate::PROMPT,
    });
    let booking = scene.asks(BOOKER.books("book"));
    until("the booking is on the wire", || scene.emr(BOOKER).requests(Op::Add) == 1).await;
    let begun = Instant::now();
    let Scene { world, house } = scene;
    assert_eq!(house.stop().await, Ended::InOrder);
    assert!(begun.elapsed() < policy(Role::Root).stop_within, "by the paused clock: {:?}", begun.elapsed());
    booking.abort();
    let scene = Scene { house: world.begin(2, Crashpoints::default()).await, world };
    assert_eq!(scene.journal("maple").await, (1, 0), "parked, not forgotten");
    assert_eq!(scene.code(SILENT.verifies()).await, "VERIFIED");
    tokio::time::sleep(AFTERMATH).await;
    assert_eq!(scene.journal("maple").await, (0, 1), "absence counts by now, and a person calls back");
    assert_eq!(scene.code(BOOKER.books("book")).await, "HANDED_TO_STAFF");
    assert_eq!(scene.house.stop().await, Ended::InOrder);
}
