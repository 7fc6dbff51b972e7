//! One process takes over from another: nobody who calls notices, and whoever dies on the way, one of them serves on.

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;

use crate::daemon::{Daemon, Process, serve};
use crate::patience::until;
use crate::postgres;
use crate::premises::{API_KEY, Premises};
use crate::town::{MAPLE_LINE, Town};
use crate::voice::PhoneCall;

const EX_TEMPFAIL: i32 = 75;
const SIGABRT: i32 = 6;

fn call(daemon: &Daemon) -> PhoneCall {
    daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone))
}

async fn said(process: &Process, words: &str) {
    until(words, async || process.out().contains(words).then_some(())).await;
}

/// Requests without end, each on its own connection or on one that is kept.
struct Load {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    fn on(daemon: &Daemon) -> Self {
        let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let url = format!("http://{}/api/vapi", daemon.addr);
        let clients = (0..8).map(|client| {
            let (over, answered, url) = (Arc::clone(&over), Arc::clone(&answered), url.clone());
            tokio::spawn(async move {
                let kept = usize::from(client % 2 == 0);
                let http =
                    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(kept).build().unwrap();
                let mut lost = Vec::new();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    match put(&http, &url, question(client, number)).await {
                        Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(failure) => lost.push(format!("{client}/{number}: {failure}")),
                    }
                }
                lost
            })
        });
        Self { clients: clients.collect(), over, answered }
    }

    async fn more(&self, requests: usize) {
        let aim = self.answered.load(Ordering::Relaxed) + requests;
        until("more answers", async || (self.answered.load(Ordering::Relaxed) >= aim).then_some(())).await;
    }

    async fn end(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        let lost: Vec<String> = join_all(self.clients).await.into_iter().flat_map(Result::unwrap).collect();
        assert!(lost.is_empty(), "{lost:#?}");
        self.answered.load(Ordering::Relaxed)
    }
}

async fn put(http: &reqwest::Client, url: &str, question: String) -> Result<(), String> {
    let sent = http.post(url).header("x-api-key", API_KEY).body(question).send().await;
    let reply = sent.map_err(|failure| format!("{failure:?}"))?;
    let status = reply.status();
    let text = reply.text().await.map_err(|failure| format!("{failure:?}"))?;
    if status == 200 && text.contains("results") { Ok(()) } else { Err(format!("{status}: {text}")) }
}

fn question(client: usize, number: usize) -> String {
    let tool = json!({ "id": format!("t{number}"), "type": "function",
                       "function": { "name": "get_clinic_info", "arguments": {} } });
    let call =
        json!({ "id": format!("load-{client}-{}", number % 50), "phoneNumber": { "number": MAPLE_LINE } });
    json!({ "message": { "type": "tool-calls", "call": call, "toolCallList": [tool] } }).to_string()
}

/// A successor that has come to serve.
async fn taken_over(premises: &Premises) -> Daemon {
    Daemon::serve(premises, &["--takeover"]).await
}

async fn hands_over_under_load(store: Option<SecretString>) {
    let mut premises = Premises::around(Town::open().await);
    premises.set("VITARAD_HTTP__CLINIC_PER_MINUTE", "1000000");
    premises.set("VITARAD_HTTP__CLINIC_BURST", "1000000");
    // Others use this machine, too.
    premises.set("VITARAD_HTTP__TOOL_DEADLINE_MS", "15000");
    if let Some(url) = store {
        premises.set("VITARAD_STORE__URL", url.expose_secret());
    }
    let mut serving = Daemon::serve(&premises, &[]).await;
    let marie = call(&serving);
    marie.verify(MARIE).await;
    let slot = marie.earliest().await;
    let load = Load::on(&serving);
    load.more(100).await;
    let emr = premises.town.maple();
    for upgrade in 0..3 {
        let booking = async {
            if upgrade == 1 {
                emr.fail("addAppointment", Fault::Latency { ms: 1_200 }, None);
                let told = marie.ask("book", "create_appointment", json!({ "slotId": slot })).await;
                assert_eq!(told["code"], "BOOKED", "{told}");
            }
        };
        let passing = async {
            if upgrade == 1 {
                let sent = || emr.requests().contains_key("addAppointment");
                until("the write at the EMR", async || sent().then_some(())).await;
            }
            taken_over(&premises).await
        };
        let ((), next) = tokio::join!(booking, passing);
        assert_eq!(next.addr, serving.addr);
        load.more(100).await;
        let ended = serving.process.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.out);
        said(&next.process, "the former process is gone").await;
        serving = next;
    }
    load.more(100).await;
    let answered = load.end().await;
    assert!(answered > 400);
    assert_eq!(emr.marked().len(), 1);
    let again = call(&serving).ask("book", "create_appointment", json!({ "slotId": slot })).await;
    assert_eq!(again["code"], "BOOKED", "the call goes on where it was: {again}");
    assert_eq!(emr.marked().len(), 1);
    assert_eq!(serving.health_of("maple").await["unsettled"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_handovers_under_load_on_sqlite_lose_no_request_and_no_booking() {
    hands_over_under_load(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_handovers_under_load_on_postgresql_lose_no_request_and_no_booking() {
    if let Some(Engine::Postgres { url }) = postgres::database().await {
        hands_over_under_load(Some(url)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_successor_dies_the_incumbent_serves_on_and_the_next_one_takes_over() {
    let premises = Premises::around(Town::open().await);
    let first = Daemon::serve(&premises, &[]).await;
    call(&first).verify(MARIE).await;
    for step in ["hello", "warm", "offer", "freeze", "claim", "open", "settle"] {
        let died = serve(&premises, &["--takeover", "--crash-at-step", step]).ended().await;
        assert_eq!(died.status.signal(), Some(SIGABRT), "{step}: {}", died.out);
        let slot = call(&first).earliest().await;
        assert!(slot.is_string(), "{step}: it serves on, and knows who was verified");
    }
    let next = taken_over(&premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));
    let slot = call(&next).earliest().await;
    let told = call(&next).ask("book", "create_appointment", json!({ "slotId": slot })).await;
    assert_eq!(told["code"], "BOOKED", "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_an_incumbent_dies_the_successor_serves() {
    for step in ["warm", "offer", "freeze", "claim", "settle", "over"] {
        let premises = Premises::around(Town::open().await);
        let first = Daemon::serve(&premises, &["--crash-at-step", step]).await;
        call(&first).verify(MARIE).await;
        let next = taken_over(&premises).await;
        assert_eq!(first.process.ended().await.status.signal(), Some(SIGABRT), "{step}");
        let slot = call(&next).earliest().await;
        let told = call(&next).ask("book", "create_appointment", json!({ "slotId": slot })).await;
        assert_eq!(told["code"], "BOOKED", "{step}: {told}");
        next.process.signal("TERM");
        assert_eq!(next.process.ended().await.status.code(), Some(0), "{step}");
    }
}

#[tokio::test]
async fn a_successor_that_asks_for_another_port_is_not_given_the_node() {
    let mut premises = Premises::around(Town::open().await);
    let first = Daemon::serve(&premises, &[]).await;
    premises.set("VITARAD_HTTP__LISTEN", "127.0.0.2:1");
    let refused = serve(&premises, &["--takeover"]).ended().await;
    assert_eq!(refused.status.code(), Some(EX_TEMPFAIL), "{}", refused.err);
    assert!(refused.err.contains("are not those of the configuration"), "{}", refused.err);
    assert_eq!(first.platform.get("/readyz", "").await.expect("an answer").status, 200);
}

#[tokio::test]
async fn without_an_incumbent_a_takeover_is_a_start() {
    let premises = Premises::around(Town::open().await);
    let only = taken_over(&premises).await;
    call(&only).verify(MARIE).await;
}

/// What the incumbent says to these bytes before it hangs up.
async fn told(premises: &Premises, bytes: &[u8]) -> String {
    let mut line = talk_to(premises).await;
    line.write_all(bytes).await.expect("it listens");
    let mut told = Vec::new();
    // A reset is a cut, too.
    let _ = line.read_to_end(&mut told).await;
    String::from_utf8(told).expect("text")
}

async fn talk_to(premises: &Premises) -> UnixStream {
    let place = format!("vitarad-{}.handoff/socket", premises.environment["VITARAD_NODE__NAME"]);
    UnixStream::connect(premises.directory().join(place)).await.expect("an incumbent")
}

fn hello(proto: u16, newest: i64, oldest: i64) -> Vec<u8> {
    let schema = json!({ "newest": newest, "oldest": oldest });
    format!("{}\n", json!({ "say": "hello", "proto": proto, "schema": schema })).into_bytes()
}

#[tokio::test]
async fn who_cannot_take_over_is_told_why_and_whoever_talks_nonsense_is_cut_off() {
    let premises = Premises::around(Town::open().await);
    let daemon = Daemon::serve(&premises, &[]).await;
    call(&daemon).verify(MARIE).await;
    assert!(told(&premises, &hello(0, 9, 1)).await.contains("\"proto_too_old\""));
    assert!(told(&premises, &hello(2, 9, 1)).await.contains("\"proto_too_new\""));
    assert!(told(&premises, &hello(1, 999, 998)).await.contains("\"schema_out_of_range\""));
    let endless = vec![b'x'; 10 << 10];
    for nonsense in [b"{}\n".as_slice(), b"\xff\xfe\n", b"{\"say\":\"settled\"}\n", &endless] {
        assert_eq!(told(&premises, nonsense).await, "");
    }
    let mut first = talk_to(&premises).await;
    first.write_all(&hello(1, 9, 1)).await.expect("it listens");
    let mut welcome = [0; 16];
    first.read_exact(&mut welcome).await.expect("a welcome");
    assert_eq!(&welcome, b"{\"say\":\"welcome\"");
    assert!(told(&premises, &hello(1, 9, 1)).await.contains("\"another_successor\""));
    drop(first);
    until("an incumbent that can be asked again", async || {
        Some(told(&premises, &hello(0, 9, 1)).await).filter(|told| told.contains("\"proto_too_old\""))
    })
    .await;
    assert!(call(&daemon).earliest().await.is_string(), "it serves all the time");
}
