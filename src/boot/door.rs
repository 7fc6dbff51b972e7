//! The door of `front` as the tree's `front` actor knows it.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use tokio::time::Instant;
use vitarad_actors::domain::bucket::Rate;
use vitarad_actors::ports::door::{Door, OpenDoor};

use crate::config::Settings;
use crate::front::listener::{Gate, ListenerSettings, Listening, listen};
use crate::front::{ClinicLimits, DoorMeters, DoorSettings};

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
