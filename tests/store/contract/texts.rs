//! A text is sent once.

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{SmsState, StoreError};

use super::{announced, role};
use crate::fixture::House;
use crate::samples::{NOW, booked, booking, clinic, done, later, settlement, slot, text};

pub(super) async fn queue(store: &dyn Store, no: i32, dedupe: &str, sender: Generation, now: Ts) {
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
    assert_eq!(a.store.take_due_sms(&sms, 1, NOW).await.unwrap().len(), 1);
    assert!(a.store.take_due_sms(&sms, 9, NOW).await.unwrap().is_empty(), "one is taken, one not due");
    let rest = a.store.take_due_sms(&sms, 9, later(1)).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].attempt, 1);
    assert!(rest[0].to == text("x").to && rest[0].body == text("x").body);
    a.store
        .record_sms(&sms, &clinic("maple"), rest[0].id, SmsState::RetryAt(later(60)), later(1))
        .await
        .unwrap();
    assert!(a.store.take_due_sms(&sms, 9, later(59)).await.unwrap().is_empty());
    let retried = a.store.take_due_sms(&sms, 9, later(60)).await.unwrap();
    assert_eq!((retried[0].id, retried[0].attempt), (rest[0].id, 2));
    a.store.record_sms(&sms, &clinic("maple"), retried[0].id, SmsState::Sent, later(60)).await.unwrap();
    let twice = a.store.record_sms(&sms, &clinic("maple"), retried[0].id, SmsState::Refused, later(60)).await;
    assert_eq!(twice, Err(StoreError::Usurped));
}

pub(crate) async fn a_text_left_in_sending_by_a_death_is_never_sent_again(house: &dyn House) {
    let a = house.process("a").await;
    queue(&*a.store, 1, "first", a.generation, NOW).await;
    let former = role(&*a.store, "sms", a.generation).await;
    let taken = a.store.take_due_sms(&former, 9, NOW).await.unwrap();
    assert_eq!(taken.len(), 1);
    let b = house.process("a").await;
    let sms = role(&*b.store, "sms", b.generation).await;
    assert!(b.store.take_due_sms(&sms, 9, later(3_600)).await.unwrap().is_empty());
    let by_former =
        a.store.record_sms(&former, &clinic("maple"), taken[0].id, SmsState::RetryAt(NOW), NOW).await;
    assert_eq!(by_former, Err(StoreError::Usurped));
}
