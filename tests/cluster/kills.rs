//! Nodes killed at random under load, one after the other, and started again, before or after the others have buried them.

use std::collections::{HashMap, HashSet};

use futures::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use tokio::time::{Duration, Instant, sleep};
use vitarad::sandbox::oscar::{Fault, Flavour};

use crate::balancer::Kind;
use crate::callers::{Lines, Webhook};
use crate::nodes::{NODES, Nodes};
use crate::patience::until;
use crate::postgres::say;
use crate::town::{Town, world};
use crate::verdict::judge;
use crate::voice::Platform;

/// Calls that go on at once.
const AT_ONCE: usize = 8;
/// Of each clinic; many enough that whoever called is not asked again soon.
const PATIENTS: usize = 400;

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
    /// would call them dead, or stay away until the others have done so. Returns when each was killed.
    async fn carry_out(&self, nodes: &mut Nodes) -> Vec<Instant> {
        let mut dice = ChaCha12Rng::seed_from_u64(self.seed);
        let (mut killed, mut left_to_others) = (Vec::new(), Vec::new());
        for nth in 0..self.kills {
            sleep(self.every / 2).await;
            let victim = dice.random_range(0..NODES);
            let stays_away = nth % 2 == 1;
            let generation = nodes.generation(victim).await;
            if stays_away {
                until("a write of its", async || (nodes.unsettled_of(generation).await > 0).then_some(()))
                    .await;
            }
            killed.push(Instant::now());
            let ended = nodes.kill(victim).await;
            assert!(!ended.out.contains("law.id"), "a law was broken: {}", ended.out);
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
        killed
    }
}

/// A process that is dead and stays away is called so, and what it was writing is settled by the other nodes.
async fn finished_by_others(nodes: &Nodes, generation: i64) {
    nodes.called_dead(generation).await;
    until("what it was writing, settled", async || (nodes.unsettled_of(generation).await == 0).then_some(()))
        .await;
}

async fn killed_at_random_behind(kind: Kind) {
    let plan = Plan::of_the_environment();
    let clinic = |flavour| world(flavour).with_patients(PATIENTS);
    let town = Town::of(vec![("maple", clinic(Flavour::Maple)), ("cedar", clinic(Flavour::Cedar))]).await;
    let settings = [
        ("HTTP__CLINIC_PER_MINUTE", "1000000"),
        ("HTTP__CLINIC_BURST", "1000000"),
        ("LIMITS__REQUESTS_PER_SECOND", "1000"),
        ("LIMITS__BURST", "1000"),
        // What a dead node was writing is waited for this long, and a little more.
        ("LIMITS__WRITE_TIMEOUT_MS", "1000"),
        ("HOUSE__DEAD_AFTER_SECONDS", "4"),
    ];
    let Some(mut nodes) = Nodes::open(town, &settings).await else { return };
    let Some(balancer) = nodes.balancer(kind).await else { return };
    for emr in [nodes.premises.town.maple(), nodes.premises.town.cedar()] {
        // Long enough that writes are under way when a node dies.
        emr.fail("addAppointment", Fault::Latency { ms: 300 }, None);
        emr.fail("updateAppointment", Fault::Latency { ms: 300 }, None);
    }
    let platform = Platform::of(balancer.addr);
    let lines = Lines::open(platform.clone(), &nodes.premises.town);
    let deaths = async {
        let killed = plan.carry_out(&mut nodes).await;
        lines.close();
        killed
    };
    let (killed, _) = tokio::join!(deaths, join_all((0..AT_ONCE).map(|_| lines.serve())));
    let visits = std::mem::take(&mut *lines.visits.lock().unwrap());
    judge(&nodes, &platform, &visits).await;
    let webhooks = std::mem::take(&mut *lines.webhooks.lock().unwrap());
    let (seed, passed_on) = (plan.seed, balancer.passed_on());
    say(&format!("{kind:?}, SEED={seed}: {}; {passed_on} passed on", tally(&killed, &webhooks)));
    say(&format!("  the next webhook of calls that had begun: {}", next_of_each_call(&killed, &webhooks)));
    let told = |code: &str| visits.iter().filter(|visit| visit.told["code"] == code).count();
    say(&format!("  {} booked, {} with staff", told("BOOKED"), told("HANDED_TO_STAFF")));
    assert!(visits.len() > AT_ONCE, "hardly anybody was served");
}

/// What the deaths did to those who called.
fn tally(killed: &[Instant], webhooks: &[Webhook]) -> String {
    let met =
        |webhook: &Webhook| killed.iter().any(|at| (webhook.sent..webhook.sent + webhook.took).contains(at));
    let slowest = |met_a_death: bool, is_certain: bool| {
        let of_them = webhooks.iter().filter(|one| met(one) == met_a_death && one.is_certain == is_certain);
        of_them.map(|webhook| webhook.took.as_millis()).max().unwrap_or_default()
    };
    format!(
        "{} deaths, {} webhooks of which {} said not yet and {} were sent again; slowest answer {} ms, {} ms if under way at \
         a death; slowest not yet {} ms, {} ms",
        killed.len(),
        webhooks.len(),
        webhooks.iter().filter(|webhook| !webhook.is_certain).count(),
        webhooks.iter().map(|webhook| webhook.sent_again).sum::<usize>(),
        slowest(false, true),
        slowest(true, true),
        slowest(false, false),
        slowest(true, false)
    )
}

/// After each death, of every call that was under way: those of the dead node have been adopted by then.
fn next_of_each_call(killed: &[Instant], webhooks: &[Webhook]) -> String {
    let next_after = |death: &Instant| {
        let (before, after): (Vec<_>, Vec<_>) = webhooks.iter().partition(|one| one.sent + one.took < *death);
        let had_begun: HashSet<usize> = before.iter().map(|one| one.call).collect();
        let mut next: HashMap<usize, Duration> = HashMap::new();
        for one in after.iter().filter(|one| one.sent > *death && had_begun.contains(&one.call)) {
            // Listed in the order of their answers, which within a call is that of their sending.
            next.entry(one.call).or_insert(one.took);
        }
        next.into_values()
    };
    let mut took: Vec<Duration> = killed.iter().flat_map(next_after).collect();
    took.sort_unstable();
    let at = |share: usize| took.get((took.len().max(1) - 1) * share / 100).map_or(0, Duration::as_millis);
    format!("{}, answered after {} ms at the median, {} ms at worst", took.len(), at(50), at(100))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_nodes_die_at_random_and_every_call_goes_on_and_every_booking_is_what_was_told() {
    killed_at_random_behind(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_nodes_die_at_random_and_every_call_goes_on_and_every_booking_is_what_was_told() {
    killed_at_random_behind(Kind::HaProxy).await;
}
