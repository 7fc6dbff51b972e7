//! The socket of `http.listen`: passed on by who started this process, or our own.

use std::net::{SocketAddr, TcpListener};

use super::{NotBegun, door};
use crate::config::Settings;

pub fn own(settings: &Settings, passed: Option<TcpListener>) -> Result<TcpListener, NotBegun> {
    let address = settings.http.listen;
    let unusable = |cause| NotBegun::Listen { address, cause };
    let Some(socket) = passed else { return door::bind(address).map_err(unusable) };
    let passed = socket.local_addr().map_err(unusable)?;
    if is_at(passed, address) { Ok(socket) } else { Err(NotBegun::OtherSocket { passed, address }) }
}

/// Port 0 is wanted by who takes any.
pub fn is_at(found: SocketAddr, wanted: SocketAddr) -> bool {
    found.ip() == wanted.ip() && (found.port() == wanted.port() || wanted.port() == 0)
}
