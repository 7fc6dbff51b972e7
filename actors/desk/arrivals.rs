//! By when a write that nobody has heard of must have arrived, by this process's own clock (law B-5).
//!
//! The journal says so by the wall clock of whoever wrote the line, which may be set, or be wrong on one of two machines. So
//! the time a write may take is counted once more, from the moment this desk came upon its line. A desk that starts anew
//! counts anew, which costs nothing but the wait.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::journal::LEASE_BEYOND_WRITE;
use crate::domain::booking::EffectState;
use crate::domain::clinic::Clinic;
use crate::domain::laws::absence_counts;
use crate::domain::registration::RegistrationState;
use crate::domain::time::{Moment, Ts};
use crate::house::House;
use crate::ports::store::{JournalRow, RegistrationRow};

const LONGEST_PAUSE: Duration = Duration::from_mins(1);
const JUST_AFTER: Duration = Duration::from_millis(1);

#[derive(Default)]
pub struct Arrivals(HashMap<Uuid, Instant>);

impl Arrivals {
    pub fn last_of_effect(&mut self, house: &House, clinic: &Clinic, row: &JournalRow) -> Moment {
        let within = within(house, clinic, row.state == EffectState::Announced);
        Moment { wall: row.last_arrival, own: self.last_of(row.effect.id.0, within) }
    }

    pub fn last_of_registration(&mut self, house: &House, clinic: &Clinic, row: &RegistrationRow) -> Moment {
        let within = within(house, clinic, row.state == RegistrationState::Announced);
        Moment { wall: row.last_arrival, own: self.last_of(row.id.0, within) }
    }

    fn last_of(&mut self, id: Uuid, within: Duration) -> Instant {
        *self.0.entry(id).or_insert_with(|| Instant::now() + within)
    }

    /// What is settled by now, mostly; what is still looked at is come upon anew.
    pub fn forget_old(&mut self, watched_for: Duration) {
        self.0.retain(|_, last| last.elapsed() < 2 * watched_for);
    }
}

/// How long an unsettled line that was looked at is left alone: longer and longer, but it is looked at as soon as its absence
/// counts, because somebody waits for that.
pub fn pause_after(look: Moment, announced_at: Ts, last_arrival: Moment, shortest: Duration) -> Duration {
    let pause = (look.wall.since(announced_at) / 4).clamp(shortest, LONGEST_PAUSE);
    if absence_counts(look, last_arrival) { pause } else { pause.min(look.until(last_arrival) + JUST_AFTER) }
}

/// A line that is only announced may be of a sender that was held up, and sends as long as its lease lasts.
fn within(house: &House, clinic: &Clinic, may_still_leave: bool) -> Duration {
    let until_sent = if may_still_leave { LEASE_BEYOND_WRITE } else { Duration::ZERO };
    until_sent + clinic.limits.write_timeout() + house.settings.arrival_horizon
}
