//! Adding an appointment: announce, check again, write with our mark, read the day back, judge.

use tokio::time::Instant;

use super::journal::Written;
use super::saga::{End, READ_BACK, Saga, situation_of};
use crate::crashpoint::Crashpoint;
use crate::domain::appointment::NewAppointment;
use crate::domain::booking::{Act, AddVerdict, Effect, EffectState, IntentState, Slot, Want, judge_add};
use crate::domain::ids::AppointmentNo;
use crate::domain::laws::{Law, may_say_booked, uphold};
use crate::domain::say::Situation;
use crate::ports::emr::{EmrResult, Operation};

impl Saga {
    /// Announces and sends an addition. `Ok`: it may be in the EMR.
    pub async fn write_addition(&self, slot: &Slot, beside: Option<AppointmentNo>) -> Result<Written, End> {
        let effect = self.effect(Act::Add { slot: slot.clone(), beside });
        let lease = self.announce(&effect, false).await?;
        let written = Written { effect, lease: Some(lease) };
        if let Err(end) = self.may_be_added(&written.effect, slot, beside).await {
            return Err(self.not_done(&written, end).await);
        }
        self.house.pass(Crashpoint::Announced);
        let new = self.new_appointment(&written.effect, slot);
        let sent = self
            .way()
            .write(Operation::AddAppointment, lease, self.order.deadline, move |emr| async move {
                emr.add_appointment(&new).await
            })
            .await;
        self.house.pass(Crashpoint::Sent);
        self.after_write(written, sent.map(drop)).await
    }

    /// Looked at only once the wish is announced: a move that was made already changed its old half itself, and is answered
    /// by its own outcome (law B-6).
    async fn may_be_added(
        &self,
        effect: &Effect,
        slot: &Slot,
        beside: Option<AppointmentNo>,
    ) -> Result<(), End> {
        if let Some(old) = beside {
            let stands_at = self.is_as_heard(old).await.map_err(End::plain)?;
            if stands_at == *slot {
                // There already: nothing to write, and nothing to be cancelled.
                return Err(End::about(Situation::Booked, stands_at, old));
            }
        }
        self.still_free(effect, slot, beside).await.map_err(End::plain)
    }

    /// Law B-5: only a write that never left, or that the EMR refused, is known not to be done.
    pub async fn after_write(&self, written: Written, sent: EmrResult<()>) -> Result<Written, End> {
        match sent {
            Ok(()) => Ok(written),
            Err(failure) if failure.nothing_done() => {
                Err(self.not_done(&written, End::plain(situation_of(failure))).await)
            }
            Err(failure) => {
                self.outcome_unknown(&written, failure).await;
                Ok(written)
            }
        }
    }

    pub async fn verify_addition(&self, written: Written) -> End {
        match self.read_back(&written.effect).await {
            Ok(verdict) => self.judged(written, verdict).await,
            Err(_) => self.still_unknown(&written).await,
        }
    }

    pub async fn read_back(&self, effect: &Effect) -> EmrResult<AddVerdict> {
        let slot = effect.slot().clone();
        let beside = match effect.act {
            Act::Add { beside, .. } => beside,
            Act::Cancel { .. } => None,
        };
        let (patient, mark) = (effect.patient, effect.mark());
        let provider = slot.provider.clone();
        let (first, end) = (slot.date, slot.date.tomorrow().unwrap_or(slot.date));
        let day = self
            .way()
            .read(Operation::DayRows, Instant::now() + READ_BACK, move |emr| async move {
                emr.day_rows(&provider, first, end, Some(patient)).await
            })
            .await?;
        Ok(judge_add(mark, &slot, beside, &day))
    }

    pub async fn judged(&self, written: Written, verdict: AddVerdict) -> End {
        match verdict {
            AddVerdict::Agrees(no) => {
                uphold(Law::B3, may_say_booked(&verdict));
                self.addition_stands(written, no).await
            }
            AddVerdict::Absent => self.still_unknown(&written).await,
            AddVerdict::Changed(no) => self.changed_by_staff(&written, no).await,
            AddVerdict::Yields(no) => self.yield_to_rival(written, no).await,
            AddVerdict::Doubled { keep, extra } => self.drop_doubles(written, keep, extra).await,
        }
    }

    /// The addition is in the EMR and as it should be.
    pub async fn addition_stands(&self, written: Written, no: AppointmentNo) -> End {
        self.house.pass(Crashpoint::Verified);
        let slot = written.effect.slot().clone();
        match &self.order.want {
            Want::Move { old, .. } => {
                if let Err(end) = self.settle_step(&written, EffectState::Done(no)).await {
                    return end;
                }
                self.house.pass(Crashpoint::HalfMoved);
                self.cancel_old_half(*old, slot, no).await
            }
            Want::Book(_) | Want::Cancel(_) => {
                let end = End::about(Situation::Booked, slot, no);
                self.settle_last(&written, EffectState::Done(no), IntentState::Done(no), end).await
            }
        }
    }

    /// Somebody has changed our row since: it is theirs now (law B-7), and a person tells the patient.
    async fn changed_by_staff(&self, written: &Written, no: AppointmentNo) -> End {
        let end = End::plain(Situation::HandedToStaff);
        self.settle_last(written, EffectState::Done(no), IntentState::HandedToStaff, end).await
    }

    async fn yield_to_rival(&self, written: Written, no: AppointmentNo) -> End {
        match self.settle_step(&written, EffectState::Done(no)).await {
            Ok(()) => self.withdraw(&written.effect, no, Situation::SlotTaken).await,
            Err(end) => end,
        }
    }

    async fn drop_doubles(&self, written: Written, keep: AppointmentNo, extra: Vec<AppointmentNo>) -> End {
        if let Err(end) = self.settle_step(&written, EffectState::Done(keep)).await {
            return end;
        }
        for no in extra {
            if let Err(end) = self.withdraw_row(&written.effect, no).await {
                return end;
            }
        }
        // Alone now, it is judged like any other: it may be in somebody's way.
        let alone = Written { lease: None, ..written };
        match self.read_back(&alone.effect).await {
            Ok(verdict @ (AddVerdict::Agrees(_) | AddVerdict::Changed(_) | AddVerdict::Yields(_))) => {
                Box::pin(self.judged(alone, verdict)).await
            }
            Ok(AddVerdict::Absent | AddVerdict::Doubled { .. }) | Err(_) => End::plain(Situation::Pending),
        }
    }

    fn new_appointment(&self, effect: &Effect, slot: &Slot) -> NewAppointment {
        NewAppointment {
            provider: slot.provider.clone(),
            date: slot.date,
            interval: slot.interval,
            patient: effect.patient,
            name: self.order.sheet_name.clone(),
            reason: self.order.reason.clone(),
            mark: effect.mark(),
            note: "booked by telephone".to_owned(),
        }
    }
}
