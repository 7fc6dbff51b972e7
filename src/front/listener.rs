//! The open socket: accepts connections, bounds them, and closes them so that no request is lost.
//!
//! axum's own graceful shutdown closes idle keep-alive connections at once, and a request already on the wire dies with
//! them; it also waits for ever on half a header. So while this one drains, or its gate is shut, each response carries
//! `Connection: close`, HTTP/2 gets GOAWAY, idle connections are left alone for a while, and there is a hard end.

mod connection;
mod gate;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::Connections;
pub use self::gate::Gate;
use super::meters::{ConnectionOutcome, DoorMeters};

/// So that a system without free descriptors is not asked for one in a loop.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(20);
/// What a drain keeps back of its time for saying that there is no answer yet.
const LAST_WORD: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy)]
pub struct ListenerSettings {
    pub max_connections: usize,
    /// How long a new connection may take to send the head of its first request.
    pub head_time: Duration,
    /// How long a connection is kept after its last request, and may take for the head of the next. Longer than any
    /// peer's own idle time: whoever closes first may meet a request that is on its way.
    pub idle_time: Duration,
    /// How long a drain leaves idle connections to their peers.
    pub linger: Duration,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(90),
            linger: Duration::from_secs(5),
        }
    }
}

/// A socket that is being served, until it is drained.
pub struct Listening {
    addr: SocketAddr,
    linger: Duration,
    /// Over when the accepting is.
    accepted: CancellationToken,
    tasks: TaskTracker,
    phases: Phases,
    meters: DoorMeters,
}

/// How far a drain has come. Each is over for good when it is cancelled.
#[derive(Clone, Default)]
struct Phases {
    accepting: CancellationToken,
    gate: Gate,
    /// Connections without a request are kept.
    keeping: CancellationToken,
    /// Answers are waited for.
    answering: LastWord,
    /// Connections with a request are kept.
    serving: CancellationToken,
}

impl Phases {
    /// Whoever comes next is for another process, or for nobody.
    fn is_parting(&self) -> bool {
        self.accepting.is_cancelled() || self.gate.is_shut()
    }

    async fn parting(&self) {
        tokio::select! {
            () = self.accepting.cancelled() => {}
            () = self.gate.shutting() => {}
        }
    }
}

/// Travels with each request: called when the drain can wait for its answer no longer, and what is said by then is heard.
#[derive(Clone, Default)]
pub(super) struct LastWord(CancellationToken);

impl LastWord {
    pub(super) async fn called(&self) {
        self.0.cancelled().await;
    }
}

/// Serves `router` on a socket that somebody else bound, or inherited. To be called inside a runtime.
pub fn listen(
    socket: std::net::TcpListener,
    router: Router,
    settings: ListenerSettings,
    gate: Gate,
    meters: DoorMeters,
) -> io::Result<Listening> {
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from_std(socket)?;
    let addr = listener.local_addr()?;
    let (tasks, phases) = (TaskTracker::new(), Phases { gate: gate.clone(), ..Phases::default() });
    let entrance = Entrance {
        connections: Connections::new(router, settings, phases.clone(), meters.clone()),
        places: Arc::new(Semaphore::new(settings.max_connections)),
        tasks: tasks.clone(),
        gate,
        meters: meters.clone(),
    };
    let accepting = CancellationToken::new();
    let (over, told) = (accepting.clone().drop_guard(), phases.accepting.clone());
    tasks.spawn(async move {
        // Dropped however the accepting ends, by a panic too.
        let _over = over;
        entrance.accept_all(listener, told).await;
    });
    Ok(Listening { addr, linger: settings.linger, accepted: accepting, tasks, phases, meters })
}

struct Entrance {
    connections: Connections,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    gate: Gate,
    meters: DoorMeters,
}

impl Entrance {
    async fn accept_all(self, listener: TcpListener, closed: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                accepted = self.gate.admit(listener.accept()) => accepted,
                () = closed.cancelled() => break,
            };
            let Some(accepted) = accepted else { continue };
            if let Ok((stream, peer)) = accepted {
                self.admit(stream, peer);
            } else {
                self.meters.connection(ConnectionOutcome::Failed);
                sleep(PAUSE_AFTER_ERROR).await;
            }
        }
        if !self.gate.is_shut() {
            self.admit_waiting(listener);
        }
    }

    /// Whoever stands in the kernel's queue is reset when the socket is closed, unless another process has it too: then
    /// the gate is shut, and they are that one's. The
    /// runtime may not have heard of them yet, so the kernel is asked itself.
    fn admit_waiting(&self, listener: TcpListener) {
        let Ok(queue) = listener.into_std() else { return };
        while self.places.available_permits() > 0 {
            let Ok((stream, peer)) = queue.accept() else { return };
            if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                self.admit(stream, peer);
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.meters.connection(ConnectionOutcome::TurnedAway);
            return;
        };
        let connection = self.connections.serve(stream, peer);
        self.tasks.spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

impl Listening {
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Resolves when the accepting has ended without having been told to.
    pub async fn stopped_accepting(&self) {
        self.accepted.cancelled().await;
    }

    /// Stops accepting, lets the requests in flight finish, and ends by `deadline` whatever happens. Returns how many
    /// connections had to be cut.
    pub async fn drain(self, deadline: Instant) -> usize {
        self.phases.accepting.cancel();
        self.tasks.close();
        // However short the time is, half of it is left for closing without a cut.
        let now = Instant::now();
        let half_way = now + deadline.saturating_duration_since(now) / 2;
        if timeout_at(half_way.min(now + self.linger), self.tasks.wait()).await.is_ok() {
            return 0;
        }
        self.phases.keeping.cancel();
        if timeout_at(deadline.checked_sub(LAST_WORD).unwrap_or(now), self.tasks.wait()).await.is_ok() {
            return 0;
        }
        self.phases.answering.0.cancel();
        if timeout_at(deadline, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let cut = self.tasks.len();
        (0..cut).for_each(|_| self.meters.connection(ConnectionOutcome::Cut));
        self.phases.serving.cancel();
        self.tasks.wait().await;
        cut
    }
}
