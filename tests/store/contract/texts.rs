//! A text is sent once.

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{SmsState, StoreError};

use super::{announced, role};
use crate::fixture::House;
use crate::samples::{NOW, booked, booking, clinic, done, later, settlement, slot, text};

pub(crate) async fn queue(store: &dyn Store, no: i32, dedupe: &str, sender: Generation, now: Ts) {
    let wish = booking(no, slot(300 + u16::try_from(no).unwrap() * 15), sender);
    assert_eq!(announced(store, &wish, NOW).await, "granted");
    let mut settled = settlement(&wish, done(no), booked(no));
    settled.text = Some(text(dedupe));
    store.settle(settled, now).await.unwrap();
}

pub(crate) async fn a_text_is_queued_once_and_taken_once(house: &dyn House) {
    let a = house.process("a").await;
    queue(&*a.store, 1, "first", a.generation, later(1)).await;
    queue(&*a.store, 2, "second", a.generation, NOW).await;
    queue(&*a.store, 3, "first", a.generation, NOW).await;
    let sms = role(&*a.store, "sms", a.generation).await;
    let take = async |now: Ts| a.store.take_due_sms(&sms, now).await.unwrap();
    let record = async |id, state, now: Ts| a.store.record_sms(&sms, &clinic("maple"), id, state, now).await;
    assert!(take(NOW).await.is_some_and(|second| second.body == text("second").body));
    assert!(take(NOW).await.is_none(), "one is taken, one not due");
    let first = take(later(1)).await.unwrap();
    assert_eq!(first.attempt, 1);
    assert!(first.to == text("x").to && first.body == text("first").body);
    record(first.id, SmsState::RetryAt(later(60)), later(1)).await.unwrap();
    assert!(take(later(59)).await.is_none());
    let retried = take(later(60)).await.unwrap();
    assert_eq!((retried.id, retried.attempt), (first.id, 2));
    record(retried.id, SmsState::Sent, later(60)).await.unwrap();
    let twice = record(retried.id, SmsState::Refused, later(60)).await;
    assert_eq!(twice, Err(StoreError::Usurped));
}

pub(crate) async fn a_text_left_in_sending_by_a_death_is_never_sent_again(house: &dyn House) {
    let a = house.process("a").await;
    queue(&*a.store, 1, "first", a.generation, NOW).await;
    let former = role(&*a.store, "sms", a.generation).await;
    let taken = a.store.take_due_sms(&former, NOW).await.unwrap().unwrap();
    let b = house.process("a").await;
    let sms = role(&*b.store, "sms", b.generation).await;
    assert!(b.store.take_due_sms(&sms, later(3_600)).await.unwrap().is_none());
    let by_former =
        a.store.record_sms(&former, &clinic("maple"), taken.id, SmsState::RetryAt(NOW), NOW).await;
    assert_eq!(by_former, Err(StoreError::Usurped));
}
