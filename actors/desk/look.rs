//! A line of the journal taken up again: by reading, never by sending (law B-5).
//!
//! It makes no difference whether the line was left by a lost answer a second ago, by a process that was killed, or by
//! one that was upgraded: this is the one path of recovery (law O-2).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::journal::{WATCH_EVERY, Written};
use super::order::Order;
use super::saga::{End, Saga};
use crate::domain::booking::{
    Act, AddVerdict, CancelVerdict, EffectState, IntentState, Slot, Want, judge_cancel,
};
use crate::domain::clinic::Clinic;
use crate::domain::ids::AppointmentNo;
use crate::domain::laws::absence_counts;
use crate::domain::phi::Phi;
use crate::domain::say::Situation;
use crate::domain::time::Ts;
use crate::house::House;
use crate::ports::store::{JournalRow, LookAgain};

/// What a resumed order may take for the reads it makes before a further write.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl Saga {
    pub fn resumed(house: Arc<House>, clinic: Arc<Clinic>, row: &JournalRow) -> Self {
        let order = Order {
            want: row.intent.want.clone(),
            patient: row.intent.patient,
            sheet_name: Phi::default(),
            visit: String::new(),
            reason: Phi::default(),
            old_slot: None,
            note: row.order.clone(),
            deadline: Instant::now() + PATIENCE,
        };
        Self { house, clinic, order, intent: row.intent.clone(), told_pending: true }
    }

    pub async fn look(&self, row: &JournalRow) {
        let began_at = self.house.now();
        let settled = match (&row.effect.act, row.intent_state) {
            (Act::Add { .. }, IntentState::Open) => self.look_at_addition(row, began_at).await,
            (Act::Add { .. }, _) => self.look_for_late(row).await,
            (Act::Cancel { appointment, instead, slot }, IntentState::Open) => {
                self.look_at_cancellation(row, *appointment, *instead, slot, began_at).await
            }
            (Act::Cancel { .. }, _) => return,
        };
        if let Some(end) = settled {
            self.house.meters.saga(&self.clinic.id, end.situation.code());
            return;
        }
        self.look_later(row, began_at).await;
    }

    /// `None`: not to be settled by this reading.
    async fn look_at_addition(&self, row: &JournalRow, began_at: Ts) -> Option<End> {
        let written = Written { effect: row.effect.clone(), lease: None };
        match self.read_back(&row.effect).await.ok()? {
            AddVerdict::Absent if row.state.is_settled() => {
                // It was there; staff have deleted it since.
                Some(self.hand_over(&written, row.state).await)
            }
            AddVerdict::Absent if absence_counts(began_at, row.last_arrival) => {
                Some(self.hand_over(&written, EffectState::Absent).await)
            }
            AddVerdict::Absent => None,
            verdict => {
                let end = self.judged(written, verdict).await;
                (end.situation != Situation::Pending).then_some(end)
            }
        }
    }

    async fn look_at_cancellation(
        &self,
        row: &JournalRow,
        no: AppointmentNo,
        instead: Option<AppointmentNo>,
        slot: &Slot,
        began_at: Ts,
    ) -> Option<End> {
        let written = Written { effect: row.effect.clone(), lease: None };
        let now = self.read_row(no, Instant::now() + super::saga::READ_BACK).await.ok()?;
        match judge_cancel(None, now.as_ref()) {
            CancelVerdict::Agrees => Some(self.cancelled_after_all(&written, no, instead, slot).await),
            _ if row.state.is_settled() || absence_counts(began_at, row.last_arrival) => {
                let state = if row.state.is_settled() { row.state } else { EffectState::Absent };
                Some(self.hand_over(&written, state).await)
            }
            _ => None,
        }
    }

    async fn cancelled_after_all(
        &self,
        written: &Written,
        no: AppointmentNo,
        instead: Option<AppointmentNo>,
        slot: &Slot,
    ) -> End {
        let (intent, end) = match (&self.order.want, instead) {
            (Want::Cancel(_), _) => {
                (IntentState::Done(no), End::about(Situation::Cancelled, slot.clone(), no))
            }
            (Want::Move { to, .. }, Some(new)) => {
                (IntentState::Done(new), End::about(Situation::Moved, to.clone(), new))
            }
            (Want::Book(_) | Want::Move { .. }, _) => {
                (IntentState::Refused, End::plain(Situation::SlotTaken))
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
        match self.read_back(&row.effect).await.ok()? {
            AddVerdict::Absent => None,
            AddVerdict::Agrees(no) | AddVerdict::Changed(no) | AddVerdict::Doubled { keep: no, .. } => self
                .settle_step(&written, EffectState::Done(no))
                .await
                .err()
                .or(Some(End::plain(Situation::Booked))),
            AddVerdict::Yields(no) => {
                let order = Order { want: Want::Cancel(no), ..self.order.clone() };
                let end =
                    Self::new(Arc::clone(&self.house), Arc::clone(&self.clinic), order).cancel(no).await;
                let _ = self.settle_step(&written, EffectState::Done(no)).await;
                Some(end)
            }
        }
    }

    /// Looks less and less often; what cannot be read for long is handed to staff.
    async fn look_later(&self, row: &JournalRow, now: Ts) {
        let (age, settings) = (now.since(row.announced_at), &self.house.settings);
        let written = Written { effect: row.effect.clone(), lease: None };
        let watched = row.intent_state != IntentState::Open;
        if !watched && age > settings.give_up_reading {
            let state = if row.state.is_settled() { row.state } else { EffectState::HandedToStaff };
            self.hand_over(&written, state).await;
            return;
        }
        let pause = if watched { WATCH_EVERY } else { (age / 4).clamp(settings.look_every, LONGEST_PAUSE) };
        let look = (!watched || age < settings.watch_absent)
            .then(|| LookAgain { last_arrival: row.last_arrival, due: now.plus(pause) });
        let state = if row.state == EffectState::Announced { EffectState::Unknown } else { row.state };
        let settlement = self.settlement(&written, state, look);
        let _ = self.house.store.settle(settlement, now).await;
    }
}
