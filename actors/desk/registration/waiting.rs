//! Waiting for another tool call, or another process, that is at the same person.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{End, Registration};
use crate::desk::journal::FOLLOWED_FOR;
use crate::domain::ids::{DemographicNo, IntentId};
use crate::domain::registration::RegistrationState;
use crate::domain::say::Situation;

const POLL: Duration = Duration::from_millis(100);

impl Registration {
    /// Whether a caller is on the line for this.
    pub(super) fn is_awaited(&self) -> bool {
        !self.told_pending && self.order.held.is_none()
    }

    /// Whether the caller has been told by now that it is not confirmed yet.
    pub(super) fn is_late(&self) -> bool {
        self.is_awaited() && Instant::now() + self.house.settings.answer_margin >= self.order.deadline
    }

    /// Its outcome is this wish's own if this very call asked for it (law B-6); to any other it says no more than that there
    /// is a chart.
    pub(super) async fn wait_for(&self, id: IntentId, same_call: bool) -> End {
        // Who asked is answered a little before the deadline.
        let margin = 2 * self.house.settings.answer_margin;
        let until = self.order.deadline.checked_sub(margin).unwrap_or_else(Instant::now);
        match (self.outcome_of(id, until, POLL).await, same_call) {
            (Some(Ok(RegistrationState::Done(no))), true) => self.made_meanwhile(id, no).await,
            (Some(Ok(RegistrationState::Done(_))), false) => End::plain(Situation::DuplicatePatient),
            (Some(Ok(RegistrationState::HandedToStaff)), _) => End::plain(Situation::HandedToStaff),
            (Some(Ok(_)), _) | (None, false) => End::plain(Situation::PatientBusy),
            (Some(Err(end)), _) => end,
            (None, true) => {
                self.follow(id);
                End::plain(Situation::RegistrationPending)
            }
        }
    }

    /// `None`: not settled in that time.
    async fn outcome_of(
        &self,
        id: IntentId,
        until: Instant,
        look_every: Duration,
    ) -> Option<Result<RegistrationState, End>> {
        while Instant::now() + look_every < until {
            sleep(look_every).await;
            match self.house.store.registration(&self.clinic.id, id).await {
                Ok(Some(state)) if !state.is_settled() => {}
                Ok(state) => return Some(Ok(state.unwrap_or(RegistrationState::NotDone))),
                Err(failure) => return Some(Err(failure.into())),
            }
        }
        None
    }

    async fn made_meanwhile(&self, id: IntentId, no: DemographicNo) -> End {
        let outcome = match self.link(self.in_time()).await {
            Ok(link) => self.nobody_has_a_chart(&link, Some((id, no))).await,
            Err(failure) => Err(End::plain(self.situation_of(failure))),
        };
        outcome.err().unwrap_or_else(|| End::plain(Situation::PatientBusy))
    }

    /// What becomes of it is this tool call's answer too, also once its caller has been told that it is pending. What brings
    /// no answer is handed to staff.
    fn follow(&self, id: IntentId) {
        let (house, clinic, order) = (Arc::clone(&self.house), Arc::clone(&self.clinic), self.order.clone());
        let follower = Self { house, clinic, order, id: self.id, told_pending: true };
        tokio::spawn(async move {
            let (until, look_every) = (Instant::now() + FOLLOWED_FOR, follower.house.settings.look_every);
            let situation = match follower.outcome_of(id, until, look_every).await {
                Some(Ok(RegistrationState::Done(_))) => Situation::Registered,
                Some(Ok(RegistrationState::HandedToStaff)) => Situation::HandedToStaff,
                _ => return,
            };
            let (key, line) = (&follower.order.note.tool_call, follower.word(&End::plain(situation)));
            let _ = follower.house.store.answer(key, line, Vec::new(), follower.house.now()).await;
        });
    }
}
