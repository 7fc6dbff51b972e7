//! The hours a provider usually works, kept with us for an EMR that does not tell them: by REST nobody can ask.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::availability::{DaySchedule, TemplateSlot};
use super::clinic_hours::Week;
use super::time::Interval;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkGrid {
    pub slot_minutes: u16,
    /// The template code its slots count as. Unset: they are open to every kind of visit.
    #[serde(default)]
    pub template_code: Option<char>,
    pub hours: Week,
}

impl WorkGrid {
    /// That day, if the provider usually works on it. `codes` are those of all kinds of visit.
    pub fn on(&self, date: Date, codes: &[char]) -> Option<DaySchedule> {
        let stretches = self.hours.on(date.weekday());
        if stretches.is_empty() {
            return None;
        }
        let own = self.template_code.as_slice();
        let codes = if own.is_empty() { codes } else { own };
        let starts = stretches.iter().flat_map(|stretch| self.starts(stretch.0));
        let slots =
            starts.flat_map(|start| codes.iter().map(move |code| TemplateSlot { start, code: *code }));
        Some(DaySchedule { holiday: false, slot_minutes: Some(self.slot_minutes), slots: slots.collect() })
    }

    fn starts(&self, stretch: Interval) -> impl Iterator<Item = super::time::Minute> {
        let minutes = self.slot_minutes.max(1);
        (0..stretch.minutes() / minutes).map(move |slot| stretch.start.plus(slot * minutes))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn grid(template_code: Option<char>) -> WorkGrid {
        let stretches = |all: &[&str]| all.iter().map(|text| text.parse().unwrap()).collect();
        let hours = Week { monday: stretches(&["09:00-10:00", "13:00-13:50"]), ..Week::default() };
        WorkGrid { slot_minutes: 20, template_code, hours }
    }

    fn shown(day: &DaySchedule) -> Vec<String> {
        day.slots.iter().map(|slot| format!("{} {}", slot.start, slot.code)).collect()
    }

    #[test]
    fn a_day_is_cut_into_whole_slots_and_a_day_off_is_not_scheduled() {
        let monday = grid(Some('1')).on(date(2026, 11, 23), &['A', 'B']).unwrap();
        assert_eq!(shown(&monday), ["09:00 1", "09:20 1", "09:40 1", "13:00 1", "13:20 1"]);
        assert_eq!(monday.slot_minutes, Some(20));
        assert_eq!(grid(None).on(date(2026, 11, 24), &['A']), None);
    }

    #[test]
    fn without_a_code_of_its_own_a_slot_is_open_to_every_kind_of_visit() {
        let monday = grid(None).on(date(2026, 11, 23), &['A', 'B']).unwrap();
        assert_eq!(shown(&monday)[..2], ["09:00 A", "09:00 B"]);
    }
}
