//! How a write ended is recorded once, with everything that follows from it (law B-5).

use vitarad_actors::domain::booking::{EffectState, IntentState};
use vitarad_actors::domain::ids::{AppointmentNo, Generation};
use vitarad_actors::ports::store::StoreError;

use super::{adopt, announced, claim, granted, moving, role, second_half, taken};
use crate::fixture::House;
use crate::samples::{NOW, audit, booked, booking, clinic, done, later, line, settlement, slot, text};

pub(crate) async fn a_settlement_is_one_commit_of_all_that_follows_from_it(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    let key = wish.order.tool_call.clone();
    let fence = adopt(&*a.store, &key.call, a.generation).await;
    claim(&*a.store, &key, a.generation, fence).await;
    a.store.hold(&key.call, vec![slot(540), slot(600)], 2, later(120), NOW).await.unwrap();
    let lease = granted(&*a.store, &wish).await;
    let mut all = settlement(&wish, done(7), booked(7));
    all.answer = Some((key.clone(), line("booked")));
    all.text = Some(text("intent-1"));
    all.audit = vec![audit(1)];
    all.release = Some(lease);
    a.store.settle(all, NOW).await.unwrap();
    let state = a.store.intent(&clinic("maple"), wish.intent.id).await.unwrap();
    assert_eq!(state, Some(IntentState::Done(AppointmentNo(7))));
    assert_eq!(a.store.answer_of(&key).await.unwrap().unwrap().reveal(), line("booked").reveal());
    assert_eq!(taken(&*a.store, None, NOW).await, [600], "the hold became the appointment");
    let sms = role(&*a.store, "sms", a.generation).await;
    assert!(a.store.take_due_sms(&sms, NOW).await.unwrap().is_some());
    let b = house.process("b").await;
    assert_eq!(announced(&*b.store, &booking(2, slot(660), b.generation), NOW).await, "granted");
}

pub(crate) async fn a_stored_answer_is_not_replaced_by_a_settlement(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    let key = wish.order.tool_call.clone();
    let fence = adopt(&*a.store, &key.call, a.generation).await;
    claim(&*a.store, &key, a.generation, fence).await;
    granted(&*a.store, &wish).await;
    a.store.answer(&key, line("pending"), vec![], NOW).await.unwrap();
    let mut late = settlement(&wish, done(7), booked(7));
    late.answer = Some((key.clone(), line("booked")));
    a.store.settle(late, NOW).await.unwrap();
    assert_eq!(a.store.answer_of(&key).await.unwrap().unwrap().reveal(), line("pending").reveal());
}

pub(crate) async fn only_the_sender_and_the_owner_settle_and_only_what_may_follow(house: &dyn House) {
    let a = house.process("a").await;
    let stranger = house.process("c").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let mut strange = settlement(&wish, done(7), booked(7));
    strange.settler = stranger.generation;
    assert_eq!(stranger.store.settle(strange, NOW).await, Err(StoreError::Usurped));
    let b = house.process("a").await;
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, NOW).await.unwrap(), 1);
    let unknown = settlement(&wish, EffectState::Unknown, None);
    a.store.settle(unknown, NOW).await.unwrap();
    let not_done = settlement(&wish, EffectState::NotDone, None);
    assert_eq!(
        a.store.settle(not_done, NOW).await,
        Err(StoreError::Usurped),
        "unknown is settled by reading"
    );
    let mut by_owner = settlement(&wish, EffectState::Absent, IntentState::HandedToStaff);
    by_owner.settler = b.generation;
    b.store.settle(by_owner, NOW).await.unwrap();
    a.store.settle(settlement(&wish, done(7), booked(7)), NOW).await.unwrap();
    let state = b.store.intent(&clinic("maple"), wish.intent.id).await.unwrap();
    assert_eq!(state, Some(IntentState::HandedToStaff), "what was told stays, though the write turned up");
    let again = settlement(&wish, EffectState::HandedToStaff, None);
    assert_eq!(a.store.settle(again, NOW).await, Err(StoreError::Usurped));
}

pub(crate) async fn of_two_who_settle_at_once_one_does(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let b = house.process("a").await;
    b.store.adopt_journal(&clinic("maple"), b.generation, NOW).await.unwrap();
    let mut by_owner = settlement(&wish, EffectState::NotDone, IntentState::Refused);
    by_owner.settler = b.generation;
    let by_sender = settlement(&wish, done(7), booked(7));
    let (first, second) = tokio::join!(a.store.settle(by_sender, NOW), b.store.settle(by_owner, NOW));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let state = a.store.intent(&clinic("maple"), wish.intent.id).await.unwrap();
    let expected = if first.is_ok() { IntentState::Done(AppointmentNo(7)) } else { IntentState::Refused };
    assert_eq!(state, Some(expected));
}

pub(crate) async fn a_later_step_needs_the_open_intent_to_be_ours_and_no_write_unsettled(house: &dyn House) {
    let a = house.process("a").await;
    let first = moving(1, a.generation);
    let second = second_half(&first, AppointmentNo(5));
    assert_eq!(a.store.announce(second.clone(), NOW).await.err(), Some(StoreError::Usurped), "not open yet");
    granted(&*a.store, &first).await;
    assert_eq!(announced(&*a.store, &second, NOW).await, "occupied", "the first half is not settled");
    a.store.settle(settlement(&first, done(7), None), NOW).await.unwrap();
    let mut strange = second.clone();
    strange.sender = Generation(a.generation.0 + 77);
    assert_eq!(a.store.announce(strange, NOW).await.err(), Some(StoreError::Usurped));
    granted(&*a.store, &second).await;
    a.store.settle(settlement(&second, done(5), booked(7)), NOW).await.unwrap();
    let state = a.store.intent(&clinic("maple"), first.intent.id).await.unwrap();
    assert_eq!(state, Some(IntentState::Done(AppointmentNo(7))));
}
