//! A line of the journal taken up again: by reading, never by sending (law B-5).
//!
//! It makes no difference whether the line was left by a lost answer a second ago, by a process that was killed, or by
//! one that was upgraded: this is the one path of recovery (law O-2).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::arrivals::pause_after;
use super::journal::{WATCH_EVERY, Written};
use super::order::Order;
use super::saga::{End, READ_BACK, Saga};
use crate::domain::booking::{
    Act, AddVerdict, CancelVerdict, Effect, EffectState, IntentState, Want, judge_cancel,
};
use crate::domain::clinic::Clinic;
use crate::domain::ids::AppointmentNo;
use crate::domain::laws::absence_counts;
use crate::domain::phi::Phi;
use crate::domain::policy::Asker;
use crate::domain::say::Situation;
use crate::domain::time::Moment;
use crate::house::House;
use crate::ports::store::{JournalRow, LookAgain};

/// What a resumed order may take for the reads it makes before a further write.
const PATIENCE: Duration = Duration::from_secs(30);

impl Saga {
    pub fn resumed(house: Arc<House>, clinic: Arc<Clinic>, row: &JournalRow) -> Self {
        let order = Order {
            want: row.intent.want.clone(),
            patient: row.intent.patient,
            sheet_name: Phi::default(),
            visit: String::new(),
            reason: Phi::default(),
            old_slot: None,
            asker: Asker { language: row.order.language, is_new: false },
            note: row.order.clone(),
            deadline: Instant::now() + PATIENCE,
            held: None,
        };
        let (intent, path) = (row.intent.clone(), row.effect.path);
        Self { house, clinic, order, intent, path, told_pending: true }
    }

    /// By the path it was written by; by another only if that one is closed for good, because a reading that never comes
    /// settles nothing.
    pub async fn look(mut self, row: &JournalRow, last_arrival: Moment) {
        self.choose_path(Some(row.effect.path)).await;
        let began = self.house.moment();
        let may_arrive = !absence_counts(began, last_arrival);
        let settled = match (&row.effect.act, row.intent_state) {
            (Act::Add { .. }, IntentState::Open) => self.look_at_addition(row, may_arrive).await,
            (Act::Add { .. }, _) => self.look_for_late(row).await,
            (Act::Cancel { appointment, .. }, IntentState::Open) => {
                self.look_at_cancellation(row, *appointment, may_arrive).await
            }
            (Act::Cancel { .. }, _) => return,
        };
        if let Some(end) = settled {
            self.house.meters.saga(&self.clinic.id, end.situation.code());
            return;
        }
        self.look_later(row, began, last_arrival).await;
    }

    /// `None`: not to be settled by this reading.
    async fn look_at_addition(&self, row: &JournalRow, may_arrive: bool) -> Option<End> {
        let written = Written { effect: row.effect.clone(), lease: None };
        match self.read_back(&row.effect).await.ok()? {
            // It was there; staff have deleted it since.
            AddVerdict::Absent if row.state.is_settled() => Some(self.hand_over(&written, row.state).await),
            AddVerdict::Absent if may_arrive => None,
            AddVerdict::Absent => Some(self.hand_over(&written, EffectState::Absent).await),
            verdict => self.judged_to_the_end(written, verdict).await,
        }
    }

    async fn judged_to_the_end(&self, written: Written, verdict: AddVerdict) -> Option<End> {
        let end = self.judged(written, verdict).await;
        (end.situation != Situation::Pending).then_some(end)
    }

    async fn look_at_cancellation(
        &self,
        row: &JournalRow,
        no: AppointmentNo,
        may_arrive: bool,
    ) -> Option<End> {
        let written = Written { effect: row.effect.clone(), lease: None };
        let now = self.read_row(no, Instant::now() + READ_BACK).await.ok()?;
        let state = match judge_cancel(None, now.as_ref()) {
            // Not by us: what was never sent stays so, whoever has cancelled the row since.
            _ if row.state == EffectState::NotDone => row.state,
            CancelVerdict::Agrees => EffectState::Done(no),
            _ if row.state.is_settled() => row.state,
            _ if may_arrive => return None,
            _ => EffectState::Absent,
        };
        match (&self.order.want, &row.added) {
            (Want::Book(_), Some(added)) => self.look_again_at(added, &written, state).await,
            (Want::Move { old, .. }, Some(added)) if *old != no => {
                self.look_again_at(added, &written, state).await
            }
            _ if matches!(state, EffectState::Done(_)) => {
                Some(self.cancelled_after_all(row, &written, no).await)
            }
            _ => Some(self.hand_over(&written, state).await),
        }
    }

    /// What was cancelled, or was not, is an addition of ours that had to go: how things stand now is judged afresh, and
    /// a row that is still in the way is withdrawn by a new write, since the old one is known not to have arrived.
    async fn look_again_at(&self, added: &Effect, cancel: &Written, state: EffectState) -> Option<End> {
        self.settle_step(cancel, state).await.ok()?;
        let verdict = self.read_back(added).await.ok()?;
        let written = Written { effect: added.clone(), lease: None };
        match verdict {
            AddVerdict::Absent => Some(self.hand_over(cancel, state).await),
            verdict => self.judged_to_the_end(written, verdict).await,
        }
    }

    async fn cancelled_after_all(&self, row: &JournalRow, written: &Written, no: AppointmentNo) -> End {
        let (intent, end) = match (&self.order.want, &row.effect.act) {
            (Want::Move { to, .. }, Act::Cancel { instead: Some(new), .. }) => {
                (IntentState::Done(*new), End::about(Situation::Moved, to.clone(), *new))
            }
            (_, act) => {
                let (Act::Cancel { slot, .. } | Act::Add { slot, .. }) = act;
                (IntentState::Done(no), End::about(Situation::Cancelled, slot.clone(), no))
            }
        };
        self.settle_last(written, EffectState::Done(no), intent, end).await
    }

    async fn hand_over(&self, written: &Written, state: EffectState) -> End {
        let end = End::plain(Situation::HandedToStaff);
        self.settle_last(written, state, IntentState::HandedToStaff, end).await
    }

    /// An addition that had been given up turns up: it is adopted if it stands, and taken back if it is in the way.
    async fn look_for_late(&self, row: &JournalRow) -> Option<End> {
        let written = Written { effect: row.effect.clone(), lease: None };
        let (no, in_the_way) = match self.read_back(&row.effect).await.ok()? {
            AddVerdict::Absent => return None,
            AddVerdict::Agrees(no) | AddVerdict::Changed(no) => (no, Vec::new()),
            AddVerdict::Doubled { keep, extra } => (keep, extra),
            AddVerdict::Yields(no) => (no, vec![no]),
        };
        let mut end = End::plain(Situation::Booked);
        for no in in_the_way {
            end = self.take_back(no).await;
        }
        self.settle_step(&written, EffectState::Done(no)).await.err().or(Some(end))
    }

    async fn take_back(&self, no: AppointmentNo) -> End {
        let order = Order { want: Want::Cancel(no), ..self.order.clone() };
        let withdrawal = Self::new(Arc::clone(&self.house), Arc::clone(&self.clinic), order);
        Self { path: self.path, told_pending: true, ..withdrawal }.cancel(no).await
    }

    /// Looks less and less often; what cannot be read for long is handed to staff.
    async fn look_later(&self, row: &JournalRow, began: Moment, last_arrival: Moment) {
        let (now, settings) = (began.wall, &self.house.settings);
        let age = now.since(row.announced_at);
        let written = Written { effect: row.effect.clone(), lease: None };
        let watched = row.intent_state != IntentState::Open;
        if !watched && age > settings.give_up_reading && absence_counts(began, last_arrival) {
            let state = if row.state.is_settled() { row.state } else { EffectState::HandedToStaff };
            self.hand_over(&written, state).await;
            return;
        }
        let pause = if watched {
            WATCH_EVERY
        } else {
            pause_after(began, row.announced_at, last_arrival, settings.look_every)
        };
        let is_over = watched && began.is_after(last_arrival.plus(settings.watch_absent));
        let look = (!is_over).then(|| LookAgain { last_arrival: row.last_arrival, due: now.plus(pause) });
        let settlement = self.settlement(&written, row.state, look);
        let _ = self.house.store.settle(settlement, now).await;
    }
}
