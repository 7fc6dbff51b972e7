//! What the processes tell each other of trouble. Any of them may be the first to meet it, and the last word counts.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::ids::{ClinicId, Generation};
use crate::domain::trouble::{Lasts, Part, Trouble};

#[async_trait]
pub trait TroubleStore: Send + Sync + 'static {
    /// Takes the place of what anybody has told of that part before.
    async fn tell(&self, clinic: &ClinicId, part: &Part, lasts: Lasts, by: Generation) -> StoreResult<()>;

    /// All that was ever told of a clinic.
    async fn troubles(&self, clinic: &ClinicId) -> StoreResult<Vec<Trouble>>;

    /// What was told of any clinic in the last `within`.
    async fn told_lately(&self, within: Duration) -> StoreResult<Vec<(ClinicId, Trouble)>>;
}
