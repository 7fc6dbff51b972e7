//! Where the adapters meet: a process from its settings to its end.

mod approvals;
mod clinics;
mod door;
mod furnished;
mod giving;
mod handing;
mod life;
mod reload;
mod reports;
mod shelter;
mod socket;
mod store;
mod succession;
mod taking;
mod watchdog;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use vitarad_actors::clinics::adopt_now_and_later;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::clinic::Contested;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::handoff::{Outcome, ToSuccessor};
use vitarad_actors::house::House;
use vitarad_actors::ports::store::{RoleStore, StoreError};
use vitarad_actors::root::{Ended, Root};

use self::clinics::ClinicBook;
pub use self::clinics::rehearse;
use self::furnished::{Furnished, Own};
use self::giving::{Giver, Parted, turn_away};
use self::handing::bury;
use self::life::Lifetime;
pub use self::life::{Taken, nobody_lives_beside, place};
use self::reload::Reloader;
pub use self::shelter::begin_in_spite;
pub use self::store::{migrate, open, owner};
use self::succession::Succession;
pub use self::taking::take_over;
use crate::config::Settings;
use crate::front::listener::Gate;
use crate::front::{BadGatebook, Proof};
use crate::handoff::{HandoffMeters, Line, NoPlace, OtherProcess, Place};
use crate::health::{Health, Phase};
use crate::signals::{Signal, SignalStream};
use crate::store::{OpenError, SqlStore};
use crate::systemd;

/// With the time the tree takes to stop this stays within the ten seconds a drain may last.
const GIVING_BACK: Duration = Duration::from_secs(1);
const CLOSING: Duration = Duration::from_secs(1);

/// Why a process did not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    #[error("http.listen {address} cannot be bound: {cause}")]
    Listen { address: SocketAddr, cause: std::io::Error },
    #[error(
        "the socket that was passed to this process is that of {passed}, http.listen is {address}; make them alike"
    )]
    OtherSocket { passed: SocketAddr, address: SocketAddr },
    #[error(transparent)]
    Taken(#[from] Taken),
    #[error("the store that store.url names did not open: {0}")]
    Open(#[from] OpenError),
    #[error("the store refused: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Contested(#[from] Contested),
    #[error(transparent)]
    Gatebook(#[from] BadGatebook),
    #[error("the supervision tree did not start")]
    Tree,
    #[error(transparent)]
    Place(#[from] NoPlace),
    #[error("not taken over: {0}")]
    Handoff(Outcome),
    #[error("told to stop before the node was its own")]
    Told,
}

impl NotBegun {
    /// What time may mend, without anybody doing anything to this process.
    const fn is_the_store_away(&self) -> bool {
        matches!(
            self,
            Self::Open(OpenError::Silent) | Self::Store(StoreError::Unavailable(_) | StoreError::Busy)
        )
    }
}

/// The process this one took over from, which finishes what it began.
struct Predecessor {
    generation: Generation,
    line: Line,
    process: OtherProcess,
}

impl Predecessor {
    /// It may hang up long before its end; where its process is not to be seen that has to do.
    async fn gone(&mut self) {
        while self.line.hear::<ToSuccessor>().await.is_ok() {}
        if !matches!(self.process, OtherProcess::Hidden) {
            self.process.gone().await;
        }
    }
}

/// A running process.
pub struct App {
    node: String,
    house: Arc<House>,
    store: Arc<SqlStore>,
    clinics: Arc<ClinicBook>,
    health: Arc<Health>,
    root: Root,
    addr: SocketAddr,
    gate: Gate,
    proof: Proof,
    socket: TcpListener,
    life: Lifetime,
    place: Place,
    handoffs: HandoffMeters,
    predecessor: Option<Predecessor>,
    /// What a successor's settings declare, and nobody has been told before the node was its own.
    undeclared: Option<Arc<Settings>>,
    succession: Succession,
}

impl App {
    /// Binds first, so that a port in use is found out before anything is touched; opens the door last.
    pub async fn begin(settings: &Settings, crashpoints: Crashpoints) -> Result<Self, NotBegun> {
        Self::begin_on(socket::own(settings, None)?, settings, crashpoints).await
    }

    pub async fn begin_on(
        socket: TcpListener,
        settings: &Settings,
        crashpoints: Crashpoints,
    ) -> Result<Self, NotBegun> {
        let life = Lifetime::begin(settings)?;
        let furnished = Furnished::alone(settings).await?;
        let (store, now) = (&furnished.store, furnished.clock.now());
        let generation = store.begin_generation(&settings.node.name, now).await?;
        let own = Own { generation, socket, life };
        let app = furnished.start(settings, own, crashpoints).await?;
        app.gate.open();
        Ok(app)
    }

    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Whose node it was, if that one still lives.
    pub fn follows(&self) -> Option<Generation> {
        self.predecessor.as_ref().map(|former| former.generation)
    }

    /// Serves until a signal or a failure ends it. `reload` brings the settings anew when SIGHUP asks for it.
    pub async fn run(mut self, signals: &mut SignalStream, reload: impl Fn() -> Option<Settings>) -> Ended {
        let (wanted, newest) = watch::channel(None);
        let mut reloads = pin!(self.reloader().run(newest));
        let stopping = CancellationToken::new();
        let mut parting = pin!(self.giver(stopping.clone()).give());
        let mut mourning = pin!(self.mourning());
        let house = Arc::clone(&self.house);
        let mut watched = pin!(watchdog::feed(self.root.actor().clone()));
        systemd::ready(&format!("serving as generation {}", self.house.generation.0));
        loop {
            tokio::select! {
                ended = self.root.ended() => {
                    self.give_back().await;
                    return ended;
                }
                signal = signals.next() => match signal {
                    Signal::Drain => stopping.cancel(),
                    Signal::Reload => {
                        systemd::reloading();
                        match reload() {
                            Some(settings) => drop(wanted.send_replace(Some(Arc::new(settings)))),
                            None => systemd::reloaded(),
                        }
                    }
                    Signal::Upgrade => {
                        let _ = self.succession.start(None);
                    }
                },
                () = house.usurped() => {
                    systemd::stopping();
                    return self.leave().await;
                }
                parted = &mut parting => return self.part(parted, stopping.is_cancelled()).await,
                never = &mut reloads => match never {},
                never = &mut mourning => match never {},
                never = &mut watched => match never {},
            }
        }
    }

    async fn part(self, parted: Parted, is_told: bool) -> Ended {
        let successor = match &parted {
            Parted::Given(line) => line.peer().filter(|peer| self.succession.is(*peer)),
            Parted::Alone | Parted::Left => None,
        };
        match successor {
            Some(peer) => systemd::succeeded_by(peer),
            None => systemd::stopping(),
        }
        match parted {
            Parted::Alone => self.stop().await,
            // Its end is what the successor waits for on the line.
            Parted::Given(_line) => self.drain().await,
            Parted::Left if is_told => self.drain().await,
            Parted::Left => self.drain().await.to_be_started_again(),
        }
    }

    fn reloader(&self) -> Reloader {
        Reloader {
            clinics: Arc::clone(&self.clinics),
            store: Arc::clone(&self.store),
            house: Arc::clone(&self.house),
            health: Arc::clone(&self.health),
            undeclared: self.undeclared.clone(),
        }
    }

    fn giver(&self, stopping: CancellationToken) -> Giver {
        Giver {
            node: self.node.clone(),
            house: Arc::clone(&self.house),
            store: Arc::clone(&self.store),
            gate: self.gate.clone(),
            socket: self.socket.try_clone(),
            life: self.life.clone(),
            place: self.place.clone(),
            meters: self.handoffs.clone(),
            stopping,
            succession: self.succession.clone(),
        }
    }

    /// When the process we took over from is gone, what it could not finish is ours.
    fn mourning(&mut self) -> impl Future<Output = Infallible> + use<> {
        let (node, house, store) = (self.node.clone(), Arc::clone(&self.house), Arc::clone(&self.store));
        let predecessor = self.predecessor.take();
        async move {
            if let Some(mut former) = predecessor {
                former.gone().await;
                if bury(&store, &node, former.generation).await.is_ok() {
                    adopt_now_and_later(&house);
                    tracing::info!(generation = former.generation.0, "the former process is gone");
                }
            }
            std::future::pending().await
        }
    }

    /// Whether a webhook was answered before the tree fell.
    async fn proven(&mut self) -> bool {
        tokio::select! {
            _ = self.root.ended() => false,
            () = self.proof.given() => true,
        }
    }

    /// What stands against a process that has not been proven in its time.
    async fn unfit(&self) -> Option<&'static str> {
        if self.proof.is_lacking() {
            return Some("webhooks came, and none was answered");
        }
        self.health.why_not_ready().await
    }

    /// Drains: the door first, then the cells, the audit log last; gives back what this life owned.
    pub async fn stop(self) -> Ended {
        let _refusing = AbortOnDropHandle::new(tokio::spawn(turn_away(self.place.clone())));
        self.drain().await
    }

    /// Others have this process's roles and calls by now. Its door shuts as in any drain: who waits for an answer gets the
    /// one that the rows know, and what it had sent is settled under its own generation or by those others.
    async fn leave(self) -> Ended {
        self.stop().await.to_be_started_again()
    }

    async fn drain(mut self) -> Ended {
        tracing::info!("draining");
        self.health.enter(Phase::Draining);
        self.root.stop().await;
        let ended = self.root.ended().await;
        self.give_back().await;
        ended
    }

    async fn give_back(&self) {
        close(&self.store, Some((self.house.generation, self.house.directory.has_in_flight()))).await;
    }
}

/// A store that does not answer must not keep the process: what it still holds is adopted by the next one.
async fn close(store: &SqlStore, owned_by: Option<(Generation, bool)>) {
    if let Some((generation, is_awaited)) = owned_by {
        match timeout(GIVING_BACK, store.release(generation, is_awaited)).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                tracing::warn!(%failure, "what this process owned was not given back; it is adopted all the same");
            }
            Err(_) => tracing::warn!("the store took too long to take back what this process owned"),
        }
    }
    if timeout(CLOSING, store.close()).await.is_err() {
        tracing::warn!("the store took too long to close");
    }
    tracing::info!("stopped");
}
