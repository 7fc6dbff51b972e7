//! `audit`: chains and seals what was appended to the audit log (law P-2).
//!
//! Entries are appended in the transaction of what they record, by whoever records it; this role only seals them, so a
//! dead sealer loses nothing and delays no answer.

use async_trait::async_trait;

use crate::house::House;
use crate::ports::store::{RoleLease, StoreResult};
use crate::singleton::Duty;
use crate::tree::Role;

const BATCH: u32 = 500;

pub struct Audit;

#[async_trait]
impl Duty for Audit {
    const ROLE: Role = Role::Audit;
    const FLUSHES: bool = true;

    async fn work(house: &House, lease: &RoleLease) -> StoreResult<bool> {
        let sealed = house.store.seal_audit(lease, BATCH, house.now()).await?;
        house.meters.sealed(sealed);
        Ok(sealed == u64::from(BATCH))
    }
}
