//! The whole house inside this process, where every library it stands on is listened to as well.

use std::fs;
use std::path::Path;

use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use vitarad::sandbox::oscar::{Fault, Flavour, demo};
use vitarad_actors::call::CallMsg;
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::domain::ids::{CallId, CallKey, ClinicId};
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::testing::Death;

use crate::birds::{Bird, EMR_PASSWORD, LAST_NAME, REASON, SPOKEN, aviary, people, secrets};
use crate::house::House;
use crate::log::Log;
use crate::patience::until;
use crate::premises::{OPERATOR_TOKEN, Premises};
use crate::song::{heard, heard_in_bytes};
use crate::town::{Emr, Town, world};
use crate::troubles::{
    SETTINGS, a_call_that_meets, a_good_call, begun, born, call_of, calls_that_go_wrong, faults,
    what_is_turned_away,
};
use crate::wire::Tap;

/// Premises whose way to the EMR is tapped, and whose Maple clinic sends texts.
pub(crate) async fn tapped() -> (Premises, Tap) {
    let town = Town::of(vec![("maple", aviary()), ("cedar", world(Flavour::Cedar))]).await;
    let mut premises = Premises::around(town);
    let url = premises.town.url("maple");
    let emr = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let tap = Tap::before(emr.to_owned()).await;
    let config = premises.config().replace(emr, &tap.addr.to_string());
    let config = config.replace(demo::PASSWORD, EMR_PASSWORD);
    let texts = "id = \"maple\"\nsms = { enabled = true, sender = \"604-555-0109\" }";
    premises.write_config(&config.replace("id = \"maple\"", texts));
    for (name, value) in SETTINGS {
        premises.set(name, value);
    }
    (premises, tap)
}

/// Actors that die while a caller waits for them, from within and from without.
async fn deaths(house: &House, emr: &Emr, bird: Bird) {
    let maple = ClinicId::parse("maple").expect("an id");
    let directory = &house.app.house().directory;
    for death in [Death::Panic, Death::Error] {
        let bird = Bird(bird.0 + u8::from(death == Death::Error));
        let (call, slot) = begun(&house.platform, bird).await;
        let id = CallId::parse(&format!("call-of-{}", bird.0)).expect("an id");
        let key = CallKey { clinic: maple.clone(), call: id };
        emr.fail("*", Fault::Latency { ms: 200 }, None);
        let kill = async {
            until("a question at the EMR", async || (emr.present() > 0).then_some(())).await;
            let call = directory.call(&key).expect("a live call");
            let desk = directory.desk(&maple).expect("a desk");
            let link = directory.link(&maple).expect("a link");
            assert!(desk.post(DeskMsg::Die(death)).is_ok() && link.post(EmrLinkMsg::Die(death)).is_ok());
            assert!(call.post(CallMsg::Die(death)).is_ok());
        };
        let (_, ()) = tokio::join!(call.ask("book", "create_appointment", slot), kill);
        emr.mend();
        until("the next lives", async || directory.link(&maple).and(directory.desk(&maple))).await;
        call.ask("after", "check_appointments", json!({})).await;
    }
}

/// The store goes away under a caller: its tables are not where they were.
async fn a_store_that_is_away(premises: &Premises, house: &House, bird: Bird) {
    let url = format!("sqlite:{}", premises.directory().join("vitarad.db").display());
    let mut store = SqliteConnection::connect(&url).await.expect("the file");
    let (call, slot) = begun(&house.platform, bird).await;
    for (table, id, tool) in [
        ("audit_entry", "a", "check_appointments"),
        ("call", "b", "search_patient_by_phone"),
        ("intent", "c", "create_appointment"),
        ("tool_call", "d", "create_appointment"),
    ] {
        let rename = |from: &str, to: &str| sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::raw_sql(rename(table, "away")).execute(&mut store).await.expect("a table of ours");
        let arguments = if tool == "create_appointment" { slot.clone() } else { born() };
        call.ask(id, tool, arguments.clone()).await;
        let stranger = Bird(bird.0 + 1);
        call_of(&house.platform, stranger).ask(id, tool, arguments).await;
        let report = json!({ "type": "end-of-call-report", "transcript": SPOKEN });
        house.platform.post("/api/vapi", call.message(&report).to_string()).await;
        sqlx::raw_sql(rename("away", table)).execute(&mut store).await.expect("it is put back");
    }
}

async fn pages(house: &House) -> String {
    let mut text = String::new();
    for (path, bearer) in
        [("/metrics", ""), ("/health", ""), ("/health", OPERATOR_TOKEN), ("/readyz", ""), ("/livez", "")]
    {
        text += &house.platform.get(path, bearer).await.expect("a page").text;
    }
    assert!(text.contains("vitarad_bookings_total{clinic=\"maple\"") && text.contains("in_flight"), "{text}");
    text
}

/// Every file there is, as it is now.
pub(crate) fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path());
    let mut found = Vec::new();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            found.extend(files(&path));
        // The configuration holds what an operator wrote into it; a socket holds nothing.
        } else if path.is_file() && name != "my.toml" {
            found.push((name, fs::read(&path).expect("a file")));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_and_no_secret_is_in_any_log_page_refusal_panic_url_or_file() {
    let log = Log::listen();
    let (premises, tap) = tapped().await;
    let house = House::open(&premises).await;
    let (platform, emr) = (&house.platform, premises.town.maple());
    a_good_call(platform, Bird(0)).await;
    calls_that_go_wrong(platform, Bird(1)).await;
    let refused = what_is_turned_away(platform, Bird(2)).await;
    for (bird, fault) in (3..).map(Bird).zip(faults()) {
        a_call_that_meets(fault, platform, &emr, bird).await;
    }
    deaths(&house, &emr, Bird(30)).await;
    a_store_that_is_away(&premises, &house, Bird(33)).await;
    let pages = pages(&house).await;
    let while_open = files(premises.directory());
    house.close().await;

    let mut marks = people();
    marks.extend(secrets());
    marks.extend(tap.tokens());
    let asked = tap.text();
    for said in ["zebulonette", LAST_NAME, REASON, "1937-11-29"] {
        assert!(heard(&[said.to_owned()], &asked).is_some(), "the EMR was told of {said}");
    }
    assert!(!tap.tokens().is_empty(), "and so was a key");

    let address = [tap.addr.to_string()];
    let lines = log.lines();
    for target in ["hyper_util", "sqlx", "ractor", "vitarad", "vitarad_actors"] {
        assert!(lines.iter().any(|line| line.target.starts_with(target)), "{target} is listened to");
    }
    for line in &lines {
        assert_eq!(heard(&marks, &line.text), None, "{} {line:?}", line.target);
        assert!(!line.is_let_through() || heard(&address, &line.text).is_none(), "{line:?}");
    }
    assert!(log.panics().iter().any(|panic| panic.contains("told to")), "actors did panic");
    assert!(!lines.iter().any(|line| line.text.contains("told to")), "what a panic says is not logged");
    for panic in log.panics() {
        assert_eq!(heard(&marks, &panic), None);
    }
    for reply in refused {
        assert_eq!(heard(&marks, &reply.text), None, "{reply:?}");
    }
    assert_eq!(heard(&marks, &tap.heads()), None);
    marks.extend(address);
    assert_eq!(heard(&marks, &pages), None);
    assert!(while_open.iter().any(|(name, bytes)| name == "vitarad.db-wal" && !bytes.is_empty()));
    for (name, bytes) in while_open.into_iter().chain(files(premises.directory())) {
        assert_eq!(heard_in_bytes(&marks, &bytes), None, "{name}");
    }
}
