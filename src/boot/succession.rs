//! How a process starts its own successor: the program that is at its path now, as it was started itself, with
//! `--takeover`. From then on the two are strangers to each other, who talk as any two do; only its end is waited for, so
//! that a successor that fails is no zombie, and systemd is told whom to follow. One that hangs is killed, or there could
//! be no other.

use std::env::{args_os, var_os};
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use vitarad_actors::handoff::Refusal;

/// What a start says beyond how it was said the first time.
pub const TAKEOVER: &str = "--takeover";
/// Somebody at standard input wants to know how it ends.
pub const REPORT: &str = "--report";

/// From its start to its first word, which it says before it opens the store.
const SAYING_HELLO: Duration = Duration::from_secs(10);
/// What it may take to be gone once it cannot have the node any more. Longer than a drain, and than it waits for our end
/// when the line was cut.
const LEAVING: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
pub enum NoSuccessor {
    #[error("{}", Refusal::AnotherSuccessor)]
    Another,
    #[error("this is the first process of a container, which would end with it; start another container")]
    First,
    #[error("systemd would end the successor with this process; the unit wants Type=notify, or restart it")]
    Untold,
    #[error("the program cannot be started: {0}")]
    Unusable(#[from] io::Error),
}

/// The process that was started here to take over, while it lives.
#[derive(Debug, Clone, Default)]
pub struct Succession(Arc<watch::Sender<Option<Started>>>);

#[derive(Debug, Clone, Copy)]
struct Started {
    process: u32,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Silent,
    Talking,
    /// Its talk is over, and the node is still ours.
    Dismissed,
}

impl Succession {
    /// Whoever asked is told by the successor, at whose standard input they are.
    pub fn start(&self, asker: Option<OwnedFd>) -> Result<(), NoSuccessor> {
        let started = self.spawn(asker);
        started.inspect_err(|failure| tracing::warn!(%failure, "no successor was started"))
    }

    fn spawn(&self, asker: Option<OwnedFd>) -> Result<(), NoSuccessor> {
        if self.0.borrow().is_some() {
            return Err(NoSuccessor::Another);
        }
        survives_us()?;
        let mut line = args_os();
        // As it was found then: a link to the newest release leads elsewhere by now.
        let program = line.next().ok_or(io::ErrorKind::NotFound).map_err(io::Error::from)?;
        let report = asker.is_some().then_some(REPORT);
        let child = Command::new(program)
            .args(arguments(line).chain(report.map(OsString::from)))
            // Names us; the successor has the same watchdog.
            .env_remove("WATCHDOG_PID")
            .stdin(asker.map_or_else(Stdio::null, Stdio::from))
            .spawn()?;
        self.0.send_replace(child.id().map(|process| Started { process, stage: Stage::Silent }));
        tracing::info!(successor.pid = child.id(), "a successor is started");
        tokio::spawn(self.clone().wait(child));
        Ok(())
    }

    /// Whether it is the process of this number.
    pub fn is(&self, process: u32) -> bool {
        self.0.borrow().is_some_and(|started| started.process == process)
    }

    /// A process has said hello.
    pub fn greeted(&self, process: Option<u32>) {
        self.comes_to(process, Stage::Talking);
    }

    /// A process that talked to us cannot have the node any more.
    pub fn dismissed(&self, process: Option<u32>) {
        self.comes_to(process, Stage::Dismissed);
    }

    fn comes_to(&self, process: Option<u32>, stage: Stage) {
        self.0.send_if_modified(|started| match started {
            Some(started) if Some(started.process) == process => {
                started.stage = stage;
                true
            }
            _ => false,
        });
    }

    /// If it has the node by then, we have ended before it.
    async fn wait(self, mut child: Child) {
        let ended = tokio::select! {
            ended = child.wait() => ended,
            why = self.overstayed() => {
                tracing::warn!(why, "the successor that was started here is killed");
                let _ = child.start_kill();
                child.wait().await
            }
        };
        let code = ended.ok().and_then(|status| status.code());
        self.0.send_replace(None);
        tracing::warn!(successor.exit = code, "the successor that was started here has ended");
    }

    /// Resolves when it should have been gone by now.
    async fn overstayed(&self) -> &'static str {
        let mut started = self.0.subscribe();
        let mut has_come = async |is_there: fn(Stage) -> bool| {
            // The sender lives as long as we do.
            let _ = started.wait_for(|started| started.is_some_and(|started| is_there(started.stage))).await;
        };
        if timeout(SAYING_HELLO, has_come(|stage| stage != Stage::Silent)).await.is_err() {
            return "it says nothing";
        }
        has_come(|stage| stage == Stage::Dismissed).await;
        sleep(LEAVING).await;
        "it cannot have the node, and stays"
    }
}

fn arguments(line: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let ours = line.filter(|argument| argument != TAKEOVER && argument != REPORT);
    ours.chain([OsString::from(TAKEOVER)])
}

/// Whoever ends with us cannot follow us.
fn survives_us() -> Result<(), NoSuccessor> {
    let us = std::process::id();
    let is_systemds = var_os("SYSTEMD_EXEC_PID").is_some_and(|pid| pid == us.to_string().as_str());
    if us == 1 {
        Err(NoSuccessor::First)
    } else if is_systemds && var_os("NOTIFY_SOCKET").is_none() {
        Err(NoSuccessor::Untold)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_is_started_as_we_were_and_is_to_take_over() {
        for ours in [
            ["serve", "--config", "my.toml"].as_slice(),
            &["serve", "--takeover", "--config", "my.toml", "--report"],
        ] {
            let theirs: Vec<OsString> = arguments(ours.iter().map(OsString::from)).collect();
            assert_eq!(theirs, ["serve", "--config", "my.toml", "--takeover"]);
        }
    }
}
