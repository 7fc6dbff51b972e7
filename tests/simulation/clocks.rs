//! Clocks that are set: at any moment, and at the worst one, ahead, while a write is on its way of which nobody will hear.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use tokio::time::sleep;

use crate::houses::Houses;
use crate::plan::{Plan, chance, dice};
use crate::record::Record;

/// Somebody sets a node's clock, mostly to a wrong time.
pub fn set_one(houses: &Houses, record: &Record, node: usize, rng: &mut ChaCha12Rng) {
    let off = if chance(rng, 30) { 0 } else { Plan::off(rng) };
    houses.with(node, |house| house.clock.set_ahead(off));
    record.count("times a clock was set");
}

/// As long as anybody waits for it.
pub async fn run_ahead_of_writes(houses: &Houses, record: &Record, plan: &Plan) {
    let mut rng = dice(plan.seed, 78);
    loop {
        record.on_its_way.notified().await;
        if !plan.clocks_are_set {
            continue;
        }
        sleep(Duration::from_millis(rng.random_range(0..3_000))).await;
        let off = Plan::off(&mut rng).abs();
        for node in 0..houses.count() {
            houses.with(node, |house| house.clock.set_ahead(off));
        }
        record.count("times the clocks ran ahead of a write");
        sleep(Duration::from_secs(rng.random_range(5..30))).await;
        set_right(houses);
    }
}

pub fn set_right(houses: &Houses) {
    for node in 0..houses.count() {
        houses.with(node, |house| house.clock.set_ahead(0));
    }
}
