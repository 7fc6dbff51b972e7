//! systemd, or whoever started this process and speaks its language: what it is told, and the socket it passes on. Where
//! nobody listens nothing is said.

use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;
use sd_notify::NotifyState;

/// In microseconds: longer than one attempt to begin.
const MORE_TIME: u32 = 60_000_000;

#[derive(Debug, thiserror::Error)]
pub enum BadSocket {
    #[error("more than one socket was passed to this process; pass only that of http.listen")]
    TooMany,
    #[error("what was passed to this process as a socket is none that listens for TCP connections")]
    Strange,
}

/// What this process was started with, closed on exec from now on. To be asked once, and before there are threads: it
/// changes the environment.
pub fn passed_socket() -> Result<Option<TcpListener>, BadSocket> {
    let mut passed = ListenFd::from_env();
    if passed.len() > 1 {
        return Err(BadSocket::TooMany);
    }
    let socket = passed.take_tcp_listener(0).map_err(|_| BadSocket::Strange)?;
    match socket {
        Some(socket) if !socket_acceptconn(&socket).unwrap_or(false) => Err(BadSocket::Strange),
        socket => Ok(socket),
    }
}

/// The start takes longer, and is not to be given up yet.
pub fn waiting_for(what: &str) {
    tell(&[NotifyState::ExtendTimeoutUsec(MORE_TIME), NotifyState::Status(&format!("waiting for {what}"))]);
}

/// The door is open.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

pub fn reloading() {
    let since = NotifyState::monotonic_usec_now().unwrap_or(NotifyState::MonotonicUsec(0));
    tell(&[NotifyState::Reloading, since]);
}

/// Or not, but it goes on.
pub fn reloaded() {
    tell(&[NotifyState::Ready]);
}

pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// The service goes on in another process. Whoever it is has proved itself, and begins its own signs of life later than
/// ours would have come.
pub fn succeeded_by(process: u32) {
    tell(&[NotifyState::MainPid(process), NotifyState::Watchdog]);
}

/// How often it wants to hear [`alive`]; later than that it kills.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|allowed| !allowed.is_zero())
}

pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(states: &[NotifyState]) {
    let Some(place) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let lines: Vec<String> = states.iter().map(ToString::to_string).collect();
    if let Err(failure) = send(&place, &lines.join("\n")) {
        tracing::warn!(%failure, "systemd could not be told");
    }
}

/// Not by the crate, which would wait as long as nobody reads.
fn send(place: &OsStr, message: &str) -> io::Result<()> {
    let address = match place.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(place)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message.as_bytes(), &address).map(drop)
}
