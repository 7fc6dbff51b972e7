//! A provider's day that another process may still be writing to.

use std::time::Duration;

use super::limits::another;
use super::{book, dies_at, verify};
use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::testing::{World, clinic, patient};

#[tokio::test(start_paused = true)]
async fn who_wants_the_day_of_a_process_that_died_hears_in_time_that_it_is_busy_and_may_ask_again() {
    let world = World::of(vec![clinic("maple", 2)], &[patient(42), patient(7)]);
    let one = world.begin_on("one", 1, dies_at(Crashpoint::Announced)).await;
    verify(&one).await;
    book(&one, "t1", "10:00").await;
    one.kill().await;

    let other = world.begin_on("other", 2, Crashpoints::default()).await;
    assert_eq!(another(&other, "t1", "11:00").await["code"], "BUSY");
    other.wait(Duration::from_secs(30)).await;
    assert_eq!(another(&other, "t2", "11:00").await["code"], "BOOKED");
}
