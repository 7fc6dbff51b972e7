//! Retention: what is past its time goes, a little at a time and after everything else.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{Keep, RetentionStore, RoleLease, StoreResult};

use super::sql::{args, micros};
use super::statements::retention::{
    PURGE_CALLS, PURGE_DEAD_LETTERS, PURGE_EVENTS, PURGE_FREED, PURGE_HELD, PURGE_HOLDS, PURGE_INTENTS,
    PURGE_LEASES, PURGE_OFFERS, PURGE_RECORDS, PURGE_REGISTRATIONS, PURGE_SMS, PURGE_TOOL_CALLS,
    PURGE_WAITLIST,
};
use super::writer::Lane;
use super::{SqlStore, roles};

#[async_trait]
impl RetentionStore for SqlStore {
    /// Each kind is a transaction of its own, so that nobody's commit waits for all of them.
    async fn purge(&self, role: &RoleLease, keep: Keep, limit: u32, now: Ts) -> StoreResult<u64> {
        let kinds = [
            (PURGE_CALLS, now.minus(keep.ended_calls)),
            (PURGE_TOOL_CALLS, now.minus(keep.tool_calls)),
            (PURGE_EVENTS, now.minus(keep.events)),
            (PURGE_DEAD_LETTERS, now.minus(keep.events)),
            (PURGE_INTENTS, now.minus(keep.settled_effects)),
            (PURGE_SMS, now.minus(keep.sent_sms)),
            (PURGE_RECORDS, now.minus(keep.settled_effects)),
            (PURGE_WAITLIST, now.minus(keep.settled_effects)),
            (PURGE_HELD, now.minus(keep.settled_effects)),
            (PURGE_FREED, now.minus(keep.settled_effects)),
            (PURGE_OFFERS, now.minus(keep.settled_effects)),
            (PURGE_REGISTRATIONS, now.minus(keep.settled_effects)),
            (PURGE_HOLDS, now),
        ]
        .map(|(sql, before)| (sql, before.0));
        // By the store's clock, as they end. Their fences go with them, so only when nobody can remember one.
        let leases = (PURGE_LEASES, micros(keep.settled_effects));
        // One clinic at a time: what is past its time can wait for the others' turns.
        let Some(clinic) = self.next_in_turn().await? else { return Ok(0) };
        let mut purged = 0;
        for (sql, before) in kinds.into_iter().chain([leases]) {
            purged += self
                .writer
                .submit(Lane::Retention(&clinic), *role, move |role, session| {
                    async move {
                        roles::check(session, role).await?;
                        session.run(sql, args![before, limit]).await
                    }
                    .boxed()
                })
                .await?;
        }
        Ok(purged)
    }
}
