//! Settings taken anew, and what other nodes have declared, one after the other, while the process goes on serving: a
//! drain or a failure does not wait for a reload under way, which ends with the process.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::watch;
use vitarad_actors::house::House;

use super::clinics::ClinicBook;
use crate::config::Settings;
use crate::store::SqlStore;
use crate::systemd;

pub struct Reloader {
    pub clinics: Arc<ClinicBook>,
    pub store: Arc<SqlStore>,
    pub house: Arc<House>,
    /// To be declared before anything else.
    pub undeclared: Option<Arc<Settings>>,
}

impl Reloader {
    /// Takes each of the settings `wanted`; of those that came while it was busy, only the newest. Follows each beat that
    /// finds other declarations in the store than were read last.
    pub async fn run(self, mut wanted: watch::Receiver<Option<Arc<Settings>>>) -> Infallible {
        let mut declared = self.house.declared.subscribe();
        if let Some(settings) = &self.undeclared {
            self.declare(settings).await;
        }
        loop {
            tokio::select! {
                Ok(()) = wanted.changed() => {
                    let newest = wanted.borrow_and_update().clone();
                    if let Some(settings) = newest {
                        self.declare(&settings).await;
                        systemd::reloaded();
                    }
                }
                Ok(()) = declared.changed() => {
                    let revision = *declared.borrow_and_update();
                    if revision > self.clinics.revision() {
                        self.follow().await;
                    }
                }
                else => std::future::pending().await,
            }
        }
    }

    /// Clinics and credentials can be changed while calls are on; what else changed waits for the next start.
    async fn declare(&self, settings: &Settings) {
        match self.clinics.declare(settings, &self.store, self.house.now()).await {
            Ok(()) => self.follow().await,
            Err(failure) => tracing::error!(%failure, "not reloaded; the former clinics stay"),
        }
    }

    /// What the store has counts, whoever declared it. What else is in another node's settings is its own.
    async fn follow(&self) {
        match self.clinics.reload(&self.store, &self.house).await {
            Ok(changed) => tracing::info!(clinics.changed = changed, "reloaded"),
            Err(failure) => tracing::error!(%failure, "not reloaded; the former clinics stay"),
        }
    }
}
