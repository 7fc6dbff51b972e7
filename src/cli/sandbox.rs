//! `vitarad sandbox`: the pretend EMR by itself, for training, for trying out a configuration, and as the other process
//! of a benchmark.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{EX_OK, EX_TEMPFAIL, block_on, complain, say};
use crate::clock::now;
use crate::sandbox::oscar::{Flavour, Listen, Oscars, Profile, World};
use crate::signals::SignalStream;

#[derive(Args)]
pub struct Sandbox {
    /// Where the EMR listens.
    #[arg(long, default_value = "127.0.0.1:8180")]
    listen: SocketAddr,
    /// Where faults are ordered and the state is read.
    #[arg(long, default_value = "127.0.0.1:8181")]
    control: SocketAddr,
    /// How many clinics, at /clinic-1, /clinic-2 and so on; the first two are /maple and /cedar.
    #[arg(long, default_value_t = 2)]
    clinics: usize,
    /// Patients per clinic; unset: some sixty.
    #[arg(long)]
    patients: Option<usize>,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Which build of OSCAR all of them pretend to be; unset: the most widespread.
    #[arg(long, value_parser = profiles(), default_value = Profile::default().name())]
    profile: Profile,
}

impl Sandbox {
    pub fn run(self) -> u8 {
        block_on(async move {
            let listen = Listen { emr: self.listen, control: self.control };
            let worlds = (0..self.clinics).map(|n| self.world(n)).collect();
            let (running, mut signals) =
                match (Oscars::start(listen, Arc::new(now), worlds).await, SignalStream::listen()) {
                    (Ok(running), Ok(signals)) => (running, signals),
                    (Err(failure), _) | (_, Err(failure)) => {
                        complain(&format!("the sandbox could not begin: {failure}"));
                        return EX_TEMPFAIL;
                    }
                };
            say(&format!(
                "pretend OSCAR on http://{}/<clinic>, its control on http://{}/\n",
                running.emr_addr, running.control_addr
            ));
            signals.next().await;
            running.stop().await;
            EX_OK
        })
    }

    fn world(&self, n: usize) -> (String, World) {
        let flavour = if n.is_multiple_of(2) { Flavour::Maple } else { Flavour::Cedar };
        let world = world(self.profile, flavour, self.seed + n as u64);
        let world = match self.patients {
            Some(count) => world.with_patients(count),
            None => world,
        };
        (name(n), world)
    }
}

/// The builds by name, so that `--help` lists them.
pub fn profiles() -> impl TypedValueParser<Value = Profile> {
    let names = PossibleValuesParser::new(Profile::ALL.map(Profile::name));
    names.try_map(|name| Profile::named(&name).ok_or("no such build"))
}

/// The context path of the nth clinic.
pub fn name(n: usize) -> String {
    match n {
        0 => "maple".to_owned(),
        1 => "cedar".to_owned(),
        n => format!("clinic-{}", n + 1),
    }
}

pub fn world(profile: Profile, flavour: Flavour, seed: u64) -> World {
    let zone = zone();
    let today = now().to_zoned(zone.clone()).date();
    World::clinic(profile, zone, today, seed, flavour)
}

/// From the rules compiled in, as everywhere.
fn zone() -> TimeZone {
    TimeZoneDatabase::bundled().get("America/Vancouver").unwrap_or(TimeZone::UTC)
}
