//! Nodes killed at random under load, one after the other, and started again, before or after the others have buried them.

use futures::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant, sleep};
use vitarad::sandbox::oscar::{Fault, Flavour};

use crate::adoptions::{Death, Logs};
use crate::balancer::Kind;
use crate::callers::{Lines, Webhook};
use crate::nodes::{NODES, Nodes};
use crate::patience::until;
use crate::postgres::say;
use crate::town::{Town, world};
use crate::verdict::judge;
use crate::voice::Platform;

/// The machine is small: one such load after the other.
pub(crate) static ALONE: Mutex<()> = Mutex::const_new(());

/// Calls that go on at once.
pub(crate) const AT_ONCE: usize = 8;
/// Of each clinic; many enough that whoever called is not asked again soon.
const PATIENTS: usize = 400;

/// Of nodes under such load.
pub(crate) const SETTINGS: [(&str, &str); 6] = [
    ("HTTP__CLINIC_PER_MINUTE", "1000000"),
    ("HTTP__CLINIC_BURST", "1000000"),
    ("LIMITS__REQUESTS_PER_SECOND", "1000"),
    ("LIMITS__BURST", "1000"),
    // What a dead node was writing is waited for this long, and a little more.
    ("LIMITS__WRITE_TIMEOUT_MS", "1000"),
    ("HOUSE__DEAD_AFTER_SECONDS", "4"),
];

struct Plan {
    seed: u64,
    kills: usize,
    every: Duration,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

impl Plan {
    fn of_the_environment() -> Self {
        Self {
            seed: number("SEED").unwrap_or(1),
            kills: number("KILLS").unwrap_or(4).try_into().expect("a small number"),
            every: Duration::from_secs(number("EVERY").unwrap_or(5)),
        }
    }

    /// Kills them. In turn they are started again after half of the time to the next death, which is before the others
    /// would call them dead, or stay away until the others have done so.
    async fn carry_out(&self, nodes: &mut Nodes, lines: &Lines) -> Vec<Death> {
        let mut dice = ChaCha12Rng::seed_from_u64(self.seed);
        let (mut deaths, mut left_to_others) = (Vec::new(), Vec::new());
        for nth in 0..self.kills {
            sleep(self.every / 2).await;
            let victim = dice.random_range(0..NODES);
            let stays_away = nth % 2 == 1;
            let generation = nodes.generation(victim).await;
            if stays_away {
                until("a write of its", async || (nodes.unsettled_of(generation).await > 0).then_some(()))
                    .await;
            }
            let (calls, at) = (nodes.calls_of(generation).await, Instant::now());
            let log = nodes.kill(victim).await.out;
            lines.disturbed();
            assert!(!log.contains("law.id"), "a law was broken: {log}");
            deaths.push(Death { at, calls, log });
            if stays_away {
                left_to_others.push(nodes.unsettled_of(generation).await);
                finished_by_others(nodes, generation).await;
            } else {
                sleep(self.every / 2).await;
            }
            nodes.start(victim).await;
        }
        let nobody_left_anything = left_to_others.iter().all(|left| *left == 0);
        assert!(self.kills < 2 || !nobody_left_anything, "{left_to_others:?}");
        deaths
    }
}

/// A process that is dead and stays away is called so, and what it was writing is settled by the other nodes.
async fn finished_by_others(nodes: &Nodes, generation: i64) {
    nodes.called_dead(generation).await;
    until("what it was writing, settled", async || (nodes.unsettled_of(generation).await == 0).then_some(()))
        .await;
}

/// With enough patients for such load, and slow enough that writes are under way whenever something happens.
pub(crate) async fn busy_town() -> Town {
    let clinic = |flavour| world(flavour).with_patients(PATIENTS);
    let town = Town::of(vec![("maple", clinic(Flavour::Maple)), ("cedar", clinic(Flavour::Cedar))]).await;
    for emr in [town.maple(), town.cedar()] {
        emr.fail("addAppointment", Fault::Latency { ms: 300 }, None);
        emr.fail("updateAppointment", Fault::Latency { ms: 300 }, None);
    }
    town
}

async fn killed_at_random_behind(kind: Kind) {
    let _alone = ALONE.lock().await;
    let plan = Plan::of_the_environment();
    let Some(mut nodes) = Nodes::open(busy_town().await, &SETTINGS).await else { return };
    let Some(balancer) = nodes.balancer(kind).await else { return };
    let platform = Platform::of(balancer.addr);
    let lines = Lines::open(platform.clone(), &nodes.premises.town);
    let deaths = async {
        let deaths = plan.carry_out(&mut nodes, &lines).await;
        lines.close();
        deaths
    };
    let (deaths, _) = tokio::join!(deaths, join_all((0..AT_ONCE).map(|_| lines.serve())));
    let visits = std::mem::take(&mut *lines.visits.lock().unwrap());
    judge(&nodes, &platform, &visits).await;
    let webhooks = std::mem::take(&mut *lines.webhooks.lock().unwrap());
    let logs = Logs::of(&nodes, &deaths);
    let (seed, passed_on) = (plan.seed, balancer.passed_on());
    say(&format!("{kind:?}, SEED={seed}: {}; {passed_on} passed on", tally(&deaths, &webhooks)));
    say(&logs.judge(&deaths, &webhooks));
    let told = |code: &str| visits.iter().filter(|visit| visit.told["code"] == code).count();
    say(&format!("  {} booked, {} with staff", told("BOOKED"), told("HANDED_TO_STAFF")));
    assert!(visits.len() > AT_ONCE, "hardly anybody was served");
}

/// What the deaths did to those who called.
fn tally(deaths: &[Death], webhooks: &[Webhook]) -> String {
    let met = |webhook: &Webhook| {
        let under_way = webhook.sent..webhook.sent + webhook.took;
        deaths.iter().any(|death| under_way.contains(&death.at))
    };
    let slowest = |met_a_death: bool, is_certain: bool| {
        let is_one = |one: &&Webhook| met(one) == met_a_death && one.not_yet.is_none() == is_certain;
        let of_them = webhooks.iter().filter(is_one);
        of_them.map(|webhook| webhook.took.as_millis()).max().unwrap_or_default()
    };
    format!(
        "{} deaths, {} webhooks of which {} said not yet and {} were sent again; slowest answer {} ms, {} ms if under way at \
         a death; slowest not yet {} ms, {} ms",
        deaths.len(),
        webhooks.len(),
        webhooks.iter().filter(|webhook| webhook.not_yet.is_some()).count(),
        webhooks.iter().map(|webhook| webhook.sent_again).sum::<usize>(),
        slowest(false, true),
        slowest(true, true),
        slowest(false, false),
        slowest(true, false)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_nodes_die_at_random_and_every_call_goes_on_and_every_booking_is_what_was_told() {
    killed_at_random_behind(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_nodes_die_at_random_and_every_call_goes_on_and_every_booking_is_what_was_told() {
    killed_at_random_behind(Kind::HaProxy).await;
}
