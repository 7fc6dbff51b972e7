//! The laws of the house: an id, a sentence and one predicate each.
//!
//! The same predicate judges unit tests, property tests, the simulation and, where it costs nothing, production
//! ([`uphold`]). A law about several facts takes those facts as arguments and looks at nothing else.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::appointment::Fingerprint;
use super::booking::{AddVerdict, CancelVerdict, Slot};
use super::ids::{AppointmentNo, ClinicId, Fence};
use super::new_patient::RegistrationReading;
use super::patient::Factors;
use super::time::{Moment, Ts};

macro_rules! laws {
    ($($name:ident $id:literal $sentence:literal)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Law { $($name),+ }

        impl Law {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id),+ }
            }

            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),+ }
            }
        }
    };
}

laws! {
    B1 "B-1" "an EMR write is never sent before the commit of a journal row that announces it has returned"
    B2 "B-2" "we never send a write that makes two live appointments overlap for one provider, nor two for one booking intent"
    B3 "B-3" "booked, moved, cancelled and registered are said only after the EMR's own record was read back and agrees"
    B4 "B-4" "while an appointment is being moved the patient holds the old one, the new one or both"
    B5 "B-5" "a write without a verified answer is unknown unless nothing was sent or the EMR refused it, and is settled by reading"
    B6 "B-6" "the same tool call gets the same answer, and the same intent under a new id never a second effect"
    B7 "B-7" "we never undo or overwrite what staff did"
    C1 "C-1" "every tool call is answered with one well-formed result before its deadline"
    I1 "I-1" "one clinic's trouble costs other clinics nothing"
    I2 "I-2" "no request ever reads or writes another clinic's data"
    I3 "I-3" "a caller learns nothing about a patient before two factors agree"
    O1 "O-1" "a call and each singleton role has at most one owner, and every write by an owner carries its fence"
    O2 "O-2" "crash, cold start and handoff are one code path"
    P1 "P-1" "health information never reaches a log, metric, trace, error report, panic message, URL or file in clear"
    P2 "P-2" "every read and write of health information is in the audit log before the answer leaves"
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// B-1: the announcement was committed, and before the write left.
pub fn announced_first(announced_at: Option<Ts>, sent_at: Ts) -> bool {
    announced_at.is_some_and(|announced_at| announced_at <= sent_at)
}

/// A live appointment, as the EMR holds it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRow {
    pub no: AppointmentNo,
    pub slot: Slot,
    pub made_by_us: bool,
    /// Ties the halves of one patient's move together.
    pub moves: Option<AppointmentNo>,
}

/// B-2: a row of ours overlaps nothing of its provider's but the other half of its own move. What staff book over each
/// other is theirs to do.
pub fn no_overlap_by_us(rows: &[LiveRow]) -> Option<(&LiveRow, &LiveRow)> {
    let halves = |a: &LiveRow, b: &LiveRow| a.moves == Some(b.no) || b.moves == Some(a.no);
    rows.iter().enumerate().find_map(|(index, row)| {
        rows[..index]
            .iter()
            .find(|other| {
                (row.made_by_us || other.made_by_us) && row.slot.overlaps(&other.slot) && !halves(row, other)
            })
            .map(|other| (other, row))
    })
}

/// B-3: what a reading must have said before "booked" or "moved" is.
pub const fn may_say_booked(read: &AddVerdict) -> bool {
    matches!(read, AddVerdict::Agrees(_))
}

/// B-3: what a reading must have said before "cancelled" is.
pub const fn may_say_cancelled(read: CancelVerdict) -> bool {
    matches!(read, CancelVerdict::Agrees)
}

/// B-3: what a reading must have said before "registered" is.
pub const fn may_say_registered(read: &RegistrationReading) -> bool {
    matches!(read, RegistrationReading::Agrees(_))
}

/// B-4.
pub const fn holds_one(old_is_live: bool, new_is_live: bool) -> bool {
    old_is_live || new_is_live
}

/// B-5: what is known of a write that was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    NothingSent,
    /// Authentication fault, client fault or 401.
    RefusedByEmr,
    /// Anything else: a time-out, a lost connection, a server fault, a page that is not an answer.
    Silence,
}

/// B-5: the only evidence on which a write counts as not done without reading.
pub const fn known_not_done(evidence: Evidence) -> bool {
    matches!(evidence, Evidence::NothingSent | Evidence::RefusedByEmr)
}

/// B-5: absence counts only in a reading that began after the last moment the write could still arrive: by the wall clock,
/// because whoever announced it stamped it so, and by the reader's own, because either of them may have set the wall's.
pub fn absence_counts(read_began: Moment, last_arrival: Moment) -> bool {
    read_began.is_after(last_arrival)
}

/// B-6: two deliveries of one tool call were told the same.
pub fn same_answer(first: &str, later: &str) -> bool {
    first == later
}

/// B-7: the row is as it was when the patient heard of it.
pub fn untouched(seen: Fingerprint, reread: Fingerprint) -> bool {
    seen == reread
}

/// I-2: the clinic that was dialled is the clinic whose credential was shown.
pub fn one_clinic(credential: &ClinicId, dialled: &ClinicId) -> bool {
    credential == dialled
}

/// I-3.
pub const fn two_factors(factors: Factors) -> bool {
    factors.suffice()
}

/// O-1: the writer holds the ownership that is in force.
pub fn owns(in_force: Fence, held: Fence) -> bool {
    in_force == held
}

/// How often production saw a law broken. Never reset; exported as a metric; not zero is an incident.
static BROKEN: [AtomicU64; Law::ALL.len()] = [const { AtomicU64::new(0) }; Law::ALL.len()];

/// Checks a law where its facts are at hand. A breach panics in debug builds, so that tests and simulation stop there;
/// in release it is counted and logged, because a caller is on the line.
#[track_caller]
pub fn uphold(law: Law, holds: bool) -> bool {
    debug_assert!(holds, "law {law} is broken: {}", law.sentence());
    if !holds {
        BROKEN[law as usize].fetch_add(1, Ordering::Relaxed);
        let at = std::panic::Location::caller();
        tracing::error!(
            law.id = law.id(),
            code.line = at.line(),
            code.file = at.file(),
            "{}",
            law.sentence()
        );
    }
    holds
}

pub fn breaches() -> impl Iterator<Item = (Law, u64)> {
    Law::ALL.iter().map(|law| (*law, BROKEN[*law as usize].load(Ordering::Relaxed)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::civil::date;
    use tokio::time::Instant;

    use super::*;
    use crate::domain::ids::ProviderNo;
    use crate::domain::time::{Interval, Minute};

    fn live(no: i32, start: u16, made_by_us: bool) -> LiveRow {
        let slot = Slot {
            provider: ProviderNo::parse("021").unwrap(),
            date: date(2026, 11, 23),
            interval: Interval::starting(Minute::new(start).unwrap(), 15).unwrap(),
        };
        LiveRow { no: AppointmentNo(no), slot, made_by_us, moves: None }
    }

    #[test]
    fn an_overlap_is_ours_only_if_one_of_the_rows_is() {
        assert!(no_overlap_by_us(&[live(1, 540, false), live(2, 545, false)]).is_none());
        assert!(no_overlap_by_us(&[live(1, 540, false), live(2, 545, true)]).is_some());
        assert!(no_overlap_by_us(&[live(1, 540, true), live(2, 555, true)]).is_none());
        let mut new_half = live(2, 545, true);
        new_half.moves = Some(AppointmentNo(1));
        assert!(no_overlap_by_us(&[live(1, 540, false), new_half]).is_none());
    }

    #[test]
    fn silence_is_never_known_not_done() {
        assert!(known_not_done(Evidence::NothingSent));
        assert!(known_not_done(Evidence::RefusedByEmr));
        assert!(!known_not_done(Evidence::Silence));
    }

    #[test]
    fn absence_before_the_last_arrival_proves_nothing() {
        let last = Moment { wall: Ts(10), own: Instant::now() };
        let (wall, own) = (Ts(11), last.own + Duration::from_micros(1));
        assert!(!absence_counts(last, last));
        assert!(!absence_counts(Moment { own, ..last }, last), "the wall clock was set back");
        assert!(!absence_counts(Moment { wall, ..last }, last), "the wall clock was set ahead");
        assert!(absence_counts(Moment { wall, own }, last));
    }

    #[test]
    #[should_panic(expected = "law B-3 is broken")]
    fn a_breach_stops_a_debug_build() {
        uphold(Law::B3, may_say_booked(&AddVerdict::Absent));
    }

    #[test]
    fn every_law_has_its_own_id() {
        let ids: std::collections::BTreeSet<_> = Law::ALL.iter().map(|law| law.id()).collect();
        assert_eq!(ids.len(), Law::ALL.len());
    }
}
