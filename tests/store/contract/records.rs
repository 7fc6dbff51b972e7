//! The record of a call is one row that only grows.

use vitarad_actors::domain::call_note::{CallIntent, CallOutcome};
use vitarad_actors::domain::call_record::{CallFacts, CallStage, EndedBy, EndedReason};
use vitarad_actors::domain::say::Language;
use vitarad_actors::domain::transfer::TransferReason;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{CallEvent, CallSave};

use super::{DAY, KEEP, adopt, role, save};
use crate::fixture::House;
use crate::samples::{NOW, call, later, memory};

fn event(digest: &str, facts: CallFacts) -> CallEvent {
    CallEvent {
        key: call(1),
        kind: "status-update".to_owned(),
        digest: digest.to_owned(),
        body: memory("{}"),
        facts,
        audited: None,
    }
}

fn reached(stage: CallStage) -> CallFacts {
    CallFacts { stage: Some(stage), ..CallFacts::default() }
}

async fn recorded(store: &dyn Store) -> CallFacts {
    store.call_record(&call(1)).await.unwrap().expect("a record")
}

pub(crate) async fn a_record_grows_with_every_message_and_the_call_itself(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    assert!(store.call_record(&call(1)).await.unwrap().is_none());
    store.keep_event(event("d0", CallFacts::default()), NOW).await.unwrap();
    assert!(store.call_record(&call(1)).await.unwrap().is_none(), "nothing was said");
    let ended = CallFacts {
        ended_reason: Some(EndedReason::new("customer-ended-call")),
        started_at: Some(NOW),
        ended_at: Some(later(60)),
        ..reached(CallStage::Ended)
    };
    store.keep_event(event("d1", ended.clone()), NOW).await.unwrap();
    store.keep_event(event("d2", reached(CallStage::InProgress)), later(1)).await.unwrap();
    assert_eq!(recorded(store).await, ended, "an ended call is not reopened");
    let fence = adopt(store, &call(1), a.generation).await;
    let noted = CallFacts {
        language: Some(Language::Zh),
        intent: Some(CallIntent::Book),
        outcome: Some(CallOutcome::Transferred),
        transfer_reason: Some(TransferReason::Billing),
        sms_consent: Some(false),
        ..CallFacts::default()
    };
    let saved = CallSave { facts: noted.clone(), ..save(&call(1), fence, 1, "x") };
    store.save_call(saved, later(2)).await.unwrap();
    let report = CallFacts { duration_ms: Some(60_000), cost_micros: Some(71_500), ..CallFacts::default() };
    store.keep_event(event("d3", report.clone()), later(3)).await.unwrap();
    store.keep_event(event("d3", reached(CallStage::Queued)), later(4)).await.unwrap();
    let record = recorded(store).await;
    assert_eq!(record, ended.with(noted).with(report));
    assert_eq!(record.ended_reason.unwrap().ended_by(), EndedBy::Customer);
}

pub(crate) async fn a_record_goes_when_it_has_not_changed_for_its_time(house: &dyn House) {
    let a = house.process("a").await;
    a.store.keep_event(event("d1", reached(CallStage::Ended)), NOW).await.unwrap();
    let retention = role(&*a.store, "retention", a.generation).await;
    assert_eq!(a.store.purge(&retention, KEEP, 9, later(1)).await.unwrap(), 0);
    assert_eq!(
        a.store.purge(&retention, KEEP, 9, NOW.plus(DAY)).await.unwrap(),
        2,
        "the message and the record"
    );
    assert!(a.store.call_record(&call(1)).await.unwrap().is_none());
}
