//! Roles: the singletons' leases, and the check that every write under one begins with.

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use tokio::time::Instant;
use vitarad_actors::domain::ids::{Fence, Generation};
use vitarad_actors::domain::laws;
use vitarad_actors::ports::store::{RoleLease, RoleStore, StoreError, StoreResult};

use super::db::Session;
use super::sql::args;
use super::statements::ownership::{HOLD_ROLE, ROLE_FENCE};
use super::writer::Lane;
use super::{SqlStore, instances};

#[async_trait]
impl RoleStore for SqlStore {
    async fn hold_role(
        &self,
        role: &'static str,
        owner: Generation,
        lasts: Duration,
    ) -> StoreResult<Option<RoleLease>> {
        // The holder's clock starts before the row's, and stops at two thirds: it is always the first to stop.
        let until = Instant::now() + lasts * 2 / 3;
        let held: Option<(i64,)> = self
            .writer
            .submit(Lane::House, (role, owner, lasts), |(role, owner, lasts), session| {
                async move { session.maybe(HOLD_ROLE, args![*role, *owner, *lasts]).await }.boxed()
            })
            .await?;
        Ok(held.map(|(fence,)| RoleLease { role, owner, fence: Fence(fence), until }))
    }

    async fn release(&self, owner: Generation, is_awaited: bool) -> StoreResult<()> {
        self.writer
            .submit(Lane::House, (owner, is_awaited), |(owner, is_awaited), session| {
                instances::release(session, *owner, *is_awaited).boxed()
            })
            .await
    }
}

/// Law O-1 for the singletons: what follows in this transaction is done by the role's holder or not at all.
pub(super) async fn check(session: &mut Session, role: &RoleLease) -> StoreResult<()> {
    let in_force: Option<(i64,)> = session.maybe(ROLE_FENCE, args![role.role, role.owner]).await?;
    match in_force {
        Some((fence,)) if laws::owns(Fence(fence), role.fence) => Ok(()),
        _ => Err(StoreError::Usurped),
    }
}
