//! `retention`: purges what is past its time, in batches, so that it never holds up a call, and does what the clock asks
//! for: looks at tokens that end, and after reports that did not come.

mod reports;
mod tokens;

use async_trait::async_trait;

use crate::house::House;
use crate::ports::store::{RoleLease, StoreResult};
use crate::singleton::Duty;
use crate::tree::Role;

const BATCH: u32 = 200;

pub struct Retention;

#[async_trait]
impl Duty for Retention {
    const ROLE: Role = Role::Retention;
    const FLUSHES: bool = false;

    async fn work(house: &House, lease: &RoleLease) -> StoreResult<bool> {
        tokens::watch(house, lease).await?;
        reports::ask(house, lease).await?;
        let gone = house.store.purge(lease, house.settings.keep, BATCH, house.now()).await?;
        house.meters.purged(gone);
        Ok(gone >= u64::from(BATCH))
    }
}

#[cfg(test)]
mod tests;
