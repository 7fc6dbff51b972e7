//! What each clinic's EMR was found to be able to do, so that a restart need not ask again.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::capabilities::{Capabilities, Discovered};
use crate::domain::ids::ClinicId;

#[async_trait]
pub trait CapabilityStore: Send + Sync + 'static {
    async fn emr_capabilities(&self, clinic: &ClinicId) -> StoreResult<Capabilities>;

    /// Takes the place of what was known of that path.
    async fn keep_capabilities(&self, clinic: &ClinicId, news: Discovered) -> StoreResult<()>;
}
