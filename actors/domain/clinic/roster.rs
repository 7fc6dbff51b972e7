//! All clinics of this house: which of them a call means.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::{Clinic, Line};
use crate::domain::ids::ClinicId;
use crate::domain::phone::PhoneNumber;

/// All clinics of this house, and the ways a call says which one it means. A snapshot: replaced whole, never edited.
#[derive(Debug, Default)]
pub struct Roster {
    clinics: HashMap<ClinicId, Arc<Clinic>>,
    lines: HashMap<Line, ClinicId>,
    voice_ids: HashMap<String, ClinicId>,
}

/// Two clinics claim the same line or voice id; nobody can tell whose call it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("clinics '{first}' and '{second}' both claim {what}")]
pub struct Contested {
    pub first: ClinicId,
    pub second: ClinicId,
    pub what: String,
}

impl Roster {
    pub fn of(clinics: impl IntoIterator<Item = Clinic>) -> Result<Self, Contested> {
        let mut roster = Self::default();
        for clinic in clinics {
            for line in &clinic.lines {
                claim(&mut roster.lines, line.clone(), &clinic.id, || format!("line {line:?}"))?;
            }
            for voice_id in &clinic.voice_ids {
                claim(&mut roster.voice_ids, voice_id.clone(), &clinic.id, || {
                    format!("voice id {voice_id}")
                })?;
            }
            let id = clinic.id.clone();
            if roster.clinics.insert(id.clone(), Arc::new(clinic)).is_some() {
                return Err(Contested { first: id.clone(), second: id, what: "the same id".to_owned() });
            }
        }
        Ok(roster)
    }

    pub fn clinic(&self, id: &ClinicId) -> Option<&Arc<Clinic>> {
        self.clinics.get(id)
    }

    pub fn by_line(&self, number: &PhoneNumber) -> Option<&ClinicId> {
        self.lines.get(&Line(number.clone()))
    }

    pub fn by_voice_id(&self, id: &str) -> Option<&ClinicId> {
        self.voice_ids.get(id)
    }

    pub fn clinics(&self) -> impl Iterator<Item = &Arc<Clinic>> {
        self.clinics.values()
    }
}

fn claim<K: Hash + Eq>(
    claims: &mut HashMap<K, ClinicId>,
    key: K,
    clinic: &ClinicId,
    what: impl FnOnce() -> String,
) -> Result<(), Contested> {
    match claims.insert(key, clinic.clone()) {
        Some(first) if first != *clinic => Err(Contested { first, second: clinic.clone(), what: what() }),
        _ => Ok(()),
    }
}
