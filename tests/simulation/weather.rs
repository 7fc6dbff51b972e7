//! The EMRs: slow, forgetful, and away for a while.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use tokio::time::Instant;
use vitarad_actors::ports::emr::{EmrFailure, Service};
use vitarad_actors::testing::{Fate, Op, World};

use crate::plan::{Outage, Plan, chance, dice};
use crate::record::Record;
use crate::town::CLINICS;

/// Of a hundred additions so many arrive late where clocks are set: what those may confuse.
const LATE: u32 = 4;

pub fn spoil_the_emrs(world: &World, record: &Arc<Record>, plan: &Plan) {
    let began = Instant::now();
    for (n, clinic) in CLINICS.iter().enumerate() {
        let mut rng = dice(plan.seed, 10 + n as u64);
        // Some EMRs are merely slow, some lose half of what they say.
        let spoilt = rng.random_range(0..25);
        let late = if plan.clocks_are_set { LATE } else { 0 };
        let (outage, record) = (plan.outages[n], Arc::clone(record));
        outage.inspect(|outage| record.count(kind(outage)));
        world.emr(clinic).script(move |op| {
            if outage.is_some_and(|outage| outage.is_on(began.elapsed(), op)) {
                return Fate::Fails { after: Duration::from_millis(2), with: EmrFailure::NoConnection };
            }
            let fate = fate(&mut rng, op, spoilt, late);
            match fate {
                Fate::AnswerLost { .. } => record.count("EMR answers lost"),
                Fate::DoneLater { .. } => {
                    record.count("EMR requests done late");
                    record.on_its_way.notify_one();
                }
                Fate::DoneTwice { .. } => record.count("EMR requests done twice"),
                Fate::Hangs => record.count("EMR requests that hang"),
                Fate::Fails { .. } => record.count("EMR requests failed"),
                Fate::Answered { .. } => {}
            }
            fate
        });
    }
}

pub fn clear_up(world: &World) {
    for clinic in CLINICS {
        world.emr(clinic).script(|_| Fate::PROMPT);
    }
}

const fn kind(outage: &Outage) -> &'static str {
    match outage.lasts.as_secs() {
        0..60 => "EMR outages up to a minute",
        60..3_600 => "EMR outages up to an hour",
        _ => "EMR outages up to a day",
    }
}

impl Outage {
    fn is_on(&self, at: Duration, op: Op) -> bool {
        let met = self.service.is_none_or(|service| service == service_of(op));
        met && (self.from..self.from + self.lasts).contains(&at)
    }
}

const fn service_of(op: Op) -> Service {
    match op {
        Op::Providers => Service::Provider,
        Op::Charts | Op::Chart | Op::AddChart => Service::Demographic,
        Op::TemplateCodes
        | Op::DaySchedule
        | Op::DayRows
        | Op::AppointmentsOf
        | Op::Appointment
        | Op::Add
        | Op::Cancel => Service::Schedule,
    }
}

fn fate(rng: &mut ChaCha12Rng, op: Op, spoilt: u32, late: u32) -> Fate {
    if op == Op::Add && chance(rng, late) {
        return done_later(rng, EmrFailure::ConnectionLost);
    }
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
        5 if write => done_later(rng, with),
        6 if op == Op::Add => Fate::DoneTwice { after },
        7 => Fate::Hangs,
        _ => Fate::Fails { after, with },
    }
}

/// Within the time for which a write of which nobody has heard counts as unknown.
fn done_later(rng: &mut ChaCha12Rng, with: EmrFailure) -> Fate {
    let (after, times) = (Duration::from_millis(rng.random_range(100..18_000)), rng.random_range(1..3));
    Fate::DoneLater { after, times, with }
}
