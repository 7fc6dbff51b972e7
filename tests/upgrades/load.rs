//! Requests at a fixed rate, whatever becomes of those before them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::clients::{Clients, Fate, Way};
use crate::patience::until;
use crate::times::Times;
use crate::town::{CEDAR_LINE, MAPLE_LINE};
use crate::voice::PhoneCall;

/// Of the requests so many ask what only the EMR knows: a clinic's budget allows for no more beside the bookings.
const READS_PER_SECOND: u32 = 4;
/// Nobody should have to wait longer.
const SOON: Duration = Duration::from_secs(1);
const EXAMPLES: usize = 20;

pub(crate) struct Load {
    over: CancellationToken,
    answered: Arc<AtomicUsize>,
    running: JoinHandle<Tally>,
}

/// What became of all requests.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) fates: BTreeMap<Fate, usize>,
    pub(crate) times: Times,
    /// Those that the EMR had to be asked for.
    pub(crate) reads: usize,
    /// Answered, but not soon.
    pub(crate) late: usize,
    pub(crate) examples: Vec<String>,
    pub(crate) lasted: Duration,
}

impl Tally {
    pub(crate) fn of(&self, fate: Fate) -> usize {
        self.fates.get(&fate).copied().unwrap_or_default()
    }

    pub(crate) fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.times.len()).unwrap_or(u32::MAX)) / self.lasted.as_secs_f64()
    }

    fn add(&mut self, way: Way, (fate, time, words): (Fate, Duration, String)) {
        *self.fates.entry(fate).or_default() += 1;
        self.times.add(time);
        self.late += usize::from(fate == Fate::Answered && time > SOON);
        if fate != Fate::Answered && self.examples.len() < EXAMPLES {
            self.examples.push(format!("{way:?}: {fate:?} after {time:?}: {words}"));
        }
    }
}

impl Load {
    /// About so many phone calls at two clinics, so often a second; `readers` are known to be who they are.
    pub(crate) fn on(addr: SocketAddr, per_second: u32, calls: usize, readers: Vec<PhoneCall>) -> Self {
        let (over, answered) = (CancellationToken::new(), Arc::<AtomicUsize>::default());
        let (told, counted) = (over.clone(), Arc::clone(&answered));
        let running = tokio::spawn(async move {
            let (clients, begin) = (Arc::new(Clients::of(addr)), Instant::now());
            let each = Duration::from_secs(1) / per_second;
            let (mut under_way, mut tally) = (JoinSet::new(), Tally::default());
            for ticket in 0.. {
                let due = begin + each * ticket;
                sleep_until(due).await;
                if told.is_cancelled() {
                    break;
                }
                let (clients, way) = (Arc::clone(&clients), way(ticket));
                let reads = ticket % (per_second / READS_PER_SECOND).max(1) == 0;
                tally.reads += usize::from(reads);
                let question = if reads {
                    what_the_emr_knows(ticket as usize, &readers)
                } else {
                    question(ticket as usize, calls)
                };
                under_way.spawn(async move { (way, clients.ask(way, &question, due).await) });
                while let Some(done) = under_way.try_join_next() {
                    let (way, fared) = done.expect("a client does not panic");
                    counted.fetch_add(1, Ordering::Relaxed);
                    tally.add(way, fared);
                }
            }
            tally.lasted = begin.elapsed();
            for (way, fared) in under_way.join_all().await {
                tally.add(way, fared);
            }
            tally
        });
        Self { over, answered, running }
    }

    pub(crate) async fn more(&self, requests: usize) {
        let aim = self.answered.load(Ordering::Relaxed) + requests;
        until("more answers", async || (self.answered.load(Ordering::Relaxed) >= aim).then_some(())).await;
    }

    pub(crate) async fn end(self) -> Tally {
        self.over.cancel();
        self.running.await.expect("the load does not panic")
    }
}

/// Of forty requests one of each slow kind, two by HTTP/2, ten on connections of their own.
const fn way(ticket: u32) -> Way {
    match ticket % 40 {
        0 => Way::Slow,
        20 => Way::AfterAPause,
        1 | 21 => Way::Http2,
        at if at % 4 == 2 => Way::OneShot,
        _ => Way::Kept,
    }
}

fn what_the_emr_knows(ticket: usize, readers: &[PhoneCall]) -> String {
    let id = format!("read-{ticket}");
    readers[ticket % readers.len()].tool_calls(&[(&id, "check_appointments", json!({}))]).to_string()
}

fn question(ticket: usize, calls: usize) -> String {
    let (call, line) = (ticket % calls, if ticket.is_multiple_of(2) { MAPLE_LINE } else { CEDAR_LINE });
    format!(
        r#"{{"message":{{"type":"tool-calls","call":{{"id":"load-{call}"}},"phoneNumber":{{"number":"{line}"}},"toolCallList":[{{"id":"t{ticket}","type":"function","function":{{"name":"get_clinic_info","arguments":{{}}}}}}]}}}}"#
    )
}
