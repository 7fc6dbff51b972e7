//! An EMR or a store that is away: nothing is begun that could not be finished, and what was begun is.

use std::time::Duration;

use super::{book, counts, house, verify};
use crate::crashpoint::Crashpoints;
use crate::ports::emr::EmrFailure;
use crate::testing::{Fate, Op, World, clinic, patient};

#[tokio::test(start_paused = true)]
async fn where_nothing_is_held_a_caller_hears_that_the_emr_is_down_and_nothing_is_left_behind() {
    let mut maple = clinic("maple", 2);
    maple.held_requests = false;
    let world = World::of(vec![maple], &[patient(42), patient(7)]);
    let house = world.begin(1, Crashpoints::default()).await;
    verify(&house).await;
    world.emr("maple").script(|_| Fate::Fails { after: Duration::ZERO, with: EmrFailure::NoConnection });
    for id in ["t1", "t2", "t3", "t4"] {
        let refused = book(&house, id, "10:00").await;
        assert_eq!(refused["code"], "EMR_UNAVAILABLE", "{refused}");
        assert!(refused["say"].as_str().unwrap().contains("604-555-0100"), "the clinic's number is given");
    }
    assert_eq!(world.emr("maple").requests(Op::Add), 0);
    assert_eq!(counts(&world, &house).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_before_the_journal_row_stops_the_write() {
    let (world, house) = house().await;
    world.store.set_away(true);
    assert_eq!(book(&house, "t1", "10:00").await["code"], "INTERNAL_ERROR");
    assert_eq!(world.emr("maple").requests(Op::Add), 0, "law B-1");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_after_the_write_leaves_a_line_that_is_taken_up() {
    let (world, house) = house().await;
    let (store, emr) = (std::sync::Arc::clone(&world.store), world.emr("maple"));
    emr.watch(move |_| store.set_away(true));
    assert_eq!(book(&house, "t1", "10:00").await["code"], "PENDING");
    world.store.set_away(false);
    house.wait(Duration::from_mins(1)).await;
    assert_eq!(counts(&world, &house).await, (0, 0));
    assert_eq!(book(&house, "t1", "10:00").await["code"], "BOOKED");
    assert_eq!(emr.requests(Op::Add), 1);
}
