//! Everything that goes wrong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use vitarad_actors::call::CallMsg;
use vitarad_actors::crashpoint::{Crashpoint, Crashpoints};
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::ids::{ClinicId, DemographicNo};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::exchange::Exchange;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::testing::{
    Death, Fate, Op, PretendEmr, Row, TestHouse, World, provider_no, quarter, visit_day,
};

use super::{CLINICS, TROUBLE, chance, dice};

// --- the EMR -----------------------------------------------------------------------------------------------------------

pub fn spoil_the_emrs(world: &World, seed: u64) {
    for (n, clinic) in CLINICS.iter().enumerate() {
        let mut rng = dice(seed, 10 + n as u64);
        // Some EMRs are merely slow, some lose half of what they say.
        let spoilt = rng.random_range(0..25);
        // And half of them cannot be reached for a while.
        let from = Instant::now() + TROUBLE.mul_f64(rng.random_range(0.1..0.7));
        let until =
            from + Duration::from_secs(if chance(&mut rng, 50) { rng.random_range(1..180) } else { 0 });
        world.emr(clinic).script(move |op| {
            if (from..until).contains(&Instant::now()) {
                return Fate::Fails { after: Duration::from_millis(2), with: EmrFailure::NoConnection };
            }
            fate(&mut rng, op, spoilt)
        });
    }
}

pub fn behave(world: &World) {
    for clinic in CLINICS {
        world.emr(clinic).script(|_| Fate::PROMPT);
    }
    world.store.set_away(false);
}

fn fate(rng: &mut ChaCha12Rng, op: Op, spoilt: u32) -> Fate {
    let after = Duration::from_millis(if chance(rng, 90) {
        rng.random_range(2..300)
    } else {
        rng.random_range(300..5_000)
    });
    if !chance(rng, spoilt) {
        return Fate::Answered { after };
    }
    let with = [
        EmrFailure::ConnectionLost,
        EmrFailure::TimedOut,
        EmrFailure::HttpError,
        EmrFailure::ServerFault,
        EmrFailure::Firewall,
        EmrFailure::Unreadable,
    ][rng.random_range(0..6)];
    let write = matches!(op, Op::Add | Op::Cancel);
    match rng.random_range(0..10) {
        0..3 => Fate::AnswerLost { after, with },
        3 => Fate::Fails { after, with: EmrFailure::NoConnection },
        4 if write => Fate::Fails { after, with: EmrFailure::ClientFault },
        5 if write => {
            let (after, times) =
                (Duration::from_millis(rng.random_range(100..18_000)), rng.random_range(1..3));
            Fate::DoneLater { after, times, with }
        }
        6 if op == Op::Add => Fate::DoneTwice { after },
        7 => Fate::Hangs,
        _ => Fate::Fails { after, with },
    }
}

// --- staff -------------------------------------------------------------------------------------------------------------

/// A clerk per clinic, who looks at the day sheet before writing on it.
pub fn staff(world: Arc<World>, seed: u64) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut rng = dice(seed, 50);
        let end = Instant::now() + TROUBLE;
        while Instant::now() < end {
            sleep(Duration::from_millis(rng.random_range(500..12_000))).await;
            let emr = world.emr(CLINICS[rng.random_range(0..CLINICS.len())]);
            let rows = emr.rows();
            match rng.random_range(0..6) {
                0..3 => book(emr, &mut rng),
                3 if !rows.is_empty() => relocate(emr, &rows[rng.random_range(0..rows.len())], &mut rng),
                4 if !rows.is_empty() => {
                    let no = rows[rng.random_range(0..rows.len())].appointment.no;
                    emr.staff_edits(no, |row| row.texts.reason = Some("seen by staff".to_owned().into()));
                }
                _ if !rows.is_empty() => {
                    let no = rows[rng.random_range(0..rows.len())].appointment.no;
                    emr.staff_edits(no, |row| {
                        row.status = Status::of(Status::CANCELLED);
                    });
                }
                _ => {}
            }
        }
    })
}

fn free_slot(emr: &PretendEmr, rng: &mut ChaCha12Rng) -> Option<Slot> {
    let slot = quarter(provider_no(rng.random_range(1..3)), visit_day(), rng.random_range(0..12), 1)?;
    emr.live().iter().all(|row| !row.slot.overlaps(&slot)).then_some(slot)
}

fn book(emr: &PretendEmr, rng: &mut ChaCha12Rng) {
    if let Some(slot) = free_slot(emr, rng) {
        emr.staff_adds(&slot, DemographicNo::new(4_500));
    }
}

fn relocate(emr: &PretendEmr, row: &Row, rng: &mut ChaCha12Rng) {
    if let Some(slot) = free_slot(emr, rng)
        && row.appointment.status.occupies()
    {
        emr.staff_edits(row.appointment.no, |row| {
            row.provider = slot.provider;
            row.interval = slot.interval;
        });
    }
}

// --- deaths ------------------------------------------------------------------------------------------------------------

/// The processes of one run, one after the other.
pub struct Houses {
    world: Arc<World>,
    seed: u64,
    now: Mutex<Option<TestHouse>>,
    /// The life that is on: those who wait on an earlier one hear nothing.
    life: watch::Sender<u64>,
}

impl Houses {
    pub async fn begin(world: Arc<World>, seed: u64) -> Arc<Self> {
        let houses = Arc::new(Self { world, seed, now: Mutex::new(None), life: watch::Sender::new(0) });
        houses.next().await;
        houses
    }

    pub fn now(&self) -> Ts {
        self.world.clock.now()
    }

    async fn next(&self) {
        let life = *self.life.borrow() + 1;
        let dice = Mutex::new(dice(self.seed, 5_000 + life));
        let crashpoints = Crashpoints::armed(move |point: Crashpoint| {
            let dies = chance(&mut dice.lock().unwrap(), 3);
            assert!(!dies, "told to die at {}", point.name());
        });
        let house = self.world.begin(self.seed ^ life, crashpoints).await;
        *self.now.lock().unwrap() = Some(house);
        self.life.send_replace(life);
    }

    /// Asks the living process; `None` when it dies before it has answered.
    pub async fn while_alive<T, Fut>(&self, ask: impl FnOnce(Arc<Exchange>) -> Fut) -> Option<T>
    where
        Fut: Future<Output = T>,
    {
        let mut life = self.life.subscribe();
        life.borrow_and_update();
        let exchange = self.now.lock().unwrap().as_ref().map(|house| Arc::clone(&house.exchange))?;
        tokio::select! {
            biased;
            answer = ask(exchange) => Some(answer),
            _ = life.changed() => None,
        }
    }

    /// kill -9: whatever was running is gone between two instants. The tree's tasks die with their actors; sagas and
    /// requests under way are cut by a store that no longer listens to their generation.
    async fn crash(&self) {
        let house = self.now.lock().unwrap().take();
        if let Some(mut house) = house {
            house.root.actor().kill();
            let _ = house.root.ended().await;
        }
        self.next().await;
    }

    pub async fn end(&self) {
        let house = self.now.lock().unwrap().take();
        if let Some(house) = house {
            house.stop().await;
        }
    }
}

pub async fn make_trouble(houses: &Arc<Houses>, seed: u64) {
    let mut rng = dice(seed, 77);
    let end = Instant::now() + TROUBLE;
    let crashes = rng.random_range(0..3);
    let mut crashed = 0;
    while Instant::now() < end {
        sleep(Duration::from_millis(rng.random_range(1_000..15_000))).await;
        match rng.random_range(0..10) {
            0..6 => strike(houses, &mut rng),
            6 => {
                houses.world.store.set_away(true);
                sleep(Duration::from_millis(rng.random_range(50..3_000))).await;
                houses.world.store.set_away(false);
            }
            7 if crashed < crashes => {
                crashed += 1;
                houses.crash().await;
            }
            _ => {}
        }
    }
}

/// Some actor dies: of a panic, of an error, or by a kill.
fn strike(houses: &Houses, rng: &mut ChaCha12Rng) {
    let house = houses.now.lock().unwrap();
    let Some(house) = house.as_ref() else { return };
    let directory = &house.house.directory;
    let clinic = ClinicId::parse(CLINICS[rng.random_range(0..CLINICS.len())]).unwrap();
    let death = [Death::Panic, Death::Error][rng.random_range(0..2)];
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
