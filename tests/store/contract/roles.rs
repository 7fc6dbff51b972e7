//! A singleton has one holder (law O-1).

use vitarad_actors::ports::store::{SmsState, StoreError};

use super::{KEEP, ROLE_LASTS, SOON_OVER, granted, role, texts};
use crate::fixture::House;
use crate::patience::until;
use crate::samples::{NOW, booking, clinic, slot};

pub(crate) async fn a_role_has_one_holder_who_keeps_its_fence_when_renewing(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let before = tokio::time::Instant::now();
    let held = role(&*a.store, "sms", a.generation).await;
    assert!(held.until < tokio::time::Instant::now() + ROLE_LASTS, "the holder stops before the row does");
    assert!(held.until >= before + ROLE_LASTS / 2);
    assert_eq!(b.store.hold_role("sms", b.generation, ROLE_LASTS).await.unwrap(), None);
    assert!(b.store.hold_role("audit", b.generation, ROLE_LASTS).await.unwrap().is_some());
    let renewed = a.store.hold_role("sms", a.generation, SOON_OVER).await.unwrap().unwrap();
    assert_eq!(renewed.fence, held.fence);
    let taken = until("the end of a role that is not renewed", async || {
        b.store.hold_role("sms", b.generation, ROLE_LASTS).await.unwrap()
    })
    .await;
    assert!(taken.fence > held.fence);
    assert_eq!(a.store.hold_role("sms", a.generation, ROLE_LASTS).await.unwrap(), None);
}

pub(crate) async fn a_role_is_free_at_once_when_its_holder_gives_it_back_or_is_dead(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let first = role(&*a.store, "sms", a.generation).await;
    a.store.release(a.generation, false).await.unwrap();
    let second = role(&*b.store, "sms", b.generation).await;
    assert!(second.fence > first.fence);
    let c = house.process("b").await;
    let third = role(&*c.store, "sms", c.generation).await;
    assert!(third.fence > second.fence);
    let dead = b.store.hold_role("free", b.generation, ROLE_LASTS).await.unwrap();
    assert_eq!(dead, None, "a dead generation takes nothing, free or not");
}

pub(crate) async fn a_former_holder_of_a_role_writes_nothing(house: &dyn House) {
    let a = house.process("a").await;
    let former = role(&*a.store, "sms", a.generation).await;
    let b = house.process("a").await;
    role(&*b.store, "sms", b.generation).await;
    let usurped = Some(StoreError::Usurped);
    texts::queue(&*a.store, 2, "first", b.generation, NOW).await;
    assert_eq!(a.store.take_due_sms(&former, NOW).await.err(), usurped);
    assert_eq!(a.store.record_sms(&former, &clinic("maple"), 1, SmsState::Sent, NOW).await.err(), usurped);
    assert_eq!(a.store.purge(&former, KEEP, 1, NOW).await.err(), usurped);
    let wish = booking(1, slot(540), b.generation);
    granted(&*b.store, &wish).await;
    assert_eq!(a.store.seal_audit(&former, 9, NOW).await.err(), usurped);
}
