//! The states of intents and effects as columns: a word, and the appointment where there is one.

use vitarad_actors::domain::booking::{EffectState, IntentState};
use vitarad_actors::domain::ids::AppointmentNo;
use vitarad_actors::ports::store::{StoreError, StoreResult};

pub(super) type Columns = (&'static str, Option<AppointmentNo>);

pub(super) const fn of_intent(state: IntentState) -> Columns {
    match state {
        IntentState::Open => ("open", None),
        IntentState::Done(no) => ("done", Some(no)),
        IntentState::Refused => ("refused", None),
        IntentState::HandedToStaff => ("handed_to_staff", None),
    }
}

pub(super) fn intent(word: &str, appointment: Option<i64>) -> StoreResult<IntentState> {
    match (word, appointment_no(appointment)) {
        ("open", _) => Ok(IntentState::Open),
        ("done", Some(no)) => Ok(IntentState::Done(no)),
        ("refused", _) => Ok(IntentState::Refused),
        ("handed_to_staff", _) => Ok(IntentState::HandedToStaff),
        _ => Err(StoreError::Unreadable("intent.state")),
    }
}

pub(super) const fn of_effect(state: EffectState) -> Columns {
    match state {
        EffectState::Announced => ("announced", None),
        EffectState::Unknown => ("unknown", None),
        EffectState::Done(no) => ("done", Some(no)),
        EffectState::NotDone => ("not_done", None),
        EffectState::Absent => ("absent", None),
        EffectState::HandedToStaff => ("handed_to_staff", None),
    }
}

pub(super) fn effect(word: &str, appointment: Option<i64>) -> StoreResult<EffectState> {
    match (word, appointment_no(appointment)) {
        ("announced", _) => Ok(EffectState::Announced),
        ("unknown", _) => Ok(EffectState::Unknown),
        ("done", Some(no)) => Ok(EffectState::Done(no)),
        ("not_done", _) => Ok(EffectState::NotDone),
        ("absent", _) => Ok(EffectState::Absent),
        ("handed_to_staff", _) => Ok(EffectState::HandedToStaff),
        _ => Err(StoreError::Unreadable("effect.state")),
    }
}

fn appointment_no(stored: Option<i64>) -> Option<AppointmentNo> {
    stored.and_then(|no| i32::try_from(no).ok()).map(AppointmentNo)
}
