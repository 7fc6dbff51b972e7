//! The real process at its most talkative: everything it prints, and every file it leaves.

use std::path::Path;

use vitarad::sandbox::oscar::Fault;

use crate::birds::{Bird, people, secrets};
use crate::daemon::Daemon;
use crate::inside::{files, tapped};
use crate::patience::until;
use crate::premises::Premises;
use crate::song::{heard, heard_in_bytes};
use crate::troubles::{a_call_that_meets, a_good_call, calls_that_go_wrong, what_is_turned_away};

async fn a_day(premises: &Premises, daemon: &Daemon) {
    let (platform, emr) = (&daemon.platform, premises.town.maple());
    a_good_call(platform, Bird(0)).await;
    calls_that_go_wrong(platform, Bird(1)).await;
    what_is_turned_away(platform, Bird(2)).await;
    let text = "Quagmirewitz already has spelunkeritis".to_owned();
    for (bird, fault) in
        (3..).map(Bird).zip([Fault::SoapFault { text }, Fault::Http500, Fault::CommitThenDrop])
    {
        a_call_that_meets(fault, platform, &emr, bird).await;
    }
    assert_eq!(daemon.health_of("maple").await["clinic"], "maple");
    premises
        .write_config("[[clinics]]\nid = \"maple\"\n[clinics.emr]\npassword = \"emr-password-4b7a10c9\"\n");
    daemon.process.signal("HUP");
    until("the refusal in the log", async || daemon.process.out().contains("not reloaded").then_some(()))
        .await;
}

#[tokio::test]
async fn the_process_at_its_most_talkative_names_nobody_and_no_secret() {
    let (mut premises, tap) = tapped().await;
    let logs = premises.directory().join("logs");
    premises.set("VITARAD_LOG__LEVEL", "trace");
    premises.set("VITARAD_LOG__DIRECTORY", logs.to_str().expect("a path in UTF-8"));
    let daemon = Daemon::serve(&premises, &[]).await;
    a_day(&premises, &daemon).await;
    let metrics = daemon.metrics().await;
    daemon.process.signal("TERM");
    let ended = daemon.process.ended().await;
    assert!(ended.status.success(), "{}", ended.err);

    let mut marks = people();
    marks.extend(secrets());
    marks.extend(tap.tokens());
    marks.push(tap.addr.to_string());
    assert!(ended.out.contains("\"level\":\"DEBUG\"") && ended.out.contains("asked the EMR"), "it talks");
    for text in [&ended.out, &ended.err, &metrics] {
        assert_eq!(heard(&marks, text), None);
    }
    let files = files(premises.directory());
    let is_log = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "log");
    assert!(files.iter().any(|(name, bytes)| is_log(name) && bytes.len() > 1_000));
    for (name, bytes) in files {
        assert_eq!(heard_in_bytes(&marks, &bytes), None, "{name}");
    }
}
