//! One process of the house: started from this build, watched through `/proc`, killed when it is no longer needed.

use std::ffi::OsString;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub struct Process {
    child: Child,
}

/// What a process holds of the machine's memory.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    pub resident: Megabytes,
    /// Pages that are shared with others count by their share.
    pub proportional: Megabytes,
}

#[derive(Clone, Copy, Default)]
pub struct Megabytes(f64);

impl std::fmt::Display for Megabytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} MB", self.0)
    }
}

/// What was built beside this benchmark.
const BUILT: &str = env!("CARGO_BIN_EXE_vitarad");

impl Process {
    pub fn emr(arguments: &[&str]) -> Self {
        Self::start(BUILT.into(), arguments)
    }

    /// The daemon can be another build's, to compare two against the same EMR.
    pub fn daemon(arguments: &[&str]) -> Self {
        Self::start(std::env::var_os("BENCH_DAEMON").unwrap_or_else(|| BUILT.into()), arguments)
    }

    fn start(program: OsString, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        Self { child: command.spawn().expect("vitarad starts") }
    }

    pub fn output(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().expect("its output is asked for once")
    }

    /// Time on the processors so far, by the kernel's count: what others do on the machine does not show in it.
    pub fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // The name, in parentheses, may hold anything; the times are the 12th and 13th field after it.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        // Linux tells a hundredth of a second on every machine.
        Duration::from_millis(10 * ticks)
    }

    pub fn memory(&self) -> Memory {
        let rollup = self.proc("smaps_rollup");
        let of = |name| {
            let line = rollup.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            let kilobytes = line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok());
            Megabytes(kilobytes.unwrap_or_default() * 1024.0 / 1e6)
        };
        Memory { resident: of("Rss:"), proportional: of("Pss:") }
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("the process is alive")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
