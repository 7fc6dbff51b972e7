//! What a test has happen to this process at a step of a handoff. Not in a release.

use std::str::FromStr;

use rustix::process::{Signal, getpid, kill_process};

#[derive(Debug, Clone)]
pub struct Fate {
    step: String,
    blow: Blow,
}

#[derive(Debug, Clone, Copy)]
enum Blow {
    Abort,
    Panic,
    /// It hangs, until it is told to go on.
    Stop,
    Terminate,
    TerminateTwice,
}

impl FromStr for Fate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (step, blow) = text.split_once(':').unwrap_or((text, "abort"));
        let blow = match blow {
            "abort" => Blow::Abort,
            "panic" => Blow::Panic,
            "stop" => Blow::Stop,
            "term" => Blow::Terminate,
            "term-twice" => Blow::TerminateTwice,
            _ => return Err("there are abort, panic, stop, term, term-twice".to_owned()),
        };
        Ok(Self { step: step.to_owned(), blow })
    }
}

impl Fate {
    pub fn strike(&self, begun: &str) {
        if begun == self.step {
            self.blow.strike();
        }
    }
}

impl Blow {
    #[expect(clippy::panic, reason = "what it does to a process is what the test wants to see")]
    fn strike(self) {
        match self {
            Self::Abort => std::process::abort(),
            Self::Panic => panic!("as the test wished"),
            Self::Stop => send(Signal::STOP),
            Self::Terminate => send(Signal::TERM),
            Self::TerminateTwice => {
                send(Signal::TERM);
                send(Signal::TERM);
            }
        }
    }
}

fn send(signal: Signal) {
    let _ = kill_process(getpid(), signal);
}
