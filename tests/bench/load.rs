//! The voice platform as load: threads with a connection each, that ask on a schedule or as fast as they are answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::platform::Request;
use crate::process::Process;
use crate::tally::Codes;
use crate::times::Times;

/// Little: a flood has hundreds of these threads.
const STACK: usize = 128 * 1024;
/// The kernel wakes a sleeper a little late; the rest is waited for awake.
const AWAKE: Duration = Duration::from_micros(70);
const HEAD_START: Duration = Duration::from_millis(50);

/// What a run came to.
#[derive(Default)]
pub struct Outcome {
    /// Of all answers.
    pub codes: Codes,
    /// Of those in the measured window.
    pub times: Times,
    pub window: Duration,
    /// What the watched processes took of the processors in that window.
    pub cpu: Vec<Duration>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        count(self.times.len()) / self.window.as_secs_f64()
    }

    /// Processor time of the nth watched process for one answer.
    pub fn cpu_each(&self, nth: usize) -> Duration {
        self.cpu[nth].div_f64(count(self.times.len().max(1)))
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

pub struct Schedule {
    pub rate: u32,
    pub connections: usize,
    /// What is due in it does not count.
    pub warm_up: Duration,
}

/// Each request at its time, whatever became of those before it: an answer that is late is late from when it was due, so
/// that a server that stops answering cannot make the schedule wait for it.
pub fn on_schedule(
    door: SocketAddr,
    schedule: &Schedule,
    requests: &[Request],
    watched: &[&Process],
) -> Outcome {
    let (next, begin) = (AtomicUsize::new(0), Instant::now() + HEAD_START);
    let due =
        |ticket: usize| begin + Duration::from_secs(1).mul_f64(count(ticket) / f64::from(schedule.rate));
    let ask = || {
        let (mut connection, mut codes, mut times) = (connect(door), Codes::default(), Times::default());
        loop {
            let ticket = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = requests.get(ticket) else { return (codes, times) };
            let due = due(ticket);
            wait_until(due);
            exchange(&mut connection, door, request, &mut codes);
            if due >= begin + schedule.warm_up {
                times.add(due.elapsed());
            }
        }
    };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..schedule.connections).map(|_| spawn(scope, ask)).collect();
        wait_until(begin + schedule.warm_up);
        let (began, cpu) = (Instant::now(), cpu_of(watched));
        let (codes, times) = gather(askers);
        Outcome { codes, times, window: began.elapsed(), cpu: spent_since(&cpu, watched) }
    })
}

/// Asks everything once, as fast as it goes.
pub fn all_once(door: SocketAddr, connections: usize, requests: &[Request]) -> Codes {
    let at_once = Schedule { rate: u32::MAX, connections, warm_up: Duration::ZERO };
    on_schedule(door, &at_once, requests, &[]).codes
}

pub struct FlatOut {
    pub connections: usize,
    pub warm_up: Duration,
    pub measured: Duration,
    /// Begins again at the end of its requests; else the run ends there.
    pub again: bool,
}

const WARMING: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

/// Each connection asks its share of the requests, the next one when the last is answered.
pub fn flat_out(door: SocketAddr, run: &FlatOut, requests: &[Request], watched: &[&Process]) -> Outcome {
    let phase = AtomicU8::new(WARMING);
    let ask = |share: usize| {
        let (mut connection, mut codes, mut times) = (connect(door), Codes::default(), Times::default());
        let mine = || requests.iter().skip(share).step_by(run.connections);
        loop {
            for request in mine() {
                let asked = Instant::now();
                exchange(&mut connection, door, request, &mut codes);
                match phase.load(Ordering::Relaxed) {
                    WARMING => {}
                    MEASURING => times.add(asked.elapsed()),
                    _ => return (codes, times),
                }
            }
            if !run.again {
                phase.store(OVER, Ordering::Relaxed);
                return (codes, times);
            }
        }
    };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..run.connections).map(|share| spawn(scope, move || ask(share))).collect();
        thread::sleep(run.warm_up);
        let (began, cpu) = (Instant::now(), cpu_of(watched));
        let still_asking = phase.compare_exchange(WARMING, MEASURING, Ordering::Relaxed, Ordering::Relaxed);
        assert!(still_asking.is_ok(), "the requests did not outlast the warm-up");
        while began.elapsed() < run.measured && phase.load(Ordering::Relaxed) == MEASURING {
            thread::sleep(Duration::from_millis(5));
        }
        phase.store(OVER, Ordering::Relaxed);
        let (window, cpu) = (began.elapsed(), spent_since(&cpu, watched));
        let (codes, times) = gather(askers);
        Outcome { codes, times, window, cpu }
    })
}

type Asker<'scope> = ScopedJoinHandle<'scope, (Codes, Times)>;

fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    ask: impl FnOnce() -> (Codes, Times) + Send + 'scope,
) -> Asker<'scope> {
    Builder::new().stack_size(STACK).spawn_scoped(scope, ask).expect("a thread starts")
}

fn gather(askers: Vec<Asker<'_>>) -> (Codes, Times) {
    let (mut codes, mut times) = (Codes::default(), Times::default());
    for asker in askers {
        let (its_codes, its_times) = asker.join().expect("an asker does not panic");
        codes.merge(its_codes);
        times.merge(its_times);
    }
    (codes, times)
}

fn connect(door: SocketAddr) -> Connection {
    Connection::open(door).expect("the door takes connections")
}

/// A connection that failed is replaced; the failure counts as an answer of its own kind.
fn exchange(connection: &mut Connection, door: SocketAddr, request: &Request, codes: &mut Codes) {
    match connection.exchange(request) {
        Ok(reply) => codes.add(&reply),
        Err(failure) => {
            codes.fail(&failure);
            *connection = connect(door);
        }
    }
}

pub fn wait_until(due: Instant) {
    if let Some(asleep) = due.checked_duration_since(Instant::now() + AWAKE) {
        thread::sleep(asleep);
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}

fn cpu_of(watched: &[&Process]) -> Vec<Duration> {
    watched.iter().map(|process| process.cpu()).collect()
}

fn spent_since(before: &[Duration], watched: &[&Process]) -> Vec<Duration> {
    watched.iter().zip(before).map(|(process, before)| process.cpu().saturating_sub(*before)).collect()
}
