//! The door of `front` as the tree's `front` actor knows it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use tokio::time::Instant;
use vitarad_actors::domain::bucket::Rate;
use vitarad_actors::ports::door::{Door, OpenDoor};

use crate::config::Settings;
use crate::front::listener::{Gate, ListenerSettings, Listening, listen};
use crate::front::{ClinicLimits, DoorMeters, DoorSettings};

/// How many connections may wait to be accepted, as far as the kernel allows (`net.core.somaxconn`).
const WAITING: i32 = 4096;

/// The standard library asks for room for 128. A handoff lets all who come wait for a moment, and whom there is no room
/// for is not told so: their system tries again a second later.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    rustix::net::listen(&socket, WAITING)?;
    Ok(socket)
}

/// Owns the socket; each opening serves on a duplicate, so a front that dies never closes the port.
pub struct FrontDoor {
    socket: TcpListener,
    router: Router,
    settings: ListenerSettings,
    gate: Gate,
    meters: DoorMeters,
}

impl FrontDoor {
    pub const fn new(
        socket: TcpListener,
        router: Router,
        settings: ListenerSettings,
        gate: Gate,
        meters: DoorMeters,
    ) -> Self {
        Self { socket, router, settings, gate, meters }
    }
}

struct Opened(Listening);

impl Door for FrontDoor {
    fn open(&self) -> io::Result<Box<dyn OpenDoor>> {
        let socket = self.socket.try_clone()?;
        let listening =
            listen(socket, self.router.clone(), self.settings, self.gate.clone(), self.meters.clone())?;
        Ok(Box::new(Opened(listening)))
    }
}

#[async_trait]
impl OpenDoor for Opened {
    async fn failed(&mut self) {
        self.0.stopped_accepting().await;
    }

    async fn drain(self: Box<Self>, within: Duration) {
        let cut = self.0.drain(Instant::now() + within).await;
        if cut > 0 {
            tracing::warn!(http.connections_cut = cut, "connections did not end in time");
        }
    }
}

pub fn settings(settings: &Settings) -> DoorSettings {
    let http = &settings.http;
    let rate = Rate { per_minute: http.clinic_per_minute, burst: http.clinic_burst };
    DoorSettings {
        tool_deadline: http.tool_deadline(),
        body_deadline: http.body_timeout(),
        clinic_limits: ClinicLimits {
            tool_calls: rate,
            messages: rate,
            tool_calls_at_once: http.clinic_tool_calls_at_once as usize,
        },
        failures: Rate { per_minute: http.unauthenticated_per_minute, burst: http.unauthenticated_burst },
        trusted_proxies: http.trusted_proxies.clone(),
        insecure_no_auth: http.insecure_no_auth,
        ..DoorSettings::default()
    }
}

pub fn listener(settings: &Settings) -> ListenerSettings {
    ListenerSettings {
        max_connections: settings.http.max_connections as usize,
        head_time: settings.http.header_timeout(),
        ..ListenerSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    #[test]
    fn more_can_wait_than_come_in_a_moment() {
        let door = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = door.local_addr().unwrap();
        // Without room this one is connected when the kernel tries again, after a second.
        let soon = Duration::from_millis(900);
        let waiting = (0..400).map(|_| TcpStream::connect_timeout(&address, soon));
        assert!(waiting.collect::<io::Result<Vec<_>>>().is_ok());
    }
}
