//! Holds: slots that are kept for a call while it decides.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::booking::Slot;
use crate::domain::ids::{CallId, CallKey, ClinicId, DemographicNo, EffectId, ProviderNo};
use crate::domain::mark::Mark;
use crate::domain::time::Ts;

#[async_trait]
pub trait HoldStore: Send + Sync + 'static {
    /// Replaces the call's holds. Tries `slots` in order, skips what another call holds or an unsettled write occupies,
    /// stops at `limit`; returns what was granted.
    async fn hold(
        &self,
        call: &CallKey,
        slots: Vec<Slot>,
        limit: usize,
        until: Ts,
        now: Ts,
    ) -> StoreResult<Vec<Slot>>;

    /// What others' holds and unsettled additions take of a provider's days, `first` to `last` inclusive.
    async fn taken(&self, query: Taken, now: Ts) -> StoreResult<Vec<TakenSlot>>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenSlot {
    pub slot: Slot,
    /// The addition's, by which the EMR may show it by now; a hold has none.
    pub mark: Option<Mark>,
}

pub struct Taken {
    pub clinic: ClinicId,
    pub provider: ProviderNo,
    pub first: jiff::civil::Date,
    pub last: jiff::civil::Date,
    /// Whose holds do not count.
    pub except_call: Option<CallId>,
    /// Whose own announcement does not count.
    pub except_effect: Option<EffectId>,
    /// Whom time may be kept for by an offer, without being in their own way.
    pub except_patient: Option<DemographicNo>,
}
