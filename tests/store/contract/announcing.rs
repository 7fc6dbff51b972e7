//! An EMR write is announced once, by one process, and only where nothing is in its way (laws B-1, B-2, B-6).

use futures::future::join_all;
use vitarad_actors::domain::booking::{Act, EffectState, IntentState, Want};
use vitarad_actors::domain::ids::AppointmentNo;
use vitarad_actors::ports::store::{Announcement, JournalCounts};

use super::{SOON_OVER, adopt, announced, claim, granted, known};
use crate::fixture::House;
use crate::patience::until;
use crate::samples::{
    NOW, again, announcement, booked, booking, call, clinic, done, later, line, settlement, slot, slot_on,
};

pub(crate) async fn of_64_racing_announcements_of_overlapping_slots_one_is_granted(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let racers = (0..64_u16).map(|n| {
        let process = if n % 2 == 0 { &a } else { &b };
        let wish = booking(i32::from(n) + 1, slot(540 + n % 14), process.generation);
        let store = process.store.clone();
        async move { announced(&*store, &wish, NOW).await }
    });
    let outcomes = join_all(racers).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "granted").count(), 1, "{outcomes:?}");
    let counts = a.store.journal_counts(&clinic("maple")).await.unwrap();
    assert_eq!(counts, JournalCounts { unsettled: 1, handed_to_staff: 0 });
}

pub(crate) async fn a_patient_opens_one_intent_however_many_days_are_tried_at_once(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let racers = (1..=28_i8).map(|day| {
        let process = if day % 2 == 0 { &a } else { &b };
        let wish = booking(1, slot_on(day, 540), process.generation);
        let store = process.store.clone();
        async move { announced(&*store, &wish, NOW).await }
    });
    let outcomes = join_all(racers).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "granted").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "patient busy").count(), 27, "{outcomes:?}");
}

pub(crate) async fn the_same_wish_is_known_while_it_is_open_and_once_it_is_done(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let found = known(&*a.store, &again(&wish)).await;
    assert_eq!((found.id, found.state), (wish.intent.id, IntentState::Open));
    assert_eq!(found.added, Some((wish.effect.id, slot(540))));
    let another_wish = booking(1, slot(600), a.generation);
    assert_eq!(announced(&*a.store, &another_wish, NOW).await, "patient busy");
    a.store.settle(settlement(&wish, done(7), booked(7)), NOW).await.unwrap();
    assert_eq!(known(&*a.store, &again(&wish)).await.state, IntentState::Done(AppointmentNo(7)));
    assert_eq!(announced(&*a.store, &another_wish, NOW).await, "granted", "a done intent is not in the way");
}

pub(crate) async fn a_refused_wish_may_be_wished_again(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let refused = settlement(&wish, EffectState::NotDone, IntentState::Refused);
    a.store.settle(refused, NOW).await.unwrap();
    assert_eq!(announced(&*a.store, &again(&wish), NOW).await, "granted");
}

pub(crate) async fn nothing_is_begun_for_a_tool_call_that_has_its_answer(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    let key = wish.order.tool_call.clone();
    let fence = adopt(&*a.store, &key.call, a.generation).await;
    claim(&*a.store, &key, a.generation, fence).await;
    granted(&*a.store, &wish).await;
    let mut refused = settlement(&wish, EffectState::NotDone, IntentState::Refused);
    refused.answer = Some((key, line("taken")));
    a.store.settle(refused, NOW).await.unwrap();
    let mut late = again(&wish);
    assert_eq!(announced(&*a.store, &late, NOW).await, "answered");
    late.awaited = false;
    assert_eq!(
        announced(&*a.store, &late, NOW).await,
        "granted",
        "what was held is done though that was its answer"
    );
}

pub(crate) async fn a_done_intent_the_emr_no_longer_bears_out_is_replaced(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let mut anew = again(&wish);
    anew.replaces = Some(wish.intent.id);
    assert_eq!(announced(&*a.store, &anew, NOW).await, "known", "an open one is never replaced");
    a.store.settle(settlement(&wish, done(7), booked(7)), NOW).await.unwrap();
    granted(&*a.store, &anew).await;
    assert_eq!(known(&*a.store, &again(&wish)).await.id, anew.intent.id);
    let first = a.store.intent(&clinic("maple"), wish.intent.id).await.unwrap();
    assert_eq!(first, Some(IntentState::Done(AppointmentNo(7))), "it was done, and stays so");
}

pub(crate) async fn a_refused_replacement_leaves_the_replaced_intent_live(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    a.store.settle(settlement(&wish, done(7), booked(7)), NOW).await.unwrap();
    a.store.hold(&call(2), vec![slot(540)], 1, later(120), NOW).await.unwrap();
    let mut anew = again(&wish);
    anew.replaces = Some(wish.intent.id);
    assert_eq!(announced(&*a.store, &anew, NOW).await, "occupied");
    assert_eq!(known(&*a.store, &again(&wish)).await.id, wish.intent.id);
}

pub(crate) async fn an_addition_is_refused_where_a_hold_or_an_unsettled_one_is_in_the_way(house: &dyn House) {
    let a = house.process("a").await;
    a.store.hold(&call(1), vec![slot(540)], 1, later(120), NOW).await.unwrap();
    a.store.hold(&call(2), vec![slot(600)], 1, later(120), NOW).await.unwrap();
    assert_eq!(announced(&*a.store, &booking(1, slot(595), a.generation), NOW).await, "occupied");
    let wish = booking(1, slot(540), a.generation);
    assert_eq!(announced(&*a.store, &wish, NOW).await, "granted", "its own hold is not in the way");
    assert_eq!(announced(&*a.store, &booking(3, slot(550), a.generation), NOW).await, "occupied");
    assert_eq!(announced(&*a.store, &booking(3, slot(555), a.generation), NOW).await, "granted");
    let expired = booking(4, slot(600), a.generation);
    assert_eq!(announced(&*a.store, &expired, later(120)).await, "granted");
}

pub(crate) async fn a_cancellation_is_not_stopped_by_what_overlaps_it(house: &dyn House) {
    let a = house.process("a").await;
    granted(&*a.store, &booking(1, slot(540), a.generation)).await;
    let (no, act) =
        (AppointmentNo(5), Act::Cancel { appointment: AppointmentNo(5), slot: slot(540), instead: None });
    let cancel = announcement(2, Want::Cancel(no), act, a.generation);
    granted(&*a.store, &cancel).await;
    assert_eq!(known(&*a.store, &again(&cancel)).await.added, None, "nothing was added for it");
}

pub(crate) async fn one_process_at_a_time_writes_to_a_providers_day(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let first = booking(1, slot(540), a.generation);
    let lease = granted(&*a.store, &first).await;
    assert!(lease.is_in_force(tokio::time::Instant::now()));
    let second = booking(2, slot(600), b.generation);
    assert_eq!(announced(&*b.store, &second, NOW).await, "lease held");
    assert_eq!(announced(&*b.store, &booking(2, slot_on(24, 600), b.generation), NOW).await, "granted");
    let mut given_back = settlement(&first, done(7), booked(7));
    given_back.release = Some(lease);
    a.store.settle(given_back, NOW).await.unwrap();
    let third = booking(3, slot(600), b.generation);
    let next = granted(&*b.store, &third).await;
    assert!(next.fence > lease.fence);
    let fourth = booking(4, slot(660), a.generation);
    assert_eq!(announced(&*a.store, &fourth, NOW).await, "lease held");
    // An owner's own days are never refused to it: the next lease replaces its last.
    let fifth = Announcement { lease_for: SOON_OVER, ..booking(5, slot(720), b.generation) };
    granted(&*b.store, &fifth).await;
    until("the end of a lease", async || {
        (announced(&*a.store, &fourth, NOW).await == "granted").then_some(())
    })
    .await;
}

pub(crate) async fn a_process_that_gives_up_gives_its_days_back(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    granted(&*a.store, &booking(1, slot(540), a.generation)).await;
    let wish = booking(2, slot(600), b.generation);
    assert_eq!(announced(&*b.store, &wish, NOW).await, "lease held");
    a.store.release(a.generation, false).await.unwrap();
    assert_eq!(announced(&*b.store, &wish, NOW).await, "granted");
    let overlapping = booking(3, slot(545), b.generation);
    assert_eq!(announced(&*b.store, &overlapping, NOW).await, "occupied", "the journal row stays in force");
}
