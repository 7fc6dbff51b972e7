//! The program itself, run as an operator runs it: a command line, an environment, signals, an exit code.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::patience::until;
use crate::premises::{OPERATOR_TOKEN, Premises};
use crate::voice::Platform;

/// However it is ended, a process is gone after this long.
const HARD_END: Duration = Duration::from_secs(10);

/// So many of the last are shown when a test fails.
const COMPLAINTS: usize = 20;

/// A running process; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    out: Heard,
    err: Heard,
}

/// What a process has written so far.
struct Heard {
    text: Arc<Mutex<String>>,
    listening: JoinHandle<()>,
}

/// How a process ended, and all it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Process {
    /// Nothing of this test's own environment is passed on.
    pub(crate) fn start<'a>(
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        Self::run(env!("CARGO_BIN_EXE_vitarad"), arguments, environment)
    }

    /// The same with another program.
    pub(crate) fn run<'a>(
        program: &str,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let out = Heard::from(child.stdout.take().expect("a pipe"));
        let err = Heard::from(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("a process that has not ended")
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.id();
        let sent = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} is sent");
    }

    /// SIGKILL, at once.
    pub(crate) fn kill(&mut self) {
        self.child.start_kill().expect("a process that has not ended");
    }

    /// By SIGSTOP: it lives, and does nothing.
    pub(crate) fn is_stopped(&self) -> bool {
        let process = self.id();
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The state follows the name, which is in parentheses and may hold anything.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    pub(crate) fn out(&self) -> String {
        self.out.so_far()
    }

    /// Waits for its end; one that does not come is a failure. What it wrote may go on in the hands of another.
    pub(crate) async fn left(&mut self) -> ExitStatus {
        self.left_within(HARD_END).await
    }

    async fn left_within(&mut self, limit: Duration) -> ExitStatus {
        let status = timeout(limit, self.child.wait()).await.expect("an end within the hard limit");
        status.expect("a status")
    }

    /// The same, with all it wrote.
    pub(crate) async fn ended(self) -> Ended {
        self.ended_within(HARD_END).await
    }

    /// The same of who first sees whether another one ends.
    pub(crate) async fn ended_within(mut self, limit: Duration) -> Ended {
        let status = self.left_within(limit).await;
        Ended { status, out: self.out.all().await, err: self.err.all().await }
    }
}

impl Heard {
    fn from(pipe: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&text);
        let listening = tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut heard = heard.lock().expect("nobody panics with it");
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { text, listening }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("nobody panics with it").clone()
    }

    async fn all(mut self) -> String {
        let _ = (&mut self.listening).await;
        self.so_far()
    }
}

/// When a test fails, what its processes complained of is said with it.
impl Drop for Heard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = self.so_far();
            let complains = |line: &&str| ["WARN", "ERROR"].iter().any(|level| line.contains(level));
            let complaints: Vec<&str> = text.lines().rev().filter(complains).take(COMPLAINTS).collect();
            for line in complaints.iter().rev() {
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    }
}

/// `vitarad serve`, ready for its first call.
pub(crate) struct Daemon {
    pub(crate) process: Process,
    pub(crate) addr: SocketAddr,
    pub(crate) platform: Platform,
}

impl Daemon {
    pub(crate) async fn serve(premises: &Premises, arguments: &[&str]) -> Self {
        Self::of(serve(premises, arguments)).await
    }

    /// Once it is.
    pub(crate) async fn of(mut process: Process) -> Self {
        let addr = until("the address in the log", async || {
            let begun = address(&process.out());
            assert!(begun.is_some() || process.is_running(), "not begun: {}", process.err.so_far());
            begun
        })
        .await;
        let platform = Platform::of(addr);
        until("readiness", async || platform.get("/readyz", "").await.filter(|reply| reply.status == 200))
            .await;
        Self { process, addr, platform }
    }

    /// By a process beside the one that has the node. Asked something at once, it has not to wait until it is.
    pub(crate) async fn take_over(premises: &Premises) -> Self {
        let successor = Self::serve(premises, &["--takeover"]).await;
        successor.asked().await;
        successor
    }

    /// By the clinic that tests leave alone otherwise: its allowance is nobody else's.
    pub(crate) async fn asked(&self) {
        let answer = self.platform.post("/clinics/cedar/api/vapi/get-clinic-info", "{}").await;
        assert_eq!(answer.expect("an answer").status, 200);
    }

    /// What the operator is told of a clinic.
    pub(crate) async fn health_of(&self, clinic: &str) -> Value {
        let report = self.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
        let clinics = report["clinics"].as_array().cloned().unwrap_or_default();
        clinics.into_iter().find(|one| one["clinic"] == clinic).expect("a clinic of this daemon")
    }

    /// The page of metrics; the demo's configuration shows it to everybody.
    pub(crate) async fn metrics(&self) -> String {
        self.platform.get("/metrics", "").await.expect("an answer").text
    }
}

/// `vitarad serve`, whether or not it will.
pub(crate) fn serve(premises: &Premises, arguments: &[&str]) -> Process {
    let file = premises.config_file();
    let mut line = vec!["serve", "--config", file.to_str().expect("a path in UTF-8")];
    line.extend(arguments);
    Process::start(&line, &premises.environment)
}

/// Port 0 was asked for; which one it became is in the log.
fn address(log: &str) -> Option<SocketAddr> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let serving = lines.into_iter().find(|line| line["message"] == "serving")?;
    serving["http.addr"].as_str()?.parse().ok()
}
