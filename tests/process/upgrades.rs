//! A running daemon starts its own successor, and whoever asked for it hears how that ended.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad_actors::handoff::PROTO;

use crate::daemon::{Daemon, Ended, Process};
use crate::engine::around;
use crate::handoffs::{hello, talk_to};
use crate::patience::until;
use crate::postgres::say;
use crate::premises::Premises;
use crate::systemd::{Ear, leaking};
use crate::town::{MAPLE_LINE, Town};
use crate::voice::PhoneCall;

const EX_TEMPFAIL: i32 = 75;
const EX_CONFIG: i32 = 78;

/// Premises with a program in them that can be replaced, and how it is called.
struct Installed {
    premises: Premises,
    program: PathBuf,
}

impl Installed {
    async fn new() -> Self {
        let premises = around(Town::open().await).await;
        let program = premises.directory().join("vitarad");
        let installed = Self { premises, program };
        installed.link();
        installed
    }

    fn link(&self) {
        symlink(env!("CARGO_BIN_EXE_vitarad"), &self.program).expect("a link");
    }

    fn put_back(&self) {
        fs::remove_file(&self.program).expect("another one");
        self.link();
    }

    fn run(&self, arguments: &[&str]) -> Process {
        let file = self.premises.config_file();
        let config = ["--config", file.to_str().expect("a path in UTF-8")];
        let program = self.program.to_str().expect("a path in UTF-8");
        Process::run(program, &[arguments, &config].concat(), &self.premises.environment)
    }

    async fn serve(&self) -> Daemon {
        Daemon::of(self.run(&["serve"])).await
    }

    /// From now on another program is at that path.
    fn replace(&self, script: &str) {
        fs::remove_file(&self.program).expect("a link");
        fs::write(&self.program, format!("#!/bin/sh\n{script}\n")).expect("a file");
        fs::set_permissions(&self.program, fs::Permissions::from_mode(0o755)).expect("a file of ours");
    }
}

/// As an operator does it, who has a program of their own.
fn asks_for_an_upgrade(premises: &Premises) -> Process {
    let file = premises.config_file();
    let line = ["upgrade", "--config", file.to_str().expect("a path in UTF-8")];
    Process::start(&line, &premises.environment)
}

async fn upgrade(premises: &Premises) -> Ended {
    asks_for_an_upgrade(premises).ended().await
}

/// While calls come in: a successor that is asked nothing takes half a minute to settle.
async fn at_noon<T>(daemon: &Daemon, upgrading: impl Future<Output = T>) -> T {
    let calls = async {
        loop {
            daemon.asked().await;
        }
    };
    tokio::select! {
        done = upgrading => done,
        never = calls => never,
    }
}

async fn upgrade_at_noon(premises: &Premises, daemon: &Daemon) -> String {
    let told = at_noon(daemon, upgrade(premises)).await;
    assert_eq!(told.status.code(), Some(0), "{}", told.err);
    told.out
}

/// A process that is nobody's here; killed when it is dropped.
struct Stranger(u32);

impl Drop for Stranger {
    fn drop(&mut self) {
        let runs = fs::read_link(format!("/proc/{}/exe", self.0)).unwrap_or_default();
        if runs != Path::new(env!("CARGO_BIN_EXE_vitarad")) {
            return;
        }
        let _ = Command::new("sh").args(["-c", &format!("kill -KILL {}", self.0)]).status();
    }
}

/// Those that were started by the process that writes this log, and by them.
async fn started(first: &Daemon, count: usize) -> Stranger {
    let pid = until("a successor", async || {
        let lines: Vec<Value> =
            first.process.out().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        lines.iter().filter_map(|line| line["successor.pid"].as_u64()).nth(count - 1)
    })
    .await;
    Stranger(u32::try_from(pid).expect("a process id"))
}

fn call(daemon: &Daemon) -> PhoneCall {
    daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone))
}

async fn serves_on(daemon: &Daemon) {
    assert!(call(daemon).earliest().await.is_string(), "it serves, and knows who was verified");
}

fn not_upgraded(ended: &Ended, code: i32, why: &str) {
    assert_eq!(ended.status.code(), Some(code), "{}", ended.err);
    assert!(ended.err.starts_with("not upgraded: ") && ended.err.contains(why), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_follow_each_other_whether_they_are_asked_for_or_signalled() {
    let installed = Installed::new().await;
    let mut first = installed.serve().await;
    call(&first).verify(MARIE).await;
    let told = upgrade_at_noon(&installed.premises, &first).await;
    assert_eq!(told, "generation 2 has taken over from 1\n");
    let second = started(&first, 1).await;
    assert_eq!(first.process.left().await.code(), Some(0));
    assert_eq!(leaking(second.0), leaking(std::process::id()), "nothing but what the test itself was given");
    serves_on(&first).await;

    let signalled = Command::new("sh").args(["-c", &format!("kill -USR2 {}", second.0)]).status();
    assert!(signalled.is_ok_and(|status| status.success()));
    let third = started(&first, 2).await;
    until("its predecessor's end", async || {
        first.asked().await;
        (first.process.out().matches("the former process is gone").count() == 2).then_some(())
    })
    .await;
    serves_on(&first).await;

    let told = upgrade_at_noon(&installed.premises, &first).await;
    assert_eq!(told, "generation 4 has taken over from 3\n");
    let fourth = started(&first, 3).await;
    serves_on(&first).await;
    drop((second, third, fourth));
}

#[tokio::test]
async fn systemd_is_told_whom_to_follow_and_not_that_the_service_stops() {
    let mut installed = Installed::new().await;
    let ear = Ear::of(&mut installed.premises);
    let mut first = installed.serve().await;
    assert!(ear.hears_news().await.starts_with("READY=1\nSTATUS=serving as generation 1"));
    call(&first).verify(MARIE).await;
    first.process.signal("USR2");
    let second = started(&first, 1).await;
    // Who takes over says so, too, but is nobody to systemd before it is the main process.
    let news = async { [ear.hears_news().await, ear.hears_news().await] };
    let news = at_noon(&first, news).await;
    assert!(news.contains(&format!("MAINPID={}\nWATCHDOG=1", second.0)), "{news:?}");
    assert!(news.contains(&"READY=1\nSTATUS=serving as generation 2".to_owned()), "{news:?}");
    assert_eq!(first.process.left().await.code(), Some(0));
    assert!(ear.is_silent(), "the service goes on");
    drop(second);
}

#[tokio::test]
async fn a_program_that_fails_is_heard_of_leaves_nothing_behind_and_was_given_nothing() {
    let installed = Installed::new().await;
    let premises = &installed.premises;
    let first = installed.serve().await;
    call(&first).verify(MARIE).await;

    let list = premises.directory().join("descriptors");
    installed.replace("ls /proc/self/fd > ${0%/*}/descriptors; exit 3");
    let ran = Command::new(&installed.program).status().expect("a program");
    assert_eq!(ran.code(), Some(3));
    let ours = fs::read_to_string(&list).expect("a list");
    not_upgraded(&upgrade(premises).await, EX_TEMPFAIL, "without a word");
    let child = started(&first, 1).await;
    until("its end in the log", async || first.process.out().contains("\"successor.exit\":3").then_some(()))
        .await;
    assert!(!fs::exists(format!("/proc/{}", child.0)).expect("it can be asked"), "it is no zombie");
    let given = fs::read_to_string(&list).expect("a list");
    assert_eq!(given, ours, "nothing but what we give to any program");

    fs::remove_file(&installed.program).expect("it was there");
    not_upgraded(&upgrade(premises).await, EX_TEMPFAIL, "the program cannot be started");
    serves_on(&first).await;
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_and_the_next_upgrade_comes_about() {
    let installed = Installed::new().await;
    let premises = &installed.premises;
    let first = installed.serve().await;
    call(&first).verify(MARIE).await;

    installed.replace("exec sleep 600");
    let waiting = asks_for_an_upgrade(premises);
    let hung = started(&first, 1).await;
    not_upgraded(&upgrade(premises).await, EX_TEMPFAIL, "another successor is at it");
    until("its end in the log", async || {
        let out = first.process.out();
        (out.contains("it says nothing") && out.contains("has ended")).then_some(())
    })
    .await;
    assert!(!fs::exists(format!("/proc/{}", hung.0)).expect("it can be asked"), "it is gone");
    not_upgraded(&waiting.ended().await, EX_TEMPFAIL, "without a word");
    serves_on(&first).await;

    installed.put_back();
    assert_eq!(upgrade_at_noon(premises, &first).await, "generation 2 has taken over from 1\n");
    let next = started(&first, 2).await;
    serves_on(&first).await;
    drop(next);
}

#[tokio::test]
async fn an_upgrade_that_cannot_be_says_why_and_the_running_process_serves_on() {
    let installed = Installed::new().await;
    not_upgraded(&upgrade(&installed.premises).await, EX_TEMPFAIL, "nobody runs");
    let first = installed.serve().await;
    call(&first).verify(MARIE).await;

    let mut another = talk_to(&installed.premises).await;
    another.write_all(&hello(PROTO, 9, 1)).await.expect("it listens");
    let told = until("a refusal", async || {
        Some(upgrade(&installed.premises).await).filter(|told| told.err.contains("another successor"))
    })
    .await;
    not_upgraded(&told, EX_TEMPFAIL, "another successor is at it");
    drop(another);

    // The operator's own configuration is right; what the running process was started with is not any more.
    let well = installed.premises.directory().join("well.toml");
    fs::write(&well, installed.premises.config()).expect("a file");
    installed.premises.write_config("[http]\nmax_conections = 7\n");
    let line = ["upgrade", "--config", well.to_str().expect("a path in UTF-8")];
    let told = until("a successor that was started", async || {
        let told = Process::start(&line, &installed.premises.environment).ended().await;
        (!told.err.contains("another successor")).then_some(told)
    })
    .await;
    not_upgraded(&told, EX_CONFIG, "http.max_conections");
    serves_on(&first).await;
}

/// As far as a process is concerned.
const CONTAINER: [&str; 4] = ["/usr/bin/unshare", "--pid", "--fork", "--kill-child"];
/// Started by systemd, which was not asked to listen.
const UNIT: [&str; 3] = ["/bin/sh", "-c", "SYSTEMD_EXEC_PID=$$ exec \"$0\" \"$@\""];

fn containers_can_be_made() -> bool {
    let tried = Command::new(CONTAINER[0]).args(&CONTAINER[1..]).arg("true").output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        say("SKIPPED: only root has process numbers of its own");
    }
    can
}

#[tokio::test]
async fn no_successor_is_started_where_it_would_end_with_the_daemon() {
    let premises = around(Town::open().await).await;
    let file = premises.config_file();
    let serve = [env!("CARGO_BIN_EXE_vitarad"), "serve", "--config", file.to_str().expect("a path in UTF-8")];
    let mut cases = vec![(UNIT.as_slice(), "the unit wants Type=notify")];
    if containers_can_be_made() {
        cases.push((&CONTAINER, "first process of a container"));
    }
    for (around, why) in cases {
        let line = [&around[1..], &serve].concat();
        let mut daemon = Daemon::of(Process::run(around[0], &line, &premises.environment)).await;
        not_upgraded(&upgrade(&premises).await, EX_TEMPFAIL, why);
        let logged = async || daemon.process.out().contains("no successor was started").then_some(());
        until("it in the log", logged).await;
        daemon.process.kill();
        daemon.process.left().await;
    }
}
