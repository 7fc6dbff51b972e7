//! Who waits is entered once, with the call that asked for it, and seen by their clinic only.

use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::say::Language;
use vitarad_actors::domain::waitlist::{Waiting, WaitlistStatus};
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{
    AuditAction, AuditEntry, CallSave, StoreError, WaitlistJoin, WaitlistRow,
};

use super::{adopt, role, save};
use crate::fixture::House;
use crate::samples::{CANARY, NOW, call, clinic, later, tool_call};

pub(crate) fn waiting(phone: &str) -> Waiting {
    Waiting {
        first_name: Phi::new("Robin".to_owned()),
        last_name: Phi::new(CANARY.to_owned()),
        phone: Phi::new(PhoneNumber::parse(phone).unwrap()),
        reason: Phi::new(Some("a knee".to_owned())),
        notes: Phi::new(None),
        language: Language::Zh,
        wanted: None,
    }
}

fn joining(save: CallSave, n: u32, phone: &str) -> CallSave {
    let join = WaitlistJoin { tool_call: tool_call(&save.key, n).tool_call, waiting: waiting(phone) };
    CallSave { joins: Some(join), ..save }
}

fn entry(action: AuditAction) -> AuditEntry {
    AuditEntry { at: NOW, clinic: clinic("maple"), call: None, action, patients: vec![], outcome: "OK" }
}

async fn listed(store: &dyn Store) -> Vec<WaitlistRow> {
    store.waitlist(&clinic("maple"), entry(AuditAction::WaitlistRead)).await.unwrap()
}

pub(crate) async fn who_waits_is_entered_once_by_the_owner_of_the_call(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let fence = adopt(store, &call(1), a.generation).await;
    let save = |version, n, phone| joining(save(&call(1), fence, version, "x"), n, phone);
    store.save_call(save(1, 1, "6045550142"), NOW).await.unwrap();
    store.save_call(save(2, 1, "6045550142"), later(1)).await.unwrap();
    store.save_call(save(3, 2, "6045550142"), later(2)).await.unwrap();
    store.save_call(save(4, 3, "6045550143"), later(3)).await.unwrap();
    let b = house.process("b").await;
    adopt(&*b.store, &call(1), b.generation).await;
    let usurped = store.save_call(save(5, 4, "6045550144"), NOW).await;
    assert_eq!(usurped, Err(StoreError::Usurped));
    let rows = listed(&*b.store).await;
    assert_eq!(rows.iter().map(|row| row.added_at).collect::<Vec<_>>(), [NOW, later(3)]);
    assert!(rows[0].waiting == waiting("6045550142") && rows[0].status == WaitlistStatus::Pending);
    assert!(store.waitlist(&clinic("birch"), of_birch()).await.unwrap().is_empty());
}

fn of_birch() -> AuditEntry {
    AuditEntry { clinic: clinic("birch"), ..entry(AuditAction::WaitlistRead) }
}

pub(crate) async fn who_waits_no_longer_may_join_again_and_is_not_marked_twice(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let fence = adopt(store, &call(1), a.generation).await;
    let join = |n| joining(save(&call(1), fence, u64::from(n), "x"), n, "6045550142");
    store.save_call(join(1), NOW).await.unwrap();
    let id = listed(store).await[0].id;
    let mark = async |status| {
        let audit = entry(AuditAction::WaitlistMarked);
        store.mark_waiting(&clinic("maple"), id, status, audit, later(1)).await.unwrap()
    };
    assert!(
        !store.mark_waiting(&clinic("birch"), id, WaitlistStatus::Contacted, of_birch(), NOW).await.unwrap()
    );
    assert!(mark(WaitlistStatus::Contacted).await);
    store.save_call(join(2), NOW).await.unwrap();
    assert_eq!(listed(store).await.len(), 1, "contacted is still waiting");
    assert!(mark(WaitlistStatus::Registered).await);
    assert!(!mark(WaitlistStatus::Pending).await);
    store.save_call(join(3), NOW).await.unwrap();
    let statuses: Vec<_> = listed(store).await.iter().map(|row| row.status).collect();
    assert!(statuses.contains(&WaitlistStatus::Registered) && statuses.contains(&WaitlistStatus::Pending));
}

pub(crate) async fn every_look_at_the_waiting_list_is_in_the_audit_log(house: &dyn House) {
    let a = house.process("a").await;
    listed(&*a.store).await;
    listed(&*a.store).await;
    let sealer = role(&*a.store, "audit", a.generation).await;
    assert_eq!(a.store.seal_audit(&sealer, 9, NOW).await.unwrap(), 2);
}
