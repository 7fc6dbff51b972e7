//! A booking as data: what a patient wants (intent), what we write for it (effects), and how a reading judges a write.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::appointment::{Appointment, DayRow, Fingerprint};
use super::emr_path::Path;
use super::ids::{AppointmentNo, ClinicId, DemographicNo, EffectId, IntentId, ProviderNo};
use super::mark::Mark;
use super::phi::Phi;
use super::time::Interval;

/// A provider's time on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    pub provider: ProviderNo,
    pub date: Date,
    pub interval: Interval,
}

impl Slot {
    pub fn overlaps(&self, other: &Self) -> bool {
        self.provider == other.provider && self.date == other.date && self.interval.overlaps(other.interval)
    }
}

/// One thing one patient wants done. Two wishes that are equal are one intent, whatever id they arrive under (law B-6).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    Book(Slot),
    Move { old: AppointmentNo, to: Slot },
    Cancel(AppointmentNo),
}

impl Want {
    /// The text whose keyed hash finds the intent again. The start alone counts: a longer visit at the same time is the
    /// same wish.
    pub fn canonical(&self, patient: DemographicNo) -> Phi<String> {
        let at = |slot: &Slot| format!("{}|{}|{}", slot.provider, slot.date, slot.interval.start);
        Phi::new(match self {
            Self::Book(slot) => format!("book|{}|{}", patient.reveal(), at(slot)),
            Self::Move { old, to } => format!("move|{}|{}|{}", patient.reveal(), old.0, at(to)),
            Self::Cancel(no) => format!("cancel|{}|{}", patient.reveal(), no.0),
        })
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Intent {
    pub id: IntentId,
    pub clinic: ClinicId,
    pub patient: DemographicNo,
    pub want: Want,
}

/// Where an intent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentState {
    /// Being worked on, or its outcome is not known yet.
    Open,
    /// Read back and in agreement: the new appointment, or the cancelled one.
    Done(AppointmentNo),
    Refused,
    /// What could not be read, or what the caller must be told by a person.
    HandedToStaff,
}

impl IntentState {
    /// A live intent answers for every repetition of its wish.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Done(_))
    }
}

/// One write to the EMR.
#[derive(Clone, PartialEq, Eq)]
pub struct Effect {
    pub id: EffectId,
    pub intent: IntentId,
    pub clinic: ClinicId,
    pub patient: DemographicNo,
    pub act: Act,
    /// The path it is sent by, and read back by.
    pub path: Path,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Act {
    Add {
        slot: Slot,
        /// The old appointment of a move: the one row the new one may overlap (law B-2).
        beside: Option<AppointmentNo>,
    },
    Cancel {
        appointment: AppointmentNo,
        slot: Slot,
        /// What the patient holds instead, when this is the second half of a move.
        instead: Option<AppointmentNo>,
    },
}

impl Effect {
    pub fn mark(&self) -> Mark {
        Mark::of(self.id)
    }

    pub const fn slot(&self) -> &Slot {
        match &self.act {
            Act::Add { slot, .. } | Act::Cancel { slot, .. } => slot,
        }
    }

    pub const fn adds(&self) -> bool {
        matches!(self.act, Act::Add { .. })
    }
}

/// Where a write stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectState {
    /// The row is committed; the write may or may not have left.
    Announced,
    /// Sent, and not answered in a way that settles it.
    Unknown,
    Done(AppointmentNo),
    /// Known: nothing was sent, or the EMR refused it.
    NotDone,
    /// Read as absent after the last moment it could have arrived. Watched for a while: it may yet turn up.
    Absent,
    HandedToStaff,
}

impl EffectState {
    /// An unsettled write occupies its interval and its patient for every process.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Announced | Self::Unknown)
    }

    /// What may follow what. A settled write stays as it is, with two exceptions: the absent one that turns up late, and
    /// the one that arrived twice, of which staff removed the row that was counted.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Announced => true,
            Self::Unknown => !matches!(next, Self::Announced | Self::NotDone),
            Self::Absent => matches!(next, Self::Absent | Self::Done(_) | Self::HandedToStaff),
            Self::Done(_) => matches!(next, Self::Done(_)),
            Self::NotDone | Self::HandedToStaff => next == self,
        }
    }
}

/// What a full reading of the day says about an appointment we added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddVerdict {
    Agrees(AppointmentNo),
    Absent,
    /// There, but no longer what we wrote: somebody changed it since.
    Changed(AppointmentNo),
    /// There, and in the way of a row that came first or that staff made: ours has to go.
    Yields(AppointmentNo),
    /// The EMR holds our one write more than once; all but the first have to go.
    Doubled {
        keep: AppointmentNo,
        extra: Vec<AppointmentNo>,
    },
}

/// Law B-3 for an addition: our mark, the patient, the start, the normalised end, a live status, and no overlap.
pub fn judge_add(mark: Mark, slot: &Slot, beside: Option<AppointmentNo>, day: &[DayRow]) -> AddVerdict {
    let mut ours: Vec<&DayRow> = day.iter().filter(|row| row.mark == Some(mark)).collect();
    ours.sort_by_key(|row| row.no);
    let Some(first) = ours.first() else { return AddVerdict::Absent };
    let live: Vec<&DayRow> = ours.iter().copied().filter(|row| row.status.occupies()).collect();
    let (as_written, changed): (Vec<&DayRow>, Vec<&DayRow>) = live.into_iter().partition(|row| {
        row.for_patient
            && row.provider == slot.provider
            && row.date == slot.date
            && row.interval == slot.interval
    });
    let row = match (as_written.as_slice(), changed.first()) {
        ([keep, extra @ ..], _) if !extra.is_empty() => {
            return AddVerdict::Doubled { keep: keep.no, extra: extra.iter().map(|row| row.no).collect() };
        }
        (_, Some(changed)) => return AddVerdict::Changed(changed.no),
        ([], None) => return AddVerdict::Changed(first.no),
        ([row, ..], None) => row,
    };
    let beats_ours = |rival: &&DayRow| rival.mark.is_none() || rival.no < row.no;
    let in_the_way = day
        .iter()
        .filter(|rival| rival.no != row.no && Some(rival.no) != beside && rival.status.occupies())
        .filter(|rival| rival.interval.overlaps(row.interval))
        .any(|rival| beats_ours(&rival));
    if in_the_way { AddVerdict::Yields(row.no) } else { AddVerdict::Agrees(row.no) }
}

/// What a reading of the row says about a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelVerdict {
    Agrees,
    /// Live and as it was before: the write has not arrived, or not yet.
    StillLive,
    /// Live, and changed by somebody since.
    Changed,
    Gone,
}

/// Law B-3 for a cancellation. A row that is cancelled counts as cancelled whoever did it.
pub fn judge_cancel(seen: Option<Fingerprint>, now: Option<&Appointment>) -> CancelVerdict {
    match (now, seen) {
        (None, _) => CancelVerdict::Gone,
        (Some(now), _) if now.status.is_cancelled() => CancelVerdict::Agrees,
        (Some(now), Some(seen)) if now.fingerprint() != seen => CancelVerdict::Changed,
        (Some(_), _) => CancelVerdict::StillLive,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::appointment::Status;
    use crate::domain::time::Minute;

    const MARK: fn(u128) -> Mark = |n| Mark::of(EffectId(Uuid::from_u128(n)));

    fn slot(start: u16) -> Slot {
        Slot {
            provider: ProviderNo::parse("021").unwrap(),
            date: date(2026, 11, 23),
            interval: Interval::starting(Minute::new(start).unwrap(), 15).unwrap(),
        }
    }

    fn row(no: i32, start: u16, mark: Option<Mark>) -> DayRow {
        let Slot { provider, date, interval } = slot(start);
        let for_patient = mark == Some(MARK(1));
        DayRow { no: AppointmentNo(no), provider, date, interval, status: Status::of("t"), mark, for_patient }
    }

    fn judged(day: &[DayRow]) -> AddVerdict {
        judge_add(MARK(1), &slot(540), None, day)
    }

    #[test]
    fn a_row_as_written_on_a_clear_day_agrees() {
        let ours = row(7, 540, Some(MARK(1)));
        assert_eq!(
            judged(&[row(3, 525, None), ours.clone(), row(9, 555, None)]),
            AddVerdict::Agrees(AppointmentNo(7))
        );
        let mut cancelled = row(3, 540, None);
        cancelled.status = Status::of("C");
        assert_eq!(judged(&[cancelled, ours]), AddVerdict::Agrees(AppointmentNo(7)));
        assert_eq!(judged(&[row(3, 540, None)]), AddVerdict::Absent);
    }

    #[test]
    fn against_a_row_of_staff_ours_yields_whichever_came_first() {
        for staff in [3, 9] {
            let day = [row(staff, 545, None), row(7, 540, Some(MARK(1)))];
            assert_eq!(judged(&day), AddVerdict::Yields(AppointmentNo(7)), "{staff}");
        }
    }

    #[test]
    fn between_two_of_ours_the_lower_id_wins() {
        let ours = row(7, 540, Some(MARK(1)));
        assert_eq!(judged(&[ours.clone(), row(9, 540, Some(MARK(2)))]), AddVerdict::Agrees(AppointmentNo(7)));
        assert_eq!(judged(&[ours, row(5, 540, Some(MARK(2)))]), AddVerdict::Yields(AppointmentNo(7)));
    }

    #[test]
    fn only_the_other_half_of_the_same_move_may_overlap() {
        let day = [row(3, 545, None), row(7, 540, Some(MARK(1)))];
        let beside = |no| judge_add(MARK(1), &slot(540), Some(AppointmentNo(no)), &day);
        assert_eq!(beside(3), AddVerdict::Agrees(AppointmentNo(7)));
        assert_eq!(beside(4), AddVerdict::Yields(AppointmentNo(7)));
    }

    #[test]
    fn a_row_that_somebody_changed_or_another_patient_holds_does_not_agree() {
        let mut ours = row(7, 540, Some(MARK(1)));
        ours.for_patient = false;
        assert_eq!(judged(&[ours.clone()]), AddVerdict::Changed(AppointmentNo(7)));
        ours.for_patient = true;
        ours.status = Status::of("C");
        assert_eq!(judged(&[ours.clone()]), AddVerdict::Changed(AppointmentNo(7)));
        ours.status = Status::of("t");
        ours.interval = slot(600).interval;
        assert_eq!(judged(&[ours]), AddVerdict::Changed(AppointmentNo(7)));
    }

    #[test]
    fn one_write_that_arrived_twice_keeps_its_first_row() {
        let day = [row(8, 540, Some(MARK(1))), row(7, 540, Some(MARK(1)))];
        assert_eq!(
            judged(&day),
            AddVerdict::Doubled { keep: AppointmentNo(7), extra: vec![AppointmentNo(8)] }
        );
    }

    #[test]
    fn of_one_write_that_arrived_twice_staff_keep_the_row_they_have_moved() {
        let (ours, mut moved) = (row(8, 540, Some(MARK(1))), row(7, 600, Some(MARK(1))));
        assert_eq!(judged(&[moved.clone(), ours.clone()]), AddVerdict::Changed(AppointmentNo(7)));
        moved.status = Status::of("C");
        assert_eq!(judged(&[moved, ours]), AddVerdict::Agrees(AppointmentNo(8)));
    }

    #[test]
    fn a_settled_write_stays_settled_except_the_one_that_turns_up_late() {
        let done = EffectState::Done(AppointmentNo(1));
        assert!(EffectState::Announced.may_become(EffectState::NotDone));
        assert!(!EffectState::Unknown.may_become(EffectState::NotDone), "unknown is settled by reading");
        assert!(EffectState::Unknown.may_become(EffectState::Absent));
        assert!(EffectState::Absent.may_become(done));
        assert!(!done.may_become(EffectState::Absent));
        assert!(done.may_become(done));
        assert!(done.may_become(EffectState::Done(AppointmentNo(2))), "it arrived twice");
        assert!(!done.may_become(EffectState::HandedToStaff));
        assert!(!EffectState::NotDone.may_become(done));
    }
}
