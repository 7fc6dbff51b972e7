//! What a stranger types first: the demo, a call against a running daemon, and the manual.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::json;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::daemon::{Daemon, Ended, Process};
use crate::engine::around;
use crate::premises::WEBHOOK_SECRET;
use crate::town::{MAPLE_LINE, Town};

async fn run(arguments: &[&str]) -> Ended {
    Process::start(arguments, &BTreeMap::new()).ended().await
}

#[tokio::test]
async fn the_demo_plays_each_of_its_conversations_and_shows_what_the_emr_holds_then() {
    let scripts = [
        ("book", "answer  BOOKED", "(booked), by voicedesk"),
        ("reschedule", "answer  MOVED", "(booked), by voicedesk"),
        ("cancel", "answer  CANCELLED", "(cancelled)"),
        ("not-found", "answer  NOT_VERIFIED", "(booked)"),
        ("emr-down", "answer  EMR_UNAVAILABLE", "(booked)"),
    ];
    join_all(scripts.map(async |(script, answer, row)| {
        let ended = run(&["demo", "--once", "--listen", "127.0.0.1:0", "--script", script]).await;
        assert_eq!(ended.status.code(), Some(0), "{script}: {}", ended.err);
        assert!(ended.out.contains(answer) && ended.out.contains(row), "{script}: {}", ended.out);
        assert!(ended.out.contains("In the EMR now, for Tremblay,Marie"), "{script}: {}", ended.out);
    }))
    .await;
}

#[tokio::test]
async fn a_call_is_played_against_a_running_daemon_by_signature_and_by_token_and_not_without() {
    let premises = around(Town::open().await).await;
    let token = "bearer-4a1f8c";
    premises.write_config(&format!(
        "{}\n[[webhook.credentials]]\nscheme = \"bearer\"\nsecrets = [\"{token}\"]\n",
        premises.config()
    ));
    let daemon = Daemon::serve(&premises, &[]).await;
    let url = format!("http://{}/api/vapi", daemon.addr);
    let call = async |script: &str, scheme: &str, secret: &str| {
        let environment = BTreeMap::from([("CALL_SECRET".to_owned(), secret.to_owned())]);
        let line = ["call", "--url", &url, "--dial", MAPLE_LINE, "--script", script, "--scheme", scheme];
        Process::start(&line, &environment).ended().await
    };
    let booked = call("book", "hmac", WEBHOOK_SECRET).await;
    assert_eq!(booked.status.code(), Some(0), "{}", booked.err);
    assert!(booked.out.contains("answer  BOOKED"), "{}", booked.out);
    assert_eq!(premises.town.maple().marked().len(), 1);
    let cancelled = call("cancel", "bearer", token).await;
    assert_eq!(cancelled.status.code(), Some(0), "{}", cancelled.err);
    let rows = premises.town.maple().rows_of(MARIE);
    let live = rows.iter().filter(|row| row.occupies()).count();
    assert_eq!((rows.len(), live), (2, 1), "one of her two is cancelled");

    let refused = call("book", "hmac", "not the secret").await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.err.contains("HTTP 401"), "{}", refused.err);
}

#[tokio::test]
async fn who_waits_is_listed_and_marked_beside_the_running_daemon() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let robin = json!({ "firstName": "Robin", "lastName": "Example", "notes": "mornings" });
    let call = daemon.platform.call("call-1", MAPLE_LINE, Some("604-555-0177"));
    assert_eq!(call.ask("t1", "add_to_waitlist", robin).await["code"], "WAITLISTED");
    let file = premises.config_file();
    let file = file.to_str().expect("a path in UTF-8");
    let waitlist = async |words: &[&str]| {
        let line = [&["waitlist"], words, &["--config", file]].concat();
        Process::start(&line, &premises.environment).ended().await
    };
    let listed = waitlist(&["list"]).await;
    assert_eq!(listed.status.code(), Some(0), "{}", listed.err);
    assert!(listed.out.contains("maple: 1\n  #1 ") && listed.out.contains("cedar: 0"), "{}", listed.out);
    assert!(listed.out.contains("pending Example, Robin 604-555-0177 (en) - | mornings"), "{}", listed.out);
    let mark = ["mark", "--clinic", "maple", "1", "registered"];
    assert_eq!(waitlist(&mark).await.status.code(), Some(0));
    assert_eq!(waitlist(&mark).await.status.code(), Some(1), "it is over");
    let again = waitlist(&["list", "--clinic", "maple"]).await.out;
    assert!(again.contains("registered") && !again.contains("cedar"), "{again}");
    assert_eq!(waitlist(&["mark", "--clinic", "maple", "1", "gone"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn what_is_held_while_the_emr_is_away_is_listed_shown_and_cancelled_beside_the_running_daemon() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let call = daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone));
    let born = json!({ "dateOfBirth": MARIE.birth.to_string() });
    assert_eq!(call.ask("v", "search_patient_by_phone", born).await["code"], "VERIFIED");
    let found = call.ask("f", "find_earliest_appointment", json!({})).await;
    premises.town.maple().fail("*", Fault::Http500, None);
    let booked = call.ask("b", "create_appointment", json!({ "slotId": found["slot"]["slotId"] })).await;
    assert_eq!(booked["code"], "HELD", "{booked}");
    let reference = booked["reference"].as_str().expect("a reference");
    let file = premises.config_file();
    let file = file.to_str().expect("a path in UTF-8");
    let held = async |words: &[&str]| {
        let line = [&["held"], words, &["--config", file]].concat();
        Process::start(&line, &premises.environment).ended().await
    };
    let listed = held(&["list"]).await;
    assert!(listed.out.contains(&format!("maple: 1\n  {reference} open")), "{} {}", listed.out, listed.err);
    let shown = held(&["show", "--clinic", "maple", reference]).await;
    assert!(shown.out.contains("book ") && shown.out.contains("TREMBLAY,MARIE"), "{}", shown.out);
    assert_eq!(held(&["cancel", "--clinic", "cedar", reference]).await.status.code(), Some(1));
    assert_eq!(held(&["cancel", "--clinic", "maple", reference]).await.status.code(), Some(0));
    assert!(held(&["list"]).await.out.contains("maple: 0"));
    assert_eq!(held(&["show", "--clinic", "maple", "0000"]).await.status.code(), Some(2), "no reference");
}

#[tokio::test]
async fn the_tree_is_printed_and_every_key_is_another_one() {
    let tree = run(&["tree"]).await;
    assert!(
        tree.status.success() && tree.out.contains("root") && tree.out.contains("emr_link"),
        "{}",
        tree.out
    );
    let (one, other) = (run(&["key"]).await.out, run(&["key"]).await.out);
    let is_key = |text: &str| text.trim().len() == 64 && text.trim().chars().all(|c| c.is_ascii_hexdigit());
    assert!(is_key(&one) && is_key(&other) && one != other, "{one} {other}");
}

#[tokio::test]
async fn the_manual_names_every_command_and_a_wrong_word_is_answered_with_it() {
    let manual = run(&["--help"]).await;
    assert!(manual.status.success());
    for command in
        ["serve", "demo", "call", "config", "held", "migrate", "store", "waitlist", "sandbox", "tree", "key"]
    {
        assert!(manual.out.contains(&format!("\n  {command} ")), "{command} in {}", manual.out);
        assert!(run(&[command, "--help"]).await.status.success(), "{command}");
    }
    let wrong = run(&["demo", "--script", "sing"]).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(wrong.err.contains("there are book, reschedule, cancel, not-found, emr-down"), "{}", wrong.err);
}

#[tokio::test]
async fn a_configuration_is_checked_and_shown_without_its_secrets() {
    let premises = around(Town::open().await).await;
    let file = premises.config_file();
    let file = file.to_str().expect("a path in UTF-8");
    let config = async |verb: &str| {
        Process::start(&["config", verb, "--config", file], &premises.environment).ended().await
    };
    let checked = config("check").await;
    assert_eq!(checked.status.code(), Some(0), "{}", checked.err);
    assert!(checked.out.contains("2 clinics"), "{}", checked.out);
    let shown = config("show").await.out;
    assert!(
        shown.contains("environment variable VITARAD_HTTP__LISTEN") && shown.contains("clinics.maple.name")
    );
    let secrets =
        premises.environment.values().filter(|value| value.len() > 20 && !value.starts_with("sqlite"));
    for secret in secrets.map(String::as_str).chain([WEBHOOK_SECRET, "correct horse"]) {
        assert!(!shown.contains(secret), "a secret is shown");
    }
}

#[tokio::test]
async fn the_rules_that_count_are_printed_with_who_says_so() {
    let premises = around(Town::open().await).await;
    let theirs = "name = \"Dr. David Lévesque\"";
    let ours = format!("{theirs}, daily_limit = 8, languages = [\"en\"]");
    premises.write_config(&premises.config().replace(theirs, &ours).replacen(
        "providers = [",
        "booking = { buffer_minutes = 5 }\nproviders = [",
        1,
    ));
    let file = premises.config_file();
    let file = file.to_str().expect("a path in UTF-8");
    let effective = async |asked: &[&str]| {
        let line: Vec<&str> =
            ["config", "effective", "--config", file].into_iter().chain(asked.iter().copied()).collect();
        Process::start(&line, &premises.environment).ended().await
    };
    let printed = effective(&["--clinic", "maple", "--provider", "021"]).await;
    assert_eq!(printed.status.code(), Some(0), "{}", printed.err);
    let words: Vec<Vec<&str>> = printed.out.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in [
        vec!["daily_limit", "8", "provider"],
        vec!["languages", "en", "provider"],
        vec!["buffer_minutes", "5", "clinic"],
        vec!["max_advance_days", "60", "house"],
    ] {
        assert!(words.contains(&line), "{line:?}: {}", printed.out);
    }
    let clinics = effective(&["--clinic", "maple"]).await.out;
    assert!(clinics.contains("no limit") && !clinics.contains("Lévesque"), "{clinics}");

    for (asked, told) in [
        (vec!["--clinic", "birch"], "no clinic \"birch\"; there are: cedar, maple"),
        (vec!["--clinic", "maple", "--provider", "9"], "no provider \"9\" at maple; there are: 101, 021"),
    ] {
        let refused = effective(&asked).await;
        assert_eq!((refused.status.code(), refused.err.trim()), (Some(1), told));
    }
}
