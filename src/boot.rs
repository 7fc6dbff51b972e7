//! Where the adapters meet: a process from its settings to its end.

mod approvals;
mod clinics;
mod door;
mod life;
mod reload;
mod reports;

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use secrecy::{ExposeSecret, SecretBox};
use tokio::sync::watch;
use tokio::time::timeout;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::directory::Directory;
use vitarad_actors::domain::clinic::Contested;
use vitarad_actors::exchange::Exchange;
use vitarad_actors::house::House;
use vitarad_actors::meters::Meters;
use vitarad_actors::ports::store::{RoleStore, StoreError};
use vitarad_actors::ports::{Clock, Luck, SmsGateway};
use vitarad_actors::root::{Ended, Root};

use self::approvals::Approvals;
use self::clinics::ClinicBook;
pub use self::clinics::rehearse;
use self::door::FrontDoor;
use self::life::Lifetime;
pub use self::life::{Taken, nobody_lives_beside};
use self::reload::Reloader;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::config::sections::store::{StoreAddress, Synchronous};
use crate::emr::{Connector, KeptToken, Tokens};
use crate::front::listener::Gate;
use crate::front::{BadGatebook, Door, DoorMeters};
use crate::health::{Health, Phase};
use crate::seal::Keyring;
use crate::signals::{Signal, SignalStream};
use crate::sms::LogOnly;
use crate::store::{Durability, Engine, OpenError, Schema, SqlStore, Tuning};
use crate::voice::LiveControl;

/// With the time the tree takes to stop this stays within the ten seconds a drain may last.
const GIVING_BACK: Duration = Duration::from_secs(1);
const CLOSING: Duration = Duration::from_secs(1);

/// Why a process did not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    #[error("http.listen {address} cannot be bound: {cause}")]
    Listen { address: SocketAddr, cause: std::io::Error },
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
}

/// A running process.
pub struct App {
    house: Arc<House>,
    store: Arc<SqlStore>,
    clinics: Arc<ClinicBook>,
    health: Arc<Health>,
    root: Root,
    addr: SocketAddr,
    _life: Lifetime,
}

impl App {
    /// Binds first, so that a port in use is found out before anything is touched; opens the door last.
    pub async fn begin(settings: &Settings, crashpoints: Crashpoints) -> Result<Self, NotBegun> {
        let address = settings.http.listen;
        let socket = TcpListener::bind(address).map_err(|cause| NotBegun::Listen { address, cause })?;
        Self::begin_on(socket, settings, crashpoints).await
    }

    pub async fn begin_on(
        socket: TcpListener,
        settings: &Settings,
        crashpoints: Crashpoints,
    ) -> Result<Self, NotBegun> {
        let address = settings.http.listen;
        let addr = socket.local_addr().map_err(|cause| NotBegun::Listen { address, cause })?;
        let life = Lifetime::begin(settings)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Arc::new(open(settings).await?);
        let generation = store.begin_generation(&settings.node.name, clock.now()).await?;
        let clinics = Arc::new(ClinicBook::open(settings, &store, clock.now()).await?);
        let access = Arc::clone(&clinics);
        let mut registry = Registry::with_prefix("vitarad");
        let (meters, door_meters) = (Arc::<Meters>::default(), DoorMeters::register(&mut registry));
        meters.register(&mut registry);
        let sms: Arc<dyn SmsGateway> = Arc::new(LogOnly);
        let luck = Arc::new(Luck::from_entropy(rand::random()));
        let house = Arc::new(House {
            generation,
            store: Arc::<SqlStore>::clone(&store),
            emr: Arc::new(Connector::new(move |clinic| access.emr(clinic)).with_rest(
                emr_tokens(&store),
                Arc::clone(&clock),
                Arc::clone(&luck),
            )),
            sms,
            voice: Arc::new(LiveControl::new()),
            reports: reports::of(settings, &clinics, &luck),
            clock: Arc::clone(&clock),
            luck,
            roster: clinics.roster(),
            directory: Directory::default(),
            meters,
            settings: settings.house,
            crashpoints,
        });
        let health = Arc::new(Health::new(&house, &store, registry, settings));
        let door = Door::new(
            Arc::new(Exchange(Arc::clone(&house))),
            clinics.gatebook(),
            Arc::clone(&clock),
            Arc::clone(&house.luck),
            door_meters.clone(),
            door::settings(settings),
        );
        let approvals = Approvals::new(&store, &clinics, &house);
        let beside = Arc::clone(&health).router().merge(approvals.router());
        let router = Arc::new(door).router(beside);
        let front = FrontDoor::new(socket, router, door::listener(settings), Gate::default(), door_meters);
        let root = Root::start(&house, Arc::new(front)).await.map_err(|_| NotBegun::Tree)?;
        health.serve(root.actor().clone());
        tracing::info!(generation = generation.0, node = settings.node.name, http.addr = %addr, "serving");
        Ok(Self { house, store, clinics, health, root, addr, _life: life })
    }

    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub const fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Serves until a signal or a failure ends it. `reload` brings the settings anew when SIGHUP asks for it.
    pub async fn run(mut self, signals: &mut SignalStream, reload: impl Fn() -> Option<Settings>) -> Ended {
        let (wanted, newest) = watch::channel(None);
        let mut reloads = pin!(self.reloader().run(newest));
        loop {
            tokio::select! {
                ended = self.root.ended() => {
                    self.close().await;
                    return ended;
                }
                signal = signals.next() => match signal {
                    Signal::Drain => return self.stop().await,
                    Signal::Reload => if let Some(settings) = reload() {
                        wanted.send_replace(Some(Arc::new(settings)));
                    }
                },
                never = &mut reloads => match never {},
            }
        }
    }

    fn reloader(&self) -> Reloader {
        Reloader {
            clinics: Arc::clone(&self.clinics),
            store: Arc::clone(&self.store),
            house: Arc::clone(&self.house),
        }
    }

    /// Drains: the door first, then the cells, the audit log last; gives back what this life owned.
    pub async fn stop(mut self) -> Ended {
        tracing::info!("draining");
        self.health.enter(Phase::Draining);
        self.root.stop().await;
        let ended = self.root.ended().await;
        self.close().await;
        ended
    }

    /// A store that does not answer must not keep the process: what it still holds is adopted by the next one.
    async fn close(&self) {
        let given_back = self.store.release(self.house.generation, self.house.now());
        match timeout(GIVING_BACK, given_back).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                tracing::warn!(%failure, "what this process owned was not given back; it is adopted all the same");
            }
            Err(_) => tracing::warn!("the store took too long to take back what this process owned"),
        }
        if timeout(CLOSING, self.store.close()).await.is_err() {
            tracing::warn!("the store took too long to close");
        }
        tracing::info!("stopped");
    }
}

/// In development a store may be sealed with a key that everybody knows; production has refused to come this far.
const DEVELOPMENT_KEY: [u8; 32] = *b"vitarad: for development only :)";

fn keyring(settings: &Settings) -> Keyring {
    let copy = |key: &SecretBox<[u8; 32]>| SecretBox::new(Box::new(*key.expose_secret()));
    let current = settings.crypto.master_key.as_ref().map_or_else(
        || {
            tracing::warn!("no crypto.master_key is set: the store is sealed with the development key");
            SecretBox::new(Box::new(DEVELOPMENT_KEY))
        },
        copy,
    );
    Keyring::new(current, settings.crypto.previous_master_key.as_ref().map(copy))
}

/// The store as the settings describe it.
pub async fn open(settings: &Settings) -> Result<SqlStore, NotBegun> {
    let keyring = keyring(settings);
    let tuning = Tuning {
        readers: settings.store.max_connections,
        writers: settings.store.writers,
        durability: match settings.store.synchronous {
            Synchronous::Full => Durability::PowerFailure,
            Synchronous::Normal | Synchronous::Off => Durability::ProcessDeath,
        },
        migrates: false,
        ..Tuning::default()
    };
    if settings.store.migrates {
        migrate(settings).await?;
    }
    let store = SqlStore::open(&engine(settings), keyring, tuning).await?;
    if settings.profile.is_production() {
        store.check_wall().await?;
    }
    Ok(store)
}

/// Brings the schema up to date, and lets the daemon's role work on it where that is not the owner's.
pub async fn migrate(settings: &Settings) -> Result<Schema, OpenError> {
    let owner = owner(settings);
    let schema = owner.migrate().await?;
    owner.admit(&engine(settings)).await?;
    Ok(schema)
}

fn engine(settings: &Settings) -> Engine {
    match &settings.store.address {
        StoreAddress::Sqlite(file) => Engine::Sqlite { file: file.clone() },
        StoreAddress::Postgres(url) => Engine::Postgres { url: url.clone() },
    }
}

/// The same database, for who may change its schema.
pub fn owner(settings: &Settings) -> Engine {
    match &settings.store.owner {
        Some(url) => Engine::Postgres { url: url.clone() },
        None => engine(settings),
    }
}

/// Where the EMR's adapter looks up the leave it was given.
pub fn emr_tokens(store: &Arc<SqlStore>) -> Tokens {
    let store = Arc::clone(store);
    Arc::new(move |clinic| {
        let store = Arc::clone(&store);
        Box::pin(async move {
            let kept = store.emr_token(&clinic).await?;
            Ok(kept.map(|(token, expires_at)| KeptToken { token, expires_at }))
        })
    })
}
