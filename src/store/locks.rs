//! What must not be decided by two processes at once. SQLite has one writer anyway; PostgreSQL takes these as advisory
//! locks, before it touches a row, until the commit.

use sha2::{Digest, Sha256};
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::ids::ClinicId;

/// Two things that fall on one key wait for each other needlessly, and rightly otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LockKey(pub i64);

impl LockKey {
    /// Who may take which time of a provider's day.
    pub(super) fn day(clinic: &ClinicId, slot: &Slot) -> Self {
        Self::of(&[
            b"day",
            clinic.as_str().as_bytes(),
            slot.provider.as_str().as_bytes(),
            slot.date.to_string().as_bytes(),
        ])
    }

    /// Which intent of a patient is the open one.
    pub(super) fn patient(clinic: &ClinicId, patient_index: &[u8]) -> Self {
        Self::of(&[b"patient", clinic.as_str().as_bytes(), patient_index])
    }

    /// How many requests a clinic holds, and under which references.
    pub(super) fn held(clinic: &ClinicId) -> Self {
        Self::of(&[b"held", clinic.as_str().as_bytes()])
    }

    /// Whether freed time is offered to somebody, or given up.
    pub(super) fn freed(clinic: &ClinicId, id: i64) -> Self {
        Self::of(&[b"freed", clinic.as_str().as_bytes(), &id.to_le_bytes()])
    }

    /// Who of a clinic's callers is being registered.
    pub(super) fn registration(clinic: &ClinicId) -> Self {
        Self::of(&[b"registration", clinic.as_str().as_bytes()])
    }

    /// Which generation of a node is the active one.
    pub(super) fn node(node: &str) -> Self {
        Self::of(&[b"node", node.as_bytes()])
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        Self(i64::from_le_bytes(std::array::from_fn(|index| digest[index])))
    }
}
