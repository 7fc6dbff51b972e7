//! A start without the store: until it answers, callers are served from what the clinics' declarations say.

use std::fmt::Display;
use std::io;
use std::net::TcpListener;
use std::pin::pin;
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

/// Begins; with the store away not before it answers.
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
    in_spite(settings, &socket, signals.told_to_stop(), begin).await
}

/// Tries until it is not the store that is in the way, or this process is told to end.
pub(super) async fn in_spite<T>(
    settings: &Settings,
    socket: &TcpListener,
    told: impl Future<Output = ()>,
    mut attempt: impl AsyncFnMut() -> Result<T, NotBegun>,
) -> Result<T, NotBegun> {
    let failure = match attempt().await {
        Err(failure) if may_come_back(settings, &failure) => failure,
        outcome => return outcome,
    };
    let open = Open::on(socket, settings, &failure)?;
    let mut told = pin!(told);
    let outcome = loop {
        systemd::waiting_for("the store");
        tokio::select! {
            () = &mut told => break Err(NotBegun::Told),
            () = sleep(ASK_AGAIN) => {}
        }
        match attempt().await {
            Err(failure) if may_come_back(settings, &failure) => {}
            outcome => break outcome,
        }
    };
    let left = open.shut().await;
    if outcome.is_ok() {
        tokio::spawn(left);
    } else {
        left.await;
    }
    outcome
}

/// Waits for an answer of the store that nobody can say in its place, once this process is `alone` with the node.
pub(super) async fn waiting<T>(
    settings: &Settings,
    socket: &TcpListener,
    alone: impl Future<Output = ()>,
    answer: impl Future<Output = T>,
) -> T {
    let mut answer = pin!(answer);
    let in_vain = async {
        alone.await;
        sleep(ASK_AGAIN).await;
    };
    tokio::select! {
        answer = &mut answer => return answer,
        () = in_vain => {}
    }
    let open = Open::on(socket, settings, &"it does not say whose the node is");
    let answer = answer.await;
    match open {
        Ok(open) => drop(tokio::spawn(open.shut().await)),
        Err(failure) => tracing::error!(%failure, "callers had to wait before a shut door"),
    }
    answer
}

/// A server that does not answer may answer later; a file that cannot be read stays as it is.
const fn may_come_back(settings: &Settings, failure: &NotBegun) -> bool {
    matches!(settings.store.address, StoreAddress::Postgres(_)) && failure.is_the_store_away()
}

const fn unusable(settings: &Settings, cause: io::Error) -> NotBegun {
    NotBegun::Listen { address: settings.http.listen, cause }
}

/// A door on a duplicate of the socket.
struct Open {
    gate: Gate,
    listening: Listening,
}

impl Open {
    fn on(socket: &TcpListener, settings: &Settings, failure: &impl Display) -> Result<Self, NotBegun> {
        let gate = Gate::default();
        let meters = DoorMeters::register(&mut Registry::default());
        let router = router(settings, &meters)?;
        let socket = socket.try_clone().map_err(|cause| unusable(settings, cause))?;
        let listening = listen(socket, router, door::listener(settings), gate.clone(), meters)
            .map_err(|cause| unusable(settings, cause))?;
        tracing::error!(%failure, http.addr = %listening.addr(), "the store is away: callers can only be put through");
        Ok(Self { gate, listening })
    }

    /// Who comes from now on is another door's. Who is inside leaves meanwhile.
    async fn shut(self) -> impl Future<Output = usize> {
        self.gate.shut().await;
        self.listening.drain(Instant::now() + LEAVING)
    }
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
