//! `vitarad demo`: the whole thing on one machine, nothing installed, nothing left behind.

mod house;
mod show;

use std::net::SocketAddr;

use clap::Args;
use vitarad_actors::root::Ended;

use self::house::DemoHouse;
use super::call::script;
use super::sandbox::profiles;
use super::{EX_FAILED, EX_OK, EX_TEMPFAIL, block_on, complain, install_cryptography};
use crate::sandbox::oscar::Profile;
use crate::sandbox::vapi::Script;
use crate::signals::SignalStream;

#[derive(Args)]
pub struct Demo {
    /// Which conversation: book, reschedule, cancel, not-found or emr-down.
    #[arg(long, value_parser = script, default_value = "book")]
    script: &'static Script,
    /// Where the daemon listens; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Which build of OSCAR the pretend EMR is.
    #[arg(long, value_parser = profiles(), default_value = Profile::default().name())]
    profile: Profile,
    /// End after the call instead of serving on.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub fn run(self) -> u8 {
        install_cryptography();
        block_on(self.show())
    }

    async fn show(self) -> u8 {
        let mut signals = match SignalStream::listen() {
            Ok(signals) => signals,
            Err(failure) => return could_not_begin(&failure.to_string()),
        };
        let house = match DemoHouse::begin(self.listen, self.profile).await {
            Ok(house) => house,
            Err(failure) => return could_not_begin(&failure),
        };
        let went_well = show::one_call(&house, self.script).await;
        if !self.once {
            show::how_to_go_on(&house);
            signals.next().await;
        }
        match (house.end().await, went_well) {
            (Ended::InOrder, true) => EX_OK,
            _ => EX_FAILED,
        }
    }
}

fn could_not_begin(why: &str) -> u8 {
    complain(&format!("the demo could not begin: {why}"));
    EX_TEMPFAIL
}
