//! A process that dies in the middle of a booking, a move or a cancellation, and the next one on the same store: nothing
//! is lost, nothing is doubled, and the caller gets one answer (laws B-1 to B-6, O-2).

use std::os::unix::process::ExitStatusExt;

use futures::stream::{self, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;

use crate::daemon::Daemon;
use crate::engine::around;
use crate::patience::until;
use crate::postgres;
use crate::premises::Premises;
use crate::town::{Emr, MAPLE_LINE, Town};
use crate::voice::PhoneCall;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

#[derive(Debug, Clone, Copy)]
enum Wish {
    Book,
    Move,
    Cancel,
}

#[derive(Debug, Clone)]
enum Death {
    /// By itself, when it passes this point for the first time.
    At(&'static str),
    /// By SIGKILL, while this operation is under way at the EMR, which does what the fault says.
    During(&'static str, Fault),
}

/// What Marie holds in the EMR: live appointments, and rows that bear our mark.
#[derive(Debug, PartialEq, Eq)]
struct Holds {
    live: usize,
    marked: usize,
}

struct Case {
    wish: Wish,
    death: Death,
    /// What the tool call is answered with in the end.
    answer: &'static str,
    holds: Holds,
    /// What the same wish is answered with under a new id, and what she holds then.
    again: (&'static str, Holds),
}

const fn holds(live: usize, marked: usize) -> Holds {
    Holds { live, marked }
}

/// The wish came true, and stays true when it is wished again.
fn fulfilled(wish: Wish, death: Death) -> Case {
    let (answer, live, marked) = match wish {
        Wish::Book => ("BOOKED", 2, 1),
        Wish::Move => ("MOVED", 1, 1),
        Wish::Cancel => ("CANCELLED", 0, 0),
    };
    Case { wish, death, answer, holds: holds(live, marked), again: (answer, holds(live, marked)) }
}

/// The write never arrived. Nobody sends it again; a person hears of it, and the caller may wish it again.
fn lost(wish: Wish, death: Death) -> Case {
    let fulfilled = fulfilled(wish, death);
    Case { answer: "HANDED_TO_STAFF", holds: holds(1, 0), ..fulfilled }
}

fn cases() -> Vec<Case> {
    use Death::{At, During};
    const WISHES: [Wish; 3] = [Wish::Book, Wish::Move, Wish::Cancel];
    let late = || Fault::Latency { ms: 6_500 };
    // Those that wait longest come first.
    let mut cases: Vec<Case> = WISHES.map(|wish| lost(wish, At("announced"))).into();
    for (wish, operation) in [(Wish::Book, "addAppointment"), (Wish::Cancel, "updateAppointment")] {
        cases.push(fulfilled(wish, During(operation, late())));
        cases.push(lost(wish, During(operation, Fault::Hang)));
    }
    cases.push(fulfilled(Wish::Move, During("addAppointment", late())));
    cases.push(fulfilled(Wish::Move, During("updateAppointment", late())));
    // The new half stands and the old one could not be cancelled: she holds both until a person has looked.
    cases.push(Case {
        answer: "HANDED_TO_STAFF",
        holds: holds(2, 1),
        again: ("SLOT_TAKEN", holds(2, 1)),
        ..fulfilled(Wish::Move, During("updateAppointment", Fault::Hang))
    });
    for wish in WISHES {
        cases.extend(["claimed", "sent", "verified", "settled"].map(|point| fulfilled(wish, At(point))));
    }
    cases.push(fulfilled(Wish::Move, At("half_moved")));
    cases
}

/// Lives begun together: more would only wait for each other's starts, and miss the moment they are to die in.
const AT_ONCE: usize = 8;

const DEADLINE: &str = "VITARAD_HTTP__TOOL_DEADLINE_MS";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_process_on_sqlite_dies_nothing_is_lost_and_nothing_is_doubled() {
    stream::iter(cases()).for_each_concurrent(AT_ONCE, |case| live_through(case, None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_process_on_postgresql_dies_nothing_is_lost_and_nothing_is_doubled() {
    stream::iter(cases())
        .for_each_concurrent(AT_ONCE, async |case| {
            if let Some(Engine::Postgres { url }) = postgres::database().await {
                live_through(case, Some(url)).await;
            }
        })
        .await;
}

#[tokio::test]
async fn a_tool_call_that_kills_two_processes_is_not_given_to_a_third() {
    let premises = around(Town::open().await).await;
    let claimed = fulfilled(Wish::Book, Death::At("claimed"));
    let (tool, deed) = die(&claimed, &premises, "first").await;
    let second = Daemon::serve(&premises, &["--crash-at", "claimed"]).await;
    assert_eq!(call(&second).try_ask("deed", tool, &deed).await, None);
    assert_eq!(second.process.ended().await.status.signal(), Some(SIGABRT));

    let third = Daemon::serve(&premises, &["--crash-at", "claimed"]).await;
    let told = call(&third).ask("deed", tool, deed).await;
    assert_eq!(told["code"], "HANDED_TO_STAFF", "{told}");
    assert!(third.metrics().await.contains("vitarad_dead_letters_total{clinic=\"maple\"} 1\n"));
    assert_eq!(premises.town.maple().marked().len(), 0);
}

async fn live_through(case: Case, store: Option<SecretString>) {
    let name = format!("{:?} {:?}", case.wish, case.death);
    let mut premises = Premises::around(Town::open().await);
    // An absent write counts as absent once it can no longer arrive; that takes this long, and a little more. A process
    // that is to die during a write must be dead before.
    premises.set("VITARAD_LIMITS__WRITE_TIMEOUT_MS", "6000");
    if let Some(url) = store {
        premises.set("VITARAD_STORE__URL", url.expose_secret());
    }
    let emr = premises.town.maple();

    // However busy this machine is, the caller still waits when the process dies.
    premises.set(DEADLINE, "15000");
    let (tool, deed) = die(&case, &premises, &name).await;
    premises.environment.remove(DEADLINE);

    let daemon = Daemon::serve(&premises, &[]).await;
    let call = call(&daemon);
    let told = call.ask("deed", tool, deed.clone()).await;
    let honest = told["code"] == "PENDING" || told["code"] == case.answer;
    assert!(honest, "{name}: {told}");
    let answer = until("an answer that stays", async || {
        Some(call.ask("deed", tool, deed.clone()).await).filter(|answer| answer["code"] != "PENDING")
    })
    .await;
    assert_eq!(answer["code"], case.answer, "{name}: {answer}");
    assert_eq!(call.ask("deed", tool, deed.clone()).await, answer, "{name}: one tool call, one answer");
    until("a settled journal", async || {
        Some(daemon.health_of("maple").await).filter(|health| health["unsettled"] == 0)
    })
    .await;
    assert_eq!(held(&emr), case.holds, "{name}");
    let handed = u64::from(case.answer == "HANDED_TO_STAFF");
    assert_eq!(daemon.health_of("maple").await["handed_to_staff"], handed, "{name}");

    let again = call.ask("again", tool, deed).await;
    assert_eq!(again["code"], case.again.0, "{name}: {again}");
    assert_eq!(held(&emr), case.again.1, "{name}: the same wish");
    let overlaps = emr.our_overlaps();
    assert!(overlaps.is_empty(), "{name}: {overlaps:?}");
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().await.status.success(), "{name}");
}

/// A first life up to its death; returns the tool call it died on.
async fn die(case: &Case, premises: &Premises, name: &str) -> (&'static str, Value) {
    let flags = match &case.death {
        Death::At(point) => vec!["--crash-at", *point],
        Death::During(..) => Vec::new(),
    };
    let mut daemon = Daemon::serve(premises, &flags).await;
    let call = call(&daemon);
    call.verify(MARIE).await;
    let (tool, deed) = deed(case.wish, &call).await;
    let emr = premises.town.maple();
    let killed_by = match &case.death {
        Death::At(_) => {
            assert_eq!(call.try_ask("deed", tool, &deed).await, None, "{name}: no answer from the dead");
            SIGABRT
        }
        Death::During(operation, fault) => {
            emr.fail(operation, fault.clone(), None);
            let asked = || emr.requests().get(operation).copied().unwrap_or_default();
            let kill = async {
                until("the write at the EMR", async || (asked() > 0).then_some(())).await;
                daemon.process.kill();
            };
            let (answer, ()) = tokio::join!(call.try_ask("deed", tool, &deed), kill);
            assert_eq!(answer, None, "{name}: no answer from the dead");
            SIGKILL
        }
    };
    assert_eq!(daemon.process.ended().await.status.signal(), Some(killed_by), "{name}");
    if matches!(case.death, Death::During(_, Fault::Latency { .. })) {
        until("the write that was under way", async || (emr.present() == 0).then_some(())).await;
    }
    emr.mend();
    (tool, deed)
}

fn call(daemon: &Daemon) -> PhoneCall {
    daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone))
}

async fn deed(wish: Wish, call: &PhoneCall) -> (&'static str, Value) {
    match wish {
        Wish::Book => {
            ("create_appointment", json!({ "slotId": call.earliest().await, "reason": "check-up" }))
        }
        Wish::Move => {
            let appointment = listed(call).await;
            let deed = json!({ "appointmentId": appointment, "slotId": call.earliest().await });
            ("update_appointment", deed)
        }
        Wish::Cancel => ("cancel_appointment", json!({ "appointmentId": listed(call).await })),
    }
}

/// The appointment that Marie has from the beginning.
async fn listed(call: &PhoneCall) -> Value {
    let answer = call.ask("list", "check_appointments", json!({})).await;
    answer["appointments"][0]["appointmentId"].clone()
}

fn held(emr: &Emr) -> Holds {
    let live = emr.rows_of(MARIE).iter().filter(|row| row.occupies()).count();
    Holds { live, marked: emr.marked().len() }
}
