//! A report that does not come is asked for in its turn, and not for ever.

use vitarad_actors::domain::call_record::{CallFacts, CallStage, REPORT_WITHIN};
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{AuditAction, CallEvent, CallSave, NoReport, StoreError, Unreported};

use super::{adopt, role, save};
use crate::fixture::House;
use crate::samples::{NOW, call, later, memory};

fn message(of: &CallKey, kind: &str, digest: &str) -> CallEvent {
    CallEvent {
        key: of.clone(),
        kind: kind.to_owned(),
        digest: digest.to_owned(),
        body: memory("{}"),
        facts: CallFacts { stage: Some(CallStage::InProgress), ..CallFacts::default() },
        audited: (kind == CallEvent::REPORT).then_some(AuditAction::ReportFetched),
    }
}

async fn next(store: &dyn Store, now: Ts) -> Option<(CallKey, u32)> {
    let next = store.next_unreported(now).await.unwrap();
    next.map(|Unreported { call, asked }| (call, asked))
}

pub(crate) async fn a_report_is_missed_when_nothing_was_heard_for_its_time_and_the_longest_missed_comes_first(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let store = &*a.store;
    store.keep_event(message(&call(1), "status-update", "d1"), NOW).await.unwrap();
    let fence = adopt(store, &call(2), a.generation).await;
    let learnt = CallFacts { sms_consent: Some(true), ..CallFacts::default() };
    store.save_call(CallSave { facts: learnt, ..save(&call(2), fence, 1, "x") }, later(1)).await.unwrap();
    assert_eq!(next(store, Ts(NOW.plus(REPORT_WITHIN).0 - 1)).await, None);
    assert_eq!(next(store, later(3600)).await, Some((call(1), 0)));
    store.keep_event(message(&call(1), "status-update", "d2"), later(5)).await.unwrap();
    assert_eq!(next(store, later(3600)).await, Some((call(2), 0)), "it was heard of since");
    store.keep_event(message(&call(2), CallEvent::REPORT, "d3"), later(6)).await.unwrap();
    store.keep_event(message(&call(2), "status-update", "d4"), later(7)).await.unwrap();
    assert_eq!(
        next(store, later(3600)).await,
        Some((call(1), 0)),
        "a report has come, whatever comes after it"
    );
    store.keep_event(message(&call(3), CallEvent::REPORT, "d5"), NOW).await.unwrap();
    store.keep_event(message(&call(1), CallEvent::REPORT, "d6"), later(8)).await.unwrap();
    assert_eq!(next(store, later(36_000)).await, None);
}

pub(crate) async fn what_was_asked_for_in_vain_is_asked_for_again_at_its_time_or_never(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    for n in 1..=2_u32 {
        store.keep_event(message(&call(n), "status-update", "d1"), later(n.into())).await.unwrap();
    }
    let retention = role(store, "retention", a.generation).await;
    let again = NoReport::AskAgain(later(9_000));
    store.note_no_report(&retention, &call(1), again).await.unwrap();
    assert_eq!(next(store, later(8_999)).await, Some((call(2), 0)));
    store.note_no_report(&retention, &call(2), NoReport::Unknown).await.unwrap();
    assert_eq!(next(store, later(8_999)).await, None);
    assert_eq!(next(store, later(9_000)).await, Some((call(1), 1)));
    store.note_no_report(&retention, &call(1), NoReport::GivenUp).await.unwrap();
    store.keep_event(message(&call(1), "status-update", "d2"), later(9_001)).await.unwrap();
    assert_eq!(next(store, later(99_999)).await, None, "what is given up stays so");
}

pub(crate) async fn only_the_owner_of_the_role_notes_what_was_asked(house: &dyn House) {
    let a = house.process("a").await;
    a.store.keep_event(message(&call(1), "status-update", "d1"), NOW).await.unwrap();
    let mut former = role(&*a.store, "retention", a.generation).await;
    former.fence.0 -= 1;
    let refused = a.store.note_no_report(&former, &call(1), NoReport::GivenUp).await;
    assert_eq!(refused, Err(StoreError::Usurped));
}
