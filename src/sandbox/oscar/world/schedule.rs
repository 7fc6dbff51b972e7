//! Working days: templates painted with one letter per slice of the day, and which day uses which.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

/// Templates any provider may use belong to this pretend provider.
pub const PUBLIC: &str = "Public";

const MINUTES_OF_DAY: usize = 24 * 60;

/// One row of table `scheduletemplatecode`. The letter is not unique.
#[derive(Clone, Debug)]
pub struct TemplateCode {
    pub id: i32,
    pub code: char,
    pub description: String,
    /// Minutes, or empty.
    pub duration: String,
    pub color: String,
    pub confirm: String,
    pub booking_limit: i32,
}

#[derive(Clone, Debug)]
pub struct Template {
    pub provider_no: String,
    pub name: String,
    /// One character per equal slice of 24 hours, `_` for none.
    pub timecode: String,
}

/// One row of table `scheduledate`.
#[derive(Clone, Debug)]
pub struct WorkDay {
    pub template: String,
    /// False paints the day closed on staff's screens. The web service serves its slots all the same.
    pub available: bool,
}

#[derive(Clone, Debug)]
pub struct AppointmentType {
    pub id: i32,
    pub name: String,
    pub duration: i32,
    pub reason: String,
}

#[derive(Debug, Default)]
pub struct Schedule {
    pub codes: Vec<TemplateCode>,
    pub types: Vec<AppointmentType>,
    pub templates: Vec<Template>,
    pub holidays: BTreeMap<Date, String>,
    days: HashMap<String, BTreeMap<Date, WorkDay>>,
}

impl Schedule {
    pub fn set_day(&mut self, provider_no: &str, date: Date, day: WorkDay) {
        self.days.entry(provider_no.to_owned()).or_default().insert(date, day);
    }

    pub fn day(&self, provider_no: &str, date: Date) -> Option<&WorkDay> {
        self.days.get(provider_no)?.get(&date)
    }

    /// The day's template: the provider's own one by that name, else the public one, else none.
    pub fn timecode(&self, provider_no: &str, date: Date) -> Option<&str> {
        let name = &self.day(provider_no, date)?.template;
        let owned_by =
            |owner: &str| self.templates.iter().find(|row| row.provider_no == owner && row.name == *name);
        owned_by(provider_no).or_else(|| owned_by(PUBLIC)).map(|row| row.timecode.as_str())
    }

    /// Whether there was a day to remove.
    pub(crate) fn remove_day(&mut self, provider_no: &str, date: Date) -> bool {
        self.days.get_mut(provider_no).and_then(|days| days.remove(&date)).is_some()
    }

    pub(crate) fn slot_minutes(&self, provider_no: &str, date: Date) -> Option<i32> {
        self.timecode(provider_no, date).and_then(slot_minutes)
    }
}

pub(crate) fn slot_minutes(timecode: &str) -> Option<i32> {
    let minutes = MINUTES_OF_DAY.checked_div(timecode.chars().count())?;
    i32::try_from(minutes).ok()
}

/// Minutes after midnight and letter of every slice that is not `_`.
pub(crate) fn slots(timecode: &str) -> impl Iterator<Item = (i32, char)> {
    let length = slot_minutes(timecode).unwrap_or_default();
    (0..)
        .step_by(usize::try_from(length).unwrap_or(1).max(1))
        .zip(timecode.chars())
        .filter(|slot| slot.1 != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_hour_template_has_ninety_six_letters() {
        let timecode = format!("{}1P{}", "_".repeat(36), "_".repeat(58));
        assert_eq!(slot_minutes(&timecode), Some(15));
        assert_eq!(slots(&timecode).collect::<Vec<_>>(), [(540, '1'), (555, 'P')]);
    }

    #[test]
    fn an_empty_template_has_no_slots() {
        assert_eq!(slot_minutes(""), None);
        assert_eq!(slots("").count(), 0);
    }
}
