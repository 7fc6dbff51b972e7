//! How much one clinic may ask of the house at once and over time, so that a clinic that floods us costs the others
//! nothing (law I-1). Requests without a valid credential are limited elsewhere, by where they come from.

mod sources;

use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use vitarad_actors::domain::bucket::{Bucket, Rate};
use vitarad_actors::domain::ids::ClinicId;

pub(super) use self::sources::Sources;

/// What every clinic may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClinicLimits {
    pub tool_calls: Rate,
    pub messages: Rate,
    pub tool_calls_at_once: usize,
}

impl Default for ClinicLimits {
    fn default() -> Self {
        let rate = Rate { per_minute: 300, burst: 100 };
        Self { tool_calls: rate, messages: rate, tool_calls_at_once: 256 }
    }
}

/// Of every clinic that has been heard of; there are no more than the operator has declared.
pub(super) struct Allowances {
    limits: ClinicLimits,
    clinics: DashMap<ClinicId, Arc<Allowance>>,
}

/// Kept for as long as anything works on a tool call.
pub(super) type Place = OwnedSemaphorePermit;

/// What one clinic has left.
pub(super) struct Allowance {
    tool_calls: Mutex<Bucket>,
    messages: Mutex<Bucket>,
    places: Arc<Semaphore>,
}

/// Why a tool call is not taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    OverRate,
    AtOnce,
}

impl Allowances {
    pub(super) fn new(limits: ClinicLimits) -> Self {
        Self { limits, clinics: DashMap::new() }
    }

    pub(super) fn of(&self, clinic: &ClinicId, now: Instant) -> Arc<Allowance> {
        if let Some(known) = self.clinics.get(clinic) {
            return Arc::clone(&known);
        }
        let fresh = || Arc::new(Allowance::new(self.limits, now));
        Arc::clone(&self.clinics.entry(clinic.clone()).or_insert_with(fresh))
    }
}

impl Allowance {
    fn new(limits: ClinicLimits, now: Instant) -> Self {
        Self {
            tool_calls: Mutex::new(Bucket::full(limits.tool_calls, now)),
            messages: Mutex::new(Bucket::full(limits.messages, now)),
            places: Arc::new(Semaphore::new(limits.tool_calls_at_once)),
        }
    }

    pub(super) fn tool_call(&self, now: Instant) -> Result<Place, Full> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Full::AtOnce)?;
        if take(&self.tool_calls, now) { Ok(place) } else { Err(Full::OverRate) }
    }

    pub(super) fn message(&self, now: Instant) -> bool {
        take(&self.messages, now)
    }
}

fn take(bucket: &Mutex<Bucket>, now: Instant) -> bool {
    bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now).is_ok()
}
