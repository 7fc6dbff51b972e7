//! A house to measure in: an EMR and a daemon, each a process of its own, on loopback and in a directory that goes with
//! them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::config::{self, Budgets};
use crate::connection::Connection;
use crate::process::Process;

pub struct House {
    pub daemon: Process,
    pub emr: Emr,
    pub door: SocketAddr,
    pub clinics: Vec<String>,
    _directory: TempDir,
}

/// The pretend EMR.
pub struct Emr {
    pub process: Process,
    pub addr: SocketAddr,
    pub control: SocketAddr,
}

/// A daemon that can be started again and again on the same files.
pub struct Premises {
    directory: TempDir,
    door: SocketAddr,
}

impl House {
    /// `patients` in each clinic.
    pub fn open(clinics: usize, patients: usize, budgets: Budgets) -> Self {
        let emr = Emr::start(clinics, patients);
        let names = names(clinics);
        let premises = Premises::furnish(&names, emr.addr, budgets);
        let daemon = premises.start();
        let Premises { directory, door } = premises;
        Self { daemon, emr, door, clinics: names, _directory: directory }
    }
}

impl Emr {
    pub fn start(clinics: usize, patients: usize) -> Self {
        let mut process = Process::emr(&[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--control",
            "127.0.0.1:0",
            "--clinics",
            &clinics.to_string(),
            "--patients",
            &patients.to_string(),
        ]);
        let mut greeting = String::new();
        BufReader::new(process.output()).read_line(&mut greeting).expect("the EMR says where it listens");
        let addresses: Vec<SocketAddr> = greeting
            .split("http://")
            .skip(1)
            .filter_map(|rest| rest.split('/').next()?.parse().ok())
            .collect();
        Self { process, addr: addresses[0], control: addresses[1] }
    }

    /// Tells its control port something: a fault to make, or `DELETE` to make none any more.
    pub fn order(&self, method: &str, path: &str, body: &str) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: emr\r\ncontent-type: application/json\r\ncontent-length: "
        );
        let request = format!("{head}{}\r\n\r\n{body}", body.len());
        let mut connection = Connection::open(self.control).expect("its control port listens");
        let status = connection.exchange(request.as_bytes()).expect("it answers").status;
        assert!((200..300).contains(&status), "{method} {path} was answered with {status}");
    }
}

impl Premises {
    /// `clinics` of the EMR that listens there; without any the EMR need not exist.
    pub fn furnish(clinics: &[String], emr: SocketAddr, budgets: Budgets) -> Self {
        let directory = TempDir::with_prefix("vitarad-bench-").expect("a directory");
        let door = free_port();
        let house = config::House { listen: door, directory: directory.path(), emr, clinics, budgets };
        fs::write(directory.path().join("vitarad.toml"), house.write()).expect("the settings are written");
        Self { directory, door }
    }

    /// Returns when it is ready.
    pub fn start(&self) -> Process {
        self.timed_start().0
    }

    /// From the process's beginning to its first "ready".
    pub fn timed_start(&self) -> (Process, Duration) {
        let settings: PathBuf = self.directory.path().join("vitarad.toml");
        let begun = Instant::now();
        let process = Process::daemon(&["serve", "--config", settings.to_str().expect("a plain path")]);
        self.await_ready(begun);
        (process, begun.elapsed())
    }

    fn await_ready(&self, begun: Instant) {
        let request = b"GET /readyz HTTP/1.1\r\nhost: door\r\n\r\n";
        loop {
            // Before the door opens the kernel already takes connections: the question waits there.
            let answered = Connection::open(self.door)
                .and_then(|mut connection| connection.exchange(request).map(|reply| reply.status));
            if matches!(answered, Ok(200)) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "the daemon does not become ready");
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}

/// The names the pretend EMR gives its clinics.
pub fn names(clinics: usize) -> Vec<String> {
    let nth = |n| match n {
        0 => "maple".to_owned(),
        1 => "cedar".to_owned(),
        n => format!("clinic-{}", n + 1),
    };
    (0..clinics).map(nth).collect()
}

fn free_port() -> SocketAddr {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("it has an address")
}
