//! How a process starts its own successor: the program that is at its path now, as it was started itself, with
//! `--takeover`. From then on the two are strangers to each other, who talk as any two do; only its end is waited for, so
//! that a successor that fails is no zombie, and systemd is told whom to follow.

use std::env::{args_os, var_os};
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::process::{Child, Command};
use vitarad_actors::handoff::Refusal;

/// What a start says beyond how it was said the first time.
pub const TAKEOVER: &str = "--takeover";
/// Somebody at standard input wants to know how it ends.
pub const REPORT: &str = "--report";

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
pub struct Succession(Arc<AtomicU32>);

const NOBODY: u32 = 0;

impl Succession {
    /// Whoever asked is told by the successor, at whose standard input they are.
    pub fn start(&self, asker: Option<OwnedFd>) -> Result<(), NoSuccessor> {
        let started = self.spawn(asker);
        started.inspect_err(|failure| tracing::warn!(%failure, "no successor was started"))
    }

    fn spawn(&self, asker: Option<OwnedFd>) -> Result<(), NoSuccessor> {
        if self.0.load(Ordering::SeqCst) != NOBODY {
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
        self.0.store(child.id().unwrap_or(NOBODY), Ordering::SeqCst);
        tracing::info!(successor.pid = child.id(), "a successor is started");
        tokio::spawn(self.clone().wait(child));
        Ok(())
    }

    /// Whether it is the process of this number.
    pub fn is(&self, process: u32) -> bool {
        process != NOBODY && process == self.0.load(Ordering::SeqCst)
    }

    /// If it has the node by then, we have ended before it.
    async fn wait(self, mut child: Child) {
        let code = child.wait().await.ok().and_then(|status| status.code());
        self.0.store(NOBODY, Ordering::SeqCst);
        tracing::warn!(successor.exit = code, "the successor that was started here has ended");
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
