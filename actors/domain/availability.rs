//! Which starts are free: template slots minus what is taken, as pure functions.
//!
//! The same function offers slots and re-checks the one a caller chose, so a model that names a time we never offered
//! is judged by the same rules as one that repeats our offer.

mod filled;

use std::collections::HashMap;

use jiff::civil::Date;

pub use self::filled::Filled;
use super::booking_rules::VisitType;
use super::clinic::{Clinic, ClinicProvider};
use super::clinic_hours::Opening;
use super::policy::Policy;
use super::time::{Interval, Minute, Ts};

/// A provider's painted day: OSCAR's work schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DaySchedule {
    pub holiday: bool,
    /// Absent when the day names a template that does not exist.
    pub slot_minutes: Option<u16>,
    /// In order of time.
    pub slots: Vec<TemplateSlot>,
}

/// A provider's day, and whether the EMR says so or the provider usually works like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkDay {
    /// As the EMR has it.
    Read(Option<DaySchedule>),
    /// From the grid that the clinic has declared, for an EMR that does not tell.
    Assumed(Option<DaySchedule>),
}

impl WorkDay {
    pub const fn schedule(&self) -> Option<&DaySchedule> {
        let (Self::Read(schedule) | Self::Assumed(schedule)) = self;
        schedule.as_ref()
    }

    pub const fn certainty(&self) -> Certainty {
        match self {
            Self::Read(_) => Certainty::Read,
            Self::Assumed(_) => Certainty::Assumed,
        }
    }
}

/// How well a free time is known. The less certain is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    Read,
    Assumed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateSlot {
    pub start: Minute,
    pub code: char,
}

/// What a template code promises. Codes are not unique in OSCAR; the strictest reading of a code wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateCodes(HashMap<char, Confirm>);

/// OSCAR's `confirm`: how near the visit a slot may be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirm {
    Open,
    WithinTheWeek,
    SameDay,
    OnCall,
}

impl Confirm {
    pub fn of(text: &str) -> Self {
        match text {
            "Day" => Self::SameDay,
            "Wk" => Self::WithinTheWeek,
            "Onc" => Self::OnCall,
            _ => Self::Open,
        }
    }

    fn admits(self, today: Date, date: Date) -> bool {
        match self {
            Self::Open => true,
            Self::SameDay => date == today,
            Self::WithinTheWeek => days_between(today, date) <= 7,
            Self::OnCall => false,
        }
    }
}

impl FromIterator<(char, Confirm)> for TemplateCodes {
    fn from_iter<I: IntoIterator<Item = (char, Confirm)>>(codes: I) -> Self {
        let mut strictest = HashMap::new();
        for (code, confirm) in codes {
            strictest
                .entry(code)
                .and_modify(|known: &mut Confirm| *known = (*known).max(confirm))
                .or_insert(confirm);
        }
        Self(strictest)
    }
}

/// Why a day has nothing to offer. The order is that of importance to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoOpening {
    Full,
    /// The provider has as many appointments of ours as the clinic wants on one day.
    LimitReached,
    NotScheduled,
    ClinicClosed,
    Holiday,
    OutsideWindow,
}

/// One provider's day, as of one reading.
#[derive(Clone, Copy)]
pub struct Day<'a> {
    pub date: Date,
    pub schedule: Option<&'a DaySchedule>,
    pub codes: &'a TemplateCodes,
    /// Live appointments, others' holds, unsettled writes.
    pub taken: &'a [Interval],
    /// How many of them are appointments of ours.
    pub ours: usize,
}

/// Who asks for what, and when.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    pub clinic: &'a Clinic,
    pub provider: &'a ClinicProvider,
    pub visit: &'a VisitType,
    pub now: Ts,
}

impl Wish<'_> {
    fn policy(&self) -> Policy<'_> {
        self.clinic.policy_of(self.provider)
    }

    fn today(&self) -> Date {
        self.clinic.timezone.wall(self.now).date()
    }

    /// The first and last date a caller may be given.
    pub fn window(&self) -> (Date, Date) {
        let today = self.today();
        let last =
            today.checked_add(jiff::Span::new().days(i32::from(self.policy().max_advance_days().value)));
        (today, last.unwrap_or(today))
    }

    fn is_late_enough(&self, date: Date, start: Minute) -> bool {
        let earliest = self.now.plus(self.policy().notice());
        self.clinic.timezone.instant(start.on(date)).is_some_and(|start| start >= earliest)
    }
}

/// Every free interval of a day for this wish, in order of time.
pub fn free(day: Day<'_>, wish: Wish<'_>) -> Result<Vec<Interval>, NoOpening> {
    let (first, last) = wish.window();
    if day.date < first || day.date > last {
        return Err(NoOpening::OutsideWindow);
    }
    let opening = wish.clinic.opening(day.date);
    match opening {
        Opening::Holiday(_) => return Err(NoOpening::Holiday),
        Opening::Closed => return Err(NoOpening::ClinicClosed),
        Opening::Open(_) => {}
    }
    let schedule = day.schedule.ok_or(NoOpening::NotScheduled)?;
    if schedule.holiday {
        return Err(NoOpening::Holiday);
    }
    let slot_minutes = schedule.slot_minutes.filter(|minutes| *minutes > 0).ok_or(NoOpening::NotScheduled)?;
    let policy = wish.policy();
    if !policy.has_room(day.ours) {
        return Err(NoOpening::LimitReached);
    }
    let (length, buffer) = (policy.minutes(wish.visit).value, policy.buffer_minutes().value);
    let usable = usable_slots(day, schedule, wish);
    let fits = |interval: &Interval| {
        opening.covers(*interval)
            && wish.is_late_enough(day.date, interval.start)
            && wish.clinic.timezone.is_plain(day.date, *interval)
            && is_untaken(*interval, day.taken, buffer)
    };
    let free: Vec<Interval> = starts(&usable, slot_minutes, length).filter(fits).collect();
    if free.is_empty() { Err(NoOpening::Full) } else { Ok(free) }
}

/// Whether a start that somebody named is free by the very rules that would have offered it.
pub fn free_at(day: Day<'_>, wish: Wish<'_>, start: Minute) -> Result<Interval, NoOpening> {
    let found = free(day, wish).map(|found| found.into_iter().find(|interval| interval.start == start));
    match found {
        Ok(Some(interval)) => Ok(interval),
        Ok(None) | Err(NoOpening::Full) if !wish.is_late_enough(day.date, start) => {
            Err(NoOpening::OutsideWindow)
        }
        Ok(None) => Err(NoOpening::Full),
        Err(none) => Err(none),
    }
}

fn usable_slots(day: Day<'_>, schedule: &DaySchedule, wish: Wish<'_>) -> Vec<Minute> {
    let (today, policy) = (wish.today(), wish.policy());
    let admits = |code| day.codes.0.get(&code).is_none_or(|confirm| confirm.admits(today, day.date));
    let mut starts: Vec<Minute> = schedule
        .slots
        .iter()
        .filter(|slot| policy.opens(slot.code, wish.visit) && admits(slot.code))
        .map(|slot| slot.start)
        .collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Intervals of `length` that begin on a usable slot and are covered by usable slots without a gap.
fn starts(usable: &[Minute], slot_minutes: u16, length: u16) -> impl Iterator<Item = Interval> {
    usable.iter().enumerate().filter_map(move |(index, start)| {
        let interval = Interval::starting(*start, length)?;
        let mut covered_until = *start;
        for slot in &usable[index..] {
            if *slot != covered_until {
                return None;
            }
            covered_until = slot.plus(slot_minutes);
            if covered_until >= interval.end {
                return Some(interval);
            }
        }
        None
    })
}

/// Whether `interval`, with the clinic's buffer around it, is clear of everything that is taken.
pub fn is_untaken(interval: Interval, taken: &[Interval], buffer_minutes: u16) -> bool {
    let wanted = interval.widened(buffer_minutes);
    !taken.iter().any(|busy| busy.overlaps(wanted))
}

fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

#[cfg(test)]
mod tests;
