//! A registration is announced for one person at a time, settled once, and taken over from the dead.

use futures::future::join_all;
use vitarad_actors::domain::ids::{DemographicNo, Generation, IntentId};
use vitarad_actors::domain::new_patient::NewPatient;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{
    AuditAction, AuditEntry, Claimed, LookAgain, RegistrationAnnounced, RegistrationDraft, RegistrationEnd,
    RegistrationRow, StoreError,
};
use vitarad_actors::testing::newcomer;

use super::{DAY, KEEP, adopt, claim, role};
use crate::fixture::House;
use crate::samples::{CANARY, LEASE, NOW, audit, booking, call, clinic, later, line, slot, text, tool_call};

const CHART: RegistrationState = RegistrationState::Done(DemographicNo::new(4_900));

/// Asked by call `asker` under its tool call `n`.
pub(crate) fn registration(asker: u32, n: u32, who: NewPatient, sender: Generation) -> RegistrationDraft {
    let mut note = booking(1, slot(540), sender).order;
    note.tool_call = tool_call(&call(asker), n);
    RegistrationDraft {
        id: IntentId(uuid::Uuid::from_u128(u128::from(asker * 100 + n))),
        who,
        note,
        sender,
        lease_for: LEASE,
        last_arrival: later(30),
        audit: vec![audit(1)],
    }
}

fn zoe() -> NewPatient {
    newcomer("Zoé", CANARY)
}

pub(crate) fn registered(draft: &RegistrationDraft, state: RegistrationState) -> RegistrationEnd {
    RegistrationEnd {
        clinic: clinic("maple"),
        id: draft.id,
        settler: draft.sender,
        state,
        answer: Some((draft.note.tool_call.clone(), line("registered"))),
        text: None,
        audit: vec![audit(1)],
        look_again: None,
    }
}

async fn is_granted(store: &dyn Store, draft: &RegistrationDraft) -> bool {
    let announced = store.announce_registration(draft.clone(), NOW).await.unwrap();
    matches!(announced, RegistrationAnnounced::Granted { .. })
}

async fn due(store: &dyn Store, owner: Generation, seconds: u64) -> Vec<RegistrationRow> {
    store.due_registrations(&clinic("maple"), owner, later(seconds), 9).await.unwrap()
}

async fn state(store: &dyn Store, draft: &RegistrationDraft) -> Option<RegistrationState> {
    store.registration(&clinic("maple"), draft.id).await.unwrap()
}

pub(crate) async fn one_person_or_health_number_is_registered_at_a_time(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let first = registration(1, 1, zoe(), a.generation);
    assert!(is_granted(store, &first).await);
    let mut by_name = zoe();
    by_name.health_number = Phi::new(None);
    let by_number = newcomer("Another", "Person");
    for (asker, who) in [(1, by_name), (2, by_number)] {
        let again = registration(asker, 2, who, a.generation);
        match store.announce_registration(again, NOW).await.unwrap() {
            RegistrationAnnounced::Underway { id, same_call } => {
                assert_eq!((id, same_call), (first.id, asker == 1));
            }
            RegistrationAnnounced::Granted { .. } => panic!("two charts for one person"),
        }
    }
    let mut other = newcomer("Another", "Person");
    other.health_number = Phi::new(None);
    assert!(is_granted(store, &registration(3, 1, other, a.generation)).await);
    assert_eq!(store.journal_counts(&clinic("maple")).await.unwrap().unsettled, 2);
}

pub(crate) async fn of_16_racing_registrations_of_one_person_one_is_announced(house: &dyn House) {
    let (a, b) = (house.process("a").await, house.process("b").await);
    let asks = (0..16).map(|n| {
        let house = if n % 2 == 0 { &a } else { &b };
        let draft = registration(n, 1, zoe(), house.generation);
        async move { is_granted(&*house.store, &draft).await }
    });
    assert_eq!(join_all(asks).await.into_iter().filter(|granted| *granted).count(), 1);
}

pub(crate) async fn a_settled_registration_is_one_commit_and_known_to_its_call(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let first = registration(1, 1, zoe(), a.generation);
    let fence = adopt(store, &call(1), a.generation).await;
    claim(store, &first.note.tool_call, a.generation, fence).await;
    assert!(is_granted(store, &first).await);
    let mut end = registered(&first, CHART);
    end.text = Some(text("registered"));
    store.settle_registration(end, NOW).await.unwrap();
    assert_eq!(state(store, &first).await, Some(CHART));
    assert!(store.answer_of(&first.note.tool_call).await.unwrap() == Some(line("registered")));
    let sms = role(store, "sms", a.generation).await;
    assert!(store.take_due_sms(&sms, NOW).await.unwrap().is_some());
    for (asker, made) in [(1, Some((first.id, DemographicNo::new(4_900)))), (2, None)] {
        let again = registration(asker, 2, zoe(), a.generation);
        match store.announce_registration(again.clone(), NOW).await.unwrap() {
            RegistrationAnnounced::Granted { earlier, .. } => assert!(earlier == made, "{asker}"),
            RegistrationAnnounced::Underway { .. } => panic!("settled"),
        }
        store.settle_registration(registered(&again, RegistrationState::NotDone), NOW).await.unwrap();
    }
}

pub(crate) async fn only_its_sender_or_owner_settles_a_registration_and_once(house: &dyn House) {
    let (a, b) = (house.process("a").await, house.process("b").await);
    let store = &*a.store;
    let draft = registration(1, 1, zoe(), a.generation);
    assert!(is_granted(store, &draft).await);
    let settle = async |state, settler| {
        store.settle_registration(RegistrationEnd { settler, ..registered(&draft, state) }, NOW).await
    };
    assert_eq!(settle(CHART, b.generation).await, Err(StoreError::Usurped));
    assert_eq!(settle(RegistrationState::Unknown, a.generation).await, Ok(()));
    let unsettled = settle(RegistrationState::NotDone, a.generation).await;
    assert_eq!(unsettled, Err(StoreError::Usurped), "unknown is settled by reading");
    assert_eq!(settle(RegistrationState::HandedToStaff, a.generation).await, Ok(()));
    assert_eq!(settle(CHART, a.generation).await, Err(StoreError::Usurped));
    let counts = store.journal_counts(&clinic("maple")).await.unwrap();
    assert_eq!((counts.unsettled, counts.handed_to_staff), (0, 1));
    let mut other = registered(&draft, CHART);
    (other.clinic, other.answer, other.audit) = (clinic("birch"), None, vec![]);
    assert_eq!(store.settle_registration(other, NOW).await, Err(StoreError::Usurped));
}

pub(crate) async fn an_unsettled_registration_is_due_for_its_owner_and_adopted_from_the_dead(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let draft = registration(1, 1, zoe(), a.generation);
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    claim(&*a.store, &draft.note.tool_call, a.generation, fence).await;
    assert!(is_granted(&*a.store, &draft).await);
    assert!(due(&*a.store, a.generation, 29).await.is_empty());
    let rows = due(&*a.store, a.generation, 30).await;
    let [row] = rows.as_slice() else { panic!("one, not {}", rows.len()) };
    assert!(row.who == draft.who && row.note.tool_call == draft.note.tool_call);
    assert!(row.note.text_to == draft.note.text_to && row.note.language == draft.note.language);
    assert_eq!((row.id, row.state, row.announced_at), (draft.id, RegistrationState::Announced, NOW));
    assert_eq!(row.last_arrival, later(30));
    let look = LookAgain { last_arrival: later(30), due: later(50) };
    let unknown = RegistrationEnd {
        answer: None,
        look_again: Some(look),
        ..registered(&draft, RegistrationState::Unknown)
    };
    a.store.settle_registration(unknown, NOW).await.unwrap();
    assert!(due(&*a.store, a.generation, 49).await.is_empty());
    let maple = clinic("maple");
    assert_eq!(a.store.adopt_journal(&maple, a.generation, NOW).await.unwrap(), 0, "it lives");

    let next = house.process("a").await;
    assert_eq!(next.store.adopt_journal(&maple, next.generation, NOW).await.unwrap(), 1);
    assert_eq!(due(&*next.store, next.generation, 0).await.len(), 1);
    let fence = adopt(&*next.store, &call(1), next.generation).await;
    let claimed = claim(&*next.store, &draft.note.tool_call, next.generation, fence).await;
    assert!(matches!(claimed, Claimed::Underway), "what it came to will be the answer");
    let end = RegistrationEnd { settler: next.generation, ..registered(&draft, CHART) };
    next.store.settle_registration(end, NOW).await.unwrap();
    assert!(due(&*next.store, next.generation, 99).await.is_empty());
}

pub(crate) async fn what_staff_have_to_look_at_is_listed_and_the_look_is_audited(house: &dyn House) {
    let a = house.process("a").await;
    let store = &*a.store;
    let (open, over) = (registration(1, 1, zoe(), a.generation), newcomer("Done", "Already"));
    let mut over = registration(2, 1, over, a.generation);
    over.who.health_number = Phi::new(None);
    for draft in [&open, &over] {
        assert!(is_granted(store, draft).await);
    }
    store.settle_registration(registered(&over, CHART), NOW).await.unwrap();
    let read = AuditEntry {
        at: NOW,
        clinic: clinic("maple"),
        call: None,
        action: AuditAction::RegistrationsRead,
        patients: vec![],
        outcome: "OK",
    };
    let listed = store.registrations_for_staff(&clinic("maple"), read.clone()).await.unwrap();
    assert!(listed.len() == 1 && listed[0].id == open.id && listed[0].who == open.who);
    let role = role(store, "audit", a.generation).await;
    assert_eq!(store.seal_audit(&role, 99, NOW).await.unwrap(), 4);
    let elsewhere = AuditEntry { clinic: clinic("birch"), ..read };
    assert!(store.registrations_for_staff(&clinic("birch"), elsewhere).await.unwrap().is_empty());
    let retention = super::role(store, "retention", a.generation).await;
    let mut purged = 0;
    // Each clinic has its turn.
    for _ in ["birch", "maple"] {
        purged += store.purge(&retention, KEEP, 99, NOW.plus(DAY)).await.unwrap();
    }
    assert_eq!(purged, 1, "only what is over");
    assert_eq!(state(store, &open).await, Some(RegistrationState::Announced));
}
