//! Settings taken anew, one after the other, while the process goes on serving: a drain or a failure does not wait for
//! a reload under way, which ends with the process.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::watch;
use vitarad_actors::house::House;

use super::clinics::ClinicBook;
use crate::config::Settings;
use crate::store::SqlStore;

pub struct Reloader {
    pub clinics: Arc<ClinicBook>,
    pub store: Arc<SqlStore>,
    pub house: Arc<House>,
}

impl Reloader {
    /// Takes each of the settings `wanted`; of those that came while it was busy, only the newest.
    pub async fn run(self, mut wanted: watch::Receiver<Option<Arc<Settings>>>) -> Infallible {
        loop {
            if wanted.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let newest = wanted.borrow_and_update().clone();
            if let Some(settings) = newest {
                self.reload(&settings).await;
            }
        }
    }

    /// Clinics and credentials can be changed while calls are on; what else changed waits for the next start.
    async fn reload(&self, settings: &Settings) {
        match self.clinics.reload(settings, &self.store, &self.house).await {
            Ok(changed) => tracing::info!(clinics.changed = changed, "reloaded"),
            Err(failure) => tracing::error!(%failure, "not reloaded; the former clinics stay"),
        }
    }
}
