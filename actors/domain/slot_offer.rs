//! Time that a cancellation freed, offered to those who wait for it: when it may be, how long it is kept for one of them,
//! and how an offer ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clinic_hours::{BadHours, clock};
use super::ids::DemographicNo;
use super::time::{Minute, Ts, Zone};

/// How a clinic offers freed time, if it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlotOffers {
    pub enabled: bool,
    /// How long it is kept for one of those who wait.
    pub offer_minutes: u16,
    /// No text is sent then.
    pub quiet_hours: QuietHours,
    /// Nearer to the visit nobody is offered it any more.
    pub least_notice_minutes: u32,
}

impl Default for SlotOffers {
    fn default() -> Self {
        let at = |hour| Minute::at(hour, 0).unwrap_or(Minute::MIDNIGHT);
        Self {
            enabled: false,
            offer_minutes: 30,
            quiet_hours: QuietHours { from: at(21), to: at(8) },
            least_notice_minutes: 120,
        }
    }
}

impl SlotOffers {
    pub fn kept_for(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.offer_minutes))
    }

    pub fn least_notice(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.least_notice_minutes))
    }
}

/// `"21:00-08:00"`, by the clinic's clock; past midnight unlike its opening hours. Two equal ends: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: Minute,
    to: Minute,
}

impl QuietHours {
    pub fn reign_at(self, time: Minute) -> bool {
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }

    /// When those that reign now are over; `None` when none do.
    pub fn end_after(self, zone: &Zone, now: Ts) -> Option<Ts> {
        let wall = zone.wall(now);
        let time = Minute::of(wall.time());
        if !self.reign_at(time) {
            return None;
        }
        let date = if time < self.to { wall.date() } else { wall.date().tomorrow().ok()? };
        // A clock change at that very minute: look again in an hour.
        Some(zone.instant(self.to.on(date)).unwrap_or_else(|| now.plus(Duration::from_hours(1))))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = BadHours;
    fn try_from(text: String) -> Result<Self, BadHours> {
        let read = || {
            let (from, to) = text.split_once('-')?;
            Some(Self { from: clock(from)?, to: clock(to)? })
        };
        read().ok_or_else(|| BadHours::NotAStretch(text.clone()))
    }
}

impl From<QuietHours> for String {
    fn from(QuietHours { from, to }: QuietHours) -> String {
        format!("{from}-{to}")
    }
}

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferState {
    /// Texted, and kept for that patient.
    Offered,
    /// Read back from the EMR as theirs.
    Accepted,
    Declined,
    Expired,
    /// Staff gave the time to somebody else meanwhile.
    Taken,
    /// The text could not be sent.
    Withdrawn,
    /// Nothing is texted by this clinic: its staff are to call. Nothing is kept.
    ToBeCalled,
}

impl OfferState {
    pub const ALL: [Self; 7] = [
        Self::Offered,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Taken,
        Self::Withdrawn,
        Self::ToBeCalled,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Taken => "taken",
            Self::Withdrawn => "withdrawn",
            Self::ToBeCalled => "to_be_called",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// An offer that a patient may still take up.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenOffer {
    pub id: i64,
    pub patient: DemographicNo,
    pub slot: super::booking::Slot,
    pub visit: String,
    pub until: Ts,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn quiet(text: &str) -> QuietHours {
        QuietHours::try_from(text.to_owned()).unwrap()
    }

    fn at(text: &str) -> Minute {
        clock(text).unwrap()
    }

    #[test]
    fn quiet_hours_go_past_midnight() {
        let night = quiet("21:00-08:00");
        for (time, reigns) in
            [("20:59", false), ("21:00", true), ("00:00", true), ("07:59", true), ("08:00", false)]
        {
            assert_eq!(night.reign_at(at(time)), reigns, "{time}");
        }
        let noon = quiet("12:00-13:00");
        assert!(noon.reign_at(at("12:30")) && !noon.reign_at(at("13:00")));
        assert!(!quiet("00:00-00:00").reign_at(at("00:00")));
        assert_eq!(String::from(night), "21:00-08:00");
        assert!(QuietHours::try_from("at night".to_owned()).is_err());
    }

    #[test]
    fn a_night_ends_the_next_morning_by_the_clinics_clock() {
        let zone = Zone::named("America/Toronto").unwrap();
        let on = |day, hour| zone.instant(date(2026, 11, day).at(hour, 0, 0, 0)).unwrap();
        let night = quiet("21:00-08:00");
        assert_eq!(night.end_after(&zone, on(23, 22)), Some(on(24, 8)));
        assert_eq!(night.end_after(&zone, on(24, 3)), Some(on(24, 8)));
        assert_eq!(night.end_after(&zone, on(24, 9)), None);
        let vancouver = Zone::named("America/Vancouver").unwrap();
        assert_eq!(night.end_after(&vancouver, on(23, 22)), None, "eight in the evening there");
    }

    #[test]
    fn every_state_is_read_back_by_its_name() {
        assert!(OfferState::ALL.iter().all(|state| OfferState::named(state.name()) == Some(*state)));
        assert_eq!(OfferState::named("lost"), None);
    }
}
