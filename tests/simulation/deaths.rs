//! What happens to the processes: actors die, processes are killed or held up, the store goes away, clocks are set.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use tokio::time::{Instant, sleep};
use vitarad_actors::call::CallMsg;
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::testing::{Death as ActorDeath, TestHouse};

use crate::clocks;
use crate::houses::{Death, Houses};
use crate::plan::{Plan, chance, dice};
use crate::record::Record;
use crate::town::CLINICS;

pub async fn make_trouble(houses: &Houses, record: &Record, plan: &Plan) {
    let mut rng = dice(plan.seed, 77);
    let end = Instant::now() + plan.trouble;
    let mut crashes = rng.random_range(0..4);
    while Instant::now() < end {
        sleep(plan.pause(&mut rng, 1_000..15_000)).await;
        let node = rng.random_range(0..houses.count());
        match rng.random_range(0..12) {
            0..6 => {
                houses.with(node, |house| strike(house, &mut rng));
                record.count("deaths of actors");
            }
            6 => {
                houses.world.store.set_away(true);
                sleep(Duration::from_millis(rng.random_range(50..3_000))).await;
                houses.world.store.set_away(false);
                record.count("times the store was away");
            }
            7 => {
                houses.with(node, |house| house.store.set_cut(true));
                sleep(Duration::from_millis(rng.random_range(50..20_000))).await;
                houses.with(node, |house| house.store.set_cut(false));
                record.count("times one process lost the store");
                // Its next beat tells it, if others have called it dead.
                sleep(houses.world.settings.pace.beat_every()).await;
                if houses.raise_who_was_called_dead().await {
                    record.count("processes called dead that lived");
                }
            }
            8 | 9 if crashes > 0 => {
                crashes -= 1;
                crash(houses, record, node, &mut rng).await;
            }
            10 | 11 if plan.clocks_are_set => {
                clocks::set_one(houses, record, node, &mut rng);
            }
            _ => {}
        }
    }
}

async fn crash(houses: &Houses, record: &Record, node: usize, rng: &mut ChaCha12Rng) {
    let death = if chance(rng, 70) { Death::Killed } else { Death::Frozen };
    let away = Duration::from_millis(rng.random_range(0..30_000));
    record.count(match death {
        Death::Killed => "processes killed",
        Death::Frozen => "processes held up and given up for dead",
    });
    if chance(rng, 20) {
        let other = (node + 1) % houses.count();
        tokio::join!(houses.crash(node, death, away), houses.crash(other, Death::Killed, away / 2));
    } else {
        houses.crash(node, death, away).await;
    }
}

/// Some actor dies: of a panic, of an error, or by a kill.
fn strike(house: &TestHouse, rng: &mut ChaCha12Rng) {
    let directory = &house.house.directory;
    let clinic = ClinicId::parse(CLINICS[rng.random_range(0..CLINICS.len())]).unwrap();
    let death = [ActorDeath::Panic, ActorDeath::Error][rng.random_range(0..2)];
    match rng.random_range(0..5) {
        0 => drop(directory.link(&clinic).map(|link| link.post(EmrLinkMsg::Die(death)).is_ok())),
        1 => drop(directory.desk(&clinic).map(|desk| desk.post(DeskMsg::Die(death)).is_ok())),
        2 => drop(directory.calls(&clinic).map(|calls| calls.kill())),
        _ => {
            let calls = directory.calls_of(&clinic);
            if !calls.is_empty() {
                let _ = calls[rng.random_range(0..calls.len())].post(CallMsg::Die(death));
            }
        }
    }
}

pub fn clear_up(houses: &Arc<Houses>) {
    clocks::set_right(houses);
    houses.world.store.set_away(false);
    for node in 0..houses.count() {
        houses.with(node, |house| house.store.set_cut(false));
    }
}
