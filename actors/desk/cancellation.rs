//! Cancelling: an appointment the caller names, the old half of a move, or an addition of ours that must go.
//!
//! OSCAR's update overwrites the whole row and knows no version, so the row is re-read just before, left alone if it is
//! not what the caller heard of, and compared afterwards (law B-7).

use tokio::time::Instant;

use super::journal::Written;
use super::saga::{End, READ_BACK, Saga, situation_of};
use crate::crashpoint::Crashpoint;
use crate::domain::appointment::{Appointment, Seen};
use crate::domain::booking::{Act, CancelVerdict, Effect, EffectState, IntentState, Slot, judge_cancel};
use crate::domain::ids::AppointmentNo;
use crate::domain::laws::{Law, may_say_cancelled, untouched, uphold};
use crate::domain::say::Situation;
use crate::ports::emr::{EmrResult, Operation};

/// What the cancellation of one row came to. The write is in the journal, unsettled.
enum Cancelled {
    /// Read back as cancelled.
    Yes(Written),
    /// Nothing was sent, or the EMR refused it.
    No(Written, Situation),
    Unknown,
}

impl Saga {
    pub async fn cancel(&self, no: AppointmentNo) -> End {
        let slot = match self.slot_of(no).await {
            Ok(slot) => slot,
            Err(situation) => return End::plain(situation),
        };
        let effect = self.effect(Act::Cancel { appointment: no, slot: slot.clone(), instead: None });
        match self.cancel_row(effect, no, self.order.note.seen, false).await {
            Ok(Cancelled::Yes(written)) => {
                let end = End::about(Situation::Cancelled, slot, no);
                self.settle_last(&written, EffectState::Done(no), IntentState::Done(no), end).await
            }
            Ok(Cancelled::No(written, why)) => self.not_done(&written, End::plain(why)).await,
            Ok(Cancelled::Unknown) => End::plain(Situation::Pending),
            Err(end) => end,
        }
    }

    /// Law B-4: the new one is read back and settled before the old one is touched, so whatever happens here the
    /// patient holds at least one. What cannot be cancelled stays, and a person looks after it.
    pub async fn cancel_old_half(&self, old: AppointmentNo, new_slot: Slot, new: AppointmentNo) -> End {
        let Ok(slot) = self.slot_of(old).await else { return End::plain(Situation::Pending) };
        let effect = self.effect(Act::Cancel { appointment: old, slot, instead: Some(new) });
        match self.cancel_row(effect, old, self.order.note.seen, true).await {
            Ok(Cancelled::Yes(written)) => {
                let end = End::about(Situation::Moved, new_slot, new);
                self.settle_last(&written, EffectState::Done(old), IntentState::Done(new), end).await
            }
            Ok(Cancelled::No(written, _)) => {
                let both = End::about(Situation::MovedOldRemains, new_slot, new);
                self.settle_last(&written, EffectState::NotDone, IntentState::HandedToStaff, both).await
            }
            Ok(Cancelled::Unknown) | Err(_) => End::plain(Situation::Pending),
        }
    }

    /// Takes back what we added ourselves; the intent ends refused with `why`.
    pub async fn withdraw(&self, added: &Effect, no: AppointmentNo, why: Situation) -> End {
        let effect = self.effect(Act::Cancel { appointment: no, slot: added.slot().clone(), instead: None });
        match self.cancel_row(effect, no, None, true).await {
            Ok(Cancelled::Yes(written)) => {
                self.settle_last(&written, EffectState::Done(no), IntentState::Refused, End::plain(why)).await
            }
            // Staff have taken it over.
            Ok(Cancelled::No(written, Situation::AppointmentChanged | Situation::AppointmentNotFound)) => {
                let end = End::plain(Situation::HandedToStaff);
                self.settle_last(&written, EffectState::NotDone, IntentState::HandedToStaff, end).await
            }
            Ok(Cancelled::No(written, _)) => self.not_yet(&written).await,
            Ok(Cancelled::Unknown) | Err(_) => End::plain(Situation::Pending),
        }
    }

    /// It has to go and did not: the journal is looked at again and another write announced.
    async fn not_yet(&self, written: &Written) -> End {
        let _ = self.settle_step(written, EffectState::NotDone).await;
        End::plain(Situation::Pending)
    }

    /// Takes back one of several rows that one write left behind.
    pub async fn withdraw_row(&self, added: &Effect, no: AppointmentNo) -> Result<(), End> {
        let effect = self.effect(Act::Cancel { appointment: no, slot: added.slot().clone(), instead: None });
        match self.cancel_row(effect, no, None, true).await? {
            Cancelled::Yes(written) => self.settle_step(&written, EffectState::Done(no)).await,
            Cancelled::No(written, _) => Err(self.not_yet(&written).await),
            Cancelled::Unknown => Err(End::plain(Situation::Pending)),
        }
    }

    async fn cancel_row(
        &self,
        effect: Effect,
        no: AppointmentNo,
        seen: Option<Seen>,
        continues: bool,
    ) -> Result<Cancelled, End> {
        let lease = self.announce(&effect, continues).await?;
        let written = Written { effect, lease: Some(lease) };
        // A first step has a caller who waits; a later one a patient who must not be left half done.
        let deadline = if continues { Instant::now() + READ_BACK } else { self.order.deadline };
        let row = match self.read_row(no, deadline).await {
            Ok(Some(row)) if row.patient == self.intent.patient => row,
            Ok(_) => return Ok(Cancelled::No(written, Situation::AppointmentNotFound)),
            Err(failure) => return Ok(Cancelled::No(written, situation_of(failure))),
        };
        if row.status.is_cancelled() {
            return Ok(Cancelled::Yes(written));
        }
        if let Err(why) = self.is_untouched(seen, &row) {
            return Ok(Cancelled::No(written, why));
        }
        self.house.pass(Crashpoint::Announced);
        let sent_row = row.clone();
        let sent = self
            .way()
            .write(Operation::CancelAppointment, lease, deadline, move |emr| async move {
                emr.cancel_appointment(&sent_row).await
            })
            .await;
        self.house.pass(Crashpoint::Sent);
        if let Err(failure) = sent {
            if failure.nothing_done() {
                return Ok(Cancelled::No(written, situation_of(failure)));
            }
            self.outcome_unknown(&written, failure).await;
        }
        self.verify_cancellation(written, &row).await
    }

    async fn verify_cancellation(&self, written: Written, before: &Appointment) -> Result<Cancelled, End> {
        let Ok(now) = self.read_row(before.no, Instant::now() + READ_BACK).await else {
            self.leave_unknown(&written).await;
            return Ok(Cancelled::Unknown);
        };
        let verdict = judge_cancel(Some(before.fingerprint()), now.as_ref());
        if verdict != CancelVerdict::Agrees {
            self.leave_unknown(&written).await;
            return Ok(Cancelled::Unknown);
        }
        uphold(Law::B3, may_say_cancelled(verdict));
        if now.is_some_and(|now| !now.is_cancellation_of(before)) {
            tracing::warn!(
                clinic.id = %self.clinic.id,
                effect.id = %written.effect.id,
                "a cancelled row differs from what was sent: staff edited it at the same moment"
            );
        }
        self.house.pass(Crashpoint::Verified);
        Ok(Cancelled::Yes(written))
    }

    /// The appointment to be moved is this patient's, live, and as the caller heard of it.
    pub async fn is_as_heard(&self, no: AppointmentNo) -> Result<Slot, Situation> {
        let row = self.read_row(no, self.order.deadline).await.map_err(situation_of)?;
        let row =
            row.filter(|row| row.patient == self.intent.patient).ok_or(Situation::AppointmentNotFound)?;
        self.is_untouched(self.order.note.seen, &row)?;
        Ok(Slot { provider: row.provider, date: row.date, interval: row.interval })
    }

    /// The row is live and, if the caller heard of it, as they heard of it (law B-7).
    fn is_untouched(&self, seen: Option<Seen>, row: &Appointment) -> Result<(), Situation> {
        match seen {
            // Read by a path that is closed since: it cannot be compared by this one.
            Some(seen) if seen.by != self.path => Err(Situation::AppointmentToBeReadAgain),
            Some(seen) if !untouched(seen.row, row.fingerprint()) => Err(Situation::AppointmentChanged),
            _ if !row.status.occupies() => Err(Situation::AppointmentChanged),
            _ => Ok(()),
        }
    }

    async fn slot_of(&self, no: AppointmentNo) -> Result<Slot, Situation> {
        if let Some(slot) = &self.order.old_slot {
            return Ok(slot.clone());
        }
        let row = self.read_row(no, Instant::now() + READ_BACK).await.map_err(situation_of)?;
        let row =
            row.filter(|row| row.patient == self.intent.patient).ok_or(Situation::AppointmentNotFound)?;
        Ok(Slot { provider: row.provider, date: row.date, interval: row.interval })
    }

    pub async fn read_row(&self, no: AppointmentNo, deadline: Instant) -> EmrResult<Option<Appointment>> {
        self.way()
            .read(Operation::Appointment, deadline, move |emr| async move { emr.appointment(no).await })
            .await
    }
}
