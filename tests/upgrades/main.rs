//! One process takes over from another, again and again, while the telephones ring: nobody who calls notices.
//!
//! Nor when nothing comes of it. `UPGRADES`, `PER_SECOND` and `LIVE_CALLS` say how often, under what load and with how many
//! phone calls under way; `.ci/upgrades` is the long form. Times are printed, zeros are asserted.

#![cfg(test)]

mod callers;
mod clients;
#[path = "../support/daemon.rs"]
#[expect(dead_code, reason = "what is needed of it is said in the log")]
mod daemon;
mod failures;
mod load;
#[path = "../support/patience.rs"]
mod patience;
#[path = "../support/postgres.rs"]
#[expect(
    dead_code,
    reason = "the store's own tests look past row-level security and begin with nothing, these do not"
)]
mod postgres;
#[path = "../support/premises.rs"]
#[expect(dead_code, reason = "the directory is left alone")]
mod premises;
#[path = "../bench/table.rs"]
mod table;
#[path = "../bench/times.rs"]
#[expect(dead_code, reason = "what was measured in parts is put together in benchmarks only")]
mod times;
#[path = "../support/town.rs"]
#[expect(dead_code, reason = "staff do not get in the way here")]
mod town;
#[path = "../support/voice.rs"]
#[expect(dead_code, reason = "everybody shows the usual credential")]
mod voice;
#[path = "../support/whole.rs"]
mod whole;

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use vitarad::sandbox::oscar::Fault;
use vitarad::store::Engine;

use self::callers::{Callers, readers};
use self::clients::Fate;
use self::daemon::{Daemon, Ended};
use self::load::{Load, Tally};
use self::patience::until;
use self::premises::Premises;
use self::table::{Table, ms};
use self::times::Times;
use self::town::{Emr, Town};

/// The machine is small: one engine after the other.
static ALONE: Mutex<()> = Mutex::const_new(());

struct Scale {
    upgrades: usize,
    per_second: u32,
    live_calls: usize,
}

impl Scale {
    fn wanted() -> Self {
        Self {
            upgrades: wanted("UPGRADES", 10),
            per_second: wanted("PER_SECOND", 500),
            live_calls: wanted("LIVE_CALLS", 1_000),
        }
    }
}

fn wanted<T: FromStr>(name: &str, otherwise: T) -> T {
    let Ok(wanted) = std::env::var(name) else { return otherwise };
    wanted.parse().unwrap_or_else(|_| panic!("{name} is no number"))
}

/// What all the upgrades came to.
struct Run {
    tally: Tally,
    pauses: Times,
    former: Vec<Ended>,
    promised: usize,
    under_way: usize,
    /// How many texts were due by what callers had agreed to, and how many were sent.
    texts: (usize, usize),
    lost: usize,
    doubled: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_on_sqlite_lose_no_request_and_no_booking() {
    let _alone = ALONE.lock().await;
    judge("SQLite", upgrade_again_and_again(None).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_on_postgresql_lose_no_request_and_no_booking() {
    let _alone = ALONE.lock().await;
    if let Some(Engine::Postgres { url }) = postgres::database().await {
        judge("PostgreSQL", upgrade_again_and_again(Some(url)).await);
    }
}

async fn premises(store: Option<SecretString>) -> Premises {
    let mut premises = Premises::around(Town::open().await);
    // Two clinics get what a thousand would.
    premises.set("VITARAD_HTTP__CLINIC_PER_MINUTE", "1000000");
    premises.set("VITARAD_HTTP__CLINIC_BURST", "1000000");
    premises.set("VITARAD_HTTP__CLINIC_TOOL_CALLS_AT_ONCE", "4096");
    // The log is read here again and again, and not for what each request says in it.
    premises.set("VITARAD_LOG__LEVEL", "info,vitarad::front=warn");
    // Others use this machine, too.
    premises.set("VITARAD_HTTP__TOOL_DEADLINE_MS", "15000");
    let config = premises.config().replacen(
        "waitlist_enabled",
        "sms = { enabled = true, sender = \"604-555-0100\" }\nwaitlist_enabled",
        1,
    );
    premises.write_config(&config);
    if let Some(url) = store {
        premises.set("VITARAD_STORE__URL", url.expose_secret());
    }
    premises
}

async fn upgrade_again_and_again(store: Option<SecretString>) -> Run {
    let (scale, premises) = (Scale::wanted(), premises(store).await);
    let emr = premises.town.maple();
    let mut serving = Daemon::serve(&premises, &[]).await;
    let mut callers = Callers::ring(&serving).await;
    let load = Load::on(serving.addr, scale.per_second, scale.live_calls, readers(&serving).await);
    load.more(scale.live_calls).await;
    let (mut pauses, mut former, mut under_way) = (Times::default(), Vec::new(), 0);
    for turn in 0..scale.upgrades {
        let taking = async {
            let next = Daemon::take_over(&premises).await;
            under_way += usize::from(emr.present() > 0);
            next
        };
        let next = while_booking(&mut callers, &emr, turn, taking).await;
        assert_eq!(next.addr, serving.addr);
        until("the node passed on", async || settled(&next).then_some(())).await;
        pauses.add(from_freeze_to_open(&serving, &next));
        former.push(tokio::spawn(serving.process.ended()));
        serving = next;
    }
    let tally = load.end().await;
    callers.hang_up(&serving, &premises).await;
    let (lost, doubled) = callers.lost_and_doubled(&emr);
    until("a settled journal", async || (serving.health_of("maple").await["unsettled"] == 0).then_some(()))
        .await;
    let (former, due) = (all(former).await, callers.to_be_texted());
    let before: usize = former.iter().map(|ended| texts(&ended.out)).sum();
    let sent = || before + texts(&serving.process.out());
    until("the texts that are due", async || (sent() >= due).then_some(())).await;
    // What is sent twice may come last.
    serving.process.signal("TERM");
    let texts = (due, before + texts(&serving.process.ended().await.out));
    Run { tally, pauses, former, promised: callers.said(), under_way, texts, lost, doubled }
}

/// It begins when a booking is at the EMR, and stays there for a while. Who was told something hears the same again
/// afterwards, and another one books.
async fn while_booking<T>(
    callers: &mut Callers,
    emr: &Emr,
    turn: usize,
    something: impl Future<Output = T>,
) -> T {
    emr.fail("addAppointment", Fault::Latency { ms: 1_500 }, Some(1));
    let sent = || emr.requests().get("addAppointment").copied().unwrap_or_default();
    let before = sent();
    let then = async {
        until("the write at the EMR", async || (sent() > before).then_some(())).await;
        something.await
    };
    let (meanwhile, afterwards) = (3 * turn..3 * turn + 2, 3 * turn + 2..3 * turn + 3);
    let ((), outcome) = tokio::join!(callers.book(meanwhile.clone()), then);
    callers.hear_the_same_and_go_on(meanwhile).await;
    callers.book(afterwards.clone()).await;
    callers.hear_the_same_and_go_on(afterwards).await;
    outcome
}

/// So many were taken by the gateway that sends nothing.
fn texts(log: &str) -> usize {
    log.matches("a text was due").count()
}

async fn all(former: Vec<JoinHandle<Ended>>) -> Vec<Ended> {
    let mut ended = Vec::new();
    for former in former {
        ended.push(former.await.expect("an end within the hard limit"));
    }
    ended
}

fn steps(log: &str) -> impl DoubleEndedIterator<Item = Value> {
    log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok())
}

/// When a process came to this step of the handoff last.
fn reached(log: &str, message: &str, step: &str) -> Option<Timestamp> {
    let is_it = |line: &Value| line["message"] == message && line["handoff.step"] == step;
    steps(log).rfind(is_it)?["timestamp"].as_str()?.parse().ok()
}

fn settled(successor: &Daemon) -> bool {
    reached(&successor.process.out(), "taking the node", "over").is_some()
}

/// How long nobody was let in.
fn from_freeze_to_open(incumbent: &Daemon, successor: &Daemon) -> Duration {
    let froze = reached(&incumbent.process.out(), "giving the node", "freeze").expect("it froze");
    let opened = reached(&successor.process.out(), "taking the node", "settle").expect("it opened");
    opened.duration_since(froze).unsigned_abs()
}

fn judge(engine: &str, mut run: Run) {
    let orderly = |ended: &&Ended| ended.status.code() == Some(0);
    let cut = |ended: &&Ended| ended.out.contains("connections did not end in time");
    let (ended, cut) = (run.former.iter().filter(orderly).count(), run.former.iter().filter(cut).count());
    let of = |fate| run.tally.of(fate).to_string();
    let requests = run.tally.times.len();
    let mut table = Table::default();
    table.row(
        format!("upgrades on {engine}, and processes that ended in order"),
        format!("{}, {ended}", run.former.len()),
        "the same",
    );
    table.row("requests, and a second", format!("{requests}, {:.0}", run.tally.per_second()), "");
    table.row("refused", of(Fate::Refused), "0");
    table.row("reset", of(Fate::Reset), "0");
    table.row("timed out", of(Fate::TimedOut), "0");
    table.row("failed (5xx)", of(Fate::Failed), "0");
    table.row("answered otherwise", of(Fate::Otherwise), "0");
    table.row("processes that had to cut a connection", cut.to_string(), "0");
    table.row(
        "bookings promised, and how many were at the EMR while the node passed on",
        format!("{}, {}", run.promised, run.under_way),
        "",
    );
    table.row("of these requests, asked of the EMR", run.tally.reads.to_string(), "");
    table.row("texts due, sent", format!("{}, {}", run.texts.0, run.texts.1), "the same");
    table.row("bookings lost, doubled", format!("{}, {}", run.lost, run.doubled), "0, 0");
    table.row(
        "p50, p99, worst",
        [500, 990, 1000].map(|share| ms(run.tally.times.quantile(share))).join(", "),
        "",
    );
    table.row("answered after more than a second", run.tally.late.to_string(), "0");
    table.row(
        "freeze to open: median, worst",
        [500, 1000].map(|share| ms(run.pauses.quantile(share))).join(", "),
        "< 300 ms",
    );
    postgres::say(&table.to_string());

    assert!(run.tally.examples.is_empty(), "{:#?}", run.tally.examples);
    assert_eq!(run.tally.of(Fate::Answered), requests);
    assert_eq!((run.lost, run.doubled), (0, 0));
    assert!(run.under_way > 0, "no booking was at the EMR while the node passed on");
    assert!(run.tally.reads > 0);
    assert_eq!(run.texts.0, run.texts.1, "who agreed is texted, whichever process books, and nobody else");
    assert_eq!(ended, run.former.len(), "{:#?}", run.former);
    assert_eq!(cut, 0, "{:#?}", run.former);
}
