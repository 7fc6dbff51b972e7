//! Clerks, who look at the day sheet before writing on it.

use std::sync::Arc;

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::ids::DemographicNo;
use vitarad_actors::domain::time::{Interval, Minute};
use vitarad_actors::testing::{PretendEmr, Row, World, provider_no};

use crate::plan::{Plan, dice};
use crate::record::Record;
use crate::town::{CLINICS, quarters};

pub fn at_work(world: Arc<World>, record: Arc<Record>, plan: Arc<Plan>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut rng = dice(plan.seed, 50);
        let end = Instant::now() + plan.trouble;
        while Instant::now() < end {
            sleep(plan.pause(&mut rng, 500..9_000)).await;
            let clinic = rng.random_range(0..CLINICS.len());
            let desk = Desk { emr: world.emr(CLINICS[clinic]), day: plan.visits, quarters: quarters(clinic) };
            desk.work(&mut rng);
            record.count("turns of staff");
        }
    })
}

struct Desk<'a> {
    emr: &'a PretendEmr,
    day: Date,
    quarters: std::ops::Range<u16>,
}

impl Desk<'_> {
    fn work(&self, rng: &mut ChaCha12Rng) {
        let rows = self.emr.rows();
        let some = |rng: &mut ChaCha12Rng| rows[rng.random_range(0..rows.len())].clone();
        match rng.random_range(0..6) {
            0..3 => self.book(rng),
            3 if !rows.is_empty() => self.relocate(&some(rng), rng),
            4 if !rows.is_empty() => {
                let no = some(rng).appointment.no;
                self.emr.staff_edits(no, |row| row.texts.reason = Some("seen by staff".to_owned().into()));
            }
            _ if !rows.is_empty() => {
                let no = some(rng).appointment.no;
                self.emr.staff_edits(no, |row| row.status = Status::of(Status::CANCELLED));
            }
            _ => {}
        }
    }

    fn free_slot(&self, rng: &mut ChaCha12Rng) -> Option<Slot> {
        let start = Minute::new(15 * rng.random_range(self.quarters.clone()))?;
        let provider = provider_no(rng.random_range(1..3));
        let slot = Slot { provider, date: self.day, interval: Interval::starting(start, 15)? };
        self.emr.live().iter().all(|row| !row.slot.overlaps(&slot)).then_some(slot)
    }

    fn book(&self, rng: &mut ChaCha12Rng) {
        if let Some(slot) = self.free_slot(rng) {
            self.emr.staff_adds(&slot, DemographicNo::new(4_500));
        }
    }

    fn relocate(&self, row: &Row, rng: &mut ChaCha12Rng) {
        if let Some(slot) = self.free_slot(rng)
            && row.appointment.status.occupies()
        {
            self.emr.staff_edits(row.appointment.no, |row| {
                row.provider = slot.provider;
                row.date = slot.date;
                row.interval = slot.interval;
            });
        }
    }
}
