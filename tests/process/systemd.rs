//! Started by systemd: what it is told and when, the socket it passes on, and the units that ship.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use tokio::net::{TcpStream, UnixDatagram};
use tokio::time::timeout;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::daemon::{Daemon, Ended, Process, serve};
use crate::patience::until;
use crate::postgres::say;
use crate::premises::Premises;
use crate::town::{MAPLE_LINE, Town};
use crate::voice::Platform;

const ACTIVATE: &str = "systemd-socket-activate";
const ANALYZE: &str = "systemd-analyze";
const CLOSED_ON_EXEC: i64 = 0o2_000_000;
const EX_TEMPFAIL: i32 = 75;

fn is_here(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("VITARAD_REQUIRE_SYSTEMD").is_none(), "there is no {program}");
    if !found {
        say(&format!("SKIPPED: no {program} here"));
    }
    found
}

/// Where systemd would listen.
pub(crate) struct Ear(UnixDatagram);

impl Ear {
    pub(crate) fn of(premises: &mut Premises) -> Self {
        let place = premises.directory().join("notify");
        premises.set("NOTIFY_SOCKET", place.to_str().expect("a path in UTF-8"));
        Self(UnixDatagram::bind(place).expect("a socket"))
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.0.try_recv(&mut [0]).is_err_and(|none| none.kind() == ErrorKind::WouldBlock)
    }

    async fn hears(&self) -> String {
        let mut message = [0; 512];
        let heard = timeout(Duration::from_mins(1), self.0.recv(&mut message)).await;
        let length = heard.expect("a message in time").expect("a message");
        String::from_utf8_lossy(&message[..length]).into_owned()
    }

    /// The next that is no sign of life.
    pub(crate) async fn hears_news(&self) -> String {
        loop {
            let message = self.hears().await;
            if message != ALIVE {
                return message;
            }
        }
    }
}

const ALIVE: &str = "WATCHDOG=1";

#[tokio::test]
async fn systemd_hears_when_the_door_is_open_of_every_reload_of_its_life_and_of_its_end() {
    let mut premises = Premises::around(Town::open().await);
    let ear = Ear::of(&mut premises);
    premises.set("WATCHDOG_USEC", "1000000");
    let starting = serve(&premises, &[]);
    let first = ear.hears_news().await;
    assert!(first.starts_with("READY=1\nSTATUS=serving as generation "), "{first}");
    let daemon = Daemon::of(starting).await;
    for _ in 0..2 {
        assert_eq!(ear.hears().await, ALIVE);
    }

    let well = premises.config();
    for config in ["[nonsense]\n", &well] {
        premises.write_config(config);
        daemon.process.signal("HUP");
        let reloading = ear.hears_news().await;
        assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
        assert_eq!(ear.hears_news().await, "READY=1", "whether or not it was of use");
    }

    daemon.process.signal("TERM");
    assert_eq!(ear.hears_news().await, "STOPPING=1\nSTATUS=draining");
    assert_eq!(daemon.process.ended().await.status.code(), Some(0));
    assert!(ear.is_silent());
}

fn free(host: &str) -> SocketAddr {
    TcpListener::bind((host, 0)).and_then(|free| free.local_addr()).expect("a free port")
}

/// An address nobody else has, and a process that begins with the first connection to it, as if by systemd.
fn activated(premises: &mut Premises, host: &str, before: &[&str]) -> (SocketAddr, Process) {
    let address = free(host);
    premises.set("VITARAD_HTTP__LISTEN", &address.to_string());
    (address, activated_at(premises, &[address], before, &[]))
}

fn activated_at(premises: &Premises, addresses: &[SocketAddr], before: &[&str], after: &[&str]) -> Process {
    let sockets = addresses.iter().map(|address| format!("--listen={address}"));
    let settings = premises.environment.iter().map(|(name, value)| format!("--setenv={name}={value}"));
    let mut line: Vec<String> = sockets.chain(settings).collect();
    let config = premises.config_file().display().to_string();
    let program = [env!("CARGO_BIN_EXE_vitarad"), "serve", "--config", &config];
    line.extend(before.iter().chain(&program).chain(after).map(|&word| word.to_owned()));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let found = std::env::var("PATH").unwrap_or_default();
    Process::run(ACTIVATE, &line, [(&"PATH".to_owned(), &found)])
}

/// Who connects before there is a process waits for it.
async fn first_guest(address: SocketAddr) {
    let reply = until("a guest", async || Platform::of(address).get("/livez", "").await).await;
    assert_eq!(reply.status, 200);
}

/// Sockets that would be passed on to whatever this process started.
pub(crate) fn leaking(process: u32) -> Vec<String> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("a process");
    let numbers =
        descriptors.map(|entry| entry.expect("an entry").file_name().into_string().expect("a number"));
    let leaks = |number: &String| {
        // Those that are closed meanwhile leak no more.
        let about = fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).ok()?;
        let flags =
            i64::from_str_radix(about.lines().find_map(|line| line.strip_prefix("flags:"))?.trim(), 8);
        Some(
            flags.is_ok_and(|flags| flags & CLOSED_ON_EXEC == 0)
                && !["0", "1", "2"].contains(&number.as_str()),
        )
    };
    let mut leaking: Vec<String> = numbers.filter(|number| leaks(number) == Some(true)).collect();
    leaking.sort_unstable();
    leaking
}

#[tokio::test]
async fn a_socket_that_systemd_holds_is_served_and_passed_on() {
    if !is_here(ACTIVATE) {
        return;
    }
    let mut premises = Premises::around(Town::open().await);
    let (address, process) = activated(&mut premises, "127.83.0.1", &[]);
    first_guest(address).await;
    let first = Daemon::of(process).await;
    assert_eq!(first.addr, address);
    assert_eq!(leaking(first.process.id()), [""; 0]);
    first.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone)).verify(MARIE).await;

    let next = Daemon::take_over(&premises).await;
    assert_eq!(first.process.ended().await.status.code(), Some(0));

    let other = free("127.83.0.1");
    let process = activated_at(&premises, &[other], &[], &["--takeover"]);
    knock(other).await;
    let last = Daemon::of(process).await;
    last.asked().await;
    assert_eq!((last.addr, next.process.ended().await.status.code()), (address, Some(0)), "the offer counts");
    let slot = last.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone)).earliest().await;
    assert!(slot.is_string(), "the call goes on");
}

#[tokio::test]
async fn a_socket_is_taken_from_who_does_not_say_for_whom_it_is() {
    if !is_here(ACTIVATE) {
        return;
    }
    let mut premises = Premises::around(Town::open().await);
    let (address, process) = activated(&mut premises, "127.83.0.2", &["env", "-u", "LISTEN_PID"]);
    first_guest(address).await;
    assert_eq!(Daemon::of(process).await.addr, address);
}

async fn knock(address: SocketAddr) {
    drop(until("a socket", async || TcpStream::connect(address).await.ok()).await);
}

async fn refused(premises: &Premises, addresses: &[SocketAddr]) -> Ended {
    let process = activated_at(premises, addresses, &[], &[]);
    knock(addresses[0]).await;
    process.ended().await
}

#[tokio::test]
async fn a_socket_of_another_address_is_refused_and_so_is_more_than_one() {
    if !is_here(ACTIVATE) {
        return;
    }
    let mut premises = Premises::around(Town::open().await);
    let (one, other) = (free("127.83.0.3"), free("127.83.0.3"));
    premises.set("VITARAD_HTTP__LISTEN", &other.to_string());
    for (sockets, words) in [(vec![one], "make them alike"), (vec![one, other], "more than one socket")] {
        let ended = refused(&premises, &sockets).await;
        assert_eq!(ended.status.code(), Some(EX_TEMPFAIL), "{}", ended.err);
        assert!(ended.err.contains(words), "{}", ended.err);
    }
}

/// As systemd's own programs see them.
#[test]
fn the_units_that_ship_are_understood_and_give_away_little() {
    if !is_here(ANALYZE) {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut units = Vec::new();
    for kind in ["service", "socket"] {
        let ours = format!("{}/config/vitarad@.{kind}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(ours).expect("a unit");
        let installed = text.replace("/usr/local/bin/vitarad", env!("CARGO_BIN_EXE_vitarad"));
        let unit = directory.path().join(format!("vitarad@node.{kind}"));
        fs::write(&unit, installed).expect("a file");
        units.push(unit);
    }
    let analyze = |arguments: &[&str], units: &[std::path::PathBuf]| {
        let ran = Command::new(ANALYZE).args(arguments).args(units).output().expect("systemd is installed");
        let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (ran.status.success(), said)
    };
    assert_eq!(analyze(&["verify", "--man=no"], &units), (true, String::new()));
    let (is_tight, said) =
        analyze(&["security", "--offline=true", "--threshold=20", "--no-pager"], &units[..1]);
    assert!(is_tight, "{said}");
}
