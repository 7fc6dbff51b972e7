//! Time that came free is offered to one of those who wait at a time, kept for them, and taken up once.

use futures::future::join_all;
use vitarad_actors::domain::booking::{Act, IntentState, Slot, Want};
use vitarad_actors::domain::ids::{AppointmentNo, Generation};
use vitarad_actors::domain::slot_offer::OfferState;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::waitlist::{Waiting, WaitlistStatus, WantedTime};
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{
    AuditAction, AuditEntry, FreedSlot, OfferDraft, OfferEnd, OfferMade, SmsState, Taken, WaitlistJoin,
    WaitlistRow,
};

use super::{DAY, KEEP, adopt, announced, granted, role, save, taken, waiting};
use crate::fixture::House;
use crate::samples::{
    NOW, announcement, audit, booked, booking, call, clinic, done, later, patient, settlement, slot, text,
    tool_call,
};

const UNTIL: Ts = Ts(NOW.0 + 1_800_000_000);

pub(crate) fn patient_waiting(no: i32) -> Waiting {
    let wanted = WantedTime::any(patient(no), "B".to_owned());
    Waiting { wanted: Some(wanted), ..waiting("6045550142") }
}

/// Patients `from` to `to` join, in this order.
async fn join(store: &dyn Store, owner: Generation, from: i32, to: i32) {
    for no in from..=to {
        let key = call(u32::try_from(no).unwrap() + 500);
        let fence = adopt(store, &key, owner).await;
        let joins = WaitlistJoin { tool_call: tool_call(&key, 1).tool_call, waiting: patient_waiting(no) };
        let mut saved = save(&key, fence, 1, "x");
        saved.joins = Some(joins);
        store.save_call(saved, later(u64::try_from(no).unwrap())).await.unwrap();
    }
}

/// Patient 1 cancels what they have at `start`.
async fn free(store: &dyn Store, sender: Generation, start: u16) -> FreedSlot {
    let (no, slot) = (AppointmentNo(i32::from(start)), slot(start));
    let act = Act::Cancel { appointment: no, slot: slot.clone(), instead: None };
    let mut cancel = announcement(1, Want::Cancel(no), act, sender);
    cancel.order.tool_call = tool_call(&call(1), u32::from(start));
    granted(store, &cancel).await;
    let mut settled = settlement(&cancel, done(no.0), booked(no.0));
    settled.frees = true;
    store.settle(settled, NOW).await.unwrap();
    let freed = due(store, NOW).await.into_iter().find(|freed| freed.slot == slot);
    freed.expect("it is due at once")
}

async fn due(store: &dyn Store, now: Ts) -> Vec<FreedSlot> {
    store.due_freed(&clinic("maple"), now, 9).await.unwrap()
}

async fn next_for(store: &dyn Store, freed: &FreedSlot) -> Vec<WaitlistRow> {
    store.waiting_for(&clinic("maple"), freed.id).await.unwrap()
}

fn numbers(rows: &[WaitlistRow]) -> Vec<i32> {
    rows.iter().map(|row| row.waiting.wanted.as_ref().unwrap().patient().reveal()).collect()
}

fn draft(freed: &FreedSlot, row: &WaitlistRow) -> OfferDraft {
    OfferDraft {
        clinic: clinic("maple"),
        freed: freed.id,
        entry: row.id,
        slot: freed.slot.clone(),
        until: UNTIL,
        text: Some(text(&format!("offer:{}:{}", freed.id, row.id))),
        audit: vec![audit(row.waiting.wanted.as_ref().unwrap().patient().reveal())],
    }
}

async fn offer(store: &dyn Store, freed: &FreedSlot, row: &WaitlistRow) -> OfferMade {
    store.make_offer(draft(freed, row), NOW).await.unwrap()
}

/// A time that came free, and somebody who is offered it.
pub(crate) async fn one_offer(store: &dyn Store, owner: Generation) {
    join(store, owner, 2, 2).await;
    let freed = free(store, owner, 900).await;
    let line = next_for(store, &freed).await;
    assert!(matches!(offer(store, &freed, &line[0]).await, OfferMade::Made));
}

async fn end(store: &dyn Store, id: i64, state: OfferState) -> bool {
    let end = OfferEnd { clinic: clinic("maple"), id, state, audit: vec![audit(2)] };
    store.end_offer(end, later(1)).await.unwrap()
}

async fn states(store: &dyn Store) -> Vec<(Slot, OfferState)> {
    let rows = store.offers(&clinic("maple"), entry("maple")).await.unwrap();
    rows.into_iter().map(|row| (row.slot, row.state)).collect()
}

fn entry(of: &str) -> AuditEntry {
    let action = AuditAction::OffersRead;
    AuditEntry { at: NOW, clinic: clinic(of), call: None, action, patients: vec![], outcome: "OK" }
}

pub(crate) async fn freed_time_is_due_once_and_patients_wait_for_it_in_line(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    join(store, a.generation, 1, 4).await;
    let key = call(9);
    let fence = adopt(store, &key, a.generation).await;
    let newcomer = WaitlistJoin { tool_call: tool_call(&key, 1).tool_call, waiting: waiting("6045550177") };
    store
        .save_call(super::CallSave { joins: Some(newcomer), ..save(&key, fence, 1, "x") }, NOW)
        .await
        .unwrap();
    let freed = free(store, a.generation, 540).await;
    assert!(freed.last.is_none() && due(store, NOW).await.len() == 1);
    let line = next_for(store, &freed).await;
    assert_eq!(numbers(&line), [2, 3, 4], "neither who gave it up nor a newcomer");
    assert!(line[0].waiting == patient_waiting(2));
    assert!(store.due_freed(&clinic("birch"), NOW, 9).await.unwrap().is_empty());
    assert!(store.put_off_freed(&clinic("maple"), freed.id, Some(later(60)), NOW).await.unwrap());
    assert!(due(store, later(59)).await.is_empty());
    assert_eq!(due(store, later(60)).await.len(), 1);
    assert!(store.put_off_freed(&clinic("maple"), freed.id, None, NOW).await.unwrap());
    assert!(!store.put_off_freed(&clinic("maple"), freed.id, None, NOW).await.unwrap(), "it is over");
    assert!(due(store, later(9_999)).await.is_empty());
    assert_eq!(offer(store, &freed, &line[0]).await, OfferMade::OutOfTurn);
}

pub(crate) async fn of_racing_offers_one_is_made_for_a_time_and_one_for_a_person(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    join(&*a.store, a.generation, 2, 9).await;
    let first = free(&*a.store, a.generation, 540).await;
    let line = next_for(&*a.store, &first).await;
    let store = |n: usize| if n.is_multiple_of(2) { &a.store } else { &b.store };
    let racers = line.iter().enumerate().map(|(n, row)| offer(&**store(n), &first, row));
    let made = join_all(racers).await;
    assert_eq!(made.iter().filter(|made| **made == OfferMade::Made).count(), 1, "{made:?}");
    let mut others = Vec::new();
    for start in [600, 660, 720, 780] {
        others.push(free(&*a.store, a.generation, start).await);
    }
    let person = &next_for(&*a.store, &others[0]).await[0];
    let racers = others.iter().enumerate().map(|(n, freed)| offer(&**store(n), freed, person));
    let made = join_all(racers).await;
    assert_eq!(made.iter().filter(|made| **made == OfferMade::Made).count(), 1, "{made:?}");
}

pub(crate) async fn what_is_offered_is_kept_for_that_patient_until_it_is_booked(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    join(store, a.generation, 2, 3).await;
    let freed = free(store, a.generation, 540).await;
    let line = next_for(store, &freed).await;
    assert_eq!(offer(store, &freed, &line[0]).await, OfferMade::Made);
    assert_eq!(numbers(&next_for(store, &freed).await), [3]);
    assert!(due(store, later(1_799)).await.is_empty());
    assert!(store.hold(&call(7), vec![slot(545)], 1, later(120), NOW).await.unwrap().is_empty());
    assert_eq!(announced(store, &booking(3, slot(540), a.generation), NOW).await, "occupied");
    assert_eq!(taken(store, None, NOW).await, [540]);
    let theirs = Taken {
        clinic: clinic("maple"),
        provider: slot(540).provider,
        first: slot(540).date,
        last: slot(540).date,
        except_call: None,
        except_effect: None,
        except_patient: Some(patient(2)),
    };
    assert!(store.taken(theirs, NOW).await.unwrap().is_empty());
    let open = store.open_offers(&clinic("maple"), &[patient(3), patient(2)], NOW).await.unwrap();
    assert!(
        open.len() == 1 && open[0].patient == patient(2) && open[0].visit == "B" && open[0].until == UNTIL
    );
    assert!(store.open_offers(&clinic("maple"), &[patient(2)], UNTIL).await.unwrap().is_empty());

    let wish = booking(2, slot(540), a.generation);
    granted(store, &wish).await;
    store.settle(settlement(&wish, done(8), booked(8)), later(5)).await.unwrap();
    assert_eq!(states(store).await, [(slot(540), OfferState::Accepted)]);
    assert_eq!(taken(store, None, later(5)).await, [0_u16; 0], "from here on the EMR says so");
    let waitlist = store.waitlist(&clinic("maple"), entry("maple")).await.unwrap();
    let statuses: Vec<_> = waitlist.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [WaitlistStatus::Registered, WaitlistStatus::Pending]);
    let over = due(store, later(5)).await;
    let last = over[0].last.as_ref().unwrap();
    assert!(last.state == OfferState::Accepted && last.patient == Some(patient(2)));
    assert!(!end(store, last.id, OfferState::Expired).await);
}

pub(crate) async fn a_booking_elsewhere_or_refused_takes_no_offer_up(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    join(store, a.generation, 2, 2).await;
    let freed = free(store, a.generation, 540).await;
    offer(store, &freed, &next_for(store, &freed).await[0]).await;
    let elsewhere = booking(2, slot(700), a.generation);
    granted(store, &elsewhere).await;
    store.settle(settlement(&elsewhere, done(8), booked(8)), NOW).await.unwrap();
    let refused = booking(2, slot(540), a.generation);
    granted(store, &refused).await;
    let not_done = vitarad_actors::domain::booking::EffectState::NotDone;
    store.settle(settlement(&refused, not_done, IntentState::Refused), NOW).await.unwrap();
    assert_eq!(states(store).await, [(slot(540), OfferState::Offered)]);
}

pub(crate) async fn an_offer_ends_once_frees_its_time_and_its_unsent_text_is_not_sent(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    join(store, a.generation, 2, 3).await;
    let freed = free(store, a.generation, 540).await;
    offer(store, &freed, &next_for(store, &freed).await[0]).await;
    assert!(!store.put_off_freed(&clinic("maple"), freed.id, None, NOW).await.unwrap(), "somebody has it");
    let id = store.offers(&clinic("maple"), entry("maple")).await.unwrap()[0].id;
    assert!(end(store, id, OfferState::Declined).await);
    assert!(!end(store, id, OfferState::Expired).await);
    let sms = role(store, "sms", a.generation).await;
    assert!(store.take_due_sms(&sms, later(9)).await.unwrap().is_none());
    assert_eq!(taken(store, None, NOW).await, [0_u16; 0]);
    let again = due(store, later(1)).await.remove(0);
    let line = next_for(store, &again).await;
    assert_eq!(numbers(&line), [3], "who declined it is not asked again");
    assert_eq!(offer(store, &again, &line[0]).await, OfferMade::Made);
    let queued = store.take_due_sms(&sms, later(9)).await.unwrap().unwrap();
    assert!(due(store, later(9)).await.is_empty());
    store.record_sms(&sms, &clinic("maple"), queued.id, SmsState::Refused, later(9)).await.unwrap();
    let lost = due(store, later(9)).await;
    assert!(lost[0].last.as_ref().is_some_and(|last| last.text_refused), "it need not be waited for");
}

pub(crate) async fn a_time_that_a_caller_weighs_is_not_offered_and_one_left_to_staff_is_not_kept(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let store = &*a.store;
    join(store, a.generation, 2, 3).await;
    let freed = free(store, a.generation, 540).await;
    let line = next_for(store, &freed).await;
    store.hold(&call(7), vec![slot(550)], 1, later(120), NOW).await.unwrap();
    assert_eq!(offer(store, &freed, &line[0]).await, OfferMade::Occupied);
    let to_be_called = OfferDraft { text: None, ..draft(&freed, &line[0]) };
    assert_eq!(store.make_offer(to_be_called, later(120)).await.unwrap(), OfferMade::Made);
    assert_eq!(states(store).await, [(slot(540), OfferState::ToBeCalled)]);
    assert!(due(store, later(9_999)).await.is_empty());
    let granted = store.hold(&call(8), vec![slot(540)], 1, later(300), later(120)).await.unwrap();
    assert_eq!(granted, [slot(540)]);
    assert!(store.offers(&clinic("birch"), entry("birch")).await.unwrap().is_empty());
}

pub(crate) async fn who_asks_again_keeps_their_place_and_what_they_say_now_counts(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    join(store, a.generation, 2, 3).await;
    let key = call(9);
    let fence = adopt(store, &key, a.generation).await;
    let mut now_wants = patient_waiting(2);
    now_wants.notes = vitarad_actors::domain::phi::Phi::new(Some("mornings".to_owned()));
    for (n, waiting) in [(1, now_wants.clone()), (2, patient_waiting(2)), (1, patient_waiting(2))] {
        let join = WaitlistJoin { tool_call: tool_call(&key, n).tool_call, waiting };
        let mut saved = save(&key, fence, u64::from(n), "x");
        saved.joins = Some(join);
        store.save_call(saved, later(60)).await.unwrap();
        let rows = store.waitlist(&clinic("maple"), entry("maple")).await.unwrap();
        assert_eq!((numbers(&rows), rows[0].added_at), (vec![2, 3], later(2)));
    }
}

pub(crate) async fn freed_time_and_its_offers_go_when_they_are_old(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let freed = free(store, a.generation, 540).await;
    join(store, a.generation, 2, 2).await;
    offer(store, &freed, &next_for(store, &freed).await[0]).await;
    let retention = role(store, "retention", a.generation).await;
    while store.purge(&retention, KEEP, 100, NOW.plus(DAY)).await.unwrap() > 0 {}
    assert!(states(store).await.is_empty() && due(store, NOW.plus(DAY)).await.is_empty());
}
