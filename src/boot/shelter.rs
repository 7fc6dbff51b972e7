//! A start without the store: until it answers, callers are served from what the clinics' declarations say.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use prometheus_client::registry::Registry;
use tokio::time::{Instant, sleep};
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::ports::{Clock, Luck};
use vitarad_actors::shelter::Shelter;

use super::clinics::declared;
use super::{App, NotBegun, door, socket};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::config::sections::store::StoreAddress;
use crate::front::listener::{Gate, Listening, listen};
use crate::front::{Door, DoorMeters};
use crate::signals::SignalStream;
use crate::systemd;

const ASK_AGAIN: Duration = Duration::from_secs(1);
/// For who is still connected when the store is there, or the process is told to end.
const LEAVING: Duration = Duration::from_secs(2);

/// Begins; with the store away not before it answers, and meanwhile serves on a duplicate of the socket.
pub async fn begin_in_spite(
    settings: &Settings,
    passed: Option<TcpListener>,
    crashpoints: Crashpoints,
    signals: &mut SignalStream,
) -> Result<App, NotBegun> {
    let socket = socket::own(settings, passed)?;
    let begin = async || {
        let socket = socket.try_clone().map_err(|cause| unusable(settings, cause))?;
        App::begin_on(socket, settings, crashpoints.clone()).await
    };
    let failure = match begin().await {
        Err(failure) if may_come_back(settings, &failure) => failure,
        outcome => return outcome,
    };
    let (gate, listening) = open(&socket, settings)?;
    tracing::error!(%failure, http.addr = %listening.addr(), "the store is away: callers can only be put through");
    let outcome = loop {
        systemd::waiting_for("the store");
        tokio::select! {
            () = signals.told_to_stop() => break Err(NotBegun::Told),
            () = sleep(ASK_AGAIN) => {}
        }
        match begin().await {
            Err(failure) if may_come_back(settings, &failure) => {}
            outcome => break outcome,
        }
    };
    gate.shut().await;
    let left = listening.drain(Instant::now() + LEAVING);
    if outcome.is_ok() {
        tokio::spawn(left);
    } else {
        left.await;
    }
    outcome
}

/// A server that does not answer may answer later; a file that cannot be read stays as it is.
const fn may_come_back(settings: &Settings, failure: &NotBegun) -> bool {
    matches!(settings.store.address, StoreAddress::Postgres(_)) && failure.is_the_store_away()
}

const fn unusable(settings: &Settings, cause: io::Error) -> NotBegun {
    NotBegun::Listen { address: settings.http.listen, cause }
}

fn open(socket: &TcpListener, settings: &Settings) -> Result<(Gate, Listening), NotBegun> {
    let gate = Gate::default();
    let meters = DoorMeters::register(&mut Registry::default());
    let router = router(settings, &meters)?;
    let socket = socket.try_clone().map_err(|cause| unusable(settings, cause))?;
    let listening = listen(socket, router, door::listener(settings), gate.clone(), meters)
        .map_err(|cause| unusable(settings, cause))?;
    Ok((gate, listening))
}

fn router(settings: &Settings, meters: &DoorMeters) -> Result<Router, NotBegun> {
    let (roster, gatebook) = declared(settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let shelter = Shelter { roster, clock: Arc::clone(&clock) };
    let door = Door::new(
        Arc::new(shelter),
        Arc::new(ArcSwap::from_pointee(gatebook)),
        clock,
        Arc::new(Luck::from_entropy(rand::random())),
        meters.clone(),
        door::settings(settings),
    );
    let away = || get(async || (StatusCode::SERVICE_UNAVAILABLE, "the store is away"));
    let beside = Router::new()
        .route("/livez", get(async || "alive"))
        .route("/readyz", away())
        .route("/health", away());
    Ok(Arc::new(door).router(beside))
}
