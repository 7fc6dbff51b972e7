//! What a caller left behind while the EMR was away is kept once, carried out by one at a time, and ends.

use futures::future::join_all;
use vitarad_actors::domain::appointment::Seen;
use vitarad_actors::domain::booking::Want;
use vitarad_actors::domain::emr_path::Path;
use vitarad_actors::domain::held::{HELD_PER_CALL, HeldState, HeldVisit, HeldWish, Reference};
use vitarad_actors::domain::ids::{AppointmentNo, Fence, Generation, IntentId};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{
    AuditAction, AuditEntry, Held, HeldDraft, HeldEnd, HeldRow, OrderNote, StoreError, TakeHeld,
};
use vitarad_actors::testing::newcomer;

use super::{DAY, KEEP, adopt, claim, role};
use crate::fixture::House;
use crate::samples::{
    CANARY, NOW, audit, booking, call, clinic, later, line, patient, slot, slot_on, text, tool_call,
};

const INTENT: IntentId = IntentId(uuid::Uuid::from_u128(7));

/// Asked by call `asker` under tool call `n`: a visit at `start` for patient `no`.
pub(crate) fn held_draft(asker: u32, n: u32, no: i32, start: u16) -> HeldDraft {
    let note = booking(no, slot(start), Generation(1)).order;
    HeldDraft {
        reference: Reference::drawn(u128::from(asker * 100 + n)),
        wish: HeldWish::Visit(HeldVisit {
            patient: patient(no),
            want: Want::Book(slot(start)),
            sheet_name: Phi::new(format!("{CANARY},ROBIN")),
            visit: "std".to_owned(),
            reason: Phi::new("a knee".to_owned()),
            old_slot: Some(slot_on(24, 600)),
            is_new: true,
        }),
        note: OrderNote { tool_call: tool_call(&call(asker), n), ..note },
        expires_at: later(3_600),
        answer: line("held"),
        audit: vec![audit(no)],
    }
}

fn entry(action: AuditAction) -> AuditEntry {
    AuditEntry { at: NOW, clinic: clinic("maple"), call: None, action, patients: vec![], outcome: "OK" }
}

async fn held(store: &dyn Store, draft: &HeldDraft) -> Held {
    store.hold_request(draft.clone(), NOW).await.unwrap()
}

async fn due_at(store: &dyn Store, now: Ts) -> Vec<HeldRow> {
    store.due_held(&clinic("maple"), now, 9).await.unwrap()
}

async fn take(store: &dyn Store, row: &HeldRow, owner: Generation) -> Option<Fence> {
    let intent = INTENT;
    let (clinic, id, seen, until) = (clinic("maple"), row.id, row.fence, later(60));
    store.take_held(TakeHeld { clinic, id, seen, owner, intent, until }, NOW).await.unwrap()
}

fn end(row: &HeldRow, fence: Fence, state: HeldState) -> HeldEnd {
    HeldEnd {
        clinic: clinic("maple"),
        id: row.id,
        fence,
        state,
        outcome: "SLOT_TAKEN",
        alternatives: vec![slot(600)],
        due: later(30),
        text: None,
        audit: vec![],
    }
}

pub(crate) async fn a_request_is_held_with_its_answer_and_comes_back_whole(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let draft = held_draft(1, 1, 1, 540);
    let fence = adopt(store, &call(1), a.generation).await;
    claim(store, &draft.note.tool_call, a.generation, fence).await;
    assert_eq!(held(store, &draft).await, Held::Kept);
    let answer = store.answer_of(&draft.note.tool_call).await.unwrap();
    assert!(answer == Some(line("held")));
    let rows = due_at(store, NOW).await;
    let [row] = rows.as_slice() else { panic!("one waits, not {}", rows.len()) };
    assert!(row.wish == draft.wish && row.note.tool_call == draft.note.tool_call);
    assert!(row.note.text_to == draft.note.text_to && row.note.language == draft.note.language);
    assert_eq!((&row.reference, row.state, row.fence), (&draft.reference, HeldState::Open, Fence(0)));
    assert_eq!((row.created_at, row.expires_at), (NOW, later(3_600)));
    assert!(store.due_held(&clinic("birch"), NOW, 9).await.unwrap().is_empty());
    assert_eq!(store.held_for(&clinic("maple"), patient(1)).await.unwrap().len(), 1);
    assert!(store.held_for(&clinic("maple"), patient(2)).await.unwrap().is_empty());
}

pub(crate) async fn the_same_wish_is_held_once_and_a_call_holds_no_more_than_it_may(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let first = held_draft(1, 1, 1, 540);
    assert_eq!(held(store, &first).await, Held::Kept);
    let known = Held::Already(first.reference.clone());
    assert_eq!(held(store, &held_draft(1, 2, 1, 540)).await, known, "another tool call, the same wish");
    assert_eq!(held(store, &held_draft(2, 1, 1, 540)).await, known, "another call, the same wish");
    assert_eq!(held(store, &held_draft(1, 1, 1, 600)).await, known, "the same tool call");
    let mut namesake = held_draft(2, 2, 2, 540);
    namesake.reference = first.reference.clone();
    assert_eq!(held(store, &namesake).await, Held::ReferenceTaken);
    for n in 1..HELD_PER_CALL {
        let another = held_draft(1, 10 + n, 1, 600 + u16::try_from(n).unwrap() * 15);
        assert_eq!(held(store, &another).await, Held::Kept);
    }
    assert_eq!(held(store, &held_draft(1, 20, 1, 700)).await, Held::Full);
    assert_eq!(held(store, &held_draft(2, 3, 1, 700)).await, Held::Kept, "another call may");
}

pub(crate) async fn of_64_racing_deliveries_of_a_wish_one_is_held(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let racing = (0..64_u32).map(|n| {
        let store = if n % 2 == 0 { a.store.clone() } else { b.store.clone() };
        async move { store.hold_request(held_draft(n, 1, 1, 540), NOW).await.unwrap() }
    });
    let kept = join_all(racing).await.iter().filter(|held| **held == Held::Kept).count();
    assert_eq!((kept, due_at(&*a.store, NOW).await.len()), (1, 1));
}

pub(crate) async fn a_held_request_is_carried_out_by_one_and_ended_by_whoever_has_the_fence(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let store = &*a.store;
    held(store, &held_draft(1, 1, 1, 540)).await;
    let row = due_at(store, NOW).await.remove(0);
    let fence = take(store, &row, a.generation).await.expect("nobody has it");
    assert_eq!(take(&*b.store, &row, b.generation).await, None);
    assert!(due_at(&*b.store, NOW).await.is_empty(), "somebody is at it");
    assert!(
        !store
            .cancel_held(&clinic("maple"), &row.reference, entry(AuditAction::HeldCancelled), NOW)
            .await
            .unwrap()
    );
    let left = due_at(store, later(60)).await.remove(0);
    assert_eq!((left.fence, left.intent), (fence, Some(INTENT)));
    let again = take(&*b.store, &left, b.generation).await.expect("it was left behind");
    let late = store.end_held(end(&row, fence, HeldState::Done), NOW).await;
    assert_eq!(late, Err(StoreError::Usurped));
    b.store.end_held(end(&row, again, HeldState::Open), NOW).await.unwrap();
    assert!(due_at(store, later(29)).await.is_empty());
    let row = due_at(store, later(30)).await.remove(0);
    let fence = take(store, &row, a.generation).await.expect("it waits again");
    let mut over = end(&row, fence, HeldState::HandedToStaff);
    over.text = Some(text("held-1"));
    store.end_held(over, NOW).await.unwrap();
    assert_eq!(take(store, &row, a.generation).await, None);
    assert!(due_at(store, later(9_999)).await.is_empty());
    let rows = store.held_requests(&clinic("maple"), entry(AuditAction::HeldRead)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome.as_deref(), Some("SLOT_TAKEN"));
    assert_eq!((rows[0].state, &rows[0].alternatives), (HeldState::HandedToStaff, &vec![slot(600)]));
    let sms = role(store, "sms", a.generation).await;
    assert!(store.take_due_sms(&sms, NOW).await.unwrap().is_some());
    assert_eq!(held(store, &held_draft(3, 1, 1, 540)).await, Held::Kept, "what is over may be wished again");
}

pub(crate) async fn what_a_dead_process_had_taken_up_is_due_at_once(house: &dyn House) {
    let first = house.process("a").await;
    held(&*first.store, &held_draft(1, 1, 1, 540)).await;
    let row = due_at(&*first.store, NOW).await.remove(0);
    take(&*first.store, &row, first.generation).await.expect("nobody has it");
    let second = house.process("a").await;
    let row = due_at(&*second.store, NOW).await.remove(0);
    assert!(take(&*second.store, &row, second.generation).await.is_some());
}

pub(crate) async fn a_held_request_is_due_when_it_expires_and_may_be_cancelled_while_it_waits(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let store = &*a.store;
    held(store, &held_draft(1, 1, 1, 540)).await;
    let row = due_at(store, NOW).await.remove(0);
    let fence = take(store, &row, a.generation).await.expect("nobody has it");
    let later_still = HeldEnd { due: later(99_999), ..end(&row, fence, HeldState::Open) };
    store.end_held(later_still, NOW).await.unwrap();
    assert!(due_at(store, later(3_599)).await.is_empty());
    assert_eq!(due_at(store, later(3_600)).await.len(), 1);
    let cancel = async |of: &str| {
        let audit = AuditEntry { clinic: clinic(of), ..entry(AuditAction::HeldCancelled) };
        store.cancel_held(&clinic(of), &row.reference, audit, NOW).await.unwrap()
    };
    assert!(!cancel("birch").await);
    assert!(cancel("maple").await);
    assert!(!cancel("maple").await);
    assert!(due_at(store, later(9_999)).await.is_empty());
    let retention = role(store, "retention", a.generation).await;
    held(store, &held_draft(2, 1, 2, 540)).await;
    let mut purged = 0;
    // Where clinics are walled off, each has its turn.
    for _ in ["birch", "maple"] {
        purged += store.purge(&retention, KEEP, 9, NOW.plus(DAY)).await.unwrap();
    }
    assert_eq!(purged, 1, "the cancelled one");
    assert_eq!(due_at(store, NOW.plus(DAY)).await.len(), 1);
}

fn seen() -> Seen {
    Seen { row: serde_json::from_value(serde_json::json!(77)).unwrap(), by: Path::Rest }
}

pub(crate) async fn a_move_and_a_cancellation_are_held_as_they_were_wished(house: &dyn House) {
    let a = house.process("a").await;
    let old = AppointmentNo(5);
    let wants = [Want::Move { old, to: slot(600) }, Want::Cancel(old)];
    for (n, want) in (1..).zip(wants.clone()) {
        let mut draft = held_draft(1, n, 1, 540);
        let HeldWish::Visit(visit) = &mut draft.wish else { panic!("a visit") };
        visit.want = want;
        draft.note.seen = Some(seen());
        assert_eq!(held(&*a.store, &draft).await, Held::Kept);
    }
    let rows = due_at(&*a.store, NOW).await;
    let want = |row: &HeldRow| match &row.wish {
        HeldWish::Visit(visit) => visit.want.clone(),
        HeldWish::Registration(_) => panic!("a visit"),
    };
    let back: Vec<Want> = rows.iter().map(want).collect();
    assert!(back == wants && rows.iter().all(|row| row.note.seen == Some(seen())));
}

pub(crate) async fn a_registration_is_held_once_for_a_person_and_comes_back_whole(house: &dyn House) {
    let a = house.process("a").await;
    let who = newcomer("Zoé", CANARY);
    let draft = |n| HeldDraft {
        wish: HeldWish::Registration(Box::new(who.clone())),
        reference: Reference::drawn(u128::from(n) * 7_919),
        ..held_draft(1, n, 1, 540)
    };
    assert_eq!(held(&*a.store, &draft(1)).await, Held::Kept);
    assert_eq!(held(&*a.store, &draft(2)).await, Held::Already(draft(1).reference));
    let rows = due_at(&*a.store, NOW).await;
    assert!(rows.len() == 1 && rows[0].wish == draft(1).wish);
    assert!(rows[0].note.text_to == draft(1).note.text_to);
    assert!(a.store.held_for(&clinic("maple"), patient(1)).await.unwrap().is_empty());
}
