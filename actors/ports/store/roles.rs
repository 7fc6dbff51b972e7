//! The singletons' leases, and giving everything back.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::StoreResult;
use crate::domain::ids::{Fence, Generation};

/// A singleton's right to act, under a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleLease {
    pub role: &'static str,
    pub owner: Generation,
    pub fence: Fence,
    /// By the holder's own monotonic clock.
    pub until: Instant,
}

#[async_trait]
pub trait RoleStore: Send + Sync + 'static {
    /// Takes or renews a role, which by the store's clock lasts so long. `None`: another living process has it.
    async fn hold_role(
        &self,
        role: &'static str,
        owner: Generation,
        lasts: Duration,
    ) -> StoreResult<Option<RoleLease>>;

    /// Gives everything this generation owns back: calls, roles, booking leases, the generation itself.
    /// `is_awaited`: an EMR may still be at work for it.
    async fn release(&self, owner: Generation, is_awaited: bool) -> StoreResult<()>;
}
