//! `vitarad upgrade`: asks the running daemon for a successor, and says how that ended.

use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep, timeout};
use vitarad_actors::handoff::ToIncumbent;

use super::{EX_OK, EX_TEMPFAIL, Source, block_on, complain, say};
use crate::boot;
use crate::config::Settings;
use crate::handoff::{Line, NoPlace, Report, awaited};

/// Longer than all steps of a handoff together.
const PATIENCE: Duration = Duration::from_mins(3);
/// Where a node changes hands this moment, nobody listens for an instant.
const CHANGING_HANDS: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

#[derive(Args)]
pub struct Upgrade {
    #[command(flatten)]
    source: Source,
}

impl Upgrade {
    pub fn run(&self) -> u8 {
        match self.source.load() {
            Ok(loaded) => block_on(upgrade(loaded.settings)),
            Err(code) => code,
        }
    }
}

async fn upgrade(settings: Settings) -> u8 {
    let line = match incumbent(&settings).await {
        Ok(Some(line)) => line,
        Ok(None) => return not_upgraded("nobody runs as this node here; start it with `vitarad serve`"),
        Err(failure) => return not_upgraded(&failure.to_string()),
    };
    // Who refuses may have said so and hung up before we spoke.
    let _ = line.say(&ToIncumbent::Upgrade {}).await;
    match timeout(PATIENCE, awaited(line)).await {
        Ok(Some(report)) => told(report),
        Ok(None) => not_upgraded("whoever was to tell ended without a word; the logs say more"),
        Err(_) => not_upgraded("nobody has told how it ended; the logs say more"),
    }
}

async fn incumbent(settings: &Settings) -> Result<Option<Line>, NoPlace> {
    let (place, give_up) = (boot::place(settings), Instant::now() + CHANGING_HANDS);
    loop {
        match place.connect().await? {
            None if Instant::now() < give_up => sleep(LOOK_AGAIN).await,
            found => return Ok(found),
        }
    }
}

fn told(report: Report) -> u8 {
    match report {
        Report::Serving { generation, follows: Some(former) } => {
            say(&format!("generation {} has taken over from {}\n", generation.0, former.0))
        }
        Report::Serving { generation, follows: None } => {
            say(&format!("generation {} serves; the one before it had died meanwhile\n", generation.0))
        }
        Report::Refused { reason } => not_upgraded(&reason.to_string()),
        Report::NotStarted { why } => not_upgraded(&why),
        Report::Failed { code, why } => {
            not_upgraded(&why);
            // Whatever it says, it is no success.
            code.max(EX_OK + 1)
        }
    }
}

fn not_upgraded(why: &str) -> u8 {
    complain(&format!("not upgraded: {why}"));
    EX_TEMPFAIL
}
