//! Settings taken anew, and what other nodes have declared, one after the other, while the process goes on serving: a
//! drain or a failure does not wait for a reload under way, which ends with the process.
//!
//! What the store cannot take at the moment stays owed to it, and is tried again until it has it: who has taken the node
//! over has declared nothing before, and nobody would tell it to do so a second time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use vitarad_actors::house::House;
use vitarad_actors::retry::RetryPolicy;

use super::NotBegun;
use super::clinics::ClinicBook;
use super::handing::reached;
use crate::config::Settings;
use crate::health::Health;
use crate::store::SqlStore;
use crate::systemd;

const BEFORE_THE_NEXT_TRY: RetryPolicy =
    RetryPolicy { base: Duration::from_millis(500), cap: Duration::from_secs(5) };

pub struct Reloader {
    pub clinics: Arc<ClinicBook>,
    pub store: Arc<SqlStore>,
    pub house: Arc<House>,
    pub health: Arc<Health>,
    /// To be declared before anything else.
    pub undeclared: Option<Arc<Settings>>,
}

/// Settings whose clinics the store has not taken yet.
struct Owed {
    settings: Arc<Settings>,
    tries: u32,
    due: Instant,
}

impl Owed {
    fn now(settings: Arc<Settings>, tries: u32) -> Self {
        Self { settings, tries, due: Instant::now() }
    }
}

impl Reloader {
    /// Takes each of the settings `wanted`; of those that came while it was busy, only the newest. Follows each beat that
    /// finds other declarations in the store than were read last.
    pub async fn run(self, mut wanted: watch::Receiver<Option<Arc<Settings>>>) -> Infallible {
        let mut declared = self.house.declared.subscribe();
        let mut owed = self.undeclared.clone().map(|settings| Owed::now(settings, 0));
        loop {
            tokio::select! {
                Ok(()) = wanted.changed() => {
                    let newest = wanted.borrow_and_update().clone();
                    if let Some(settings) = newest {
                        let tries = owed.as_ref().map_or(0, |owed| owed.tries);
                        owed = self.declare(Owed::now(settings, tries), owed).await;
                        systemd::reloaded();
                    }
                }
                Ok(()) = declared.changed() => {
                    let revision = *declared.borrow_and_update();
                    if revision > self.clinics.revision() {
                        self.follow().await;
                    }
                }
                () = reached(owed.as_ref().map(|owed| owed.due)) => {
                    if let Some(due) = owed.take() {
                        owed = self.declare(due, None).await;
                    }
                }
            }
        }
    }

    /// Clinics and credentials can be changed while calls are on; what else changed waits for the next start. What the
    /// store cannot take now is owed to it; what nobody can take leaves it what it was `owed` before.
    async fn declare(&self, Owed { settings, tries, .. }: Owed, owed: Option<Owed>) -> Option<Owed> {
        let failure = match self.take(&settings).await {
            Ok(changed) => {
                self.health.clinics_wait(false);
                tracing::info!(clinics.changed = changed, "reloaded");
                return None;
            }
            Err(failure) => failure,
        };
        if !failure.is_the_store_away() {
            tracing::error!(%failure, "not reloaded; the former clinics stay");
            self.health.clinics_wait(owed.is_some());
            return owed;
        }
        self.health.clinics_wait(true);
        if tries == 0 {
            tracing::warn!(%failure, "what the settings declare of clinics waits for the store");
        }
        let pause = BEFORE_THE_NEXT_TRY.pause(tries.saturating_add(1), self.house.luck.fraction());
        Some(Owed { settings, tries: tries.saturating_add(1), due: Instant::now() + pause })
    }

    async fn take(&self, settings: &Settings) -> Result<usize, NotBegun> {
        self.clinics.declare(settings, &self.store, self.house.now()).await?;
        self.clinics.reload(&self.store, &self.house).await
    }

    /// What the store has counts, whoever declared it. What else is in another node's settings is its own.
    async fn follow(&self) {
        match self.clinics.reload(&self.store, &self.house).await {
            Ok(changed) => tracing::info!(clinics.changed = changed, "reloaded"),
            Err(failure) => tracing::error!(%failure, "not reloaded; the former clinics stay"),
        }
    }
}
