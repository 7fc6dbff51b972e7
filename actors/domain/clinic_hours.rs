//! When a clinic is open: weekly hours with breaks, and the days it is closed.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

use super::time::{Interval, Minute};

/// Why an opening time is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHours {
    #[error("'{0}' is not a stretch of the day; write it like \"09:00-17:00\"")]
    NotAStretch(String),
    #[error("the stretches of one day must follow each other without overlap")]
    Overlap,
}

/// `"09:00-12:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Stretch(pub Interval);

impl FromStr for Stretch {
    type Err = BadHours;
    fn from_str(text: &str) -> Result<Self, BadHours> {
        let read = || {
            let (start, end) = text.split_once('-')?;
            Interval::new(clock(start)?, clock(end)?)
        };
        read().map(Self).ok_or_else(|| BadHours::NotAStretch(text.to_owned()))
    }
}

pub(super) fn clock(text: &str) -> Option<Minute> {
    let (hour, minute) = text.trim().split_once(':')?;
    Minute::at(hour.parse().ok()?, minute.parse().ok()?)
}

impl TryFrom<String> for Stretch {
    type Error = BadHours;
    fn try_from(text: String) -> Result<Self, BadHours> {
        text.parse()
    }
}

impl From<Stretch> for String {
    fn from(stretch: Stretch) -> String {
        stretch.0.to_string()
    }
}

/// The hours of a week; a day without stretches is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    pub monday: Vec<Stretch>,
    pub tuesday: Vec<Stretch>,
    pub wednesday: Vec<Stretch>,
    pub thursday: Vec<Stretch>,
    pub friday: Vec<Stretch>,
    pub saturday: Vec<Stretch>,
    pub sunday: Vec<Stretch>,
}

impl Week {
    pub fn on(&self, day: Weekday) -> &[Stretch] {
        match day {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }

    pub fn days(&self) -> [(&'static str, &[Stretch]); 7] {
        [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ]
    }

    pub fn check(&self) -> Result<(), BadHours> {
        let ordered = |stretches: &[Stretch]| stretches.windows(2).all(|two| two[0].0.end <= two[1].0.start);
        if self.days().iter().all(|(_, stretches)| ordered(stretches)) {
            Ok(())
        } else {
            Err(BadHours::Overlap)
        }
    }
}

/// Days the clinic is closed, with the reason.
pub type Holidays = BTreeMap<Date, String>;

/// What one civil day looks like from the front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening<'a> {
    Open(&'a [Stretch]),
    Holiday(&'a str),
    Closed,
}

pub fn opening<'a>(week: &'a Week, holidays: &'a Holidays, date: Date) -> Opening<'a> {
    if let Some(name) = holidays.get(&date) {
        return Opening::Holiday(name);
    }
    match week.on(date.weekday()) {
        [] => Opening::Closed,
        stretches => Opening::Open(stretches),
    }
}

impl Opening<'_> {
    pub fn is_open_at(self, time: Time) -> bool {
        let now = Minute::of(time);
        matches!(self, Self::Open(stretches) if stretches.iter().any(|s| s.0.start <= now && now < s.0.end))
    }

    pub fn covers(self, interval: Interval) -> bool {
        matches!(self, Self::Open(stretches) if stretches.iter().any(|s| s.0.covers(interval)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn stretch(text: &str) -> Stretch {
        text.parse().unwrap()
    }

    #[test]
    fn a_visit_may_not_reach_into_the_lunch_break() {
        let week = Week { monday: vec![stretch("09:00-12:00"), stretch("13:00-17:00")], ..Week::default() };
        let holidays = Holidays::new();
        let monday = opening(&week, &holidays, date(2026, 11, 23));
        assert!(monday.covers(stretch("11:45-12:00").0));
        assert!(!monday.covers(stretch("11:45-12:15").0));
        assert!(monday.is_open_at(time(11, 59, 0, 0)));
        assert!(!monday.is_open_at(time(12, 0, 0, 0)));
        assert_eq!(opening(&week, &holidays, date(2026, 11, 24)), Opening::Closed);
    }

    #[test]
    fn a_holiday_closes_an_open_weekday() {
        let week = Week { friday: vec![stretch("09:00-17:00")], ..Week::default() };
        let holidays = Holidays::from([(date(2026, 12, 25), "Christmas".to_owned())]);
        assert_eq!(opening(&week, &holidays, date(2026, 12, 25)), Opening::Holiday("Christmas"));
    }

    #[test]
    fn bad_hours_are_named() {
        assert_eq!("9 to 5".parse::<Stretch>(), Err(BadHours::NotAStretch("9 to 5".into())));
        assert_eq!(
            "17:00-09:00".parse::<Stretch>().map(String::from),
            Err(BadHours::NotAStretch("17:00-09:00".into()))
        );
        let week = Week { monday: vec![stretch("09:00-12:00"), stretch("11:00-17:00")], ..Week::default() };
        assert_eq!(week.check(), Err(BadHours::Overlap));
    }
}
