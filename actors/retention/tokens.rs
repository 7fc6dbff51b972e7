//! Says before it is too late that a clinic's leave to use its EMR by REST ends.

use crate::domain::token_watch::{Outlook, is_due, outlook};
use crate::house::House;
use crate::ports::store::{EmrToken, RoleLease, StoreResult};

pub(super) async fn watch(house: &House, lease: &RoleLease) -> StoreResult<()> {
    let now = house.now();
    for token in house.store.emr_tokens().await? {
        let EmrToken { clinic: id, granted_at, expires_at, watched_at } = token;
        let Some(clinic) = house.clinic(&id) else { continue };
        if let Some(end) = expires_at {
            house.meters.emr_token_ends(&id, end);
        }
        if !is_due(&clinic.timezone, watched_at.unwrap_or(granted_at), now) {
            continue;
        }
        // Noted first: on a store that reads but does not write it would be said every second.
        house.store.note_token_watch(lease, &id, now).await?;
        match outlook(expires_at, now) {
            Outlook::Standing => {}
            Outlook::EndsSoon => tracing::warn!(clinic.id = %id, "the clinic's EMR token ends soon"),
            Outlook::Ended => tracing::error!(clinic.id = %id, "the clinic's EMR token has ended"),
        }
    }
    Ok(())
}
