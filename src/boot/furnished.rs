//! Everything a process needs before its node may be its own; and the tree, once it is.

use std::net::TcpListener;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use tokio::sync::watch;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::directory::Directory;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::membership::Membership;
use vitarad_actors::exchange::Exchange;
use vitarad_actors::hearsay::Hearsay;
use vitarad_actors::house::House;
use vitarad_actors::ports::emr::EmrConnector;
use vitarad_actors::ports::{Clock, Luck, SmsGateway};
use vitarad_actors::rest::Rest;
use vitarad_actors::root::Root;

use super::approvals::Approvals;
use super::clinics::{ClinicBook, declare};
use super::door::{self, FrontDoor};
use super::life::{Lifetime, place};
use super::store::{emr_tokens, open};
use super::succession::Succession;
use super::{App, NotBegun, reports};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::emr::Connector;
use crate::front::listener::Gate;
use crate::front::{Door, DoorMeters};
use crate::handoff::HandoffMeters;
use crate::health::Health;
use crate::sms::LogOnly;
use crate::store::SqlStore;
use crate::voice::LiveControl;

pub(super) struct Furnished {
    pub(super) store: Arc<SqlStore>,
    clinics: Arc<ClinicBook>,
    emr: Arc<dyn EmrConnector>,
    voice: Arc<LiveControl>,
    luck: Arc<Luck>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What makes a process the node's.
pub(super) struct Own {
    pub(super) generation: Generation,
    pub(super) socket: TcpListener,
    pub(super) life: Lifetime,
}

impl Furnished {
    /// For a process that is alone with its node: what its settings declare counts from now on.
    pub(super) async fn alone(settings: &Settings) -> Result<Self, NotBegun> {
        let store = open(settings).await?;
        declare(settings, &store, SystemClock.now()).await?;
        Self::around(store, settings).await
    }

    /// Beside the process that has the node: nothing is changed that this one, or another node's, would act on.
    pub(super) async fn beside(settings: &Settings) -> Result<Self, NotBegun> {
        Self::around(open(settings).await?, settings).await
    }

    async fn around(store: SqlStore, settings: &Settings) -> Result<Self, NotBegun> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Arc::new(store);
        let clinics = Arc::new(ClinicBook::open(settings, &store).await?);
        let access = Arc::clone(&clinics);
        let luck = Arc::new(Luck::from_entropy(rand::random()));
        let rest = (emr_tokens(&store), Arc::clone(&clock), Arc::clone(&luck));
        let emr = Connector::new(move |clinic| access.emr(clinic)).with_rest(rest.0, rest.1, rest.2);
        Ok(Self { store, clinics, emr: Arc::new(emr), voice: Arc::new(LiveControl::new()), luck, clock })
    }

    fn house(&self, settings: &Settings, own: &Own, crashpoints: Crashpoints) -> House {
        let sms: Arc<dyn SmsGateway> = Arc::new(LogOnly);
        House {
            generation: own.generation,
            store: Arc::<SqlStore>::clone(&self.store),
            emr: Arc::clone(&self.emr),
            sms,
            voice: Arc::<LiveControl>::clone(&self.voice),
            clock: Arc::clone(&self.clock),
            reports: reports::of(settings, &self.clinics, &self.luck),
            luck: Arc::clone(&self.luck),
            roster: self.clinics.roster(),
            directory: Directory::default(),
            membership: watch::Sender::new(Membership::UNCOUNTED),
            declared: watch::Sender::default(),
            usurped: watch::Sender::default(),
            hearsay: Hearsay::default(),
            meters: Arc::default(),
            rest: Rest::default(),
            settings: settings.house,
            crashpoints,
        }
    }

    /// Starts the tree. Its gate is shut.
    pub(super) async fn start(
        &self,
        settings: &Settings,
        own: Own,
        crashpoints: Crashpoints,
    ) -> Result<App, NotBegun> {
        let unusable = |cause| NotBegun::Listen { address: settings.http.listen, cause };
        let addr = own.socket.local_addr().map_err(unusable)?;
        let house = Arc::new(self.house(settings, &own, crashpoints));
        let Own { generation, socket, life } = own;
        let mut registry = Registry::with_prefix("vitarad");
        let door_meters = DoorMeters::register(&mut registry);
        house.meters.register(&mut registry);
        let handoffs = HandoffMeters::register(&mut registry);
        let health = Arc::new(Health::new(&house, &self.store, registry, settings));
        let door = Door::new(
            Arc::new(Exchange(Arc::clone(&house))),
            self.clinics.gatebook(),
            Arc::clone(&self.clock),
            Arc::clone(&house.luck),
            door_meters.clone(),
            door::settings(settings),
        );
        let proof = door.proof();
        let approvals = Approvals::new(&self.store, &self.clinics, &house);
        let beside = Arc::clone(&health).router().merge(approvals.router());
        let (router, gate) = (Arc::new(door).router(beside), Gate::shut_from_the_start());
        let front = socket.try_clone().map_err(unusable)?;
        let front = FrontDoor::new(front, router, door::listener(settings), gate.clone(), door_meters);
        let root = Root::start(&house, Arc::new(front)).await.map_err(|_| NotBegun::Tree)?;
        health.serve(root.actor().clone());
        tracing::info!(generation = generation.0, node = settings.node.name, http.addr = %addr, "serving");
        Ok(App {
            node: settings.node.name.clone(),
            house,
            store: Arc::clone(&self.store),
            clinics: Arc::clone(&self.clinics),
            health,
            root,
            addr,
            gate,
            proof,
            socket,
            life,
            place: place(settings),
            handoffs,
            predecessor: None,
            undeclared: None,
            succession: Succession::default(),
        })
    }
}
