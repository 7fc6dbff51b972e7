//! One database, and processes on it.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretBox;
use tempfile::TempDir;
use vitarad::seal::Keyring;
use vitarad::store::{Engine, SqlStore, Tuning};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::HandoffStore;
use vitarad_actors::testing::MemoryStore;

use crate::postgres;
use crate::samples::NOW;
use crate::sealed::declared;

/// What the contract needs to know of an implementation: that processes come to life on it.
#[async_trait]
pub(crate) trait House: Send + Sync {
    /// A process begins its life on a node. The node's former one is dead by then.
    async fn process(&self, node: &str) -> Process;

    /// One begins beside the one that has the node.
    async fn process_beside(&self, node: &str) -> Process;
}

pub(crate) struct Process {
    pub(crate) store: Arc<dyn Store>,
    /// The same, as those who pass nodes on know it.
    pub(crate) handoff: Arc<dyn HandoffStore>,
    pub(crate) generation: Generation,
}

/// A database of its own for one test.
pub(crate) struct SqlHouse {
    pub(crate) engine: Engine,
    _directory: Option<TempDir>,
}

impl SqlHouse {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let engine = Engine::Sqlite { file: directory.path().join("vitarad.db") };
        Self { engine, _directory: Some(directory) }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        postgres::database().await.map(Self::on)
    }

    /// With nothing in it, for the role that will own its tables.
    pub(crate) async fn empty_postgres() -> Option<Self> {
        postgres::empty_database().await.map(|worker| Self::on(postgres::owner(&worker)))
    }

    pub(crate) const fn on(engine: Engine) -> Self {
        Self { engine, _directory: None }
    }

    pub(crate) async fn open(&self) -> SqlStore {
        self.open_tuned(Tuning { readers: 4, writers: 2, lane: 256, ..Tuning::default() }).await
    }

    pub(crate) async fn open_tuned(&self, tuning: Tuning) -> SqlStore {
        SqlStore::open(&self.engine, keyring(), tuning).await.expect("the store opens")
    }
}

#[async_trait]
impl House for SqlHouse {
    async fn process(&self, node: &str) -> Process {
        let store = Arc::new(self.open().await);
        declare(&store, "maple").await;
        let generation = store.begin_generation(node, NOW).await.expect("a generation");
        Process { handoff: Arc::<SqlStore>::clone(&store), store, generation }
    }

    async fn process_beside(&self, node: &str) -> Process {
        let store = Arc::new(self.open().await);
        let generation = store.stand_by(node, NOW).await.expect("a generation");
        Process { handoff: Arc::<SqlStore>::clone(&store), store, generation }
    }
}

/// The singletons work for the clinics that there are.
pub(crate) async fn declare(store: &SqlStore, id: &str) {
    let (clinic, access) = declared(id, id);
    store.seed_clinic(&clinic, &access, NOW).await.expect("a clinic");
}

/// The store that the actors' own tests and the simulation run on.
#[derive(Default)]
pub(crate) struct MemoryHouse(Arc<MemoryStore>);

#[async_trait]
impl House for MemoryHouse {
    async fn process(&self, node: &str) -> Process {
        self.living(self.0.begin_generation(node))
    }

    async fn process_beside(&self, node: &str) -> Process {
        self.living(self.0.stand_by(node, NOW).await.expect("a generation"))
    }
}

impl MemoryHouse {
    fn living(&self, generation: Generation) -> Process {
        let (store, handoff) = (Arc::<MemoryStore>::clone(&self.0), Arc::<MemoryStore>::clone(&self.0));
        Process { store, handoff, generation }
    }
}

pub(crate) fn keyring() -> Keyring {
    Keyring::new(SecretBox::new(Box::new([7; 32])), None)
}
