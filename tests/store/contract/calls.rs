//! A call has one owner, and remembers.

use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::ids::{CallKey, Fence, Generation};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{CallEvent, StoreError};

use super::{adopt, save};
use crate::fixture::House;
use crate::samples::{NOW, call, memory};

async fn remembered(store: &dyn Store, key: &CallKey, owner: Generation) -> Option<Vec<u8>> {
    store.adopt_call(key, owner, NOW).await.unwrap().memory.map(Phi::into_revealed)
}

pub(crate) async fn a_call_is_adopted_again_with_the_next_fence_and_what_it_knew(house: &dyn House) {
    let a = house.process("a").await;
    let first = a.store.adopt_call(&call(1), a.generation, NOW).await.unwrap();
    assert!(first.memory.is_none() && !first.ended);
    a.store.save_call(save(&call(1), first.fence, 1, "knows"), NOW).await.unwrap();
    let b = house.process("b").await;
    let second = b.store.adopt_call(&call(1), b.generation, NOW).await.unwrap();
    assert_eq!(second.fence, Fence(first.fence.0 + 1));
    assert_eq!(second.memory.unwrap().reveal(), b"knows");
}

pub(crate) async fn a_former_owner_saves_and_ends_nothing(house: &dyn House) {
    let a = house.process("a").await;
    let former = adopt(&*a.store, &call(1), a.generation).await;
    let b = house.process("b").await;
    let fence = adopt(&*b.store, &call(1), b.generation).await;
    let usurped = Err(StoreError::Usurped);
    assert_eq!(a.store.save_call(save(&call(1), former, 9, "stale"), NOW).await, usurped);
    assert_eq!(a.store.end_call(&call(1), former, NOW).await, usurped);
    assert_eq!(a.store.save_call(save(&call(2), Fence(1), 1, "never adopted"), NOW).await, usurped);
    b.store.end_call(&call(1), fence, NOW).await.unwrap();
    let found = b.store.adopt_call(&call(1), b.generation, NOW).await.unwrap();
    assert!(found.ended && found.memory.is_none());
}

pub(crate) async fn a_save_never_replaces_a_later_one(house: &dyn House) {
    let a = house.process("a").await;
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    a.store.save_call(save(&call(1), fence, 2, "later"), NOW).await.unwrap();
    a.store.save_call(save(&call(1), fence, 1, "earlier"), NOW).await.unwrap();
    a.store.save_call(save(&call(1), fence, 2, "as late"), NOW).await.unwrap();
    assert_eq!(remembered(&*a.store, &call(1), a.generation).await.unwrap(), b"later");
}

pub(crate) async fn the_same_message_is_kept_once(house: &dyn House) {
    let a = house.process("a").await;
    let event = |n: u32, digest: &str| CallEvent {
        key: call(n),
        kind: "end-of-call-report".to_owned(),
        digest: digest.to_owned(),
        body: memory("{}"),
        facts: CallFacts::default(),
        audited: None,
    };
    assert!(a.store.keep_event(event(1, "d1"), NOW).await.unwrap());
    assert!(!a.store.keep_event(event(1, "d1"), NOW).await.unwrap());
    assert!(a.store.keep_event(event(1, "d2"), NOW).await.unwrap());
    assert!(a.store.keep_event(event(2, "d1"), NOW).await.unwrap());
}
