//! A held request: what a verified patient, or somebody who wants to become one, wanted done while the EMR was away, kept
//! until it is back or until it is too late to be of use.

use std::fmt;
use std::time::Duration;

use super::booking::{Slot, Want};
use super::clinic::Clinic;
use super::ids::DemographicNo;
use super::new_patient::NewPatient;
use super::phi::Phi;
use super::time::Ts;

/// What one call may leave behind, and what a clinic keeps in all. Beyond it a caller is refused as plainly as before.
pub const HELD_PER_CALL: u32 = 3;
pub const HELD_PER_CLINIC: u32 = 200;
/// A patient who has heard nothing for longer has made other arrangements.
pub const HELD_FOR: Duration = Duration::from_hours(48);
/// Tries with an EMR that was there a moment before. What fails so often is looked at by a person.
pub const HELD_TRIES: u64 = 8;

/// Letters and digits that nobody mistakes for one another on the telephone: 24 to the power of four.
const SYMBOLS: &[u8; 24] = b"ACEFHJKLMNPRTUVWXY234679";
const LENGTH: usize = 4;

/// What the caller is told to name the request by. Unique among a clinic's requests that wait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(String);

impl Reference {
    pub fn drawn(random: u128) -> Self {
        let radix = SYMBOLS.len() as u128;
        let symbol = |place: u32| {
            let at = usize::try_from(random / radix.pow(place) % radix).unwrap_or_default();
            char::from(SYMBOLS[at])
        };
        Self((0..LENGTH).zip(0..).map(|(_, place)| symbol(place)).collect())
    }

    /// As somebody types or reads it out: in any case, with or without gaps.
    pub fn parse(text: &str) -> Option<Self> {
        let symbols: String = text
            .chars()
            .filter(|symbol| !symbol.is_whitespace() && *symbol != '-')
            .map(|symbol| symbol.to_ascii_uppercase())
            .collect();
        let known = symbols.len() == LENGTH && symbols.bytes().all(|symbol| SYMBOLS.contains(&symbol));
        known.then_some(Self(symbols))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Symbol by symbol, so that a voice does not make a word of it.
    pub fn spoken(&self) -> String {
        let symbols: Vec<String> = self.0.chars().map(String::from).collect();
        symbols.join(" ")
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a held request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldState {
    Open,
    /// Somebody is at it, under a fence.
    Executing,
    /// In the EMR, and the patient is told by text.
    Done,
    /// Its time passed before the EMR came back.
    Expired,
    /// A person has to tell the patient, or to decide.
    HandedToStaff,
    Cancelled,
}

impl HeldState {
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Executing, Self::Done, Self::Expired, Self::HandedToStaff, Self::Cancelled];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Executing => "executing",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::HandedToStaff => "handed_to_staff",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Executing)
    }
}

/// What is wanted, with everything that carrying it out needs. Wholly sealed.
#[derive(Clone, PartialEq, Eq)]
pub enum HeldWish {
    Visit(HeldVisit),
    Registration(Box<NewPatient>),
}

/// What a verified patient wants done with an appointment.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldVisit {
    pub patient: DemographicNo,
    pub want: Want,
    pub sheet_name: Phi<String>,
    pub visit: String,
    pub reason: Phi<String>,
    /// Where the appointment to be moved or cancelled lay when the caller heard of it.
    pub old_slot: Option<Slot>,
    /// The chart names no provider of the clinic.
    pub is_new: bool,
}

impl HeldWish {
    /// The text whose keyed hash finds the same wish again (law B-6).
    pub fn canonical(&self) -> Phi<String> {
        match self {
            Self::Visit(visit) => visit.want.canonical(visit.patient),
            Self::Registration(who) => who.person().map(|person| format!("register|{person}")),
        }
    }

    /// Whose chart it is about; one that is to be made has no number yet.
    pub const fn patient(&self) -> Option<DemographicNo> {
        match self {
            Self::Visit(visit) => Some(visit.patient),
            Self::Registration(_) => None,
        }
    }

    /// `LAST,FIRST`.
    pub fn sheet_name(&self) -> Phi<String> {
        match self {
            Self::Visit(visit) => visit.sheet_name.clone(),
            Self::Registration(who) => who.sheet_name(),
        }
    }

    /// The last moment at which carrying it out is what the caller agreed to: before the visit itself, before the one
    /// that was to be moved or cancelled, and not after [`HELD_FOR`].
    pub fn expires_at(&self, clinic: &Clinic, now: Ts) -> Ts {
        let Self::Visit(HeldVisit { want, old_slot, .. }) = self else { return now.plus(HELD_FOR) };
        let wanted = match want {
            Want::Book(slot) | Want::Move { to: slot, .. } => Some(slot),
            Want::Cancel(_) => None,
        };
        let starts = |slot: &Slot| clinic.timezone.instant(slot.interval.start.on(slot.date));
        let visits = wanted.into_iter().chain(old_slot).filter_map(starts);
        visits.fold(now.plus(HELD_FOR), Ts::min)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_reference_is_four_symbols_that_are_not_mistaken_for_one_another() {
        let all: BTreeSet<Reference> = (0..5_000).map(|n| Reference::drawn(n * 7_919)).collect();
        assert!(all.len() > 4_900, "they differ: {}", all.len());
        for reference in &all {
            assert_eq!(reference.as_str().len(), LENGTH);
            assert!(!reference.as_str().contains(['0', 'O', 'Q', '1', 'I', 'B', '8', 'S', '5', 'Z', 'D']));
            assert_eq!(Reference::parse(&reference.spoken().to_lowercase()).as_ref(), Some(reference));
        }
        assert_eq!(Reference::parse("AB"), None);
        assert_eq!(Reference::parse("ACE0"), None);
    }

    #[test]
    fn every_state_is_read_back_by_its_name() {
        assert!(HeldState::ALL.iter().all(|state| HeldState::named(state.name()) == Some(*state)));
        assert_eq!(HeldState::named("lost"), None);
    }
}
