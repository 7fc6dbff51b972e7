//! What lies in the database says nothing about a patient or a credential to whoever holds the database alone (law P-1).

use secrecy::SecretBox;
use sqlx::{AssertSqlSafe, Row};
use vitarad::access::ClinicAccess;
use vitarad::seal::Keyring;
use vitarad::store::{Engine, SqlStore, Tuning};
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::held::HeldWish;
use vitarad_actors::domain::ids::{DemographicNo, Generation};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::domain::waitlist::{Waiting, WantedTime};
use vitarad_actors::ports::store::{
    Announced, BookingStore, CallEvent, CallSave, CallStore, Claimant, Held, HeldDraft, HeldStore,
    OutboxStore, RegistrationStore, RoleStore, StoreError, ToolCallStore, WaitlistJoin,
};
use vitarad_actors::testing::newcomer;

use crate::contract::{held_draft, registered, registration, waiting};
use crate::fixture::{SqlHouse, keyring};
use crate::postgres;
use crate::samples::{
    CANARY, LEASE, NOW, audit, booked, booking, call, clinic, done, line, memory, settlement, slot, text,
    tool_call,
};
use crate::schema::sqlite;

/// The patient's chart and telephone number, as the sealed columns would hold them.
const CHART_NO: i32 = 1_947_261_803;
const PHONE: &str = "6045550142";

fn master(byte: u8) -> SecretBox<[u8; 32]> {
    SecretBox::new(Box::new([byte; 32]))
}

pub(crate) fn declared(id: &str, name: &str) -> (Clinic, ClinicAccess) {
    let settings = serde_json::json!({
        "id": id, "name": name, "phone": "6045550100", "timezone": "America/Vancouver",
        "hours": {"monday": ["09:00-17:00"]},
        "providers": [{"provider_no": "021", "name": "Dr. Example"}],
    });
    let access = serde_json::json!({
        "emr": {"url": "https://emr.example.test/oscar", "username": "robot", "password": CANARY},
    });
    (serde_json::from_value(settings).unwrap(), serde_json::from_value(access).unwrap())
}

/// Writes health information and credentials wherever the store takes any.
pub(crate) async fn fill(store: &SqlStore) {
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let (clinic, access) = declared("maple", "Maple Clinic");
    store.seed_clinic(&clinic, &access, NOW).await.unwrap();
    let mut wish = booking(1, slot(540), owner);
    wish.intent.patient = DemographicNo::new(CHART_NO);
    wish.effect.patient = wish.intent.patient;
    wish.audit = vec![audit(CHART_NO)];
    let key = wish.order.tool_call.clone();
    let fence = store.adopt_call(&key.call, owner, NOW).await.unwrap().fence;
    let save = CallSave {
        key: key.call.clone(),
        fence,
        version: 1,
        memory: memory(CANARY),
        audit: vec![],
        facts: CallFacts::default(),
        joins: Some(WaitlistJoin { tool_call: key.tool_call.clone(), waiting: waiting(PHONE) }),
    };
    store.save_call(save, NOW).await.unwrap();
    let wanted = WantedTime::any(DemographicNo::new(CHART_NO), CANARY.to_owned());
    let waits = Waiting { wanted: Some(wanted), ..waiting(PHONE) };
    let save = CallSave {
        key: key.call.clone(),
        fence,
        version: 2,
        memory: memory(CANARY),
        audit: vec![],
        facts: CallFacts::default(),
        joins: Some(WaitlistJoin { tool_call: tool_call(&key.call, 3).tool_call, waiting: waits }),
    };
    store.save_call(save, NOW).await.unwrap();
    let body = memory(&format!("{CANARY} {PHONE} {CHART_NO}"));
    let event = CallEvent {
        key: key.call.clone(),
        kind: "hang".into(),
        digest: "d".into(),
        body,
        facts: CallFacts::default(),
        audited: None,
    };
    store.keep_event(event, NOW).await.unwrap();
    let claimant = Claimant { generation: owner, fence };
    for n in [1, 2] {
        let key = tool_call(&key.call, n);
        store.claim(&key, Tool::CreateAppointment, claimant, NOW).await.unwrap();
    }
    store.dead_letter(&key, Tool::CreateAppointment, Phi::new(CANARY.to_owned()), NOW).await.unwrap();
    store.answer(&tool_call(&key.call, 2), line(CANARY), vec![], NOW).await.unwrap();
    register(store, owner).await;
    let held = held_draft(1, 9, CHART_NO, 540);
    assert_eq!(store.hold_request(held, NOW).await.unwrap(), Held::Kept);
    assert!(matches!(store.announce(wish.clone(), NOW).await.unwrap(), Announced::Granted(_)));
    let mut settled = settlement(&wish, done(7), booked(7));
    settled.answer = Some((key, line(CANARY)));
    settled.text = Some(text("intent-1"));
    store.settle(settled, NOW).await.unwrap();
}

async fn register(store: &SqlStore, owner: Generation) {
    let mut who = newcomer(CANARY, CANARY);
    who.phone = Phi::new(PhoneNumber::parse(PHONE).unwrap());
    let chart = RegistrationState::Done(DemographicNo::new(CHART_NO));
    let draft = registration(1, 8, who, owner);
    store.announce_registration(draft.clone(), NOW).await.unwrap();
    store.settle_registration(registered(&draft, chart), NOW).await.unwrap();
    let wish = HeldWish::Registration(Box::new(draft.who));
    let held = HeldDraft { wish, ..held_draft(1, 7, CHART_NO, 540) };
    assert_eq!(store.hold_request(held, NOW).await.unwrap(), Held::Kept);
}

fn assert_nothing_in_clear(haystack: &[u8]) {
    let holds = |needle: &[u8]| haystack.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"maple") && holds(b"toolu_1"), "what is public is there to be found");
    let secrets =
        [CANARY, PHONE, &CHART_NO.to_string(), "robot", "emr.example.test", "9999004755", "Rue King"];
    for secret in secrets {
        assert!(!holds(secret.as_bytes()), "{secret} is in clear");
        assert!(!holds(hex::encode(secret).as_bytes()), "{secret} is in clear");
    }
}

#[tokio::test]
async fn the_sqlite_files_hold_no_health_information_in_clear() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    fill(&store).await;
    let Engine::Sqlite { file } = &house.engine else { panic!("not SQLite") };
    let directory = file.parent().unwrap();
    let read = || {
        let files = std::fs::read_dir(directory).unwrap().flatten();
        files.flat_map(|entry| std::fs::read(entry.path()).unwrap()).collect::<Vec<u8>>()
    };
    assert_nothing_in_clear(&read());
    store.close().await;
    assert_nothing_in_clear(&read());
}

#[tokio::test]
async fn the_postgresql_tables_hold_no_health_information_in_clear() {
    let Some(house) = SqlHouse::postgres().await else { return };
    fill(&house.open().await).await;
    let mut connection = postgres::superuser(&house.engine).await;
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    let mut all = String::new();
    for table in tables {
        let rows = format!("SELECT t::text AS row FROM {table} AS t");
        for row in sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap() {
            all.push_str(row.get("row"));
        }
    }
    assert_nothing_in_clear(all.as_bytes());
}

#[tokio::test]
async fn an_envelope_moved_to_another_row_does_not_open() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    for n in [1, 2] {
        let fence = store.adopt_call(&call(n), owner, NOW).await.unwrap().fence;
        let save = CallSave {
            key: call(n),
            fence,
            version: 1,
            memory: memory("x"),
            audit: vec![],
            facts: CallFacts::default(),
            joins: None,
        };
        store.save_call(save, NOW).await.unwrap();
    }
    let swap = "UPDATE call SET memory = (SELECT memory FROM call WHERE call_id = 'call-2') WHERE call_id = 'call-1'";
    sqlx::raw_sql(swap).execute(&mut sqlite(&house).await).await.unwrap();
    let moved = store.adopt_call(&call(1), owner, NOW).await;
    assert_eq!(moved.err(), Some(StoreError::Unreadable("call")));
    assert!(store.adopt_call(&call(2), owner, NOW).await.is_ok());
}

#[tokio::test]
async fn a_journal_row_that_cannot_be_read_does_not_hide_the_others() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    let slots: [Slot; 2] = [slot(540), slot(600)];
    for (no, slot) in (1..).zip(slots) {
        store.announce(booking(no, slot, owner), NOW).await.unwrap();
    }
    let bend = "UPDATE effect SET payload = x'00' WHERE start_minute = 540";
    sqlx::raw_sql(bend).execute(&mut sqlite(&house).await).await.unwrap();
    for limit in [9, 1] {
        let due = store.due_effects(&clinic("maple"), owner, NOW.plus(LEASE), limit).await.unwrap();
        let slots: Vec<Slot> = due.iter().map(|row| row.effect.slot().clone()).collect();
        assert_eq!(slots, [slot(600)], "the first {limit} that can be read");
    }
    assert_eq!(store.journal_counts(&clinic("maple")).await.unwrap().unsettled, 2);
}

#[tokio::test]
async fn registrations_that_cannot_be_read_do_not_hide_the_next() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    for (asker, name) in [(1, "One"), (2, "Two"), (3, "Three"), (4, "Four")] {
        let mut draft = registration(asker, 1, newcomer(name, name), owner);
        draft.who.health_number = Phi::new(None);
        store.announce_registration(draft, NOW).await.unwrap();
    }
    let bend = "UPDATE registration SET payload = x'00' WHERE call_id = 'call-1'";
    sqlx::raw_sql(bend).execute(&mut sqlite(&house).await).await.unwrap();
    let due = async |limit| -> Vec<String> {
        let rows =
            store.due_registrations(&clinic("maple"), owner, NOW.plus(2 * LEASE), limit).await.unwrap();
        rows.iter().map(|row| row.note.tool_call.call.call.as_str().to_owned()).collect()
    };
    assert_eq!(due(1).await, ["call-2"]);
    assert_eq!(due(2).await, ["call-2", "call-3"], "no more than were asked for");
    assert_eq!(due(9).await, ["call-2", "call-3", "call-4"]);
}

#[tokio::test]
async fn held_requests_that_cannot_be_read_do_not_hide_the_next() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let maple = clinic("maple");
    for (no, start) in [(1, 540), (2, 555), (3, 570), (4, 585)] {
        let draft = held_draft(no, 1, i32::try_from(no).unwrap(), start);
        assert!(matches!(store.hold_request(draft, NOW).await.unwrap(), Held::Kept));
    }
    let bend = "UPDATE held_request SET wish = x'00' WHERE call_id IN ('call-1', 'call-2')";
    sqlx::raw_sql(bend).execute(&mut sqlite(&house).await).await.unwrap();
    let due = async |limit| -> Vec<String> {
        let rows = store.due_held(&maple, NOW, limit).await.unwrap();
        rows.iter().map(|row| row.note.tool_call.call.call.as_str().to_owned()).collect()
    };
    assert_eq!(due(1).await, ["call-3"]);
    assert_eq!(due(2).await, ["call-3", "call-4"]);
    assert_eq!(due(9).await, ["call-3", "call-4"]);
}

#[tokio::test]
async fn a_new_data_key_seals_and_the_old_ones_still_open_in_every_process() {
    let house = SqlHouse::sqlite();
    let (a, b) = (house.open().await, house.open().await);
    let owner = a.begin_generation("a", NOW).await.unwrap();
    let fence = a.adopt_call(&call(1), owner, NOW).await.unwrap().fence;
    let save = |version| CallSave {
        key: call(1),
        fence,
        version,
        memory: memory(&format!("version {version}")),
        audit: vec![],
        facts: CallFacts::default(),
        joins: None,
    };
    a.save_call(save(1), NOW).await.unwrap();
    assert!(b.adopt_call(&call(2), owner, NOW).await.is_ok());
    a.rotate_data_key(&clinic("maple")).await.unwrap();
    let sealed = "SELECT memory FROM call WHERE call_id = 'call-1'";
    let version = async || {
        let mut connection = sqlite(&house).await;
        let envelope: Vec<u8> = sqlx::query_scalar(sealed).fetch_one(&mut connection).await.unwrap();
        envelope[1..5].to_vec()
    };
    assert_eq!(version().await, 1_u32.to_be_bytes());
    a.save_call(save(2), NOW).await.unwrap();
    assert_eq!(version().await, 2_u32.to_be_bytes());
    let found = b.adopt_call(&call(1), owner, NOW).await.unwrap();
    assert_eq!(found.memory.unwrap().reveal(), b"version 2");
}

#[tokio::test]
async fn the_master_key_can_be_changed_and_a_wrong_one_opens_nothing() {
    let house = SqlHouse::sqlite();
    let open = async |keys: Keyring| SqlStore::open(&house.engine, keys, Tuning::default()).await.unwrap();
    let store = open(keyring()).await;
    fill(&store).await;
    store.close().await;
    let unreadable = Some(StoreError::Unreadable("a clinic's key does not open with the master key"));
    let answer = tool_call(&call(1), 2);

    let wrong = open(Keyring::new(master(8), None)).await;
    assert_eq!(wrong.answer_of(&answer).await.err(), unreadable);
    let changing = open(Keyring::new(master(8), Some(master(7)))).await;
    assert!(changing.answer_of(&answer).await.unwrap().is_some());
    let former = open(keyring()).await.answer_of(&answer).await;
    assert!(former.unwrap().is_some(), "only read, they stay as they are");
    changing.rewrap_keys().await.unwrap();
    changing.close().await;
    let new = open(Keyring::new(master(8), None)).await;
    assert!(new.answer_of(&answer).await.unwrap().is_some());
    assert_eq!(open(keyring()).await.answer_of(&answer).await.err(), unreadable);
}

#[tokio::test]
async fn a_text_that_cannot_be_read_is_not_sent_and_does_not_stop_the_others() {
    let house = SqlHouse::sqlite();
    let store = house.open().await;
    let owner = store.begin_generation("a", NOW).await.unwrap();
    for (no, dedupe) in [(1, "first"), (2, "second")] {
        let wish = booking(no, slot(540 + 15 * u16::try_from(no).unwrap()), owner);
        store.announce(wish.clone(), NOW).await.unwrap();
        let mut settled = settlement(&wish, done(no), booked(no));
        settled.text = Some(text(dedupe));
        store.settle(settled, NOW).await.unwrap();
    }
    let bend = "UPDATE sms SET recipient = x'00' WHERE dedupe = 'first'";
    sqlx::raw_sql(bend).execute(&mut sqlite(&house).await).await.unwrap();
    let role = store.hold_role("sms", owner, LEASE).await.unwrap().unwrap();
    let taken = store.take_due_sms(&role, NOW).await.unwrap().expect("the one that can be read");
    assert!(taken.body == text("second").body);
    assert!(store.take_due_sms(&role, NOW).await.unwrap().is_none());
}
