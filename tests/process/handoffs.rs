//! One process takes over from another: whom it talks to, what is passed on, and what it does with nonsense.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad_actors::handoff::PROTO;

use crate::daemon::{Daemon, serve};
use crate::engine::around;
use crate::patience::until;
use crate::premises::Premises;
use crate::town::{MAPLE_LINE, Town};
use crate::voice::PhoneCall;

const EX_TEMPFAIL: i32 = 75;

fn call(daemon: &Daemon) -> PhoneCall {
    daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone))
}

#[tokio::test]
async fn a_successor_that_asks_for_another_port_is_not_given_the_node() {
    let mut premises = around(Town::open().await).await;
    let first = Daemon::serve(&premises, &[]).await;
    premises.set("VITARAD_HTTP__LISTEN", "127.0.0.2:1");
    let refused = serve(&premises, &["--takeover"]).ended().await;
    assert_eq!(refused.status.code(), Some(EX_TEMPFAIL), "{}", refused.err);
    assert!(refused.err.contains("are not those of the configuration"), "{}", refused.err);
    assert_eq!(first.platform.get("/readyz", "").await.expect("an answer").status, 200);
}

#[tokio::test]
async fn without_an_incumbent_a_takeover_is_a_start() {
    let premises = around(Town::open().await).await;
    let only = Daemon::take_over(&premises).await;
    call(&only).verify(MARIE).await;
}

/// What the incumbent says to these bytes before it hangs up.
pub(crate) async fn told(premises: &Premises, bytes: &[u8]) -> String {
    let mut line = talk_to(premises).await;
    // It may have heard enough before all is said.
    let _ = line.write_all(bytes).await;
    let mut told = Vec::new();
    // A reset is a cut, too.
    let _ = line.read_to_end(&mut told).await;
    String::from_utf8(told).expect("text")
}

/// A process that begins to drain listens anew.
pub(crate) async fn talk_to(premises: &Premises) -> UnixStream {
    let socket = place(premises).join("socket");
    until("an incumbent", async || UnixStream::connect(&socket).await.ok()).await
}

fn place(premises: &Premises) -> PathBuf {
    premises.directory().join(format!("vitarad-{}.handoff", premises.environment["VITARAD_NODE__NAME"]))
}

pub(crate) fn hello(proto: u16, newest: i64, oldest: i64) -> Vec<u8> {
    let schema = json!({ "newest": newest, "oldest": oldest });
    format!("{}\n", json!({ "say": "hello", "proto": proto, "schema": schema })).into_bytes()
}

#[tokio::test]
async fn who_cannot_take_over_is_told_why_and_whoever_talks_nonsense_is_cut_off() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    call(&daemon).verify(MARIE).await;
    assert!(told(&premises, &hello(PROTO - 1, 9, 1)).await.contains("\"proto_too_old\""));
    assert!(told(&premises, &hello(PROTO + 1, 9, 1)).await.contains("\"proto_too_new\""));
    assert!(told(&premises, &hello(PROTO, 999, 998)).await.contains("\"schema_out_of_range\""));
    let endless = vec![b'x'; 10 << 20];
    for nonsense in [b"{}\n".as_slice(), b"\xff\xfe\n", b"{\"say\":\"settled\"}\n", &endless] {
        assert_eq!(told(&premises, nonsense).await, "");
    }
    let mut first = talk_to(&premises).await;
    first.write_all(&hello(PROTO, 9, 1)).await.expect("it listens");
    let mut welcome = [0; 16];
    first.read_exact(&mut welcome).await.expect("a welcome");
    assert_eq!(&welcome, b"{\"say\":\"welcome\"");
    assert!(told(&premises, &hello(PROTO, 9, 1)).await.contains("\"another_successor\""));
    drop(first);
    until("an incumbent that can be asked again", async || {
        Some(told(&premises, &hello(PROTO - 1, 9, 1)).await).filter(|told| told.contains("\"proto_too_old\""))
    })
    .await;
    assert!(call(&daemon).earliest().await.is_string(), "it serves all the time");
}

/// Says its part as far as the freeze, and reads what it is told.
async fn frozen(premises: &Premises) -> UnixStream {
    let mut line = talk_to(premises).await;
    for (words, answer) in [
        (String::from_utf8(hello(PROTO, 9, 1)).expect("text"), "welcome"),
        (json!({ "say": "warm", "generation": 999 }).to_string() + "\n", "offer"),
        (json!({ "say": "parked" }).to_string() + "\n", "frozen"),
    ] {
        line.write_all(words.as_bytes()).await.expect("it listens");
        let mut heard = Vec::new();
        while !heard.ends_with(b"\n") {
            assert_ne!(line.read_buf(&mut heard).await.expect("it talks"), 0);
        }
        assert!(String::from_utf8_lossy(&heard).contains(answer));
    }
    line
}

#[tokio::test]
async fn whoever_says_half_a_word_or_none_is_cut_off_in_time() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    call(&daemon).verify(MARIE).await;
    for words in ["", "{\"say\":\"hel"] {
        assert_eq!(told(&premises, words.as_bytes()).await, "");
    }
    assert!(call(&daemon).earliest().await.is_string(), "it serves all the time");
    for words in ["", "{\"say\":\"cla", "nonsense\n", "{\"say\":\"opened\"}\n"] {
        let mut line = frozen(&premises).await;
        line.write_all(words.as_bytes()).await.expect("it listens");
        let mut rest = Vec::new();
        let _ = line.read_to_end(&mut rest).await;
        assert_eq!(rest, b"", "{words}");
        assert_eq!(daemon.platform.get("/livez", "").await.expect("an answer").status, 200, "{words}");
    }
}

#[tokio::test]
async fn who_has_the_node_after_a_handoff_counts_it_and_for_how_long_the_door_was_shut() {
    let premises = around(Town::open().await).await;
    let first = Daemon::serve(&premises, &[]).await;
    for step in ["hello", "claim", "open"] {
        serve(&premises, &["--takeover", "--crash-at-step", step]).ended().await;
        assert_eq!(first.platform.get("/livez", "").await.expect("an answer").status, 200);
    }
    let counts = async |daemon: &Daemon, counted: &str| {
        until(counted, async || daemon.metrics().await.lines().any(|line| line == counted).then_some(()))
            .await;
    };
    counts(&first, r#"vitarad_handoffs_total{side="incumbent",outcome="kept"} 2"#).await;
    counts(&first, r#"vitarad_handoffs_total{side="incumbent",outcome="taken_back"} 1"#).await;
    counts(&first, "vitarad_handoff_door_shut_seconds_count 2").await;
    let next = Daemon::take_over(&premises).await;
    counts(&next, r#"vitarad_handoffs_total{side="successor",outcome="taken"} 1"#).await;
    counts(&next, "vitarad_handoff_door_shut_seconds_count 1").await;
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_does_not_wait_for_a_successor_that_is_not_ready() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let mut line = talk_to(&premises).await;
    line.write_all(&hello(PROTO, 9, 1)).await.expect("it listens");
    let mut welcome = [0; 16];
    line.read_exact(&mut welcome).await.expect("a welcome");
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.ended().await.status.code(), Some(0), "within the hard limit");
}

/// What a process holds of everything that could travel or be left behind, and how many of each.
fn holds(daemon: &Daemon, premises: &Premises) -> BTreeMap<String, usize> {
    let directory = format!("/proc/{}", daemon.process.id());
    let sockets = fs::read_to_string(format!("{directory}/net/tcp")).expect("a table");
    let port = format!(":{:04X} ", daemon.addr.port());
    let listens = |line: &&str| line.contains(&port) && line.contains(" 0A ");
    let listener = sockets.lines().find(listens).and_then(|line| line.split_whitespace().nth(9));
    let door = format!("socket:[{}]", listener.expect("it listens"));
    let lock = place(premises).with_extension("lock");
    let mut holds = BTreeMap::new();
    for entry in fs::read_dir(format!("{directory}/fd")).expect("its descriptors").flatten() {
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let kind = match target.to_str().expect("a name") {
            name if name == door => "the listening socket",
            _ if target == lock => "the lock",
            _ => continue,
        };
        let number = entry.file_name().into_string().expect("a number");
        let about = fs::read_to_string(format!("{directory}/fdinfo/{number}")).unwrap_or_default();
        assert!(about.contains("flags:\t02"), "{kind} would be left to children: {about}");
        *holds.entry(kind.to_owned()).or_default() += 1;
    }
    holds
}

#[tokio::test]
async fn a_successor_holds_what_it_was_given_and_nothing_is_left_behind_by_those_that_failed() {
    let premises = around(Town::open().await).await;
    let first = Daemon::serve(&premises, &[]).await;
    let before = holds(&first, &premises);
    for step in ["freeze", "settle"] {
        serve(&premises, &["--takeover", "--crash-at-step", step]).ended().await;
        assert_eq!(first.platform.get("/livez", "").await.expect("an answer").status, 200);
    }
    until("nothing left behind", async || (holds(&first, &premises) == before).then_some(())).await;
    let next = Daemon::take_over(&premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    until("the same holdings", async || (holds(&next, &premises) == before).then_some(())).await;
    assert_eq!(before["the lock"], 1);
}
