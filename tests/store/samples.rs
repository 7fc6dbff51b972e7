//! Synthetic clinics, calls and bookings.

use std::time::Duration;

use jiff::civil::date;
use uuid::Uuid;
use vitarad_actors::domain::answer::AnswerLine;
use vitarad_actors::domain::booking::{Act, Effect, EffectState, Intent, IntentState, Slot, Want};
use vitarad_actors::domain::emr_path::Path;
use vitarad_actors::domain::ids::{
    AppointmentNo, CallId, CallKey, ClinicId, DemographicNo, EffectId, Generation, IntentId, ProviderNo,
    ToolCallId, ToolCallKey,
};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::say::Language;
use vitarad_actors::domain::time::{Interval, Minute, Ts};
use vitarad_actors::ports::store::{Announcement, AuditAction, AuditEntry, OrderNote, Settlement, SmsDraft};

/// A Monday in November 2026.
pub(crate) const NOW: Ts = Ts(1_795_500_000_000_000);
pub(crate) const LEASE: Duration = Duration::from_secs(20);
/// A name that must never be found in clear.
pub(crate) const CANARY: &str = "Canarybird";

pub(crate) fn later(seconds: u64) -> Ts {
    NOW.plus(Duration::from_secs(seconds))
}

pub(crate) fn clinic(id: &str) -> ClinicId {
    ClinicId::parse(id).unwrap()
}

pub(crate) fn call(n: u32) -> CallKey {
    CallKey { clinic: clinic("maple"), call: CallId::parse(&format!("call-{n}")).unwrap() }
}

pub(crate) fn tool_call(call: &CallKey, n: u32) -> ToolCallKey {
    ToolCallKey { call: call.clone(), tool_call: ToolCallId::parse(&format!("toolu_{n}")).unwrap() }
}

pub(crate) fn slot(start: u16) -> Slot {
    slot_on(23, start)
}

pub(crate) fn slot_on(day: i8, start: u16) -> Slot {
    Slot {
        provider: ProviderNo::parse("021").unwrap(),
        date: date(2026, 11, day),
        interval: Interval::starting(Minute::new(start).unwrap(), 15).unwrap(),
    }
}

pub(crate) fn patient(no: i32) -> DemographicNo {
    DemographicNo::new(no)
}

pub(crate) fn line(text: &str) -> AnswerLine {
    AnswerLine::stored(Phi::new(format!("{{\"say\":\"{text}\"}}")))
}

pub(crate) fn memory(text: &str) -> Phi<Vec<u8>> {
    Phi::new(text.as_bytes().to_vec())
}

pub(crate) fn audit(patient_no: i32) -> AuditEntry {
    AuditEntry {
        at: NOW,
        clinic: clinic("maple"),
        call: Some(CallId::parse("call-1").unwrap()),
        action: AuditAction::Announced,
        patients: vec![patient(patient_no)],
        outcome: "OK",
    }
}

/// A booking of `slot` for patient `no`, asked for by call `no`.
pub(crate) fn booking(no: i32, slot: Slot, sender: Generation) -> Announcement {
    announcement(no, Want::Book(slot.clone()), Act::Add { slot, beside: None }, sender)
}

pub(crate) fn announcement(no: i32, want: Want, act: Act, sender: Generation) -> Announcement {
    let intent = Intent { id: IntentId(fresh_id()), clinic: clinic("maple"), patient: patient(no), want };
    let asked_by = tool_call(&call(u32::try_from(no).unwrap()), 1);
    Announcement {
        effect: Effect {
            id: EffectId(fresh_id()),
            intent: intent.id,
            clinic: intent.clinic.clone(),
            patient: intent.patient,
            act,
            path: Path::Rest,
        },
        order: OrderNote {
            tool_call: asked_by,
            language: Language::Zh,
            seen: None,
            text_to: Some(Phi::new(PhoneNumber::parse("6045550142").unwrap())),
        },
        intent,
        sender,
        lease_for: LEASE,
        last_arrival: later(20),
        continues: false,
        awaited: true,
        replaces: None,
        audit: vec![audit(no)],
    }
}

/// The same wish by the same patient, under new ids.
pub(crate) fn again(first: &Announcement) -> Announcement {
    let Announcement { intent, effect, .. } = first;
    announcement(intent.patient.reveal(), intent.want.clone(), effect.act.clone(), first.sender)
}

pub(crate) fn settlement(
    of: &Announcement,
    state: EffectState,
    intent: impl Into<Option<IntentState>>,
) -> Settlement {
    Settlement {
        clinic: of.intent.clinic.clone(),
        effect: of.effect.id,
        settler: of.sender,
        state,
        intent: intent.into().map(|state| (of.intent.id, state)),
        answer: None,
        text: None,
        frees: false,
        audit: vec![],
        release: None,
        look_again: None,
    }
}

pub(crate) fn done(no: i32) -> EffectState {
    EffectState::Done(AppointmentNo(no))
}

pub(crate) const fn booked(no: i32) -> IntentState {
    IntentState::Done(AppointmentNo(no))
}

pub(crate) fn text(dedupe: &str) -> SmsDraft {
    SmsDraft {
        clinic: clinic("maple"),
        dedupe: dedupe.to_owned(),
        to: Phi::new(PhoneNumber::parse("6045550142").unwrap()),
        body: Phi::new(format!("See you, {CANARY}")),
    }
}

fn fresh_id() -> Uuid {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}
