//! A registration taken up again, after a lost answer or a death: by searching, never by sending (laws B-5, O-2).

use std::sync::Arc;

use tokio::time::Instant;

use super::{End, Registration};
use crate::desk::arrivals::pause_after;
use crate::desk::order::NewcomerOrder;
use crate::desk::saga::READ_BACK;
use crate::domain::clinic::Clinic;
use crate::domain::laws::absence_counts;
use crate::domain::new_patient::RegistrationReading;
use crate::domain::registration::RegistrationState;
use crate::domain::say::Situation;
use crate::domain::time::Moment;
use crate::house::House;
use crate::ports::store::{LookAgain, RegistrationRow};

impl Registration {
    pub fn resumed(house: Arc<House>, clinic: Arc<Clinic>, row: &RegistrationRow) -> Self {
        let (who, note) = (row.who.clone(), row.note.clone());
        let order = NewcomerOrder { who, note, deadline: Instant::now(), held: None };
        Self { house, clinic, order, id: row.id, told_pending: true }
    }

    pub async fn look(&self, row: &RegistrationRow, last_arrival: Moment) {
        let began = self.house.moment();
        let (age, may_arrive) = (began.wall.since(row.announced_at), !absence_counts(began, last_arrival));
        let reading = match self.link(Instant::now() + READ_BACK).await {
            Ok(link) => self.look_up(&link).await,
            Err(failure) => Err(failure),
        };
        let end = match reading {
            Ok(RegistrationReading::Absent) if may_arrive => None,
            Ok(RegistrationReading::Absent) => Some(self.hand_over().await),
            Ok(reading) => Some(self.judged(reading).await),
            Err(_) if may_arrive || age <= self.house.settings.give_up_reading => None,
            Err(_) => Some(self.hand_over().await),
        };
        if let Some(end) = end {
            return self.house.meters.registration(&self.clinic.id, end.situation.code());
        }
        let pause = pause_after(began, row.announced_at, last_arrival, self.house.settings.look_every);
        let due = began.wall.plus(pause);
        self.look_again(row.state, LookAgain { last_arrival: row.last_arrival, due }).await;
    }

    async fn hand_over(&self) -> End {
        self.settle(RegistrationState::HandedToStaff, End::plain(Situation::HandedToStaff)).await
    }
}
