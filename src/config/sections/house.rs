//! The bounds of the house that an operator may have reasons to change; the others belong to its design.

use std::time::Duration;

use serde::Deserialize;
use vitarad_actors::domain::census::Pace;
use vitarad_actors::house::HouseSettings;
use vitarad_actors::ports::store::Keep;

use crate::config::problem::Findings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct HouseTable {
    live_calls_per_clinic: u32,
    sagas_per_clinic: u32,
    mailbox: u32,
    call_idle_minutes: u32,
    dead_after_seconds: u32,
    keep_days: KeepTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeepTable {
    ended_calls: u32,
    tool_calls: u32,
    events: u32,
    settled_effects: u32,
    sent_sms: u32,
}

impl HouseTable {
    pub(in crate::config) fn checked(&self, findings: &mut Findings) -> HouseSettings {
        findings.within("house.live_calls_per_clinic", self.live_calls_per_clinic.into(), 1..=100_000);
        findings.within("house.sagas_per_clinic", self.sagas_per_clinic.into(), 1..=10_000);
        findings.within("house.mailbox", self.mailbox.into(), 1..=100_000);
        findings.within("house.call_idle_minutes", self.call_idle_minutes.into(), 1..=1_440);
        findings.within("house.dead_after_seconds", self.dead_after_seconds.into(), 2..=120);
        self.keep_days.check(findings);
        let bound = |bound: u32| usize::try_from(bound).unwrap_or(usize::MAX);
        HouseSettings {
            live_calls_per_clinic: bound(self.live_calls_per_clinic),
            sagas_per_clinic: bound(self.sagas_per_clinic),
            mailbox: bound(self.mailbox),
            call_idle: Duration::from_mins(self.call_idle_minutes.into()),
            pace: Pace { dead_after: Duration::from_secs(self.dead_after_seconds.into()) },
            keep: self.keep_days.keep(),
            ..HouseSettings::default()
        }
    }
}

impl KeepTable {
    fn check(&self, findings: &mut Findings) {
        for (key, days) in [
            ("house.keep_days.ended_calls", self.ended_calls),
            ("house.keep_days.tool_calls", self.tool_calls),
            ("house.keep_days.events", self.events),
            ("house.keep_days.settled_effects", self.settled_effects),
            ("house.keep_days.sent_sms", self.sent_sms),
        ] {
            findings.within(key, days.into(), 1..=36_500);
        }
    }

    fn keep(&self) -> Keep {
        let days = |days: u32| Duration::from_hours(24 * u64::from(days));
        Keep {
            ended_calls: days(self.ended_calls),
            tool_calls: days(self.tool_calls),
            events: days(self.events),
            settled_effects: days(self.settled_effects),
            sent_sms: days(self.sent_sms),
        }
    }
}
