//! What is past its time goes.

use std::time::Duration;

use vitarad_actors::domain::booking::{EffectState, IntentState};
use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::ids::Fence;
use vitarad_actors::ports::store::{Announcement, CallEvent, Keep, LookAgain};

use super::{DAY, KEEP, adopt, claim, granted, role};
use crate::fixture::House;
use crate::samples::{NOW, booked, booking, call, clinic, done, later, memory, settlement, slot, tool_call};

pub(crate) async fn what_is_past_its_time_goes_and_what_is_not_settled_or_still_watched_stays(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let store = &*a.store;
    let fence = adopt(store, &call(1), a.generation).await;
    claim(store, &tool_call(&call(1), 1), a.generation, fence).await;
    store.hold(&call(1), vec![slot(900)], 1, later(120), NOW).await.unwrap();
    let kept = CallEvent {
        key: call(1),
        kind: "hang".into(),
        digest: "d".into(),
        body: memory("{}"),
        facts: CallFacts::default(),
        audited: None,
    };
    store.keep_event(kept, NOW).await.unwrap();
    let open = booking(1, slot(540), a.generation);
    let watched = booking(2, slot(555), a.generation);
    let over = booking(3, slot(570), a.generation);
    granted(store, &open).await;
    granted(store, &watched).await;
    // One day, one lease: the last.
    let lease = granted(store, &over).await;
    let mut absent = settlement(&watched, EffectState::Absent, IntentState::HandedToStaff);
    absent.look_again = Some(LookAgain { last_arrival: later(20), due: later(900) });
    store.settle(absent, NOW).await.unwrap();
    let mut done_with = settlement(&over, done(7), booked(7));
    done_with.look_again = Some(LookAgain { last_arrival: later(20), due: later(900) });
    done_with.release = Some(lease);
    store.settle(done_with, NOW).await.unwrap();

    let retention = role(store, "retention", a.generation).await;
    assert_eq!(store.purge(&retention, KEEP, 100, NOW.plus(DAY / 2)).await.unwrap(), 1, "the hold");
    let tomorrow = NOW.plus(DAY);
    assert_eq!(store.purge(&retention, KEEP, 100, tomorrow).await.unwrap(), 4, "call, claim, event, intent");
    assert_eq!(store.purge(&retention, KEEP, 100, tomorrow).await.unwrap(), 0);
    let maple = clinic("maple");
    let state = async |wish: &Announcement| store.intent(&maple, wish.intent.id).await.unwrap();
    assert_eq!(state(&open).await, Some(IntentState::Open));
    assert_eq!(state(&watched).await, Some(IntentState::HandedToStaff));
    assert_eq!(state(&over).await, None);
    let abandoned = later(900).plus(DAY);
    assert_eq!(store.purge(&retention, KEEP, 100, abandoned).await.unwrap(), 1, "nobody looks any more");
    assert_eq!(state(&watched).await, None);
    let no_longer = Keep { settled_effects: Duration::ZERO, ..KEEP };
    assert_eq!(store.purge(&retention, no_longer, 100, abandoned).await.unwrap(), 1, "the lease");
    assert_eq!(state(&open).await, Some(IntentState::Open));
    assert_eq!(store.adopt_call(&call(1), a.generation, NOW).await.unwrap().fence, Fence(1), "a new call");
}

pub(crate) async fn a_purge_takes_no_more_of_a_kind_than_it_may(house: &dyn House) {
    let a = house.process("a").await;
    for n in 0..5 {
        let fence = adopt(&*a.store, &call(n), a.generation).await;
        a.store.end_call(&call(n), fence, NOW).await.unwrap();
    }
    let retention = role(&*a.store, "retention", a.generation).await;
    let tomorrow = NOW.plus(DAY);
    for expected in [2, 2, 1, 0] {
        assert_eq!(a.store.purge(&retention, KEEP, 2, tomorrow).await.unwrap(), expected);
    }
}
