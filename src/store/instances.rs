//! Generations: the lives of processes on their nodes. One of a node's is active, or none.

use futures::FutureExt;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{Notice, StoreError, StoreResult};

use super::db::{Scope, Session};
use super::locks::LockKey;
use super::sql::args;
use super::statements::ownership::{
    AT_WORK, BEGIN_GENERATION, BURY_FORMER, LEASING_CLINICS, RELEASE_GENERATION, RELEASE_LEASES,
    RELEASE_ROLES,
};
use super::writer::Lane;
use super::{SqlStore, walls};

impl SqlStore {
    /// This process's life begins; the node's former ones that are still called alive are dead.
    pub async fn begin_generation(&self, node: &str, now: Ts) -> StoreResult<Generation> {
        let begun: (i64,) = self
            .writer
            .submit_locked(
                Lane::House,
                vec![LockKey::node(node)],
                (node.to_owned(), now),
                |(node, now), session| {
                    async move {
                        session.run(BURY_FORMER, args![node]).await?;
                        session.notify(Notice::Lives).await?;
                        session.one(BEGIN_GENERATION, args![node, *now]).await
                    }
                    .boxed()
                },
            )
            .await?;
        Ok(self.begun(Generation(begun.0)))
    }
}

/// Whether this process may begin anything: what it leaves is looked at once it is called dead, and not again.
pub(super) async fn check(session: &mut Session, sender: Generation) -> StoreResult<()> {
    session.maybe::<()>(AT_WORK, args![sender]).await?.ok_or(StoreError::Usurped)
}

/// Calls need nothing here: they move to whoever adopts them next.
pub(super) async fn release(session: &mut Session, owner: Generation, is_awaited: bool) -> StoreResult<()> {
    session.run(RELEASE_GENERATION, args![owner, i64::from(is_awaited)]).await?;
    session.notify(Notice::Lives).await?;
    session.run(RELEASE_ROLES, args![owner]).await?;
    let clinics: Vec<(String,)> = session.all(LEASING_CLINICS, args![owner]).await?;
    for (clinic,) in &clinics {
        let clinic = walls::parsed(clinic)?;
        session.scope_transaction(Scope::Clinic(&clinic)).await?;
        session.run(RELEASE_LEASES, args![owner, &clinic]).await?;
    }
    Ok(())
}
