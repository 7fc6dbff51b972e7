//! The one owner of signals.
//!
//! SIGTERM and SIGINT drain; a second one ends the process at once, from the signal handler, whatever the rest is doing.
//! SIGHUP reopens the logs and reloads what can be reloaded. SIGUSR2 starts a successor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR2};
use signal_hook::flag;
use signal_hook_tokio::Signals;

/// What a second SIGTERM or SIGINT makes of the process.
const EXIT_AT_ONCE: i32 = 130;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Drain,
    Reload,
    Upgrade,
}

pub struct SignalStream(Signals);

impl SignalStream {
    pub fn listen() -> io::Result<Self> {
        let draining = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first arrival finds the flag down and raises it, the second finds it up.
            flag::register_conditional_shutdown(signal, EXIT_AT_ONCE, Arc::clone(&draining))?;
            flag::register(signal, Arc::clone(&draining))?;
        }
        Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR2]).map(Self)
    }

    pub async fn next(&mut self) -> Signal {
        match self.0.next().await {
            Some(SIGHUP) => Signal::Reload,
            Some(SIGUSR2) => Signal::Upgrade,
            _ => Signal::Drain,
        }
    }

    /// While there is nothing yet that could be reloaded.
    pub async fn told_to_stop(&mut self) {
        while self.next().await != Signal::Drain {}
    }
}
